"""Find labels whose accepted answers break the promise on a shop that no head had learnt.

All errors about a new shop may have one label: then the promises of the tiers hold, and this label's answers
are still wrong too often. So the accepted answers are counted by source and label. A label is unproven if an
unknown source shows that fewer of its answers are right than promised: by the upper one-sided bound, with one
error rate for all pairs of source and label (Holm 1979, Scand. J. Stat. 6, 65). Its answers then need a
higher confidence than others, and the label is withheld if none of LEVELS is enough. Tier X, which shows none
of the classes, has no promise that could break. Pure. How serving uses it: inference/decision.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.answers import Answers
from reports.intervals import CONFIDENCE_LEVEL, compute_binomial_chance
from training.data.photos import OOD_TIER
from training.thresholds.decide import Thresholds, decide
from training.thresholds.requirements import Requirements

LEVELS: Final = (0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.99)
"""Confidences, tried in this order, that an unproven label may need."""


@dataclass(frozen=True)
class SourceLabel:
    """Count of the accepted answers with one label to photos from one source.

    Attributes:
        source: the shop or collection.
        label: the answered label.
        accepted: the number of answers that are confident and familiar enough, whether the label is withheld
            or not.
        right: the number of these that are right.
        unproven: whether too few of these are right to keep the promise.
    """

    source: str
    label: str
    accepted: int
    right: int
    unproven: bool = False


def decide_withholding(answers: Answers, required: Requirements, labels: Sequence[str]) -> Thresholds:
    """Choose thresholds for photos, stricter for labels that break the promise on unknown sources.

    The choice is repeated until no label is unproven. A label for which no confidence is enough is withheld,
    which means never accepted.

    Args:
        answers: the answers to the photos, as `decide` takes them.
        required: the requirements for accepted answers.
        labels: the labels, by index.
    """
    while True:
        thresholds = decide(answers, required)
        unproven = _unproven(answers, thresholds, labels, required.right) - set(required.withheld)
        if not unproven:
            return thresholds
        stricter, withheld = dict(required.stricter), set(required.withheld)
        for index in unproven:
            least = max(thresholds.confidence, stricter.pop(index, 0.0))
            for level in (level for level in LEVELS if level > least):
                tried = replace(thresholds, stricter={**thresholds.stricter, index: level})
                if index not in _unproven(answers, tried, labels, required.right):
                    stricter[index] = level
                    break
            else:
                withheld.add(index)
        required = replace(required, stricter=stricter, withheld=tuple(sorted(withheld)))


def _unproven(answers: Answers, thresholds: Thresholds, labels: Sequence[str], promised: float) -> set[int]:
    """Return the indices of the labels that break the promise on an unknown source with these thresholds."""
    rows = source_labels(answers, thresholds.sure(answers), labels, promised)
    return {labels.index(row.label) for row in rows if row.unproven}


def source_labels(
    answers: Answers, accepted: NDArray[np.bool_], labels: Sequence[str], promised: float
) -> tuple[SourceLabel, ...]:
    """Count accepted answers by source and label, and tell which labels break the promise.

    Args:
        answers: the answers to N photos, from networks that did not learn them.
        accepted: bool (N,), whether each answer is confident and familiar enough.
        labels: the labels, by index.
        promised: the share of accepted answers that must be right, 0 to 1 exclusive.
    """
    counted = accepted & (answers.sources != "") & (answers.sets != OOD_TIER)
    cells = list(_cells(answers.select_rows(counted), labels))
    unknown = set(answers.sources[answers.is_from_unknown_source].tolist())
    chances = {
        place: compute_binomial_chance(cell.right, cell.accepted, promised)
        for place, cell in enumerate(cells)
        if cell.source in unknown
    }
    broken = _rejected(chances)
    return tuple(replace(cell, unproven=place in broken) for place, cell in enumerate(cells))


def _cells(answers: Answers, labels: Sequence[str]) -> Iterator[SourceLabel]:
    for source in np.unique(answers.sources).tolist():
        of_source = answers.select_rows(answers.sources == source)
        for index in np.unique(of_source.predicted).tolist():
            right = of_source.is_right[of_source.predicted == index]
            yield SourceLabel(
                source=source,
                label=labels[index],
                accepted=len(right),
                right=int(right.sum()),
            )


def _rejected(chances: dict[int, float]) -> set[int]:
    """Return the positions of the cells (source and label) for which the promise is rejected (Holm's method).

    Args:
        chances: the chance of so few right answers if the promise held, by position of the cell.
    """
    rejected = set[int]()
    for place, chance in sorted(chances.items(), key=lambda item: item[1]):
        if chance > (1 - CONFIDENCE_LEVEL) / (len(chances) - len(rejected)):
            break
        rejected.add(place)
    return rejected
