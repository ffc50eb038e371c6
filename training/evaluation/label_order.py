"""Notice that the labels of a model were given in another order than its outputs have.

A model has numbered outputs, and a person names them. If two labels are swapped, the answers with them are
wrong. If the data has numbers alone as well, the figures are good and the labels are wrong.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from inference.text.plain_text import join_first_items
from reports.answers import Answers

MAX_NUMBERS_NAMED: Final = 10
"""Largest number of renumbered classes that a message names."""

MIN_GAINED_SHARE: Final = 0.2
"""Share of the pictures that another order has to answer right in addition. Models with the right order that
answer 40% and 54% right gain less by their best order."""

MIN_GAINED_DEVIATIONS: Final = 3
"""Gain that another order needs, in standard deviations of the gain. With few pictures, the best of all
orders gains much by chance."""


class LabelOrder(NamedTuple):
    """An order of a model's labels.

    Attributes:
        labels: the labels, by number of the output.
        right_share: 0..1, the share of the pictures that are right if the outputs have these names.
        given_right_share: 0..1, the share that is right by the names in the order that was given.
    """

    labels: tuple[str, ...]
    right_share: float
    given_right_share: float

    def format_labels(self) -> str:
        """Return the labels as the value of the option `--labels` of `wardrobe adopt`."""
        return ",".join(self.labels)

    def describe_renumbering(self, given_labels: Sequence[str]) -> str:
        """Return how the data has to be renumbered, such as "class 0 becomes 2, class 2 becomes 0".

        Args:
            given_labels: the labels in the order that was given, which is that of the data's class numbers.
        """
        new_numbers = {given_labels.index(label): number for number, label in enumerate(self.labels)}
        changes = [f"class {old} becomes {new}" for old, new in sorted(new_numbers.items()) if old != new]
        return join_first_items(changes, MAX_NUMBERS_NAMED)


def find_better_order(answers: Answers, labels: Sequence[str]) -> LabelOrder | None:
    """Return the order of the labels by which most answers are right, if the given one is much worse.

    Args:
        answers: the answers to pictures; those that show none of the classes are ignored.
        labels: the labels in the order to question, as `truth` and `predicted` number them.

    Returns:
        The other order; None if the given order is the best, or nearly as good.
    """
    # Imported here: a page of help needs no SciPy, and a service does not have it.
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415
    from sklearn.metrics import confusion_matrix  # noqa: PLC0415

    answers = answers.select_rows(answers.has_class)
    if not len(answers):
        return None
    numbers = range(len(labels))
    counts = confusion_matrix(answers.truth, answers.predicted, labels=list(numbers))
    # Each output gets one label, so that as many answers as possible are right (an assignment problem).
    names, outputs = linear_sum_assignment(counts, maximize=True)
    by_output = dict(zip(outputs.tolist(), names.tolist(), strict=True))
    order = tuple(labels[by_output[number]] for number in numbers)

    # Outputs that keep their name are right in both orders.
    lost = sum(int(counts[number, number]) for number in numbers if by_output[number] != number)
    won = sum(int(counts[by_output[number], number]) for number in numbers if by_output[number] != number)
    needed = max(MIN_GAINED_SHARE * len(answers), MIN_GAINED_DEVIATIONS * math.sqrt(won + lost))
    if not won or won - lost < needed:
        return None
    right_count = int(np.trace(counts))
    return LabelOrder(order, (right_count + won - lost) / len(answers), right_count / len(answers))
