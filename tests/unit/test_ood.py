"""How well a release tells what it never learnt from what it knows."""

from typing import ClassVar

import numpy as np
import pytest

from inference.arrays import PixelsBatch
from inference.contract import (
    Familiarity,
    Head,
    InputContract,
    ModelContract,
)
from inference.session import Scores
from training.heads.ood import OTHER_KINDS, judge

GARMENTS = np.full((40, 28, 28), 1, np.uint8)


CONTRACT = ModelContract.of_class(
    Head(labels=("Bag", "Coat"), temperature=1.0, confidence=0.8),
    InputContract(),
    Familiarity(quantiles=(0.0, 1.0, 2.0), threshold=0.5),
)


class Knowing:
    """A session that is sure of the garments and finds everything else `far` away and unsure."""

    outputs: ClassVar = {"label": 2}

    def __init__(self, far: float) -> None:
        self._far = far

    def run(self, pixels: PixelsBatch) -> Scores:
        known = (pixels == 1).all(axis=(1, 2))
        bag = np.where(known, 0.9, 0.6).astype(np.float32)
        return Scores.of_class(
            probabilities=np.stack([bag, 1 - bag], axis=1),
            distances=np.where(known, 0.5, self._far).astype(np.float32),
        )


def test_a_release_that_knows_its_garments_gets_full_marks() -> None:
    for figures in judge(knowing := Knowing(far=9.0), CONTRACT, knowing.run(GARMENTS)).values():
        assert (figures.familiarity_auroc, figures.confidence_auroc) == (1.0, 1.0)
        assert (figures.reviewed, figures.unfamiliar) == (1.0, 1.0)


def test_photos_of_other_kinds_are_judged_by_their_distances_alone() -> None:
    knowing, unseen = Knowing(far=9.0), np.array([9, 9, 9, 0.1], np.float32)

    figures = judge(knowing, CONTRACT, knowing.run(GARMENTS), unseen)[OTHER_KINDS]

    assert (figures.n, figures.familiarity_auroc, figures.unfamiliar) == (4, 0.75, 0.75)
    assert (figures.confidence_auroc, figures.reviewed) == (None, None)


def test_a_distance_that_tells_nothing_is_chance() -> None:
    figures = judge(knowing := Knowing(far=0.5), CONTRACT, knowing.run(GARMENTS))["digits"]

    assert figures.familiarity_auroc == pytest.approx(0.5)
    assert (figures.reviewed, figures.unfamiliar) == (1.0, 0.0)
