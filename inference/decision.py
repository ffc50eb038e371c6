"""The rules between a model's scores and a decision: pure functions of numbers.

Touches nothing. The parameters come from the release (contract.py); classifier.py calls these in order.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, TypeAlias

from inference.contract import Familiarity, Thresholds

Decision: TypeAlias = Literal["accept", "review"]
Reason: TypeAlias = Literal["ambiguous", "unfamiliar"]


def calibrate(probabilities: Sequence[float], temperature: float) -> list[float]:
    """Soften (temperature > 1) or sharpen (< 1) probabilities: p^(1 / temperature), scaled to sum 1 again.

    That is softmax(log p / temperature), which is what dividing the logits gives, since softmax ignores what
    all classes share (Guo et al. 2017, arXiv 1706.04599). Order is kept; a zero stays zero. Plain numbers:
    for the few classes of one picture they cost a quarter of what arrays do.

    Args:
        probabilities: C of them, >= 0 with sum 1.
        temperature: > 0.

    Returns:
        C of them with sum 1.
    """
    # The largest becomes 1, so that a low temperature does not turn all of them into 0.
    largest, power = max(probabilities), 1 / temperature
    weights = [(probability / largest) ** power for probability in probabilities]
    total = sum(weights)
    return [weight / total for weight in weights]


def familiarity_of(distance: float, familiarity: Familiarity) -> float:
    """How much a picture looks like what the model knows: 1 is nearest, 0 farther than all held-out ones.

    Args:
        distance: what the serving graph says of the picture; more is stranger, and it may be negative.
        familiarity: distances of held-out pictures at evenly spaced ranks.

    Returns:
        0..1: the share of held-out pictures that lay at least as far away, linear between ranks.
    """
    quantiles = familiarity.quantiles
    above = bisect_right(quantiles, distance)
    if above == 0 or above == len(quantiles):
        return 1.0 if above == 0 else 0.0
    nearer, farther = quantiles[above - 1], quantiles[above]
    return 1.0 - (above - 1 + (distance - nearer) / (farther - nearer)) / (len(quantiles) - 1)


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
