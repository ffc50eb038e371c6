"""Combine the answers to several photos of one product into one answer.

Several photos together know more than the most confident one, so the mean of their log probabilities answers.
The confidence threshold is that of single photos; in addition, the photos of a product must agree. Tables use
this rule, and reports measure it.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from inference.reasons import Reason
from reports.accept_threshold import find_accept_points
from reports.values import AcceptPoint, ProductPromise, Promise

PRODUCTS_SET: Final = "products"
"""Name of products as the pictures of a promise."""

MIN_PROBABILITY: Final = 1e-5
"""Smallest probability of which a logarithm is taken, so that one photo alone cannot rule out a label.
Reports keep five digits."""

COLOUR_ATTRIBUTES: Final = ("colour", "color")
"""Names that a release may use for the attribute of colour."""

MIN_DENYING_PROBABILITY: Final = 0.8
"""Probability of another colour with which a single photo contradicts the product's colour. Photos of an
unfamiliar class also show the garment and its colour, so they are included."""


class ProbableAnswer(NamedTuple):
    """The answer to one photo, or to all photos of a product, about the class or an attribute.

    Attributes:
        probabilities: (C,), calibrated, sum 1.
        label: the index of the answered label.
        reason: the reason why a person should review the answer; None if it is accepted.
        photo_positions: the positions of the photos that were combined; empty for a single photo.
    """

    probabilities: Sequence[float]
    label: int
    reason: Reason | None
    photo_positions: Sequence[int] = ()


def combine_photo_answers(
    photos: Sequence[ProbableAnswer], *, is_proven: bool, is_colour: bool = False
) -> ProbableAnswer:
    """Combine the answers to the photos of one product into one answer.

    Photos that are unfamiliar are left out, unless all are. The answer to a single photo is used as it is.
    With several photos, the answer is accepted only if one of them is accepted with this label, no accepted
    one has another label, and the release has shown its promise for products. A colour is not accepted if any
    photo surely shows another one.

    Args:
        photos: the answers to the product's photos, one or more.
        is_proven: whether the release has shown its promise for products; see `is_promise_shown`.
        is_colour: whether the answers are about an attribute in COLOUR_ATTRIBUTES.
    """
    familiar = [place for place, photo in enumerate(photos) if photo.reason != Reason.UNFAMILIAR]
    rests_on = familiar or list(range(len(photos)))
    used = [photos[place] for place in rests_on]
    probabilities = average_probabilities([photo.probabilities for photo in used])
    label = probabilities.index(max(probabilities)) if len(used) > 1 else used[0].label
    reason = _choose_reason(used, label, is_proven=is_proven or len(photos) == 1)
    if is_colour and reason in {None, Reason.UNPROVEN} and has_contradicting_photo(photos, label):
        reason = Reason.CONTRADICTING
    return ProbableAnswer(probabilities, label, reason, rests_on)


def has_contradicting_photo(photos: Sequence[ProbableAnswer], label: int) -> bool:
    """Tell whether any photo, familiar or not, surely shows another label.

    It does if it gives another label a probability of MIN_DENYING_PROBABILITY or more.

    Args:
        label: the index of the product's label.
    """
    other_probabilities = (
        share for photo in photos for place, share in enumerate(photo.probabilities) if place != label
    )
    return any(share >= MIN_DENYING_PROBABILITY for share in other_probabilities)


def average_probabilities(rows: Sequence[Sequence[float]]) -> list[float]:
    """Return the normalised geometric mean of the probabilities of several photos, as a list of C numbers.

    Args:
        rows: (N, C), the probabilities for each of N photos; a single row is returned as it is.
    """
    if len(rows) == 1:
        return list(rows[0])
    logs = [[math.log(max(probability, MIN_PROBABILITY)) for probability in row] for row in rows]
    shares = [math.exp(sum(column) / len(rows)) for column in zip(*logs, strict=True)]
    total = sum(shares)
    return [share / total for share in shares]


def _choose_reason(used: Sequence[ProbableAnswer], label: int, *, is_proven: bool) -> Reason | None:
    accepted = {photo.label for photo in used if photo.reason is None}
    if len(accepted) > 1:
        return Reason.CONTRADICTING
    if accepted == {label}:
        return None if is_proven else Reason.UNPROVEN
    reasons = {photo.reason for photo in used if photo.reason is not None}
    return reasons.pop() if len(reasons) == 1 and not accepted else Reason.AMBIGUOUS


def is_promise_shown(promise: Promise | None) -> bool:
    """Tell whether a promise was shown to hold: enough accepted answers, and a lower bound that reaches it.

    Args:
        promise: the promise with its figures; None if none was measured, which is not shown.
    """
    return (
        promise is not None and promise.accepted >= promise.needed and promise.lower_bound >= promise.promised
    )


def find_product_threshold(promise: ProductPromise | None, right: float) -> AcceptPoint | None:
    """Return the point with the lowest confidence threshold at which enough accepted products are right.

    Args:
        promise: the promise about products for one head; None if no products were measured.
        right: the share of accepted products that has to be right, 0 to 1.

    Returns:
        The point of the promise's curve; None if no threshold shows this share.
    """
    points = (
        find_accept_points({PRODUCTS_SET: promise.by_confidence}, {PRODUCTS_SET: right}) if promise else None
    )
    return points[PRODUCTS_SET] if points else None
