"""WARDROBE_ACCEPT_TARGET: the operator chooses the share of accepted answers that must be right, such as .97.

An answer is accepted from a threshold of confidence on. For each set of pictures, the report of a release has
curves: at each threshold, the share of answers that it accepts, and a lower bound of the share of these that
is right. From the curves, this file chooses the threshold that a training would choose for the target, and
puts it in place of the release's own. It does so for each network, whenever a release is opened.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from app.releases.serving import ServedModel, TargetAcceptance
from app.setting_values import MIN_ACCEPT_TARGET
from inference.contract import ACCEPT_NOTHING, NETWORK_NAMES, NetworkName
from reports.accept_threshold import find_accept_points
from reports.promises import HELD_OUT_PICTURES, AcceptPoint

AcceptanceCurves: TypeAlias = Mapping[str, Sequence[AcceptPoint]]
"""The measured effect of each possible threshold, by the name of the set of pictures, such as "held-out
pictures" or "photos of tier A"."""


def apply_accept_target(model: ServedModel, target: float | None) -> ServedModel:
    """Return a model whose thresholds are chosen so that the share `target` of accepted answers is right.

    If the report of the release does not show that any threshold reaches the target, nothing is accepted, and
    `acceptance.fault` says why.

    Args:
        model: the model with the thresholds of the release.
        target: the share of accepted answers that must be right, 0 to 1; None returns the model unchanged.
    """
    if target is None:
        return model
    acceptance = _compute_acceptance(model, target)
    networks = model.networks
    # All sets of pictures that one network answers have got the same threshold.
    thresholds = {
        _find_network(pictures, model): point.threshold for pictures, point in acceptance.gives.items()
    }
    contracts = {
        name: networks[name].contract.replace_class_threshold(thresholds.get(name, ACCEPT_NOTHING))
        for name in networks
    }
    return replace(model, networks=networks.replace_contracts(contracts), acceptance=acceptance)


def _find_network(pictures: str, served: ServedModel) -> NetworkName | None:
    """Return the network that answers a set of pictures; None if it accepts no answer to them anyway.

    Without a network for photos, the network for pixels answers photos, too, but nothing of that is accepted.
    """
    first, *other_networks = served.networks
    if pictures == HELD_OUT_PICTURES or (not other_networks and served.photo_fault is None):
        return "pixels" if other_networks else first
    return "photos" if other_networks else None


def _compute_acceptance(served: ServedModel, target: float) -> TargetAcceptance:
    """Return the chosen threshold of each set of pictures, or the reason why there is none."""
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
    # One threshold decides about all sets of a network, so their curves must have the same thresholds.
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
    """Return the point of each curve at the chosen threshold; None if no threshold reaches the target."""
    return find_accept_points(curves, dict.fromkeys(curves, target)) if curves else {}


def _find_highest_target(networks: Iterable[AcceptanceCurves], target: float) -> float | None:
    """Return the highest target below `target`, in steps of .001, that each network reaches.

    None if not even MIN_ACCEPT_TARGET is reached.
    """
    curves = list(networks)
    # Targets are tried one by one. The largest lower bound in the curves would not do, because thresholds are
    # tested from the highest one on, and those behind the first failure cannot be chosen.
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
