"""Pack the photos that the tuning learns into one file, which can be copied to a machine with a GPU.

python -m lab.tuning_photos PHOTOS --out FILE

Some kinds, products and sources are left out, to measure on them later: own classes, other things and unknown
shops. PHOTOS is the folder that lab.fetch makes.
"""

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture
from inference.pictures.framing import shrink_to_edge
from lab.pretraining_photos import (
    CLUTTERED,
    COLOUR_NAMES,
    USERS,
    Photo,
    decode_photo,
    list_photos,
    list_source_photos,
    make_targets,
    read_rows,
)
from training.features.weights import read_npz, write_npz

CLASSES: Final = ("top", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
"""Names of the ten classes in the attribute `kind`."""
OTHER: Final = "other"
"""Name of everything that has no name of its own. An answer with it is never accepted."""
KINDS: Final = Path(__file__).with_name("kinds.csv")
"""Path of the table of kinds.

It has the words of sources and catalogue for photos that show none of the ten classes, the kind that is
learnt, and the kind's name in the attribute `kind`. A word without a kind is not learnt, so that own kinds
can be measured on it.
"""

OTHER_THINGS: Final = "X"
"""Tier of photos that show none of the ten classes."""
NONE: Final = 10
"""Class of photos that show none of the ten classes."""

LEFT_OUT_KINDS: Final = {
    "capris": (),
    "dupatta": (),
    "scarf": ("kaggle:Scarves", "scarf"),
    "socks": ("kaggle:Socks", "socks"),
}
"""Kinds that nothing learns, to measure own kinds on, each with its labels in pool.csv and in the tables of
sources.
"""

OUTFIT: Final = "outfit"
"""Label of photos of several garments. The network learns none of them."""

LEFT_OUT_PRODUCTS: Final = 0.2
"""Share of the photos of the catalogue's shops that are left out, by the hash of their ids."""

MEASURED_ALONE: Final = ("hnm", "idm", "jul", "ood")
"""Sources from which nothing bundled learns: of a competition, for research, or not for commerce."""

LEARNT_BY_ALL: Final = ("clo", "kag", "mag")
"""The shop and the collections that every tuning learns."""

PARTS: Final = 3
"""Number of parts into which the other sources are divided. Each of three tunings leaves out one."""

MAX_PHOTOS_PER_KIND: Final = 260
"""Largest number of photos of a kind that only the catalogue has."""

PACKED_EDGE: Final = 320
"""Longest edge in pixels of a packed photo. Most photos of sources have this edge."""

SMALL_EDGE: Final = 90
"""Longest edge in pixels up to which a photo is stored with the better quality."""
WEBP_QUALITY: Final = (80, 88)
"""Quality of stored photos: large ones, small ones."""


@cache
def read_kinds_by_word() -> dict[str, tuple[str, str]]:
    """Return the kind and the name of each word in the table of kinds."""
    return {row["word"]: (row["kind"], row["name"]) for row in read_rows(KINDS)}


def list_kind_names() -> tuple[str, ...]:
    """Return the names of the attribute `kind`: those of the classes, further ones, and OTHER."""
    further = dict.fromkeys(
        name for _, name in read_kinds_by_word().values() if name not in {*CLASSES, OTHER}
    )
    return (*CLASSES, *further, OTHER)


def find_kind(photo: Photo) -> tuple[str, str]:
    """Return the kind and the name of what a photo shows.

    An empty kind is not learnt, an empty name not asked for.
    """
    if photo.label is not None:
        return CLASSES[photo.label], CLASSES[photo.label]
    word = (photo.source_label or photo.kind or "").rpartition(":")[2].casefold()
    return read_kinds_by_word().get(word, ("", ""))


@dataclass(frozen=True)
class PackedPhotos:
    """N photos of at most PACKED_EDGE pixels, with the targets of each.

    Attributes:
        files: the WebP files one after the other, uint8.
        ends: the position at which each file ends, int64 (N,).
        labels: int64 (N,): 0..9, NONE for none of the classes, -1 if it is unknown.
        kinds: positions in the sorted kinds, int64 (N,); -1 if the kind is not learnt.
        colours: float32 (N, colours), 1 for each colour that the photo has.
        tiers: str (N,); empty for photos that only the catalogue has.
        shown: the class, kind or label of each photo, str (N,).
        sources: the shop or collection of each photo, str (N,).
        of_users: whether it is a user's photo, bool (N,).
        plain: whether it shows a garment of one colour, by eye, of another shop or person, bool (N,).
    """

    files: NDArray[np.uint8]
    ends: NDArray[np.int64]
    labels: NDArray[np.int64]
    kinds: NDArray[np.int64]
    colours: NDArray[np.float32]
    tiers: NDArray[np.str_]
    shown: NDArray[np.str_]
    sources: NDArray[np.str_]
    of_users: NDArray[np.bool_]
    plain: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ends)

    def decode_picture(self, number: int) -> Picture:
        """Return a photo, RGB."""
        start = self.ends[number - 1] if number else 0
        picture = cv2.imdecode(self.files[start : self.ends[number]], cv2.IMREAD_COLOR_RGB)
        return np.asarray(picture, np.uint8)


