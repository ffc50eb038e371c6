"""WARDROBE_ACCEPT_TARGET: let the operator choose how many of the accepted answers are to be right.

The release's report holds, for each kind of pictures, what each threshold of confidence accepts and a lower
bound of how much of that is right (training/evaluation/acceptance.py). The threshold that a training would
have chosen for the target takes the place of the release's own (model_store/acceptance.py). Where the release
has other thresholds for photos, theirs is found by itself. Pure; load.py calls it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from app.releases.serving import Acceptance, Served
from inference.contract import ACCEPT_NOTHING
from model_store.acceptance import accepted_at
from model_store.errors import ReportInvalid
from model_store.report import HELD_OUT, AcceptPoint, parse_report

Curves: TypeAlias = Mapping[str, Sequence[AcceptPoint]]
"""By kind of pictures."""


def with_target(served: Served, target: float | None) -> Served:
    """The model with the thresholds of a target.

    Where its report does not support the target, nothing is accepted, and `acceptance` has the reason.

    Args:
        served: with the release's own thresholds.
        target: 0..1, or None for these.
    """
    if target is None:
        return served
    contract = served.contract
    acceptance = _acceptance(served, target, divided=contract.photo_thresholds is not None)
    thresholds = {kind: point.threshold for kind, point in acceptance.gives.items()}
    of_pixels = thresholds.pop(HELD_OUT, ACCEPT_NOTHING)
    # All kinds of photos have the same threshold.
    of_photos = next(iter(thresholds.values()), of_pixels)
    photo_thresholds = contract.photo_thresholds
    if photo_thresholds is not None:
        photo_thresholds = replace(photo_thresholds, confidence=of_photos)
    classifier = served.classifier.deciding_by(
        replace(contract.thresholds, confidence=of_pixels), photo_thresholds
    )
    return replace(served, classifier=classifier, contract=classifier.contract, acceptance=acceptance)


def _acceptance(served: Served, target: float, *, divided: bool) -> Acceptance:
    """What the target gives, or why it gives nothing; `divided` lets photos have another threshold."""
    try:
        curves = parse_report(served.report, served.version).acceptance
    except ReportInvalid:
        curves = {}
    if not curves:
        fault = f"The report of {served.version} does not say what each threshold accepts: train it again."
        return Acceptance(target, {}, fault)
    photos = {kind: curve for kind, curve in curves.items() if divided and kind != HELD_OUT}
    others = {kind: curve for kind, curve in curves.items() if kind not in photos}
    gives: dict[str, AcceptPoint] = {}
    for together, which in ((others, "kinds of pictures"), (photos, "tiers of photos")):
        if len({tuple(point.threshold for point in curve) for curve in together.values()}) > 1:
            fault = f"The report of {served.version} has several thresholds for what one decides about."
            return Acceptance(target, {}, fault)
        found = accepted_at(together, dict.fromkeys(together, target)) if together else {}
        if found is None:
            return Acceptance(target, {}, _fault(served.version, together, which, target))
        gives |= found
    return Acceptance(target, gives)


def _fault(version: str, curves: Curves, which: str, target: float) -> str:
    highest = {kind: max(point.lower_bound for point in curve) for kind, curve in curves.items()}
    kind = min(highest, key=lambda one: highest[one])
    return (
        f"The report of {version} does not show that {target:g} of the accepted answers are right: no "
        f"threshold has so high a lower bound for all {which}; for {kind} it is at most {highest[kind]:.3f}."
    )
