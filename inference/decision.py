"""The rules between a model's scores and a decision: pure functions of numbers.

Touches nothing. The parameters come from the release (contract.py); classifier.py calls these in order.
"""

from typing import Literal, TypeAlias

import numpy as np

from inference.arrays import Probabilities
from inference.contract import Familiarity, Thresholds

Decision: TypeAlias = Literal["accept", "review"]
Reason: TypeAlias = Literal["ambiguous", "unfamiliar"]


def calibrate(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Soften (temperature > 1) or sharpen (< 1) probabilities: softmax(log p / temperature).

    Dividing logits and dividing log probabilities is the same thing, since softmax ignores what all
    classes share (Guo et al. 2017, arXiv 1706.04599). Order is kept; a zero stays zero.

    Args:
        probabilities: float32, (N, C), each row >= 0 with sum 1.
        temperature: > 0.

    Returns:
        float32, (N, C), each row with sum 1.
    """
    with np.errstate(divide="ignore"):  # log 0 is -inf, which exp turns back into 0
        scaled = np.log(probabilities.astype(np.float64)) / temperature
    # The largest becomes 0, so that a low temperature does not turn all of them into 0.
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    calibrated: Probabilities = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return calibrated


def familiarity_of(distance: float, familiarity: Familiarity) -> float:
    """How much a picture looks like what the model knows: 1 is nearest, 0 farther than all held-out ones.

    Args:
        distance: what the serving graph says of the picture; more is stranger, and it may be negative.
        familiarity: distances of held-out pictures at evenly spaced ranks.

    Returns:
        0..1: the share of held-out pictures that lay at least as far away.
    """
    ranks = np.linspace(0.0, 1.0, len(familiarity.quantiles))
    return 1.0 - float(np.interp(distance, familiarity.quantiles, ranks))


def decide(
    confidence: float, familiarity: float | None, thresholds: Thresholds
) -> tuple[Decision, Reason | None]:
    """Accept, or ask a person to look, and why.

    `unfamiliar` outranks `ambiguous`: of something that is none of the classes, the two likeliest
    classes say nothing.

    Args:
        confidence: 0..1, the largest calibrated probability.
        familiarity: 0..1, or None when the model measures none.
        thresholds: a value below one of them is reviewed, a value equal to it is not.
    """
    if familiarity is not None and familiarity < thresholds.familiarity:
        return "review", "unfamiliar"
    if confidence < thresholds.confidence:
        return "review", "ambiguous"
    return "accept", None
