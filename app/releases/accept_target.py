"""WARDROBE_ACCEPT_TARGET: the operator chooses the share of accepted answers that must be right.

For each set of pictures, the release's report says what each threshold of confidence accepts, and a lower
bound of the share of these answers that is right (training/thresholds/acceptance.py). The threshold that a
training would have chosen for the target replaces the release's own (reports/accept_threshold.py), for each
network separately. load.py calls this file whenever it opens a release.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from app.releases.serving import ServedModel, TargetAcceptance
from app.settings import MIN_ACCEPT_TARGET
from inference.contract import ACCEPT_NOTHING, NETWORK_NAMES, NetworkName
from reports.accept_threshold import find_accept_points
from reports.values import HELD_OUT_PICTURES, AcceptPoint

AcceptanceCurves: TypeAlias = Mapping[str, Sequence[AcceptPoint]]
"""The measured effect of each possible threshold, by the name of the set of pictures it was measured on."""


def apply_accept_target(served: ServedModel, target: float | None) -> ServedModel:
    """Return a model whose thresholds are chosen so that the share `target` of accepted answers is right.

    The thresholds come from measured answers in the report of the release. If the report does not show that
    some threshold reaches the target, nothing is accepted, and `acceptance.fault` says why.

    Args:
        served: the model with the thresholds of the release.
        target: the share of accepted answers that must be right, 0 to 1; None returns the model unchanged.
    """
    if target is None:
        return served
    acceptance = _compute_acceptance(served, target)
    networks = served.networks
    # All sets of pictures that one network answers have the same threshold.
    thresholds = {
        _find_network(pictures, served): point.threshold for pictures, point in acceptance.gives.items()
    }
    contracts = {
        name: networks[name].contract.set_class_threshold(thresholds.get(name, ACCEPT_NOTHING))
        for name in networks
    }
    return replace(served, networks=networks.replace_contracts(contracts), acceptance=acceptance)


def _find_network(pictures: str, served: ServedModel) -> NetworkName | None:
    """Return the network that answers a set of pictures; None if no threshold decides about them."""
    first, *other_networks = served.networks
    if pictures == HELD_OUT_PICTURES or (not other_networks and served.photo_fault is None):
        return "pixels" if other_networks else first
    return "photos" if other_networks else None


def _compute_acceptance(served: ServedModel, target: float) -> TargetAcceptance:
    """Return the effect of the target, or the reason why it has none."""
    curves = served.evaluation.acceptance if served.evaluation else {}
    if not curves:
        fault = f"The report of {served.version} does not say what each threshold accepts: train it again."
        return TargetAcceptance(target, {}, fault)
    curves_by_network: dict[NetworkName, dict[str, Sequence[AcceptPoint]]] = {
        name: {} for name in NETWORK_NAMES
    }
    for pictures, curve in curves.items():
        if network := _find_network(pictures, served):
            curves_by_network[network][pictures] = curve
    for together in curves_by_network.values():
        if len({tuple(point.threshold for point in curve) for curve in together.values()}) > 1:
            fault = f"The report of {served.version} has several thresholds for what one decides about."
            return TargetAcceptance(target, {}, fault)
    gives: dict[str, AcceptPoint] = {}
    for network, together in curves_by_network.items():
        has_both_networks = len(served.networks) == len(NETWORK_NAMES)
        set_name = "tiers of photos" if has_both_networks and network == "photos" else "sets of pictures"
        points = _choose_points(together, target)
        if points is None:
            highest = _find_highest_target(curves_by_network.values(), target)
            fault = _describe_fault(served.version, set_name, target, highest)
            return TargetAcceptance(target, {}, fault)
        gives |= points
    if len(served.networks) == 1 or curves_by_network["photos"]:
        return TargetAcceptance(target, gives, served.photo_fault)
    fault = f"The report of {served.version} says of no photos what each threshold accepts: train it again."
    return TargetAcceptance(target, gives, fault)


def _choose_points(curves: AcceptanceCurves, target: float) -> dict[str, AcceptPoint] | None:
    """Return the point of each set at the threshold that shows the target for all sets; None if none does."""
    return find_accept_points(curves, dict.fromkeys(curves, target)) if curves else {}


def _find_highest_target(networks: Iterable[AcceptanceCurves], target: float) -> float | None:
    """Return the highest target, in steps of 0.001, that is below `target` and that each network shows.

    The highest lower bound in the curves may be higher: the tests of thresholds end at the first failure, so
    not every threshold can be chosen.
    """
    curves = list(networks)
    for thousandths in range(math.ceil(target * 1000) - 1, round(MIN_ACCEPT_TARGET * 1000) - 1, -1):
        if all(_choose_points(together, thousandths / 1000) is not None for together in curves):
            return thousandths / 1000
    return None


def _describe_fault(version: str, set_name: str, target: float, highest: float | None) -> str:
    advice = (
        f"No lower share of at least {MIN_ACCEPT_TARGET:g} is shown, either."
        if highest is None
        else f"The highest share that it shows is {highest:g}."
    )
    return (
        f"The report of {version} does not show that {target:g} of the accepted answers are right: no "
        f"threshold shows it for all {set_name}. {advice}"
    )
