"""Labels whose accepted answers break the promise on a shop that the heads had not learnt.

All errors of a new shop may say one label: then the tiers' promises hold, and that label's answers do not. So
the accepted answers are counted by source and label. A label is unproven where some source that nothing had
learnt shows that fewer of them are right than is promised: by the upper one-sided bound of the cell, at one
error rate for all of these cells (Holm 1979, Scand. J. Stat. 6, 65). Its answers then need a higher
confidence than others, and it is withheld where none of LEVELS is enough. Of tier X, which shows none of the
classes, nothing is promised, so it breaks no promise. Pure. What serving does with it: inference/decision.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.answers import Answers
from reports.intervals import SURENESS, at_most
from training.data.photos import OOD_TIER
from training.thresholds.decide import Thresholds, decide
from training.thresholds.requirements import Requirements

LEVELS: Final = (0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.99)
"""Confidences that an unproven label may need."""


@dataclass(frozen=True)
class SourceLabel:
    """Accepted answers of one label to photos from one source.

    Attributes:
        source: shop or collection.
        label: the label that is answered.
        accepted: answers that are sure and familiar enough, withheld or not.
        right: the number of these that are right.
        unproven: whether too few are right.
    """

    source: str
    label: str
    accepted: int
    right: int
    unproven: bool = False


def decide_withholding(answers: Answers, required: Requirements, labels: Sequence[str]) -> Thresholds:
    """Decide on photos, and again with less of the labels that turn out to be unproven, until none does.

    Args:
        answers: the answers to the photos, as `decide` takes them.
        required: the requirements.
        labels: the labels by index.
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
    """Return the indices of the labels that are unproven under these thresholds."""
    rows = source_labels(answers, thresholds.sure(answers), labels, promised)
    return {labels.index(row.label) for row in rows if row.unproven}


def source_labels(
    answers: Answers, accepted: NDArray[np.bool_], labels: Sequence[str], promised: float
) -> tuple[SourceLabel, ...]:
    """Count accepted answers by source and label, and tell which of these labels are unproven.

    Args:
        answers: the answers to N photos, by networks that did not learn them.
        accepted: bool (N,), which of these are sure and familiar enough.
        labels: the labels by index.
        promised: 0..1 exclusive, share of accepted answers that must be right.
    """
    counted = accepted & (answers.sources != "") & (answers.sets != OOD_TIER)
    cells = list(_cells(answers.take(counted), labels))
    unknown = set(answers.sources[answers.of_unknown_sources].tolist())
    chances = {
        place: at_most(cell.right, cell.accepted, promised)
        for place, cell in enumerate(cells)
        if cell.source in unknown
    }
    broken = _rejected(chances)
    return tuple(replace(cell, unproven=place in broken) for place, cell in enumerate(cells))


def _cells(answers: Answers, labels: Sequence[str]) -> Iterator[SourceLabel]:
    for source in np.unique(answers.sources).tolist():
        of_source = answers.take(answers.sources == source)
        for index in np.unique(of_source.predicted).tolist():
            right = of_source.right[of_source.predicted == index]
            yield SourceLabel(
                source=source,
                label=labels[index],
                accepted=len(right),
                right=int(right.sum()),
            )


def _rejected(chances: dict[int, float]) -> set[int]:
    """Return the cells that are rejected together: each at 1 - SURENESS divided by those left."""
    rejected = set[int]()
    for place, chance in sorted(chances.items(), key=lambda item: item[1]):
        if chance > (1 - SURENESS) / (len(chances) - len(rejected)):
            break
        rejected.add(place)
    return rejected
