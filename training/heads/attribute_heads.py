"""Heads of attributes: the vectors of own classes once more, a logistic head on the pictures with a label.

The folds are those of the class, so that a picture's answers are all by heads that learnt nothing of its
group. Pure. What is decided from the answers: release/attributes.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Probabilities
from training.features.blocks import Features, Vectors
from training.heads.logistic import Head, fit_head
from training.heads.out_of_fold import Fold
from training.pictures.attributes import Attribute

LACKED: Final = -30.0
"""The logit of a label that a fold's head has not learnt."""


@dataclass(frozen=True)
class AttributeAnswers:
    """What is known of an attribute, and what heads that had not learnt the pictures answered.

    Attributes:
        said: what the table says of N pictures.
        probabilities: float32 (N, C), of all of them, before temperature, by a head that learnt none of the
            picture's group.
    """

    said: Attribute
    probabilities: Probabilities


@dataclass(frozen=True)
class AttributeHead(AttributeAnswers):
    """A head and its out-of-fold answers.

    Attributes:
        head: learnt all pictures with a label.
    """

    head: Head


def fit_attribute(  # noqa: PLR0913, PLR0917 - a name and the values of own classes
    name: str,
    attribute: Attribute,
    seen: Features,
    groups: NDArray[np.str_],
    folds: Sequence[Fold],
    spread: Vectors,
    say: Callable[[str], None],
) -> AttributeHead:
    """Fit the head of an attribute, and heads of folds.

    Args:
        name: of the attribute.
        attribute: what is known of N pictures.
        seen: their vectors.
        groups: str (N,).
        folds: of all of them.
        spread: float32 (D,), as `fit_head` has it.
        say: receives which labels a fold lacks.
    """

    def fit(some: NDArray[np.int64]) -> Head:
        return _fitted(attribute, some, seen, groups, spread)

    known, lacking = attribute.known, set[int]()
    found = np.zeros((len(groups), len(attribute.labels)), np.float32)
    for fold in folds:
        others = known[~np.isin(groups[known], groups[fold.pictures])]
        found[fold.pictures] = fit(others).probabilities(seen.upright[fold.pictures])
        lacking |= set(range(len(attribute.labels))) - set(attribute.main[others].tolist())
    if lacking:
        names = ", ".join(repr(attribute.labels[place]) for place in sorted(lacking))
        say(f"{name}: {names} is of so few groups that a fold has not learnt it, and answers it wrongly.")
    return AttributeHead(attribute, found, fit(known))


def _fitted(
    attribute: Attribute,
    some: NDArray[np.int64],
    seen: Features,
    groups: NDArray[np.str_],
    spread: Vectors,
) -> Head:
    """A head of all labels, also where some do not occur among these pictures."""
    there, labels = np.unique(attribute.main[some], return_inverse=True)
    count = len(attribute.labels)
    if len(there) < 2:
        bias = np.full(count, LACKED, np.float32)
        bias[there] = 0
        return Head(np.zeros((seen.upright.shape[1], count), np.float32), bias, 0.0)
    head = fit_head(seen.take(some), labels.astype(np.uint8), groups[some], spread=spread)
    if len(there) == count:
        return head
    kernel = np.zeros((len(head.kernel), count), np.float32)
    bias = np.full(count, LACKED, np.float32)
    kernel[:, there], bias[there] = head.kernel, head.bias
    return replace(head, kernel=kernel, bias=bias)
