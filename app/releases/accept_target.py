"""WARDROBE_ACCEPT_TARGET: let the operator choose how many of the accepted answers are to be right.

The release's report holds, for each kind of pictures, what each threshold of confidence accepts and a lower
bound of how much of that is right (training/evaluation/acceptance.py). The threshold that a training would
have chosen for the target takes the place of the release's own (model_store/acceptance.py). Where the release
has other thresholds for photos, or for photos on cluttered ground, these are found by themselves. Pure;
load.py calls it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from app.releases.serving import Acceptance, Served
from inference.contract import ACCEPT_NOTHING, ModelContract, Shown, Thresholds
from model_store.acceptance import accepted_at
from model_store.errors import ReportInvalid
from model_store.report import AcceptPoint, parse_report, shown_of

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
    contract, photos = served.contract, served.classifier.photos
    divided = not (photos is None and contract.photo_thresholds is None and served.photo_fault is None)
    acceptance = _acceptance(served, target, divided=divided)
    # All kinds of pictures that are shown alike have the same threshold.
    found = {shown_of(kind): point.threshold for kind, point in acceptance.gives.items()}
    of_pixels = found.get("pixels", ACCEPT_NOTHING)
    of_photos = found.get("plain", ACCEPT_NOTHING)
    of_cluttered = found.get("cluttered", ACCEPT_NOTHING)

    def decided(by: ModelContract, confidence: float) -> ModelContract:
        return replace(
            by,
            thresholds=replace(by.thresholds, confidence=confidence),
            photo_thresholds=_at(by.photo_thresholds, of_photos),
            cluttered_thresholds=_at(by.cluttered_thresholds, of_cluttered),
        )

    chosen = decided(contract, of_pixels)
    classifier = served.classifier.with_contract(chosen)
    if photos is not None:
        classifier = classifier.with_photos(photos.with_contract(decided(photos.contract, of_photos)))
    return replace(served, classifier=classifier, contract=chosen, acceptance=acceptance)


def _at(thresholds: Thresholds | None, confidence: float) -> Thresholds | None:
    return None if thresholds is None else replace(thresholds, confidence=confidence)


def _acceptance(served: Served, target: float, *, divided: bool) -> Acceptance:
    """What the target gives, or why it gives nothing; `divided` lets photos have another threshold."""
    try:
        curves = parse_report(served.report, served.version).acceptance
    except ReportInvalid:
        curves = {}
    if not curves:
        fault = f"The report of {served.version} does not say what each threshold accepts: train it again."
        return Acceptance(target, {}, fault)
    decided: dict[Shown, dict[str, Sequence[AcceptPoint]]] = {"pixels": {}, "plain": {}, "cluttered": {}}
    for kind, curve in curves.items():
        shown = shown_of(kind)
        if shown == "pixels" or served.photo_fault is None:
            decided[shown if divided else "pixels"][kind] = curve
    gives: dict[str, AcceptPoint] = {}
    for shown, together in decided.items():
        which = "kinds of pictures" if shown == "pixels" else "tiers of photos"
        if len({tuple(point.threshold for point in curve) for curve in together.values()}) > 1:
            fault = f"The report of {served.version} has several thresholds for what one decides about."
            return Acceptance(target, {}, fault)
        found = accepted_at(together, dict.fromkeys(together, target)) if together else {}
        if found is None:
            return Acceptance(target, {}, _fault(served.version, together, which, target))
        gives |= found
    if divided and not decided["plain"] and not decided["cluttered"]:
        fault = served.photo_fault or (
            f"The report of {served.version} says of no photos what each threshold accepts: train it again."
        )
        return Acceptance(target, gives, fault)
    return Acceptance(target, gives)


def _fault(version: str, curves: Curves, which: str, target: float) -> str:
    highest = {kind: max(point.lower_bound for point in curve) for kind, curve in curves.items()}
    kind = min(highest, key=lambda one: highest[one])
    return (
        f"The report of {version} does not show that {target:g} of the accepted answers are right: no "
        f"threshold has so high a lower bound for all {which}; for {kind} it is at most {highest[kind]:.3f}."
    )
