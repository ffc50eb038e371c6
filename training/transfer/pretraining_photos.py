"""The photos that the backbone learns: tables and archives merged by photo, each with the targets it has.

A folder holds catalogue.csv (kind, colours and gender from a product's name), pool.csv and more.csv (one of
the ten classes, tier and sender), the ZIP archives that they name, and dev.csv, whose photos and senders are
never learnt. Reads the folder alone. The training: pretraining.py.
"""

import csv
import zipfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture
from inference.contract import PHOTOGRAPHS
from inference.decode import MAX_PIXELS, Decoded, decode
from inference.framing import fit_whole, no_larger_than
from inference.garment.foreground import find_garment
from training.transfer.compositions import EDGE, cut_out, laid_on, texture

STORED_EDGE: Final = 80
"""Height and width of what is kept of a photo, in pixels: the crops of a training are cut from it."""

LEFT_OUT_KINDS: Final = {
    "backpack": ("Backpacks", "Rucksacks"),
    "bra": (),
    "heels": ("Heels",),
    "necklace": ("kaggle:Necklaces",),
    "scarf": ("kaggle:Scarves",),
    "shorts": ("kaggle:Shorts", "clothing:Shorts", "magento:Shorts"),
    "skirt": ("kaggle:Skirts", "clothing:Skirt"),
    "socks": ("kaggle:Socks",),
}
"""The kinds that a backbone for measuring has not learnt, each with its names in pool.csv and more.csv."""

LEFT_OUT_SENDERS: Final = 1 / 3
"""Share of the senders of users' photos whom it has not learnt either."""

RARE: Final = "rare"
"""The kind of all photos whose kind has less than LEAST photos."""
LEAST: Final = 50

SURE: Final = 0.9
"""Share of the photos of a source's label that have one kind, from which the others of this label have it."""

CLUTTERED: Final = "C"
"""The tier of users' own photos, whose borders are grounds."""


@dataclass(frozen=True)
class Photo:
    """One photo and what is known of it.

    Attributes:
        archive: name of the ZIP archive.
        member: its name there.
        sender: of a user's photo; empty for a shop's.
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


def photos_of(folder: Path) -> list[Photo]:
    """All photos of the tables but those of dev.csv and of its senders, by id.

    Raises:
        OSError: a table is missing.
        KeyError: it has other columns.
    """
    judged = {row["group"] for row in _rows(folder / "dev.csv")}
    merged = {photo.id: photo for photo in _catalogue(folder)}
    for name in ("pool", "more"):
        for photo in _pool(folder, name):
            known = merged.get(photo.id, photo)
            merged[photo.id] = replace(photo, kind=known.kind, colours=known.colours, gender=known.gender)
    photos = [photo for _, photo in sorted(merged.items()) if photo.sender not in judged]
    return _with_kinds_of_sources(photos)


def without_left_out(photos: Iterable[Photo]) -> list[Photo]:
    """Those that a backbone for measuring learns: without some kinds and some senders."""
    photos = list(photos)
    senders = sorted({photo.sender for photo in photos if photo.sender})
    left_out = set(senders[:: round(1 / LEFT_OUT_SENDERS)])
    labels = {name for names in LEFT_OUT_KINDS.values() for name in names}
    return [
        photo
        for photo in photos
        if photo.kind not in LEFT_OUT_KINDS
        and photo.source_label not in labels
        and photo.sender not in left_out
    ]


def targets_of(photos: Sequence[Photo]) -> Targets:
    """What a training learns of these photos; rare kinds are one."""
    counts = Counter(photo.kind for photo in photos if photo.kind)
    names = (*sorted(kind for kind, count in counts.items() if count >= LEAST), RARE)
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


def pixels_of(folder: Path, photos: Sequence[Photo]) -> Iterator[tuple[Picture, Picture | None]]:
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
        yield from pool.imap(_made, jobs, chunksize=64)


def _made(job: tuple[Path, Photo, Photo, int]) -> tuple[Picture, Picture | None]:
    folder, photo, beneath, seed = job
    cv2.setNumThreads(1)
    picture = _opened(folder, photo)
    whole = fit_whole(picture, (STORED_EDGE, STORED_EDGE))
    if photo.tier == CLUTTERED:
        return whole, None
    picture = no_larger_than(picture, EDGE)
    found = find_garment(picture, None, PHOTOGRAPHS)
    cut = cut_out(picture, found.mask)
    if found.way not in {"plain", "black"} or min(cut.shape[:2]) < EDGE // 25:
        return whole, None
    rng = np.random.default_rng(seed)
    laid = laid_on(texture(_opened(folder, beneath), rng), cut, rng)
    return whole, fit_whole(laid, (STORED_EDGE, STORED_EDGE))


def _opened(folder: Path, photo: Photo) -> Picture:
    return decoded_photo(folder, photo).picture


def decoded_photo(folder: Path, photo: Photo) -> Decoded:
    """Decode a photo as the service decodes an upload."""
    return decode(_archive(folder / photo.archive).read(photo.member), MAX_PIXELS)


@cache
def _archive(path: Path) -> zipfile.ZipFile:
    """Opened once in each process: reading the list of 13,000 members takes as long as decoding ten."""
    return zipfile.ZipFile(path)


def _catalogue(folder: Path) -> Iterator[Photo]:
    for row in _rows(folder / "catalogue.csv"):
        colours = tuple(row["colours"].split())
        gender = row["gender"] or None
        yield Photo("catalogue.zip", row["file"], kind=row["kind"], colours=colours, gender=gender)


def _pool(folder: Path, name: str) -> Iterator[Photo]:
    for row in _rows(folder / f"{name}.csv"):
        is_users = row["tier"] == CLUTTERED
        yield Photo(
            f"{name}_{row['tier']}.zip",
            row["file"],
            sender=row["group"] if is_users else "",
            source_label=row["source_label"],
            label=int(row["label"]) if row["label"] else None,
            tier=row["tier"],
        )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _with_kinds_of_sources(photos: Collection[Photo]) -> list[Photo]:
    """Give photos that the catalogue lacks the kind that others of their source's label have there."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for photo in photos:
        if photo.kind and photo.source_label:
            seen[photo.source_label][photo.kind] += 1
    sure = {
        label: kind
        for label, counts in seen.items()
        for kind, count in counts.most_common(1)
        if count >= SURE * counts.total()
    }
    return [replace(photo, kind=photo.kind or sure.get(photo.source_label)) for photo in photos]
