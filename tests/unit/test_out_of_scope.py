"""The out-of-distribution pictures are as documented, and a release that separates them scores for it."""

import numpy as np
import pytest

from inference.arrays import PixelsBatch
from inference.contract import Familiarity, InputContract, ModelContract, Thresholds
from inference.session import Scores
from training.evaluation.out_of_distribution import judge, ood_pictures

GARMENTS = np.full((40, 28, 28), 1, np.uint8)

CONTRACT = ModelContract(
    labels=("Bag", "Coat"),
    input=InputContract(),
    temperature=1.0,
    thresholds=Thresholds(confidence=0.8, familiarity=0.5),
    familiarity=Familiarity(quantiles=(0.0, 1.0, 2.0)),
)


class Knowing:
    """A session that is sure of the garments and finds everything else `far` away and unsure."""

    outputs = 2

    def __init__(self, far: float) -> None:
        self._far = far

    def run(self, pixels: PixelsBatch) -> Scores:
        known = (pixels == 1).all(axis=(1, 2))
        bag = np.where(known, 0.9, 0.6).astype(np.float32)
        return Scores(
            probabilities=np.stack([bag, 1 - bag], axis=1),
            distances=np.where(known, 0.5, self._far).astype(np.float32),
        )


def test_they_are_pictures_as_the_model_reads_them_and_the_same_each_time() -> None:
    once, again = ood_pictures(), ood_pictures()

    assert list(once) == ["digits", "noise", "smooth noise"]
    assert all(pictures.shape[1:] == (28, 28) and pictures.dtype == np.uint8 for pictures in once.values())
    assert all(np.array_equal(once[name], again[name]) for name in once)


def test_digits_are_light_on_black_with_a_frame_of_background() -> None:
    digits = ood_pictures()["digits"]

    assert digits.max() == 255
    assert not digits[:, :4].any()
    assert not digits[:, :, -4:].any()
    assert digits[:, 4:-4, 4:-4].any(axis=(1, 2)).all()


def test_a_release_that_knows_its_garments_gets_full_marks() -> None:
    for figures in judge(Knowing(far=9.0), CONTRACT, GARMENTS).values():
        assert (figures.familiarity_auroc, figures.confidence_auroc) == (1.0, 1.0)
        assert (figures.reviewed, figures.unfamiliar) == (1.0, 1.0)


def test_a_distance_that_tells_nothing_is_chance() -> None:
    figures = judge(Knowing(far=0.5), CONTRACT, GARMENTS)["digits"]

    assert figures.familiarity_auroc == pytest.approx(0.5)
    assert (figures.reviewed, figures.unfamiliar) == (1.0, 0.0)
