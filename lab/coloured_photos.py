"""Photos whose colour is known, by what they are for: learnt, asked, or measured alone; and their products.

A folder as pretraining_photos.py describes it, with attributes.csv (shop photos, split by brand) and
colours_users.csv. Colours of development photos: colours.csv. A product is a group of photos of one source,
of tiers A and B, that have one colour. The sources are in parts; a head that learnt the other parts answers.
How familiar the class of a photo is, the parent's stored answers say, which left its source out as well. The
head: colour.py.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from inference.contract import ModelContract
from inference.decision import calibrate
from lab.attribute_head import attribute_answers, rows_of
from lab.pretraining_photos import CLUTTERED, Photo, photos_of, pool_photos, source_photos
from lab.strangers_heads import SOURCES, parts_of
from lab.tuning_photos import MEASURED_ALONE, PARTS
from reports.answers import Answers
from reports.values import ProductPromise
from training.data.labels import Labels
from training.data.vectors import Features
from training.decide.requirements import ACCEPTED_OF_PHOTOS
from training.heads.hidden import HiddenHead
from training.measure.products import products_of

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


COLOUR: Final = "colour"

FitHead = Callable[[Sequence[Coloured], Features], HiddenHead]
"""Fits the head on those of some photos that are learnt."""


def promise_of_products(  # noqa: PLR0913, PLR0917 - photos, what is known of them, and how a head is fitted
    photos: Sequence[Coloured],
    seen: Features,
    sha256: Callable[[Photo], str],
    kept: Answers,
    contract: ModelContract,
    fit: FitHead,
) -> ProductPromise | None:
    """What products show; None where there are none.

    Args:
        photos: N of them.
        seen: of the same.
        sha256: of the file of a photo, hexadecimal.
        kept: the parent's answers about the class.
        contract: of the network, with the head of the colour.
        fit: the head's.
    """
    of_products = places_of_products(photos)
    found = rows_of(kept, sha256, [photos[place].photo for place in of_products])
    places = [place for place, row in zip(of_products, found, strict=True) if row is not None]
    if not places:
        return None
    rows = np.array([row for row in found if row is not None])
    shares = _left_out(photos, seen, np.array(places), fit, contract.heads[COLOUR].temperature)
    right = np.array([[word in photos[place].right for word in WORDS] for place in places])
    main = np.array([WORDS.index(photos[place].right[0]) for place in places])
    of_class = kept.take(rows)
    groups = [photos[place].photo.sender for place in places]
    answers = attribute_answers(COLOUR, of_class, Labels(WORDS, main, right), shares, contract, groups)
    return products_of(answers, ACCEPTED_OF_PHOTOS).get(COLOUR)


def places_of_products(photos: Sequence[Coloured]) -> list[int]:
    """The places of photos of products: several photos of a source, of a shop, that have one colour."""
    groups = defaultdict[str, list[int]](list)
    for place, coloured in enumerate(photos):
        photo = coloured.photo
        if photo.archive.startswith(SOURCES) and photo.tier in {"A", "B"} and photo.sender:
            groups[photo.sender].append(place)
    several = [places for places in groups.values() if len(places) > 1]
    return [
        place for places in several if len({photos[at].right[0] for at in places}) == 1 for place in places
    ]


def _left_out(
    photos: Sequence[Coloured],
    seen: Features,
    answered: NDArray[np.int64],
    fit: FitHead,
    temperature: float,
) -> NDArray[np.float64]:
    """Calibrated probabilities of heads that learnt no photo of the source, float64 (N, words)."""
    parts = parts_of([coloured.photo for coloured in photos])
    is_source = np.array([coloured.photo.archive.startswith(SOURCES) for coloured in photos])
    shares = np.zeros((len(answered), len(WORDS)))
    for part in range(PARTS):
        of_part = parts[answered] == part
        if not of_part.any():
            continue
        learnt = np.flatnonzero(~is_source | (parts != part))
        head = fit([photos[place] for place in learnt.tolist()], seen.take(learnt))
        given = softmax(head.logits(seen.upright[answered[of_part]]), axis=1)
        shares[of_part] = [calibrate(row, temperature) for row in given.tolist()]
    return shares
