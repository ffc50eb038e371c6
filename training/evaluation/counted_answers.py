"""Count the answers to photos of one tier, for the drawings of the report page."""

import numpy as np

from reports.answer_counts import AnswerCounts, ConfidenceBin
from reports.answers import NO_CLASS, Answers
from training.evaluation.statistics import assign_confidence_bins


def count_answers(garments: Answers, class_count: int) -> AnswerCounts:
    """Count answers by true and predicted class, and by confidence.

    Args:
        garments: the answers to photos that show a class.
        class_count: the number of classes of the release.
    """
    answered = garments.select_rows(garments.predicted != NO_CLASS)
    matrix = np.zeros((class_count, class_count), np.int64)
    np.add.at(matrix, (answered.truth, answered.predicted), 1)
    return AnswerCounts(
        confusion_matrix=tuple(tuple(row) for row in matrix.tolist()), confidence_bins=_count_bins(answered)
    )


def _count_bins(garments: Answers) -> tuple[ConfidenceBin, ...]:
    if not garments.probabilities.size:  # not known
        return ()
    bins = assign_confidence_bins(garments.confidences)
    in_bins = [garments.select_rows(bins == number) for number in np.unique(bins)]
    return tuple(
        ConfidenceBin(
            n=len(answers),
            right=int(answers.is_right.sum()),
            mean_confidence=float(answers.confidences.mean()),
        )
        for answers in in_bins
    )
