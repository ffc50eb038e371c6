"""Look for the garment that is sold in the parts of its photos: the second look.

A photo of a person shows several garments, and the network answers with one of them: the trousers below the
T-shirt that is sold. But it also answers for the upper, middle and lower part of the photo. If the formula of
posterior.py accepts nothing, although a title or a category names a kind, the kinds that it names are looked
for in the parts:

                             T-shirt    trousers    other
    the whole photo             .03        .90       .04
    its upper part              .85        .01       .10
    title "Cotton tee"; again   .85        .90       .04

Only the named kinds are looked for. All others, and OTHER_KIND, keep the probabilities of the whole photos,
so a word still has to stand against what the whole photos show.
"""

import math
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from inference.garment_evidence import PhotoKinds

MIN_JOINED_PROBABILITY: Final = 0.002
"""Number that is added to each photo's probability before the geometric mean, so that a photo that does not
show the garment (a detail, a back) does not exclude it."""


class Finding(NamedTuple):
    """The photo and the part in which a garment was found.

    Attributes:
        photo: the place of the photo among the distinct photos, from 0.
        part: the name of the part, such as `upper`; None if the whole photo shows the garment best.
    """

    photo: int
    part: str | None


def raise_named_kinds(
    scores: Sequence[float], photos: Sequence[PhotoKinds], columns: Collection[int]
) -> tuple[float, ...]:
    """Return the probabilities of kinds. For a named kind, the part of each photo that shows it best counts.

    Args:
        scores: the mean probability of each kind by the whole photos.
        photos: the distinct photos, at least one.
        columns: the places of the named kinds in `scores`.
    """
    return tuple(
        max(score, _join_photos([_find_largest(photo, place) for photo in photos]))
        if place in columns
        else score
        for place, score in enumerate(scores)
    )


def find_best_part(photos: Sequence[PhotoKinds], column: int) -> Finding:
    """Return the photo and the part that show a kind best; of equal ones the first photo, and it as a whole.

    Args:
        photos: the distinct photos, at least one.
        column: the place of the kind among the labels.
    """
    findings = {
        Finding(place, part): shares[column]
        for place, photo in enumerate(photos)
        for part, shares in ((None, photo.whole), *photo.parts.items())
    }
    return max(findings, key=findings.__getitem__)


def _find_largest(photo: PhotoKinds, column: int) -> float:
    return max(photo.whole[column], *(shares[column] for shares in photo.parts.values()), 0.0)


def _join_photos(probabilities: Sequence[float]) -> float:
    """Return the geometric mean: high only if no photo speaks strongly against the kind."""
    logarithms = [math.log(probability + MIN_JOINED_PROBABILITY) for probability in probabilities]
    return math.exp(math.fsum(logarithms) / len(logarithms)) - MIN_JOINED_PROBABILITY
