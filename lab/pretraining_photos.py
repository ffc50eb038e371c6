"""Read the tables and archives of the folder of photos, which lab.fetch makes.

The folder has these tables: catalogue.csv (kind, colours and gender from a product's name), pool.csv and
more.csv (one of the ten classes, tier and sender), sources.csv to sources5.csv (photos of other shops and
people), and dev.csv (the development set, of whose photos and senders nothing is learnt). Photos are in the
ZIP archives that the tables name, or for dev.csv beside them.

A tier says how a photo was taken: A and B are photos of shops, C are users' photos, X shows none of the ten
classes.
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
from inference.pictures.decode import MAX_PIXELS, DecodedPicture, decode_image
from inference.pictures.framing import fit_whole_picture
from lab.views import lay_on_ground

STORED_EDGE: Final = 80
"""Height and width in pixels at which a photo is kept. The crops of a training are cut from it."""

RARE: Final = "rare"
"""Kind of all photos whose own kind has less than MIN_PHOTOS_PER_KIND photos."""
MIN_PHOTOS_PER_KIND: Final = 50
"""Smallest number of photos of a kind that is learnt under its own name."""

MIN_KIND_SHARE: Final = 0.9
"""Share of the photos of one source label that must have the same kind, so that the others with this label
get it.
"""

USERS: Final = "clo-"
"""Beginning of the groups of users' photos. A shop's photo is a group of its own."""

SOURCE_TABLES: Final = ("sources", "sources2", "sources3", "sources4", "sources5")
"""Tables of photos of other shops and people."""

MADE: Final = "made"
"""Name of the table of outfits that lab.outfits makes."""

OUTFITS: Final = Path(__file__).with_name("outfits.csv")
"""Path of the list of photos of two garments, neither of which fills two thirds, judged by eye.

They show none of the ten classes.
"""

SLEEVELESS: Final = Path(__file__).with_name("sleeveless.csv")
"""Path of the list of photos that the shop calls jackets and that have no sleeves, judged by eye at 60 x 80
pixels.
"""

COLOUR_NAMES: Final = {"": (), "unsure": (), "multicolour": ("multi",)}
"""Words for colours in the tables of sources, with the words of the catalogue."""

CLUTTERED: Final = "C"
"""Tier of users' own photos, whose borders can be used as grounds."""


@dataclass(frozen=True)
class Photo:
    """One photo and what is known about it.

    Attributes:
        archive: the name of the ZIP archive; empty for a file of the folder.
        member: the name of the photo in the archive or folder.
        sender: the sender of a user's photo; empty for a shop's. For a photo of the source tables, its
            product or sender.
        source_label: the source's own label; empty if only the catalogue has the photo.
        kind, gender: the words of the catalogue; None if they are unknown.
        colours: the colours; empty if they are unknown.
        label: 0..9, one of the ten classes; None if it is unknown, or none of them.
        tier: A, B, C or X; empty if only the catalogue has the photo.
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
        """The id of the photo, the same in all tables."""
        return Path(self.member).stem

    @property
    def source(self) -> str:
        """The shop or collection that the photo comes from, such as `kag`."""
        return self.id.partition("-")[0]

    def compute_lot(self, use: str = "") -> str:
        """Return a hash by which photos are drawn for a use.

        In its order the photos look shuffled, but the order is always the same.
        """
        return hashlib.sha256(f"{use}{self.id}".encode()).hexdigest()


@dataclass(frozen=True)
class Targets:
    """The targets of N photos: what each has to be recognised as. An unknown value is -1, or a row of zeros.

    Attributes:
        kinds: positions in `names`, int64 (N,).
        names: the names of the kinds.
        colours: float32 (N, colours), 1 for each colour that the photo has.
        genders: int64 (N,).
        labels: int64 (N,), of the ten classes.
    """

    kinds: NDArray[np.int64]
    names: tuple[str, ...]
    colours: NDArray[np.float32]
    genders: NDArray[np.int64]
    labels: NDArray[np.int64]


def list_photos(folder: Path) -> list[Photo]:
    """Return all photos of the first three tables by id, without those of senders in dev.csv.

    Raises:
        OSError: a table is missing.
        KeyError: a table has other columns.
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
    """Return the photos of the source tables, table by table; none for a missing table."""
    return [photo for name in SOURCE_TABLES for photo in _read_table_photos(folder, name)]


