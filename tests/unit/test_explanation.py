"""What each part of a picture adds to its answer."""

from dataclasses import replace
from typing import ClassVar

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from inference.contract import make_whole_picture_input
from inference.explanation import SQUARES_PER_EDGE, compute_probability_drops, draw_heat_map
from inference.networks import Networks
from inference.pictures.convert import ModelInput
from inference.sessions.session import Scores
from tests.unit.test_classifier import CONTRACT

LIT = ModelInput(np.full((28, 28), 100, np.uint8))


class LooksAtACorner:
    """A session for which the upper left quarter of the picture alone speaks for the second class."""

    outputs: ClassVar = {"label": 2}

    def __init__(self) -> None:
        self.crops: list[int] = []

    def run(self, pixels: PixelsBatch) -> Scores:
        """The mean of that quarter, as a probability."""
        self.crops.append(len(pixels))
        share = pixels[:, :14, :14].reshape(len(pixels), -1).mean(axis=1) / 255
        return Scores.make_class_scores(np.stack([1 - share, share], axis=1).astype(np.float32), None)


def bgra(png: bytes) -> NDArray[np.generic]:
    """The picture in OpenCV's order."""
    decoded = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    return decoded


NETWORKS = Networks.wrap_classifier(Classifier(LooksAtACorner(), replace(CONTRACT, familiarity=None)))


def test_what_a_class_rests_on_is_where_hiding_it_costs_the_most() -> None:
    drops = compute_probability_drops(NETWORKS, LIT, 1)

    half = SQUARES_PER_EDGE // 2
    assert drops.shape == (SQUARES_PER_EDGE, SQUARES_PER_EDGE)
    assert drops[: half - 1, : half - 1].min() > 0
    assert drops[half + 1 :, half + 1 :] == pytest.approx(0, abs=1e-6)
    assert compute_probability_drops(NETWORKS, LIT, 0) == pytest.approx(-drops, abs=1e-6)


def test_in_a_picture_in_colour_the_hidden_part_gets_its_mean_colour() -> None:
    contract = replace(CONTRACT, familiarity=None, input=make_whole_picture_input(32, 3))
    lit = ModelInput(np.full((32, 32, 3), 100, np.uint8))

    assert compute_probability_drops(
        Networks.wrap_classifier(Classifier(LooksAtACorner(), contract)), lit, 1
    ) == pytest.approx(0, abs=1e-6)


def test_the_heat_map_is_red_where_the_class_rests_and_clear_elsewhere() -> None:
    png = draw_heat_map(compute_probability_drops(NETWORKS, LIT, 1), 28, 28)

    blue, _, red, alpha = np.moveaxis(bgra(png), -1, 0)
    assert alpha.shape == (28, 28)
    assert red[6, 6] > blue[6, 6]
    assert alpha[6, 6] > 150
    assert alpha[24, 24] == 0


def test_a_model_that_looks_at_nothing_gives_a_clear_map() -> None:
    png = draw_heat_map(compute_probability_drops(NETWORKS, ModelInput(np.zeros_like(LIT.pixels)), 1), 28, 28)

    assert bgra(png)[..., 3].max() == 0
