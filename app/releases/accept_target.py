"""WARDROBE_ACCEPT_TARGET: let the operator choose how many of the accepted answers are to be right.

The release's report holds, for each kind of pictures, what each threshold of confidence accepts and a lower
bound of how much of that is right (training/evaluation/calibration.py). The lowest threshold at which every
kind's bound reaches the target takes the place of the release's own. Pure; load.py calls it.
"""

from dataclasses import replace

from app.releases.serving import Acceptance, Served
from inference.contract import ACCEPT_NOTHING
from model_store.errors import ReportInvalid
from model_store.report import parse_report


def with_target(served: Served, target: float | None) -> Served:
    """The model with the threshold of a target.

    Where its report does not support the target, nothing is accepted, and `acceptance` has the reason.

    Args:
        served: with the release's own thresholds.
        target: 0..1, or None for these.
    """
    if target is None:
        return served
    acceptance = _acceptance(served, target)
    # All kinds of pictures have the same threshold.
    threshold = next((point.threshold for point in acceptance.gives.values()), ACCEPT_NOTHING)
    classifier = served.classifier.deciding_by(replace(served.contract.thresholds, confidence=threshold))
    return replace(served, classifier=classifier, contract=classifier.contract, acceptance=acceptance)


def _acceptance(served: Served, target: float) -> Acceptance:
    try:
        curves = parse_report(served.report, served.version).acceptance
    except ReportInvalid:
        curves = {}
    if not curves:
        fault = f"The report of {served.version} does not say what each threshold accepts: train it again."
        return Acceptance(target, {}, fault)
    # Every curve has the same thresholds, ascending.
    for points in zip(*curves.values(), strict=True):
        if all(point.lower_bound >= target for point in points):
            return Acceptance(target, dict(zip(curves, points, strict=True)))
    highest = {kind: max(point.lower_bound for point in curve) for kind, curve in curves.items()}
    kind = min(highest, key=lambda one: highest[one])
    fault = (
        f"The report of {served.version} does not show that {target:g} of the accepted answers are right: no "
        "threshold has so high a lower bound for all kinds of pictures; for "
        f"{kind} it is at most {highest[kind]:.3f}."
    )
    return Acceptance(target, {}, fault)
