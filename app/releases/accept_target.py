"""WARDROBE_ACCEPT_TARGET: let the operator choose how many of the accepted answers are to be right.

The release's report holds, for each set of pictures, what each threshold of confidence accepts and a lower
bound of how much of that is right (training/decide/acceptance.py). The threshold that a training would
have chosen for the target takes the place of the release's own (reports/acceptance.py), for each network
by itself. Pure; load.py calls it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from app.releases.serving import Acceptance, Served
from inference.contract import ACCEPT_NOTHING, NETWORK_NAMES, NetworkName
from reports.acceptance import accepted_at
from reports.values import HELD_OUT, AcceptPoint

Curves: TypeAlias = Mapping[str, Sequence[AcceptPoint]]
"""By set of pictures."""


def with_target(served: Served, target: float | None) -> Served:
    """The model with the thresholds of a target.

    Where its report does not support the target, nothing is accepted, and `acceptance` has the reason.

    Args:
        served: with the release's own thresholds.
        target: 0..1, or None for these.
    """
    if target is None:
        return served
    acceptance, networks = _acceptance(served, target), served.networks
    # All sets of pictures that one network answers have the same threshold.
    thresholds = {
        _network_of(pictures, served): point.threshold for pictures, point in acceptance.gives.items()
    }
    contracts = {
        name: networks[name].contract.accepting_from(thresholds.get(name, ACCEPT_NOTHING))
        for name in networks
    }
    return replace(served, networks=networks.with_contracts(contracts), acceptance=acceptance)


def _network_of(pictures: str, served: Served) -> NetworkName | None:
    """Which one answers such pictures; None where no threshold decides about them."""
    first, *others = served.networks
    if pictures == HELD_OUT or (not others and served.photo_fault is None):
        return "pixels" if others else first
    return "photos" if others else None


def _acceptance(served: Served, target: float) -> Acceptance:
    """What the target gives, or why it gives nothing."""
    curves = served.evaluation.acceptance if served.evaluation else {}
    if not curves:
        fault = f"The report of {served.version} does not say what each threshold accepts: train it again."
        return Acceptance(target, {}, fault)
    decided: dict[NetworkName, dict[str, Sequence[AcceptPoint]]] = {name: {} for name in NETWORK_NAMES}
    for pictures, curve in curves.items():
        if network := _network_of(pictures, served):
            decided[network][pictures] = curve
    gives: dict[str, AcceptPoint] = {}
    for network, together in decided.items():
        both = len(served.networks) == len(NETWORK_NAMES)
        which = "tiers of photos" if both and network == "photos" else "sets of pictures"
        if len({tuple(point.threshold for point in curve) for curve in together.values()}) > 1:
            fault = f"The report of {served.version} has several thresholds for what one decides about."
            return Acceptance(target, {}, fault)
        points = accepted_at(together, dict.fromkeys(together, target)) if together else {}
        if points is None:
            return Acceptance(target, {}, _fault(served.version, together, which, target))
        gives |= points
    if len(served.networks) == 1 or decided["photos"]:
        return Acceptance(target, gives, served.photo_fault)
    fault = f"The report of {served.version} says of no photos what each threshold accepts: train it again."
    return Acceptance(target, gives, fault)


def _fault(version: str, curves: Curves, which: str, target: float) -> str:
    highest = {pictures: max(point.lower_bound for point in curve) for pictures, curve in curves.items()}
    pictures = min(highest, key=highest.__getitem__)
    return (
        f"The report of {version} does not show that {target:g} of the accepted answers are right: no "
        f"threshold has so high a lower bound for all {which}; for "
        f"{pictures} it is at most {highest[pictures]:.3f}."
    )
