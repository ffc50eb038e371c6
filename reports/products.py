"""One answer to the photos of one product: tables answer by this rule, and reports measure it.

Several photos know more than the surest of them, so that the mean of their log probabilities answers. The
threshold of confidence is that of single photos; what a product adds is that they must agree. Pure.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from inference.reasons import Reason
from reports.acceptance import accepted_at
from reports.values import AcceptPoint, ProductPromise, Promise

PRODUCTS: Final = "products"
"""Names these in a Promise."""

LEAST: Final = 1e-5
"""The least probability whose logarithm counts: one photo alone rules nothing out, and reports keep five
digits."""

COLOURS: Final = ("colour", "color")
"""Names that a release may have for the attribute of colours."""

DENIED_FROM: Final = 0.8
"""Probability of another colour with which one photo denies the product's colour.

Photos of an unfamiliar class show the same garment, and its colour.
"""


class ProbableAnswer(NamedTuple):
    """The answer to one photo, or to all photos of a product.

    Attributes:
        probabilities: (C,), calibrated, sum 1.
        label: the index of the label that was answered.
        reason: the reason of a review; None if the answer is accepted.
        rests_on: the places of the photos that it is made of; empty for a single photo.
    """

    probabilities: Sequence[float]
    label: int
    reason: Reason | None
    rests_on: Sequence[int] = ()


def answer_of_product(
    photos: Sequence[ProbableAnswer], *, is_proven: bool, is_colour: bool = False
) -> ProbableAnswer:
    """Answer by the familiar photos, or by all photos if none is familiar.

    A single photo answers for its product as for itself. Of several one must be accepted, no accepted one may
    name another label, and the release must show its promise for products. A colour no photo may deny.

    Args:
        photos: the answers to its photos, one or more.
        is_proven: whether the release shows its promise for products, see `is_shown`.
        is_colour: whether the head is one of COLOURS.
    """
    familiar = [place for place, photo in enumerate(photos) if photo.reason != Reason.UNFAMILIAR]
    rests_on = familiar or list(range(len(photos)))
    used = [photos[place] for place in rests_on]
    probabilities = mean_of([photo.probabilities for photo in used])
    label = probabilities.index(max(probabilities)) if len(used) > 1 else used[0].label
    reason = _reason(used, label, is_proven=is_proven or len(photos) == 1)
    if is_colour and reason in {None, Reason.UNPROVEN} and is_denied(photos, label):
        reason = Reason.CONTRADICTING
    return ProbableAnswer(probabilities, label, reason, rests_on)


def is_denied(photos: Sequence[ProbableAnswer], label: int) -> bool:
    """Tell whether a photo, familiar or not, surely shows another label."""
    others = (share for photo in photos for place, share in enumerate(photo.probabilities) if place != label)
    return any(share >= DENIED_FROM for share in others)


def mean_of(rows: Sequence[Sequence[float]]) -> list[float]:
    """Return the mean of log probabilities, (N, C), as probabilities, (C,)."""
    if len(rows) == 1:
        return list(rows[0])
    logs = [
        sum(math.log(max(probability, LEAST)) for probability in column) / len(rows)
        for column in zip(*rows, strict=True)
    ]
    shares = [math.exp(log) for log in logs]
    total = sum(shares)
    return [share / total for share in shares]


def _reason(used: Sequence[ProbableAnswer], label: int, *, is_proven: bool) -> Reason | None:
    accepted = {photo.label for photo in used if photo.reason is None}
    if len(accepted) > 1:
        return Reason.CONTRADICTING
    if accepted == {label}:
        return None if is_proven else Reason.UNPROVEN
    reasons = {photo.reason for photo in used if photo.reason is not None}
    return reasons.pop() if len(reasons) == 1 and not accepted else Reason.AMBIGUOUS


def is_shown(promise: Promise | None) -> bool:
    """Tell whether accepted products showed the promised share; False if none were measured."""
    return (
        promise is not None and promise.accepted >= promise.needed and promise.lower_bound >= promise.accuracy
    )


def shown_from(promise: ProductPromise | None, right: float) -> AcceptPoint | None:
    """Return the last tested point at which accepted products keep a share; None if there is none.

    Args:
        promise: the promise of one head; None if no products were measured.
        right: the share of accepted products that has to be right, 0..1.
    """
    points = accepted_at({PRODUCTS: promise.by_confidence}, {PRODUCTS: right}) if promise else None
    return points[PRODUCTS] if points else None
