"""Out-of-fold answers: each picture is answered by a network that did not learn it.

Thresholds and familiarity need more answers than a small data set can hold out, and an answer to what was
learnt is too sure. So heads are fitted on all folds but one each, and answer their own fold. Pure.
training/own_classes.py fits them; training/release/complete.py uses the answers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.data.split import Split, class_folds
from training.data.vectors import Vectors

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """The task of one network.

    Attributes:
        number: which fold it answers, 1-based.
        pictures: int64, positions in the training pictures that it answers and does not learn.
    """

    number: int
    pictures: Indices


def folds_of(parts: Split, folds: int) -> tuple[Fold, ...]:
    """Stratified folds of the training pictures; those of one group are in one fold.

    Raises:
        BadRecipe: a class has fewer training pictures, or groups, than there are folds.
    """
    in_folds = class_folds(parts.train.classes, parts.train.groups, folds)
    return tuple(Fold(number, mine) for number, (_, mine) in enumerate(in_folds, start=1))


class Answering(Protocol):
    """A head, whatever it is made of."""

    def logits(self, vectors: Vectors) -> Vectors:
        """float32 (N, C), of float32 (N, D)."""
        ...


def answers_out_of_fold(
    fit: Callable[[Indices], Answering],
    vectors: Vectors,
    groups: NDArray[np.str_],
    asked: Sequence[Indices],
    known: Indices | None = None,
) -> Iterator[Vectors]:
    """The logits of pictures by heads that learnt no picture of their groups.

    Args:
        fit: learns the pictures at these positions.
        vectors: float32 (N, D), what a head answers.
        groups: str (N,).
        asked: positions that each head answers.
        known: positions that can be learnt; None for all.

    Yields:
        float32 (M, C) of each head, in the order of its part of `asked`.
    """
    known = np.arange(len(groups)) if known is None else known
    for mine in asked:
        yield fit(known[~np.isin(groups[known], groups[mine])]).logits(vectors[mine])