def list_made_photos(folder: Path) -> list[Photo]:
    """Return the outfits that lab.outfits made; none if it did not run."""
    return _read_table_photos(folder, MADE)


def _read_table_photos(folder: Path, name: str) -> list[Photo]:
    """Return the photos of one source table; none if it is missing."""
    path = folder / f"{name}.csv"
    return [_correct_class(_make_source_photo(name, row)) for row in read_rows(path)] if path.exists() else []


def _correct_class(photo: Photo) -> Photo:
    """Return a photo without its class if somebody saw an outfit in it, or a jacket without sleeves."""
    shown = _read_corrected_classes().get(photo.id)
    return replace(photo, label=None, tier="X", source_label=shown) if shown else photo


@cache
def _read_corrected_classes() -> dict[str, str]:
    """Return the ids of photos whose table names a wrong class, with what they show."""
    lists = {OUTFITS: "outfit", SLEEVELESS: "vest"}
    return {row["id"]: shown for path, shown in lists.items() for row in read_rows(path)}


def read_source_names(folder: Path) -> dict[str, str]:
    """Return the repository of each source, by what the ids of its photos begin with.

    All made outfits have one name.
    """
    tables = [folder / f"{name}.csv" for name in (*SOURCE_TABLES, MADE)]
    rows = [row for path in tables if path.exists() for row in read_rows(path)]
    return {Path(row["file"]).stem.partition("-")[0]: row["source"] for row in rows}


def _make_source_photo(name: str, row: dict[str, str]) -> Photo:
    """Make a photo of a row of the source table `name`."""
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
    """Return what a training learns about photos. Rare kinds become one."""
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
    """Decode photos in order, and lay garments of shop photos on other grounds.

    Yields:
        The whole photo on black, uint8 (STORED_EDGE, STORED_EDGE, 3), RGB. Then the same garment on a
        cluttered ground; None if the photo is a user's, or its own ground is not plain.
    """
    grounds = [photo for photo in photos if photo.tier == CLUTTERED]
    rng = np.random.default_rng(0)
    beneath = [grounds[index] for index in rng.integers(len(grounds), size=len(photos))]
    with get_context("spawn").Pool() as pool:
        jobs = zip([folder] * len(photos), photos, beneath, range(len(photos)), strict=True)
        yield from pool.imap(_decode_pair, jobs, chunksize=64)


def _decode_pair(job: tuple[Path, Photo, Photo, int]) -> tuple[Picture, Picture | None]:
    """Decode one photo and the photo whose ground it gets; the last value is a seed."""
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
    """Return the bytes of a photo's file."""
    if not photo.archive:
        return (folder / photo.member).read_bytes()
    return _open_archive(folder / photo.archive).read(photo.member)


def hash_photo(folder: Path, photo: Photo) -> str:
    """Return the SHA-256 of a photo's file in hexadecimal."""
    return hashlib.sha256(read_photo(folder, photo)).hexdigest()


@cache
def _open_archive(path: Path) -> zipfile.ZipFile:
    """Open an archive once in each process.

    Reading its list of 13,000 members takes as long as decoding ten photos.
    """
    return zipfile.ZipFile(path)


def _read_catalogue(folder: Path) -> Iterator[Photo]:
    """Yield the photos of catalogue.csv."""
    for row in read_rows(folder / "catalogue.csv"):
        colours = tuple(row["colours"].split())
        gender = row["gender"] or None
        yield Photo("catalogue.zip", row["file"], kind=row["kind"], colours=colours, gender=gender)


def read_pool_photos(folder: Path, name: str) -> Iterator[Photo]:
    """Yield the photos of pool.csv, more.csv or dev.csv. Those of dev.csv are files of the folder."""
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
    """Return the rows of a CSV, by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _add_source_kinds(photos: Collection[Photo]) -> list[Photo]:
    """Give a kind to photos that the catalogue lacks.

    They get the kind that nearly all photos with the same source label have in the catalogue.
    """
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
