"""The figures of photos against values worked out by hand."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from inference.contract import Familiarity, Head, ModelContract, make_whole_picture_input
from inference.sessions.session import ModelSession, Scores
from reports.intervals import compute_wilson_interval
from reports.photo_figures import PhotoFigures
from tests.fashion import PHOTO
from training.data.labels import OOD
from training.data.pictures import Pictures
from training.evaluation.evaluate import add_decisions
from training.evaluation.photos import compute_photo_figures, make_photo_answers

CONTRACT = ModelContract.make_class_contract(
    Head(labels=("Bag", "Coat", "Dress"), temperature=1.0, confidence=0.7),
    make_whole_picture_input(28, 1),
    Familiarity(quantiles=(0.0, 1.0, 2.0), threshold=0.5),
)

ANSWERS = {
    "a sure bag": ((0.9, 0.1, 0.0), 0.1),
    "an unsure bag": ((0.6, 0.2, 0.2), 0.3),
    "a sure coat": ((0.2, 0.8, 0.0), 0.2),
    "a strange bag": ((0.95, 0.05, 0.0), 1.9),
}
"""Probabilities and distance; familiarity is 1 less half the distance."""

TAKEN = (
    ("A", "0", 0, "a sure bag"),
    ("A", "0", 0, "an unsure bag"),
    ("A", "0", 0, "a sure coat"),
    ("A", "1", 1, "a sure coat"),
    ("C", "1", 1, "a strange bag"),
    ("X", "Hats", OOD, "a strange bag"),
    ("X", "Hats", OOD, "an unsure bag"),
    ("A", "X_Rings", OOD, "a sure bag"),
)
"""Tier, folder, label, and how the session will answer."""


class WrittenAnswers:
    """A session that answers photos by the number in their first pixel."""

    outputs: ClassVar = {"label": 3}

    def __init__(self, *, measures_distance: bool = True) -> None:
        self._answers = tuple(ANSWERS.values())
        self._measures_distance = measures_distance

    def run(self, pixels: PixelsBatch) -> Scores:
        told = [self._answers[index] for index in pixels[:, 0, 0]]
        return Scores.make_class_scores(
            np.array([one for one, _ in told], np.float32),
            np.array([one for _, one in told], np.float32) if self._measures_distance else None,
        )


def some_photos(taken: tuple[tuple[str, str, int, str], ...] = TAKEN) -> Pictures:
    images = np.zeros((len(taken), 28, 28), np.uint8)
    images[:, 0, 0] = [list(ANSWERS).index(shown) for *_, shown in taken]
    contents = np.array([f"{number:016x}{0:048}" for number in range(len(taken))])
    return replace(
        Pictures.make_from_pixels(images, np.array([label for _, _, label, _ in taken])),
        tiers=np.array([tier for tier, *_ in taken]),
        files=tuple(Path(tier, folder, f"{number}.jpg") for number, (tier, folder, *_) in enumerate(taken)),
        sha256=contents,
        groups=contents,
        spelt=np.array([folder for _, folder, *_ in taken]),
        networks=(PHOTO,) * len(taken),
    )


def measured(
    session: ModelSession, photos: Pictures, contract: ModelContract = CONTRACT
) -> dict[str, PhotoFigures]:
    asked = make_photo_answers(session.run(photos.images), photos)
    return compute_photo_figures(add_decisions(Classifier(session, contract), asked), contract, "development")


def figures() -> dict[str, PhotoFigures]:
    return measured(WrittenAnswers(), some_photos())


def test_the_figures_of_a_tier_are_those_worked_out_by_hand() -> None:
    found = figures()["A"]

    decisions = found.decisions
    assert found.macro_accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert found.accuracy == pytest.approx(3 / 4)
    assert {label: (one.n, one.recall) for label, one in found.per_class.items()} == {
        "Bag": (3, pytest.approx(2 / 3)),
        "Coat": (1, 1.0),
    }
    assert (decisions.confidence_threshold, decisions.familiarity_threshold) == (0.7, 0.5)
    assert (decisions.coverage, decisions.ambiguous, decisions.unfamiliar) == (0.75, 0.25, 0.0)
    assert decisions.accuracy == pytest.approx(2 / 3)


def test_the_interval_is_of_the_figure_beside_it_in_which_a_rare_class_counts_as_much() -> None:
    rare = [("A", "1", 1, "a sure coat")] * 5 + [("A", "1", 1, "a sure bag")] * 5

    found = measured(WrittenAnswers(), some_photos((*[("A", "0", 0, "a sure bag")] * 90, *rare)))["A"]

    assert found.macro_accuracy == pytest.approx(0.75)
    assert found.accuracy == pytest.approx(0.95)
    assert found.macro_accuracy_interval is not None
    assert found.macro_accuracy_interval[1] < 0.95


def test_the_interval_of_accepted_answers_counts_no_others() -> None:
    sure, doubted = (("A", "0", 0, "a sure bag"),) * 6, (("A", "1", 1, "an unsure bag"),) * 6
    of_twelve = replace(some_photos(sure + doubted), groups=np.arange(12).astype(str))

    decisions = measured(WrittenAnswers(), of_twelve)["A"].decisions

    assert decisions.coverage == 0.5
    assert decisions.accuracy_interval == compute_wilson_interval(6, 6)


def test_ood_photos_are_one_tier_in_any_folder() -> None:
    found = figures()["X"]

    assert found.macro_accuracy is found.accuracy is found.ece is found.overconfidence is None
    assert found.decisions.coverage == pytest.approx(1 / 3)
    assert found.decisions.accuracy == 0.0
    assert {source: (one.n, one.accepted_share, one.unfamiliar) for source, one in found.sources.items()} == {
        "Hats": (2, 0.0, 0.5),
        "X_Rings": (1, 1.0, 0.0),
    }


def test_each_tier_has_an_auroc_against_the_ood_photos() -> None:
    found = figures()

    # Familiarities of A: .95, .85, .9, .9; of X: .05, .85, .95; C: .05. A tie counts half.
    assert found["A"].auroc is not None
    assert found["A"].auroc.familiarity == pytest.approx((4 + 3.5 + 0.5) / 12)
    assert found["A"].auroc.confidence == pytest.approx((0.0 + 3.5 + 0.5) / 12)
    assert found["C"].auroc is not None
    assert found["C"].auroc.familiarity == pytest.approx(0.5 / 3)
    assert found["A"].auroc.n == 3


def test_a_model_without_distance_is_measured_by_its_confidence_alone() -> None:
    contract = replace(CONTRACT, familiarity=None)

    found = measured(WrittenAnswers(measures_distance=False), some_photos(), contract)

    assert found["A"].auroc is not None
    assert found["A"].auroc.familiarity is None
    assert found["X"].decisions.unfamiliar == 0.0
