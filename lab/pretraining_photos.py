"""The photos that the backbone learns: tables and archives merged by photo, each with the targets it has.

A folder holds catalogue.csv (kind, colours and gender from a product's name), pool.csv and more.csv (one of
the ten classes, tier and sender), the ZIP archives that they name, and dev.csv, whose photos and senders are
never learnt. Tables of photos of other shops and people, which the backbone does not learn:
`list_source_photos`. Reads the folder alone. The training: pretraining.py.
"""

import csv
import hashlib
import zipfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture
from inference.decode import MAX_PIXELS, DecodedPicture, decode_image
from inference.framing import fit_whole_picture
from lab.views import lay_on_ground

STORED_EDGE: Final = 80
"""Height and width of what is kept of a photo, in pixels: the crops of a training are cut from it."""

RARE: Final = "rare"
"""The kind of all photos whose kind has less than LEAST photos."""
MIN_PHOTOS_PER_KIND: Final = 50

MIN_KIND_SHARE: Final = 0.9
"""Share of the photos of a source's label that have one kind, from which the others of this label have it."""

USERS: Final = "clo-"
"""How the groups of users' photos begin; a shop's photo is a group of its own."""

SOURCE_TABLES: Final = ("sources", "sources2", "sources3", "sources4", "sources5")
"""Tables of photos of other shops and people."""

MADE: Final = "made"
"""The table of outfits that outfits.py makes."""

OUTFITS: Final = Path(__file__).with_name("outfits.csv")
"""Worn photos of two garments, neither of which fills two thirds, by eye: none of the ten classes."""

SLEEVELESS: Final = Path(__file__).with_name("sleeveless.csv")
"""What the shop calls a jacket and has no sleeves, by eye at 60 x 80 pixels: none of the ten classes."""

COLOUR_NAMES: Final = {"": (), "unsure": (), "multicolour": ("multi",)}
"""What the tables of sources call otherwise than the catalogue's."""

CLUTTERED: Final = "C"
"""The tier of users' own photos, whose borders are grounds."""


@dataclass(frozen=True)
class Photo:
    """One photo and what is known of it.

    Attributes:
        archive: name of the ZIP archive; empty for a file of the folder.
        member: its name there.
        sender: of a user's photo; empty for a shop's. Of `list_source_photos` the product or sender.
        source_label: as its source calls it; empty where only the catalogue has it.
        kind, gender: of a catalogue; None where unknown.
        colours: likewise; empty where unknown.
        label: 0..9, of the ten classes; None where unknown, or none of them.
        tier: A, B, C or X; empty where only the catalogue has it.
    """

    archive: str
    member: str
    sender: str = ""
    source_label: str = ""
    kind: str | None = None
    colours: tuple[str, ...] = ()
    gender: str | None = None
    label: int | None = None
    tier: str = ""

    @property
    def id(self) -> str:
        """The same in all tables."""
        return Path(self.member).stem

    @property
    def source(self) -> str:
        """The shop or collection that it is from."""
        return self.id.partition("-")[0]

    def compute_lot(self, use: str = "") -> str:
        """By which photos are drawn for a use: the same ones each time."""
        return hashlib.sha256(f"{use}{self.id}".encode()).hexdigest()


@dataclass(frozen=True)
class Targets:
    """What N photos have to be recognised as; -1, or a row of zeros, where it is unknown.

    Attributes:
        kinds: int64 (N,), into `names`.
        names: of the kinds.
        colours: float32 (N, colours), 1 for each colour that the name has.
        genders: int64 (N,).
        labels: int64 (N,), of the ten classes.
    """

    kinds: NDArray[np.int64]
    names: tuple[str, ...]
    colours: NDArray[np.float32]
    genders: NDArray[np.int64]
    labels: NDArray[np.int64]


def list_photos(folder: Path) -> list[Photo]:
    """All photos of the tables but those of dev.csv and of its senders, by id.

    Raises:
        OSError: a table is missing.
        KeyError: it has other columns.
    """
    judged = {row["group"] for row in read_rows(folder / "dev.csv")}
    merged = {photo.id: photo for photo in _read_catalogue(folder)}
    for name in ("pool", "more"):
        for photo in read_pool_photos(folder, name):
            first = merged.get(photo.id, photo)
            merged[photo.id] = replace(photo, kind=first.kind, colours=first.colours, gender=first.gender)
    photos = [photo for _, photo in sorted(merged.items()) if photo.sender not in judged]
    return _add_source_kinds(photos)


def list_source_photos(folder: Path) -> list[Photo]:
    """Photos of other shops and people than the tables above have, by table; none where there is no table."""
    return [photo for name in SOURCE_TABLES for photo in _read_table_photos(folder, name)]


def list_made_photos(folder: Path) -> list[Photo]:
    """Outfits that outfits.py made; none where there is no table."""
    return _read_table_photos(folder, MADE)


def _read_table_photos(folder: Path, name: str) -> list[Photo]:
    path = folder / f"{name}.csv"
    return [_correct_class(_make_source_photo(name, row)) for row in read_rows(path)] if path.exists() else []


def _correct_class(photo: Photo) -> Photo:
    """None of the ten classes where it shows an outfit, or a jacket without sleeves."""
    shown = _read_corrected_classes().get(photo.id)
    return replace(photo, label=None, tier="X", source_label=shown) if shown else photo


@cache
def _read_corrected_classes() -> dict[str, str]:
    """What photos show whose table names a class that they do not, by id."""
    lists = {OUTFITS: "outfit", SLEEVELESS: "vest"}
    return {row["id"]: shown for path, shown in lists.items() for row in read_rows(path)}


