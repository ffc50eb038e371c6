"""Combine the answers to several photos of one product into one answer.

Several photos together know more than the most confident one, so the mean of their log probabilities answers.
It is accepted if a single photo is accepted with this label, and no photo contradicts it. The tables of
`wardrobe label` are made by this rule, and reports measure it.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from inference.reasons import Reason
from reports.accept_threshold import find_accept_points
from reports.promises import AcceptPoint, ProductPromise, Promise

PRODUCTS_SET: Final = "products"
"""Name of the set of pictures in a promise about products of several photos."""

MIN_PROBABILITY: Final = 1e-5
"""Smallest probability of which a logarithm is taken, so that one photo alone cannot rule out a label. Stored
probabilities have five digits."""

COLOUR_ATTRIBUTES: Final = ("colour", "color")
"""Names that a release may use for the attribute of colour."""

MIN_DENYING_PROBABILITY: Final = 0.8
"""Smallest probability of another colour with which a single photo contradicts the colour of its product."""


class ScoredAnswer(NamedTuple):
    """The answer to one photo, or to all photos of a product, about the class or an attribute.

    Attributes:
        probabilities: the calibrated probability of each of C labels, sum 1.
        label: the index of the answered label.
        reason: why a person should review the answer; None if it is accepted.
        photo_positions: the positions of the photos that were combined; empty for the answer to one photo.
        is_unfamiliar: whether the photo looks like nothing that the network has learnt, whatever `reason` is.
    """

    probabilities: Sequence[float]
    label: int
    reason: Reason | None
    photo_positions: Sequence[int] = ()
    is_unfamiliar: bool = False


def combine_photo_answers(
    photos: Sequence[ScoredAnswer], *, is_proven: bool, is_colour: bool = False
) -> ScoredAnswer:
    """Combine the answers to the photos of one product into one answer.

    Unfamiliar photos, which look like nothing that the network has learnt, are left out, unless all are. The
    answer to a single photo is used as it is. The answer to several photos is accepted if all this is true:

    1. One of the photos is accepted with this label, and none with another one.
    2. The release has shown that enough of such answers about products are right.
    3. For a colour: no photo surely shows another one.

    Args:
        photos: the answers to the product's photos, one or more.
        is_proven: whether the release has shown that enough accepted answers about products are right.
        is_colour: whether the answers are about an attribute in COLOUR_ATTRIBUTES.
    """
    familiar = [place for place, photo in enumerate(photos) if not photo.is_unfamiliar]
    positions = familiar or list(range(len(photos)))
    used_photos = [photos[place] for place in positions]
    probabilities = average_probabilities([photo.probabilities for photo in used_photos])
    label = probabilities.index(max(probabilities)) if len(used_photos) > 1 else used_photos[0].label
    reason = _choose_reason(used_photos, label, is_proven=is_proven or len(photos) == 1)
    # Unfamiliar photos, too: a garment of an unknown class still shows its colour.
    if is_colour and reason in {None, Reason.UNPROVEN} and has_contradicting_photo(photos, label):
        reason = Reason.CONTRADICTING
    return ScoredAnswer(probabilities, label, reason, positions)


def has_contradicting_photo(photos: Sequence[ScoredAnswer], label: int) -> bool:
    """Tell whether any photo gives another label a probability of MIN_DENYING_PROBABILITY or more.

    Args:
        label: the index of the product's label.
    """
    other_probabilities = (
        share for photo in photos for place, share in enumerate(photo.probabilities) if place != label
    )
    return any(share >= MIN_DENYING_PROBABILITY for share in other_probabilities)


def average_probabilities(rows: Sequence[Sequence[float]]) -> list[float]:
    """Return the geometric mean of the probabilities of several photos, scaled to sum 1: C numbers.

    Args:
        rows: (N, C), the probabilities for each of N photos; a single row is returned as it is.
    """
    if len(rows) == 1:
        return list(rows[0])
    logs = [[math.log(max(probability, MIN_PROBABILITY)) for probability in row] for row in rows]
    shares = [math.exp(sum(column) / len(rows)) for column in zip(*logs, strict=True)]
    total = sum(shares)
    return [share / total for share in shares]


def _choose_reason(used: Sequence[ScoredAnswer], label: int, *, is_proven: bool) -> Reason | None:
    accepted = {photo.label for photo in used if photo.reason is None}
    if len(accepted) > 1:
        return Reason.CONTRADICTING
    if accepted == {label}:
        return None if is_proven else Reason.UNPROVEN
    reasons = {photo.reason for photo in used if photo.reason is not None}
    return reasons.pop() if len(reasons) == 1 and not accepted else Reason.AMBIGUOUS


def is_accuracy_promise_proven(promise: Promise | None) -> bool:
    """Tell whether measured answers show a promise, such as "95% of accepted answers are right".

    There have to be enough accepted answers, and the lower bound of their right share has to reach it.

    Args:
        promise: the promise with its figures; None if none was measured.
    """
    return (
        promise is not None and promise.accepted >= promise.needed and promise.lower_bound >= promise.promised
    )


def find_product_accept_point(promise: ProductPromise | None, min_right_share: float) -> AcceptPoint | None:
    """Return the figures at the lowest confidence threshold at which enough accepted products are right.

    Args:
        promise: the promise about products, with the figures at each threshold; None if none were measured.

    Returns:
        The figures; None if no threshold shows this share.
    """
    points = (
        find_accept_points({PRODUCTS_SET: promise.by_confidence}, {PRODUCTS_SET: min_right_share})
        if promise
        else None
    )
    return points[PRODUCTS_SET] if points else None
