"""Find labels whose accepted answers are wrong too often on a new shop, and make them harder to accept.

The promise about photos, such as 95% right, is shown for all labels together. All errors about a new shop may
have one label, such as "skirt", and be lost in that mean. So the accepted answers are counted by source (shop
or collection) and label.

A label is unproven if an unknown source, of which nothing was learnt, shows that fewer of its answers are
right than promised. This is a test with one error rate of 5% for all pairs of source and label (Holm 1979,
Scand. J. Stat. 6, 65). Answers with an unproven label need a higher confidence than others. If no confidence
of CONFIDENCES_TRIED is enough, a service never accepts the label.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.answers import Answers
from reports.distributions import compute_binomial_cdf
from reports.intervals import CONFIDENCE_LEVEL
from training.data.photos import OOD_TIER
from training.thresholds.decide import Thresholds, decide_thresholds
from training.thresholds.requirements import ThresholdRequirements

CONFIDENCES_TRIED: Final = (0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.99)
"""Confidences that an answer with an unproven label may need. The first one that is enough is taken."""


@dataclass(frozen=True)
class SourceLabelCounts:
    """The number of accepted answers with one label to photos from one source.

    Attributes:
        source: the shop or collection.
        label: the answered label.
        accepted_count: the number of answers that are confident and familiar enough, even if the label is
            never accepted.
        right_count: the number of these that are right.
        is_unproven: whether too few of these are right to keep the promise.
    """

    source: str
    label: str
    accepted_count: int
    right_count: int
    is_unproven: bool = False


def decide_photo_thresholds(
    answers: Answers, requirements: ThresholdRequirements, labels: Sequence[str]
) -> Thresholds:
    """Choose thresholds for photos, with a higher confidence for labels that break the promise on a new shop.

    A label for which no confidence is enough is withheld: a service never accepts it.

    Args:
        answers: the answers to the photos, from networks that did not learn them, with probabilities before
            temperature.
        labels: the labels, by index.
    """
    # Once a label is stricter, fewer of its answers take part in the choice of the common threshold. The
    # threshold may fall, and so break the promise for another label. Therefore all is chosen again. The loop
    # ends, as each round makes a label stricter or withholds it.
    while True:
        thresholds = decide_thresholds(answers, requirements)
        unproven_ids = _find_unproven_labels(answers, thresholds, labels, requirements.accuracy) - set(
            requirements.withheld_label_ids
        )
        if not unproven_ids:
            return thresholds
        stricter_confidences = dict(requirements.stricter_confidences)
        withheld_ids = set(requirements.withheld_label_ids)
        for index in unproven_ids:
            # `pop`: if the label is withheld below, its earlier confidence must not stay.
            least = max(thresholds.confidence, stricter_confidences.pop(index, 0.0))
            for level in (level for level in CONFIDENCES_TRIED if level > least):
                stricter_thresholds = replace(
                    thresholds, stricter_confidences={**thresholds.stricter_confidences, index: level}
                )
                if index not in _find_unproven_labels(
                    answers, stricter_thresholds, labels, requirements.accuracy
                ):
                    stricter_confidences[index] = level
                    break
            else:
                withheld_ids.add(index)
        requirements = replace(
            requirements,
            stricter_confidences=stricter_confidences,
            withheld_label_ids=tuple(sorted(withheld_ids)),
        )


def _find_unproven_labels(
    answers: Answers, thresholds: Thresholds, labels: Sequence[str], promised_share: float
) -> set[int]:
    """Return the indices of the labels that break the promise on an unknown source with these thresholds.

    Labels that are already withheld are among them.
    """
    rows = count_source_labels(answers, thresholds.mark_sure_answers(answers), labels, promised_share)
    return {labels.index(row.label) for row in rows if row.is_unproven}


def count_source_labels(
    answers: Answers, is_accepted: NDArray[np.bool_], labels: Sequence[str], promised_share: float
) -> tuple[SourceLabelCounts, ...]:
    """Count accepted answers by source and label, and tell which labels break the promise.

    Args:
        answers: the answers to N photos, from networks that did not learn them.
        is_accepted: bool (N,), whether each answer is confident and familiar enough, whatever its label.
        labels: the labels, by index.
        promised_share: the share of accepted answers that must be right, 0 to 1 exclusive.
    """
    # Photos of OOD_TIER show none of the classes, so the promise is not about them.
    is_counted = is_accepted & (answers.sources != "") & (answers.sets != OOD_TIER)
    cells = list(_count_by_source_and_label(answers.select_rows(is_counted), labels))
    unknown_sources = set(answers.sources[answers.is_from_unknown_source].tolist())
    chances = {
        place: compute_binomial_cdf(cell.right_count, cell.accepted_count, promised_share)
        for place, cell in enumerate(cells)
        if cell.source in unknown_sources
    }
    broken_cells = _reject_promises(chances)
    return tuple(replace(cell, is_unproven=place in broken_cells) for place, cell in enumerate(cells))


def _count_by_source_and_label(answers: Answers, labels: Sequence[str]) -> Iterator[SourceLabelCounts]:
    """Count answers, all of which must be accepted, by source and label."""
    for source in np.unique(answers.sources).tolist():
        source_answers = answers.select_rows(answers.sources == source)
        for index in np.unique(source_answers.predicted).tolist():
            is_right = source_answers.is_right[source_answers.predicted == index]
            yield SourceLabelCounts(
                source=source,
                label=labels[index],
                accepted_count=len(is_right),
                right_count=int(is_right.sum()),
            )


def _reject_promises(chances: dict[int, float]) -> set[int]:
    """Return the positions of the cells (pairs of source and label) whose answers break the promise.

    Args:
        chances: the probability of so few right answers if the promise held, by position of the cell.
    """
    rejected = set[int]()
    # Holm's method: the smallest of m chances must be at most .05 / m, the next .05 / (m - 1), and so on. The
    # first that is larger ends the tests, because otherwise the error rate of all tests would exceed 5%.
    for place, chance in sorted(chances.items(), key=lambda item: item[1]):
        if chance > (1 - CONFIDENCE_LEVEL) / (len(chances) - len(rejected)):
            break
        rejected.add(place)
    return rejected
