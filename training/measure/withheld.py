"""Labels whose accepted answers break the promise on a shop that the heads had not learnt.

All errors of a new shop may say one label: then the tiers' promises hold, and that label's answers do not. So
the accepted answers are counted by source and label. A label is withheld where some source that nothing had
learnt shows that fewer of them are right than is promised: by the upper one-sided bound of the cell, at one
error rate for all of these cells (Holm 1979, Scand. J. Stat. 6, 65). Of tier X, which shows none of the
classes, nothing is promised, so it breaks no promise. Pure. What serving does with it:
inference/decision.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reports.answers import Answers
from reports.intervals import SURENESS, at_most
from training.measure.decide import Decided, Target, decide
from training.pictures.photos import OOD_TIER


@dataclass(frozen=True)
class SourceLabel:
    """Accepted answers of one label to photos from one source.

    Attributes:
        source: shop or collection.
        label: that is answered.
        accepted: answers that are sure and familiar enough, withheld or not.
        right: of these.
        unproven: whether so few are right that the label is withheld.
    """

    source: str
    label: str
    accepted: int
    right: int
    unproven: bool = False


def decide_withholding(answers: Answers, target: Target, labels: Sequence[str]) -> Decided:
    """Decide on photos, and again without the labels that turn out to be unproven, until none does.

    Args:
        answers: to the photos, as `decide` takes them.
        target: what is to be kept.
        labels: by index.
    """
    while True:
        found = decide(answers, target)
        rows = source_labels(answers, found.sure(answers), labels, target.right)
        unproven = {labels.index(row.label) for row in rows if row.unproven}
        if unproven <= set(target.withheld):
            return found
        target = replace(target, withheld=tuple(sorted(unproven | set(target.withheld))))


def source_labels(
    answers: Answers, accepted: NDArray[np.bool_], labels: Sequence[str], promised: float
) -> tuple[SourceLabel, ...]:
    """The accepted answers by source and label, and which of these labels are unproven.

    Args:
        answers: to N photos, by networks that did not learn them.
        accepted: bool (N,), which of these are sure and familiar enough.
        labels: by index.
        promised: 0..1 exclusive, share of accepted answers that must be right.
    """
    asked = accepted & (answers.sources != "") & (answers.sets != OOD_TIER)
    cells = list(_cells(answers.take(asked), labels))
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
        mine = answers.take(answers.sources == source)
        for index in np.unique(mine.predicted).tolist():
            right = mine.right[mine.predicted == index]
            yield SourceLabel(
                source=source,
                label=labels[index],
                accepted=len(right),
                right=int(right.sum()),
            )


def _rejected(chances: dict[int, float]) -> set[int]:
    """The cells that are rejected together: each at 1 - SURENESS divided by how many are left."""
    found = set[int]()
    for place, chance in sorted(chances.items(), key=lambda item: item[1]):
        if chance > (1 - SURENESS) / (len(chances) - len(found)):
            break
        found.add(place)
    return found
