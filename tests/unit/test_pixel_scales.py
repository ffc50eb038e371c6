"""A model that learnt pixels around 0 is not adopted, and the message prints the layer that it lacks."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.sessions.keras_session import InferredInput, KerasSession
from inference.sessions.session import Scores
from tests.fashion import CLASSES, striped_pictures
from training.data.pictures import Pictures
from training.data.split import Split
from training.errors import ExportError
from training.release.pixel_scales import check_pixel_scale

Answer = Callable[[NDArray[Any]], NDArray[np.float32]]
"""Computes the scores of the classes, (N, 10), from scaled pixels."""

MODEL = Path("model.keras")


class AnsweringSession:
    """A session whose model is a function, and reads pixels of 0..1."""

    def __init__(self, answer: Answer, shape: tuple[int, ...] = (28, 28, 1), dtype: str = "float32") -> None:
        self.habits = InferredInput(shape=shape, dtype=dtype, divisor=255.0, softmax=False)
        self._answer = answer

    def model(self, pixels: NDArray[np.float32], *, training: bool) -> NDArray[np.float32]:
        assert (pixels.shape[1:], pixels.dtype.name, training) == (self.habits.shape, "float32", False)
        return self._answer(pixels)

    def run(self, images: PixelsBatch) -> Scores:
        return Scores.make_class_scores(self._answer(images / np.float32(255)), None)


def right_from(least: float, most: float) -> Answer:
    """A model that finds the bar of a striped picture if the mean of its rows is above `least`.

    Rows above `most` count the same. So it finds nothing if the rows of the ground reach `most`, too.
    """

    def answer(pixels: NDArray[Any]) -> NDArray[np.float32]:
        means = pixels.reshape(-1, 28, 28).mean(axis=2)
        rows = np.clip(means - least, 0, most - least)[:, 4:24]
        scores: NDArray[np.float32] = rows.reshape(-1, CLASSES, 2).sum(axis=2).astype(np.float32)
        return scores

    return answer


def darken(pictures: Pictures, seed: int) -> Pictures:
    """Pictures of which each has another brightness, from a seventh of it to all of it."""
    factors = np.random.default_rng(seed).uniform(0.15, 1, (len(pictures), 1, 1))
    images: NDArray[np.uint8] = (pictures.images * factors).astype(np.uint8)
    return Pictures.make_from_pixels(images, pictures.classes.astype(np.uint8))


EVEN = Split(striped_pictures(120), striped_pictures(60, seed=1))
DARK = Split(darken(EVEN.train, 2), darken(EVEN.validation, 3))


def check(answer: Answer, split: Split, *how: Any) -> None:
    check_pixel_scale(MODEL, cast("KerasSession", AnsweringSession(answer, *how)), split)


def find_layer(answer: Answer, split: Split, *how: Any) -> str:
    """Return the layer that the refusal of a model prints."""
    said = r"model\.keras: 10\.0% of .* and 100\.0% with pixels scaled as in training.*Or use --force"
    with pytest.raises(ExportError, match=said) as refusal:
        check(answer, split, *how)
    [layer] = re.findall("`(.*?)`", str(refusal.value))
    return str(layer)


def test_pixels_from_minus_1_to_1_are_recognised() -> None:
    assert find_layer(right_from(-0.2, 0.0), EVEN) == "keras.layers.Rescaling(1/127.5, offset=-1)"


def test_pixels_standardised_by_all_pixels_are_recognised_with_the_numbers_of_the_training_pictures() -> None:
    layer = find_layer(right_from(1, 2), EVEN)

    numbers = re.fullmatch(r"keras\.layers\.Rescaling\(1/([\d.]+), offset=(-[\d.]+)\)", layer)
    assert numbers is not None
    deviation, offset = map(float, numbers.groups())
    assert deviation == pytest.approx(EVEN.train.images.std(), abs=0.01)
    scaled = EVEN.train.images / deviation + offset
    assert (scaled.mean(), scaled.std()) == pytest.approx((0, 1), abs=0.001)


@pytest.mark.parametrize(
    ("shape", "axes"), [((28, 28), "(1, 2)"), ((28, 28, 1), "(1, 2, 3)"), ((784,), "(1,)")]
)
def test_pixels_standardised_by_each_picture_are_recognised(shape: tuple[int, ...], axes: str) -> None:
    layer = find_layer(right_from(1, 2), DARK, shape)

    assert layer == f"keras.layers.LayerNormalization(axis={axes}, center=False, scale=False)"


@pytest.mark.parametrize(
    ("answer", "split"),
    [
        pytest.param(right_from(0.4, 0.5), EVEN, id="right as it is"),
        pytest.param(lambda pixels: right_from(-0.2, 0.0)(pixels)[:, ::-1], EVEN, id="right in no scale"),
        pytest.param(
            lambda pixels: right_from(-0.2, 0.0)(pixels)[:, [1, 2, 3, 4, 0, 5, 6, 7, 8, 9]],
            EVEN,
            id="right for half of the pictures, as with labels in another order",
        ),
    ],
)
def test_a_model_that_no_scale_makes_right_clearly_more_often_goes_on(answer: Answer, split: Split) -> None:
    check(answer, split)


def test_a_model_of_integers_reads_pixels_as_they_are() -> None:
    check(right_from(-0.2, 0.0), EVEN, (28, 28), "uint8")
