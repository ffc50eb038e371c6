"""May this release follow that one? Rules without I/O.

publish.py and the releases command ask before they append a promotion.
"""

import json
from dataclasses import asdict
from math import exp, fsum, lgamma, log, sqrt

import numpy as np

from model_store.errors import GateRefused
from model_store.manifest import Headline, Manifest
from model_store.predictions import Right

LEVEL = 0.05
"""An equally good release is refused once in twenty times."""

Z_95 = 1.645
"""One-sided 95% point of the normal distribution."""


def check_gate(
    candidate: Manifest, current: Manifest | None, right: tuple[Right, Right] | None = None
) -> str:
    """Refuse a release that breaks what clients rely on, or is measurably worse than current.

    Labels and input are the contract with clients, so they have to be the same. The accuracies compare
    where both were measured on the same test set (by its hash): picture by picture where both keep their
    predictions (`chance`), else the candidate is worse when its accuracy is lower by more than `noise`. On
    different test sets they do not compare, and nothing is refused for them.

    Args:
        candidate: the release that wants to be current.
        current: the one that is; None where nothing is.
        right: about which pictures each of the two is right; None where one of them does not say.

    Returns:
        One sentence on what was compared.

    Raises:
        GateRefused: the message has both sides, and the way past.
    """
    if current is None:
        return "The first release here, so there was nothing to compare it with."
    _check_contract(candidate, current)
    if candidate.data.test_sha256 != current.data.test_sha256:
        return (
            f"Measured on another test set ({candidate.data.name}) than {current.version} "
            f"({current.data.name}), so their accuracies were not compared."
        )
    return _compare_accuracies(candidate, current, right)


def chance(worse: int, better: int) -> float:
    """How likely two equally good releases differ so much or more, to the candidate's disadvantage, 0..1.

    McNemar's exact test, one-sided: of the pictures that one of two releases alone is right about, each is as
    likely as the other. Summed here, since scipy is not installed where releases are promoted.

    Args:
        worse: pictures that current alone is right about.
        better: pictures that the candidate alone is right about.
    """
    n = worse + better
    return fsum(
        exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2)) for k in range(worse, n + 1)
    )


def noise(first: Headline, second: Headline) -> float:
    """The difference of two accuracies that chance explains, 0..1.

    A one-sided two-proportion z-test at 95% with the pooled accuracy: Z_95 * sqrt(p (1 - p) (1/n + 1/m)).
    For releases that do not keep their predictions; `chance` sees smaller differences.
    """
    n, m = first.test_n, second.test_n
    pooled = (first.test_accuracy * n + second.test_accuracy * m) / (n + m)
    return Z_95 * sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))


def _check_contract(candidate: Manifest, current: Manifest) -> None:
    if candidate.model.labels != current.model.labels:
        raise GateRefused(
            f"{candidate.version} has the labels {_shown(candidate.model.labels)}, but {current.version}, "
            f"which is current, has {_shown(current.model.labels)}. Clients rely on them; "
            "--force promotes it anyway."
        )
    if candidate.model.input != current.model.input:
        raise GateRefused(
            f"{candidate.version} reads {_shown(asdict(candidate.model.input))}, but {current.version}, "
            f"which is current, reads {_shown(asdict(current.model.input))}. "
            "--force promotes it anyway."
        )


def _compare_accuracies(candidate: Manifest, current: Manifest, right: tuple[Right, Right] | None) -> str:
    ours, theirs = candidate.headline, current.headline
    compared = (
        f"test accuracy {ours.test_accuracy:.4f} against {theirs.test_accuracy:.4f} of {current.version}"
    )
    if right is None:
        allowed = noise(ours, theirs)
        compared += f" (noise {allowed:.4f} with n = {ours.test_n})"
        refused = ours.test_accuracy < theirs.test_accuracy - allowed
    else:
        worse, better = int(np.sum(right[1] & ~right[0])), int(np.sum(right[0] & ~right[1]))
        likely = chance(worse, better)
        compared += (
            f" (of {ours.test_n} pictures {better} newly right, {worse} newly wrong, p = {likely:.2g})"
        )
        refused = likely < LEVEL
    if refused:
        raise GateRefused(
            f"{candidate.version} is measurably worse than current: {compared}. --force promotes it anyway."
        )
    return f"Not measurably worse than current: {compared}."


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