def read_source_names(folder: Path) -> dict[str, str]:
    """The repository of each source of these, by what the ids begin with; made outfits have one name."""
    tables = [folder / f"{name}.csv" for name in (*SOURCE_TABLES, MADE)]
    rows = [row for path in tables if path.exists() for row in read_rows(path)]
    return {Path(row["file"]).stem.partition("-")[0]: row["source"] for row in rows}


def _make_source_photo(name: str, row: dict[str, str]) -> Photo:
    colour = row["colour"]
    return Photo(
        f"{name}_{row['tier']}.zip",
        row["file"],
        sender=row["group"],
        source_label=row["source_label"],
        colours=COLOUR_NAMES.get(colour, (colour,)),
        label=int(row["label"]) if row["label"] else None,
        tier=row["tier"],
    )


def make_targets(photos: Sequence[Photo]) -> Targets:
    """What a training learns of these photos; rare kinds are one."""
    counts = Counter(photo.kind for photo in photos if photo.kind)
    names = (*sorted(kind for kind, count in counts.items() if count >= MIN_PHOTOS_PER_KIND), RARE)
    colours = sorted({colour for photo in photos for colour in photo.colours})
    genders = sorted({photo.gender for photo in photos if photo.gender})
    has = np.zeros((len(photos), len(colours)), np.float32)
    for row, photo in zip(has, photos, strict=True):
        row[[colours.index(colour) for colour in photo.colours]] = 1
    kinds = [names.index(p.kind if p.kind in names else RARE) if p.kind else -1 for p in photos]
    return Targets(
        np.array(kinds, np.int64),
        names,
        has,
        np.array([genders.index(p.gender) if p.gender else -1 for p in photos], np.int64),
        np.array([-1 if p.label is None else p.label for p in photos], np.int64),
    )


def decode_photo_pairs(folder: Path, photos: Sequence[Photo]) -> Iterator[tuple[Picture, Picture | None]]:
    """Decode photos, in their order.

    Yields:
        uint8 (STORED_EDGE, STORED_EDGE, 3), RGB, the whole photo on black; and the same garment on a
        cluttered ground where a shop photo's own is plain, else None.
    """
    grounds = [photo for photo in photos if photo.tier == CLUTTERED]
    rng = np.random.default_rng(0)
    beneath = [grounds[index] for index in rng.integers(len(grounds), size=len(photos))]
    with get_context("spawn").Pool() as pool:
        jobs = zip([folder] * len(photos), photos, beneath, range(len(photos)), strict=True)
        yield from pool.imap(_decode_pair, jobs, chunksize=64)


def _decode_pair(job: tuple[Path, Photo, Photo, int]) -> tuple[Picture, Picture | None]:
    folder, photo, beneath, seed = job
    cv2.setNumThreads(1)
    picture = decode_photo(folder, photo).picture
    whole = fit_whole_picture(picture, (STORED_EDGE, STORED_EDGE))
    if photo.tier == CLUTTERED:
        return whole, None
    ground = decode_photo(folder, beneath).picture
    laid = lay_on_ground(picture, ground, np.random.default_rng(seed))
    return whole, None if laid is None else fit_whole_picture(laid, (STORED_EDGE, STORED_EDGE))


def decode_photo(folder: Path, photo: Photo) -> DecodedPicture:
    """Decode a photo as the service decodes an upload."""
    return decode_image(read_photo(folder, photo), MAX_PIXELS)


def read_photo(folder: Path, photo: Photo) -> bytes:
    """The file of a photo."""
    if not photo.archive:
        return (folder / photo.member).read_bytes()
    return _open_archive(folder / photo.archive).read(photo.member)


def hash_photo(folder: Path, photo: Photo) -> str:
    """Of its file, hexadecimal."""
    return hashlib.sha256(read_photo(folder, photo)).hexdigest()


@cache
def _open_archive(path: Path) -> zipfile.ZipFile:
    """Opened once in each process: reading the list of 13,000 members takes as long as decoding ten."""
    return zipfile.ZipFile(path)


def _read_catalogue(folder: Path) -> Iterator[Photo]:
    for row in read_rows(folder / "catalogue.csv"):
        colours = tuple(row["colours"].split())
        gender = row["gender"] or None
        yield Photo("catalogue.zip", row["file"], kind=row["kind"], colours=colours, gender=gender)


def read_pool_photos(folder: Path, name: str) -> Iterator[Photo]:
    """The photos of pool.csv, more.csv or dev.csv, the last of which are files of the folder."""
    for row in read_rows(folder / f"{name}.csv"):
        photo = Photo(
            "" if name == "dev" else f"{name}_{row['tier']}.zip",
            row["file"],
            sender=row["group"] if row["group"].startswith(USERS) else "",
            source_label=row["source_label"],
            label=int(row["label"]) if row["label"] else None,
            tier=row["tier"],
        )
        yield photo if name == "dev" else _correct_class(photo)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table, by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _add_source_kinds(photos: Collection[Photo]) -> list[Photo]:
    """Give photos that the catalogue lacks the kind that others of their source's label have there."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for photo in photos:
        if photo.kind and photo.source_label:
            seen[photo.source_label][photo.kind] += 1
    sure = {
        label: kind
        for label, counts in seen.items()
        for kind, count in counts.most_common(1)
        if count >= MIN_KIND_SHARE * counts.total()
    }
    return [replace(photo, kind=photo.kind or sure.get(photo.source_label)) for photo in photos]
