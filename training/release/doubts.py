"""Labels that are doubted: a network that did not learn the picture prefers another class.

The simplest rule of confident learning (Northcutt et al. 2021, arXiv 1911.00068): the given label's
probability is low and another one's high. Pure, apart from running the network. scripts/doubted.py
writes them for a person to look at; training/data/corrections.py reads what that person says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inference.classifier import Classifier
from inference.spreadsheets import as_csv
from reports.answers import NO_ANSWERS, Answers
from training.data.listing import absolute
from training.data.pictures import Pictures
from training.data.split import Split
from training.measure.evaluate import Score, decided, undecided

FileAnswers = tuple[Answers, Sequence[Path]]
"""Answers of networks that did not learn the pictures, as serving would give them, and the files of these."""


@dataclass(frozen=True)
class Doubted:
    """One picture whose label is doubted.

    Attributes:
        path: absolute.
        label: the given one.
        predicted: the likeliest one, another.
        probability: of the likeliest one.
        label_probability: of the given one.
    """

    path: str
    label: str
    predicted: str
    probability: float
    label_probability: float


def out_of_fold_answers(
    classifier: Classifier, score: Score, test: Pictures, parts: Split, others: Answers = NO_ANSWERS
) -> FileAnswers:
    """What was answered by a network that did not learn it, of pictures that have files of their own.

    Args:
        classifier: of the release.
        score: its scores of pictures.
        test: was held out.
        parts: so was a part of the training set.
        others: answers to the other training pictures, before anything was decided; none, or to each.
    """
    answers, files = NO_ANSWERS, list[Path]()
    for pictures in (parts.validation, test):
        if pictures.files:
            answers += decided(classifier, undecided(score(pictures), pictures))
            files += pictures.files
    if len(others) and parts.train.files:
        answers += decided(classifier, others)
        files += parts.train.files
    return answers, files


def doubted(checkable: FileAnswers, names: Sequence[str]) -> list[Doubted]:
    """The pictures for which another class is preferred, those with the largest margin first.

    Args:
        checkable: what was answered.
        names: of the classes.
    """
    answers, files = checkable
    doubts = [
        Doubted(
            path=absolute(files[place]),
            label=names[answers.truth[place]],
            predicted=names[answers.predicted[place]],
            probability=float(answers.confidences[place]),
            label_probability=float(answers.probabilities[place, answers.truth[place]]),
        )
        for place in np.flatnonzero(answers.known & ~answers.right).tolist()
    ]
    return sorted(doubts, key=lambda doubt: doubt.probability - doubt.label_probability, reverse=True)


COLUMNS: Final = ("path", "label", "predicted", "probability", "label_probability")


def table_of(doubts: Sequence[Doubted]) -> str:
    """A CSV with COLUMNS, a row per picture; paths are absolute."""
    rows = (
        (
            doubt.path,
            doubt.label,
            doubt.predicted,
            f"{doubt.probability:.4f}",
            f"{doubt.label_probability:.4f}",
        )
        for doubt in doubts
    )
    return as_csv([COLUMNS, *rows])
