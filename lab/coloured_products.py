"""What colours of products keep, of sources that the head had not learnt: `colour` of a report's products.

A product is a group of photos of one source, of tiers A and B, that have one colour. The sources are in
parts; a head that learnt the other parts answers. How familiar the class of a photo is, the parent's stored
answers say, which left its source out as well. colour.py puts it into the release.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from inference.contract import ModelContract
from inference.decision import calibrate
from lab.attribute_head import attribute_answers, rows_of
from lab.coloured_photos import WORDS, Coloured
from lab.pretraining_photos import Photo
from lab.strangers_heads import SOURCES, parts_of
from lab.tuning_photos import PARTS
from reports.answers import Answers
from reports.values import ProductPromise
from training.data.labels import Labels
from training.data.vectors import Features
from training.decide.requirements import ACCEPTED_OF_PHOTOS
from training.heads.hidden import HiddenHead
from training.measure.products import products_of

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
