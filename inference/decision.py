"""Calibrate the scores of a model, compute the familiarity, and decide about an answer.

Pure functions of numbers. The parameters come from the release (contract.py), and classifier.py calls these
functions in order.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from inference.contract import Familiarity, Head, ModelContract
from inference.reasons import Reason

Decision: TypeAlias = Literal["accept", "review"]

ACCEPT: Final = "accept"
"""Decision about an answer that can be used without a look at the picture."""

REVIEW: Final = "review"
"""Decision about an answer that a person should look at."""


def calibrate_probabilities(probabilities: Sequence[float], temperature: float) -> list[float]:
    """Calibrate probabilities: p^(1 / temperature), scaled to sum 1 again.

    This equals softmax(log p / temperature), and so softmax(logits / temperature), since softmax ignores a
    constant. The order of the values stays, and zero stays zero. For the few classes of one picture, plain
    numbers cost a quarter of the time of arrays.

    Args:
        probabilities: the probabilities, C values >= 0 with sum 1.
        temperature: the temperature, > 0; above 1 makes the probabilities more equal.

    Returns:
        The calibrated probabilities, C values with sum 1.
    """
    # Divide by the largest, so that a low temperature does not underflow to all zeros.
    largest = max(probabilities)
    power = 1 / temperature
    weights = [(probability / largest) ** power for probability in probabilities]
    total = sum(weights)
    return [weight / total for weight in weights]


def compute_familiarity(distance: float, familiarity_table: Familiarity) -> float:
    """Return how similar a picture is to the training data: 0 is farther than all held-out pictures.

    Args:
        distance: the OOD score of the serving graph; higher is less familiar, and it may be negative.
        familiarity_table: distances of held-out pictures at evenly spaced ranks.

    Returns:
        0..1: the share of held-out pictures with at least this distance, linear between ranks.
    """
    quantiles = familiarity_table.quantiles
    above = bisect_right(quantiles, distance)
    if above == 0 or above == len(quantiles):
        return 1.0 if above == 0 else 0.0
    nearer, farther = quantiles[above - 1], quantiles[above]
    return 1.0 - (above - 1 + (distance - nearer) / (farther - nearer)) / (len(quantiles) - 1)


def decide_by_contract(  # noqa: PLR0913, PLR0917 - the rules of a release, and an answer
    contract: ModelContract,
    head: Head,
    label: str,
    confidence: float,
    familiarity: float | None,
    class_label: str | None = None,
    digits: int | None = None,
) -> tuple[Decision, Reason | None]:
    """Accept an answer of a release, or ask for a review and give the reason.

    A service decides about new answers by this function, and the comparison of two releases about stored
    ones. So a further threshold that is used here is in both.

    Args:
        contract: the contract that decides for the network that the picture is for.
        head: the part of this contract for the answered question (the class, or an attribute).
        label: the likeliest label.
        confidence: the calibrated probability of the label, 0..1.
        familiarity: the familiarity of the picture, 0..1; None if the model does not measure it.
        class_label: the class of the picture, if the question is an attribute; None if it is not known.
        digits: the number of decimal places to which confidence and familiarity are rounded; None if they are
            not. The thresholds are rounded in the same way, so that an equal number is not below.
    """
    minimum_confidence = head.find_minimum_confidence(label)
    minimum_familiarity = contract.find_minimum_familiarity(head, label)
    return decide_answer(
        confidence,
        familiarity,
        minimum_confidence=minimum_confidence if digits is None else round(minimum_confidence, digits),
        minimum_familiarity=minimum_familiarity if digits is None else round(minimum_familiarity, digits),
        is_withheld=label in head.withheld,
        is_applicable=class_label is None or head.is_applicable(class_label),
    )


def is_unfamiliar(familiarity: float | None, minimum_familiarity: float) -> bool:
    """Return whether a picture is too unlike the training pictures; False if this is not measured."""
    return familiarity is not None and familiarity < minimum_familiarity


def decide_answer(  # noqa: PLR0913 - what the release asks for and what the picture shows, each by its name
    confidence: float,
    familiarity: float | None,
    *,
    minimum_confidence: float,
    minimum_familiarity: float,
    is_withheld: bool = False,
    is_applicable: bool = True,
) -> tuple[Decision, Reason | None]:
    """Accept an answer, or ask for a review and give the reason.

    The reason is the first of SCORE_REASONS that applies. `unproven` is the reason if no confidence is
    enough, because the release shows no share of right answers, or because too few accepted answers with this
    label were right.

    Args:
        confidence: the largest calibrated probability, 0..1.
        familiarity: the familiarity of the picture, 0..1; None if the model does not measure it.
        minimum_confidence: the threshold: a lower confidence needs a review, an equal one does not. Above 1
            no confidence is enough.
        minimum_familiarity: the threshold: a lower familiarity needs a review, an equal one does not.
        is_withheld: whether the label is never accepted.
        is_applicable: whether the class of the picture has the attribute; True for the class itself.
    """
    if is_unfamiliar(familiarity, minimum_familiarity):
        return REVIEW, Reason.UNFAMILIAR
    if not is_applicable:
        return REVIEW, Reason.INAPPLICABLE
    if minimum_confidence > 1 or is_withheld:
        return REVIEW, Reason.UNPROVEN
    if confidence < minimum_confidence:
        return REVIEW, Reason.AMBIGUOUS
    return ACCEPT, None
