"""Answers of networks that are made up."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.sessions.session import Scores
from reports.answers import NO_CLASS, TEST_SET, Answers, ColumnValues
from training.data.labels import OOD
from training.release.doubts import FileAnswers


def undecided_answers(
    scores: Scores, labels: NDArray[np.integer], sets: ColumnValues = TEST_SET, **columns: ColumnValues
) -> Answers:
    """Scores beside the truth, where OOD is none of the classes."""
    truth = np.where(labels == OOD, NO_CLASS, labels.astype(np.int64))
    given = {"networks": "photos", **columns}
    return Answers.make_answers(
        sets, truth, probabilities=scores.class_probabilities, distances=scores.distances, **given
    )


def unmeasured(*confidences: tuple[float, int]) -> Scores:
    """Answers for class 0 of two by a model that measures no distance: how sure, how many."""
    rows = [[sure, 1 - sure] for sure, count in confidences for _ in range(count)]
    return Scores.make_class_scores(np.array(rows, np.float32), None)


def truth(right: int, wrong: int) -> NDArray[np.uint8]:
    """What the pictures of such answers show."""
    return np.array([0] * right + [1] * wrong, np.uint8)


def asked(*pictures: tuple[Path, int, Sequence[float]]) -> FileAnswers:
    """Pictures with a file, a label, and the probabilities that a network answered."""
    files, labels, shares = zip(*pictures, strict=True)
    return Answers.make_answers(TEST_SET, labels, probabilities=np.array(shares, np.float32)), files
