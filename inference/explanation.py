"""Explain a prediction by occlusion: measure how its probability falls if a part of the picture is hidden.

The model runs once more, on SQUARES_PER_EDGE x SQUARES_PER_EDGE copies of its input with one square hidden in
each (Zeiler and Fergus 2014, arXiv 1311.2901, section 4.2). `draw_heat_map` draws the result over the
picture: red where hiding a square makes the answer less likely, blue where it makes it more likely.
"""

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from inference.arrays import Pixels, PixelsBatch
from inference.networks import Networks
from inference.pictures.convert import ModelInput

SQUARES_PER_EDGE: Final = 8
"""Number of positions of the hidden square along each edge."""

HIDDEN_EDGE_SHARE: Final = 1 / 4
"""Edge of the hidden square, as a share of the picture's edge.

It is twice the distance between two positions, so squares overlap. Smaller squares change too little.
"""

MIN_STRONG_DROP: Final = 0.05
"""Drop of the probability from which a map is drawn in full strength; a smaller one makes a fainter map."""

RED, BLUE = (200, 30, 30), (30, 90, 220)

ProbabilityDrops: TypeAlias = NDArray[np.float32]
"""Drop of a class's probability when each square of the picture is hidden: float32 (SQUARES_PER_EDGE,
SQUARES_PER_EDGE), -1..1, from the top left. Above 0 the square speaks for the class."""


def compute_probability_drops(networks: Networks, model_input: ModelInput, class_id: int) -> ProbabilityDrops:
    """Measure how much each part of a picture adds to the probability of a class.

    Args:
        networks: the networks of the release whose answer is explained.
        model_input: the input for one picture.
        class_id: the index of the class.

    Raises:
        AnswerNotFinite: the model answered NaN or infinity.
    """
    pixels = model_input.pixels
    classifier = networks[model_input.network]
    light_on_black = classifier.contract.input.polarity == "light-on-black"
    background = 0 if light_on_black else pixels.mean(axis=(0, 1)).astype(np.uint8)
    batch = np.concatenate([pixels[np.newaxis], _hide_squares(pixels, background)])
    answers = classifier.classify(batch, [model_input.network] * len(batch))
    # The first picture of the batch is the whole one, which the others are compared with.
    whole, *hidden_probabilities = (
        float(prediction.answer.probabilities[class_id]) for prediction in answers
    )
    return np.array([whole - other for other in hidden_probabilities], np.float32).reshape(
        SQUARES_PER_EDGE, SQUARES_PER_EDGE
    )


def draw_heat_map(drops: ProbabilityDrops, height: int, width: int) -> bytes:
    """Draw drops as a PNG to lay over the model's input: red speaks for the class, blue against it.

    Args:
        height: the height of the PNG, in pixels.
        width: the width of the PNG, in pixels.

    Returns:
        An RGBA PNG; the larger the drop, the more opaque.
    """
    smooth = cv2.resize(drops, (width, height), interpolation=cv2.INTER_LINEAR)
    strength = np.abs(smooth) / max(float(np.abs(drops).max()), MIN_STRONG_DROP)
    heat = np.empty((height, width, 4), np.uint8)
    heat[..., :3] = np.where(smooth[..., np.newaxis] > 0, RED[::-1], BLUE[::-1])  # OpenCV's order is BGRA
    heat[..., 3] = np.rint(200 * np.minimum(strength, 1.0))
    return cv2.imencode(".png", heat)[1].tobytes()


def _hide_squares(pixels: Pixels, background: ArrayLike) -> PixelsBatch:
    """Return copies of the picture, each with one square of a background over it."""
    height, width = pixels.shape[:2]
    batch = np.repeat(pixels[np.newaxis], SQUARES_PER_EDGE**2, axis=0)
    for index, copy in enumerate(batch):
        row, column = divmod(index, SQUARES_PER_EDGE)
        copy[_find_hidden_span(row, height), _find_hidden_span(column, width)] = background
    return batch


def _find_hidden_span(place: int, edge: int) -> slice:
    """Return the hidden square along one edge, around the middle of its place in the grid."""
    middle = (place + 0.5) * edge / SQUARES_PER_EDGE
    half = HIDDEN_EDGE_SHARE * edge / 2
    return slice(max(round(middle - half), 0), round(middle + half))