def is_left_out(photo: Photo) -> bool:
    """Return whether no tuning learns a photo, because its kind or its product is left out."""
    return has_left_out_kind(photo) or (not photo.sender and _draw_lot(photo) < LEFT_OUT_PRODUCTS)


def has_left_out_kind(photo: Photo) -> bool:
    """Return whether a photo shows a kind that no tuning learns."""
    names = {name for names in LEFT_OUT_KINDS.values() for name in names}
    return photo.kind in LEFT_OUT_KINDS or photo.source_label in names


def list_tuning_photos(folder: Path) -> list[Photo]:
    """Return the photos to learn, without any of senders in the development set."""
    learnt = [photo for photo in list_photos(folder) if not is_left_out(photo)]
    of_sources = [photo for photo in list_source_photos(folder) if _is_learnt(photo)]
    some = _select_some(photo for photo in learnt if not photo.tier)
    return [*(photo for photo in learnt if photo.tier), *some, *of_sources]


def choose_part(source: str) -> int:
    """Return the part of a source, 0 to PARTS - 1, by the hash of its name."""
    return hashlib.sha256(f"part {source}".encode()).digest()[0] % PARTS


def _is_learnt(photo: Photo) -> bool:
    """Return whether a photo of other shops and people is learnt."""
    is_outfit = photo.label is None and photo.source_label == OUTFIT
    return photo.source not in MEASURED_ALONE and not has_left_out_kind(photo) and not is_outfit


def _select_some(photos: Iterable[Photo]) -> list[Photo]:
    """Return at most MAX_PHOTOS_PER_KIND photos of each kind."""
    of_kinds = defaultdict[str, list[Photo]](list)
    for photo in photos:
        of_kinds[name_shown_thing(photo)].append(photo)
    return [
        photo for some in of_kinds.values() for photo in sorted(some, key=_draw_lot)[:MAX_PHOTOS_PER_KIND]
    ]


def name_shown_thing(photo: Photo) -> str:
    """Return what a photo shows: the number of its class, or else its kind, or else its source's label."""
    return photo.kind or photo.source_label if photo.label is None else str(photo.label)


def _draw_lot(photo: Photo) -> float:
    """Return a number from 0 to 1 for a photo, which looks random but is always the same."""
    digest = hashlib.sha256(f"tuning {photo.id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def find_labels(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """Return the label of each photo, int64 (N,): 0..9, NONE for none of the classes, -1 if it is unknown."""
    labels = [-1 if photo.label is None else photo.label for photo in photos]
    of_others = [photo.tier == OTHER_THINGS for photo in photos]
    return np.where(of_others, NONE, labels)


def pack_photos(folder: Path, photos: Sequence[Photo]) -> PackedPhotos:
    """Decode photos as the service does, and store them small."""
    with get_context("spawn").Pool() as pool:
        files = pool.map(partial(_encode_small, folder), photos, chunksize=64)
    targets = make_targets(photos)
    kinds = np.array([find_kind(photo)[0] for photo in photos])
    names = np.unique(kinds[kinds != ""])
    return PackedPhotos(
        files=np.frombuffer(b"".join(files), np.uint8),
        ends=np.cumsum([len(file) for file in files]),
        labels=find_labels(photos),
        kinds=np.where(kinds == "", -1, np.searchsorted(names, kinds)),
        colours=targets.colours,
        tiers=np.array([photo.tier for photo in photos]),
        shown=np.array([name_shown_thing(photo) for photo in photos]),
        sources=np.array([photo.source for photo in photos]),
        of_users=np.array([_is_of_user(photo) for photo in photos]),
        plain=np.array([is_plain(photo) for photo in photos]),
    )


def is_plain(photo: Photo) -> bool:
    """Return whether a table of sources names one colour for a photo."""
    return photo.archive.startswith("sources") and photo.colours not in {(), COLOUR_NAMES["multicolour"]}


def _is_of_user(photo: Photo) -> bool:
    return photo.tier == CLUTTERED or photo.sender.startswith(USERS)


def _encode_small(folder: Path, photo: Photo) -> bytes:
    """Return a photo as a WebP file of at most PACKED_EDGE pixels."""
    picture = shrink_to_edge(decode_photo(folder, photo).picture, PACKED_EDGE)
    quality = WEBP_QUALITY[max(picture.shape[:2]) <= SMALL_EDGE]
    written = cv2.imencode(".webp", picture[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])[1]
    return written.tobytes()


def read_packed_photos(path: Path) -> PackedPhotos:
    """Read a file that this command wrote."""
    stored = read_npz(path)
    return PackedPhotos(**{field.name: stored[field.name] for field in fields(PackedPhotos)})


def main(argv: list[str] | None = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning_photos", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the packed photos, .npz")
    options = parser.parse_args(argv)
    photos = pack_photos(options.photos, list_tuning_photos(options.photos))
    write_npz(options.out, **{field.name: getattr(photos, field.name) for field in fields(PackedPhotos)})
    sys.stdout.write(f"{len(photos):,} photos\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
