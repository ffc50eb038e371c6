"""List pictures whose labels may be wrong, so that a person looks at them.

A label is doubted if a network that did not learn the picture prefers another class. This is the simplest
rule of confident learning (Northcutt et al. 2021, arXiv 1911.00068): the given label has a low probability,
and another one has a high probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inference.text.spreadsheets import format_csv
from reports.answers import NO_ANSWERS, Answers
from training.data.listing import make_absolute_path
from training.data.pictures import Pictures

FileAnswers = tuple[Answers, Sequence[Path]]
"""Answers as a service would give them, from networks that did not learn the pictures, and the files of
these pictures."""


@dataclass(frozen=True)
class DoubtedLabel:
    """A picture whose label may be wrong, because a network that did not learn it prefers another class.

    Attributes:
        path: the absolute path of the picture.
        label: the label that the data set gives.
        predicted: the label that the network prefers.
        probability: the probability of the likeliest label.
        label_probability: the probability of the given label.
    """

    path: str
    label: str
    predicted: str
    probability: float
    label_probability: float


def join_file_answers(*parts: tuple[Pictures, Answers]) -> FileAnswers:
    """Join the answers to several sets of pictures, with the file of each picture.

    A set is left out if its pictures have no files of their own, as pixels in an IDX file, or no answers.

    Args:
        parts: the pictures of each set, with an answer to each by a network that did not learn it.
    """
    answered_parts = [
        (pictures.files, answers) for pictures, answers in parts if pictures.files and len(answers)
    ]
    files = [file for part_files, _ in answered_parts for file in part_files]
    return sum((answers for _, answers in answered_parts), NO_ANSWERS), files


def find_doubted_labels(file_answers: FileAnswers, names: Sequence[str]) -> list[DoubtedLabel]:
    """Return the pictures whose labels may be wrong, the clearest contradiction first.

    A contradiction is clear if the preferred label is much likelier than the given one, such as 98% and 1%.

    Args:
        file_answers: answers from networks that did not learn the pictures, and the files of the pictures.
        names: the classes, by index.
    """
    answers, files = file_answers
    doubts = [
        DoubtedLabel(
            path=make_absolute_path(files[place]),
            label=names[answers.truth[place]],
            predicted=names[answers.predicted[place]],
            probability=float(answers.confidences[place]),
            label_probability=float(answers.probabilities[place, answers.truth[place]]),
        )
        for place in np.flatnonzero(answers.has_class & ~answers.is_right).tolist()
    ]
    return sorted(doubts, key=lambda doubt: doubt.probability - doubt.label_probability, reverse=True)


COLUMNS: Final = ("path", "label", "predicted", "probability", "label_probability")


def make_doubted_labels_csv(doubted_labels: Sequence[DoubtedLabel]) -> str:
    """Return a CSV of pictures whose labels may be wrong, one row for each picture, with absolute paths."""
    rows = (
        (
            doubt.path,
            doubt.label,
            doubt.predicted,
            f"{doubt.probability:.4f}",
            f"{doubt.label_probability:.4f}",
        )
        for doubt in doubted_labels
    )
    return format_csv([COLUMNS, *rows])
