"""Out-of-fold answers: each picture is answered by a network that did not learn it.

Thresholds and familiarity need more answers than a small data set can hold out, and an answer to what was
learnt is too sure. So heads are fitted on all folds but one each, and answer their own fold. Pure.
training/own_classes.py fits them; training/release/make.py uses the answers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.session import Scores
from reports.answers import Answers
from training.features.blocks import Vectors
from training.measure.evaluate import joined, undecided
from training.pictures.split import Split, class_folds
from training.pictures.table import Pictures

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
    in_folds = class_folds(parts.train.labels, parts.train.groups, folds)
    return tuple(Fold(number, mine) for number, (_, mine) in enumerate(in_folds, start=1))


def gathered(folds: Sequence[Fold], answers: Sequence[Scores], asked: Pictures) -> Answers:
    """The answers of all folds in the order of the pictures; nothing is decided yet.

    Args:
        folds: all of them.
        answers: of each one's network, to its pictures.
        asked: all pictures.
    """
    places = np.concatenate([fold.pictures for fold in folds])
    number = np.concatenate([np.full(len(fold.pictures), fold.number) for fold in folds])
    every, order = joined(answers), np.argsort(places)
    distances = None if every.distances is None else every.distances[order]
    return undecided(Scores.of_class(every.of_label[order], distances), asked, folds=number[order])


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
) -> Iterator[Vectors]:
    """The logits of pictures by heads that learnt no picture of their groups.

    Args:
        fit: learns the pictures at these positions.
        vectors: float32 (N, D), what a head answers.
        groups: str (N,).
        asked: positions that each head answers.

    Yields:
        float32 (M, C) of each head, in the order of its part of `asked`.
    """
    for mine in asked:
        yield fit(np.flatnonzero(~np.isin(groups, groups[mine]))).logits(vectors[mine])
