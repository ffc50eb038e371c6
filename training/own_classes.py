"""Own classes: a head on the vectors of frozen networks, and its answers to what it did not learn.

The steps: features/blocks.py (vectors), heads/logistic.py (the head, and those of folds),
heads/other_things.py (what the OOD score is fitted against); then release/builder.py exports, decides and
measures. Pure, but for running the networks. The command: scripts/training/own_classes.py.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from inference.arrays import Distances, PixelsBatch
from inference.session import Scores
from reports.answers import Answers
from training.environment import hardware, libraries
from training.features.blocks import Block, Vectors, measured, network, spread, vectors
from training.fitted import Fitted, HeadRecord
from training.heads.logistic import Head, answers_out_of_fold, fit_head
from training.heads.ood import OodPhotos, distances_by, fit_measure
from training.heads.other_things import other_things
from training.heads.out_of_fold import Fold, gathered
from training.pictures.fashion import LabelledImages
from training.pictures.picture_files import Watch

AT_ONCE: Final = 128
"""Pictures between two reports of progress."""


@dataclass(frozen=True)
class OwnClasses:
    """A network for a user's classes.

    Attributes:
        fitted: the network, whose head learnt all pictures.
        answers: to each picture, by a head that learnt none of its group.
    """

    fitted: Fitted
    answers: Answers


def fit_own_classes(
    train: LabelledImages,
    folds: Sequence[Fold],
    blocks: Sequence[Block],
    watch: Watch,
    say: Callable[[str], None],
) -> OwnClasses:
    """See the pictures, fit heads of folds, and the head that is released.

    Args:
        train: N pictures as `features.READS` says; each class occurs.
        folds: that deal all of them.
        blocks: of the vector.
        watch: called with the number of pictures that are seen, and with N.
        say: receives what a person should know.

    Raises:
        WeightsUnfit: a file that comes with this package is missing or damaged.
    """
    began = time.perf_counter()
    body, spreads = network(blocks), spread(blocks)
    seen = vectors(body, _batches(train.images, watch))
    asked = [fold.pictures for fold in folds]

    def fit(some: NDArray[np.int64]) -> Head:
        return fit_head(seen.take(some), train.labels[some], train.groups[some], spread=spreads)

    logits = list(answers_out_of_fold(fit, seen.upright, train.groups, asked))
    head = fit(np.arange(len(train)))
    part = seen.upright[:, measured(blocks)]
    ood = other_things(blocks[0], train, part, folds, say)
    distances = _distances(train, part, folds, ood)
    answers = gathered(
        folds,
        [Scores(softmax(given, axis=1), distances[mine]) for given, mine in zip(logits, asked, strict=True)],
        train,
    )
    record = HeadRecord(list(blocks), head.strength, time.perf_counter() - began)
    fitted = Fitted(head.on(body), (), (hardware(),), libraries(), head=record, ood=ood)
    return OwnClasses(fitted, answers)


def _batches(images: PixelsBatch, watch: Watch) -> Iterator[PixelsBatch]:
    for start in range(0, len(images), AT_ONCE):
        yield images[start : start + AT_ONCE]
        watch(min(start + AT_ONCE, len(images)), len(images))


def _distances(
    train: LabelledImages, part: Vectors, folds: Sequence[Fold], ood: OodPhotos | None
) -> Distances:
    """How far each picture is from what its fold learnt, float32 (N,), as the release will measure it.

    Args:
        train: the pictures.
        part: float32 (N, M), the measured part of their vectors.
        folds: that deal all of them.
        ood: photos of other things; None for the distance alone.
    """
    classes, found = int(train.labels.max()) + 1, np.zeros(len(train), np.float32)
    for fold in folds:
        others = np.setdiff1d(np.arange(len(train)), fold.pictures)
        measure = fit_measure(part[others], train.labels[others], classes, ood)
        found[fold.pictures] = distances_by(measure, part[fold.pictures])
    return found
