"""Photos whose colour is known, by what they are for: learnt, asked, or measured alone.

A folder as pretraining_photos.py describes it, with attributes.csv (shop photos, split by brand) and
colours_users.csv. Colours of development photos: colours.csv. Reads files alone. The head: colour.py.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from lab.pretraining_photos import CLUTTERED, Photo, photos_of, pool_photos, source_photos
from lab.tuning_photos import MEASURED_ALONE

WORDS: Final = (
    *("black", "white", "grey", "blue", "turquoise", "green", "brown", "beige", "red", "pink", "purple"),
    *("orange", "yellow", "silver", "gold"),
)

SAME: Final = {"navy": "blue"}
"""Words of the tables that are another one here. Photos with any further word are left out."""

CHECKED: Final = Path(__file__).with_name("colours.csv")

GARMENTS: Final = ("Hat", "Shorts", "Skirt", "Skirts", "Caps", "Gloves", "Scarves", "Socks", "Ties")
"""Labels of tier X of what is worn and has a colour, though no class; the others are no garment."""

SHOP, USERS, TEST, ALONE, NO_GARMENT, OTHER = "shop", "users", "test", "alone", "no garment", "other garments"
"""Parts: learnt; learnt; shop photos of other brands; of sources that nothing learns; the last two of X."""


@dataclass(frozen=True)
class Coloured:
    """A photo and its colour.

    Attributes:
        photo: the photo.
        part: SHOP, ..., or a tier of development photos.
        right: admissible words, the main one first; none of tier X.
    """

    photo: Photo
    part: str
    right: tuple[str, ...]


def coloured_photos(folder: Path) -> list[Coloured]:
    """Photos whose colour is one of WORDS, and some of tier X."""
    photos = [*_of_shop(folder), *_of_sources(folder), *_of_users(folder), *_of_development(folder)]
    renamed = [replace(photo, right=tuple(SAME.get(word, word) for word in photo.right)) for photo in photos]
    return [photo for photo in renamed if not photo.right or photo.right[0] in WORDS]


def shop_photos(folder: Path) -> Iterator[tuple[dict[str, str], Photo]]:
    """The rows of attributes.csv, each with its photo."""
    photos = {photo.id: photo for photo in photos_of(folder)}
    for row in _rows(folder / "attributes.csv"):
        yield row, photos.get(row["id"]) or Photo("attributes_more.zip", f"{row['id']}.jpg")


def _of_shop(folder: Path) -> Iterator[Coloured]:
    parts = {"learn": SHOP, "choose": SHOP, "test": TEST, "no_garment": NO_GARMENT}
    for row, photo in shop_photos(folder):
        part = parts[row["split"]]
        yield Coloured(photo, part, () if part == NO_GARMENT else (row["colour"],))


def _of_sources(folder: Path) -> Iterator[Coloured]:
    for photo in source_photos(folder):
        if photo.label is not None and photo.colours:
            learnt = USERS if photo.tier == CLUTTERED else SHOP
            yield Coloured(photo, ALONE if photo.source in MEASURED_ALONE else learnt, photo.colours)


def _of_users(folder: Path) -> Iterator[Coloured]:
    """Of senders of whom there is no development photo."""
    judged = {row["group"] for row in _rows(folder / "dev.csv")}
    for row in _rows(folder / "colours_users.csv"):
        if (sender := f"clo-sender-{row['sender_id']}") not in judged:
            photo = Photo("colours_users.zip", f"{row['image']}.jpg", sender=sender, tier=CLUTTERED)
            yield Coloured(photo, USERS, (row["colour"], *row["also_acceptable"].split()))


def _of_development(folder: Path) -> Iterator[Coloured]:
    words = {row["picture"]: (row["colour"], *row["also"].split()) for row in _rows(CHECKED)}
    for photo in pool_photos(folder, "dev"):
        if photo.id in words:
            yield Coloured(photo, photo.tier, words[photo.id])
        elif photo.tier == "X":
            is_garment = photo.source_label.rpartition(":")[2] in GARMENTS
            yield Coloured(photo, OTHER if is_garment else NO_GARMENT, ())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
