"""Find out whether a model that was trained elsewhere learnt pixels of a scale around 0.

Notebooks often centre pixels around 0. If the model has no layer for it, its answers to pixels of 0..255 or
0..1 are worse, and nothing else shows it.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.sessions.keras_session import KerasSession
from training.data.pictures import Pictures
from training.data.split import Split
from training.errors import ExportError
from training.release.adoption_checks import MIN_ADVISED_SHARE, SCALED_BY

MIN_GAIN: Final = 0.02
"""Smallest rise of the share of right answers with which another scale of pixels is advised."""

MIN_DEVIATIONS: Final = 3
"""Smallest rise of the right answers in standard deviations of what chance would change."""

ScalePixels: TypeAlias = Callable[[PixelsBatch], NDArray[np.float32]]
"""A function that scales pixels of 0..255, (N, 28, 28)."""


def check_pixel_scale(path: Path, session: KerasSession, split: Split) -> None:
    """Refuse a model that is right clearly more often if its pixels are centred around 0.

    Args:
        path: the file of the model, for the message.
        session: the model, with the scale that was chosen for it.
        split: the pictures: the training ones give the mean of the pixels, and the held-out ones show which
            scale is best.

    Raises:
        ExportError: another scale is clearly better. The message has the layer that makes it.
    """
    if "int" in session.habits.dtype:  # such a model reads whole numbers, so it learnt no centred pixels
        return
    shown = split.validation.take(np.arange(min(SCALED_BY, len(split.validation))))
    usual = session.run(shown.images).class_probabilities.argmax(axis=1) == shown.classes
    scales = _list_scales(split.train.images, len(session.habits.shape))
    right = {layer: _find_right_answers(session, shown, scale) for layer, scale in scales.items()}
    layer = max(right, key=lambda name: right[name].sum())
    # Labels in a wrong order, or inverted pixels, can make one poor scale less poor than another.
    if right[layer].mean() >= MIN_ADVISED_SHARE and _is_clearly_better(right[layer], usual):
        raise ExportError(
            f"{path}: {usual.mean():.1%} of the held-out pictures are right, and {right[layer].mean():.1%} "
            f"with pixels scaled as in training. Put this layer first into the model: `{layer}`. Or use "
            "--force."
        )


def _list_scales(learnt: PixelsBatch, axes: int) -> Mapping[str, ScalePixels]:
    """Return the scales that are tried, each by the Keras layer that makes it from pixels of 0..255."""
    mean, deviation = float(learnt.mean()), max(float(learnt.std()), 1.0)
    each = tuple(range(1, axes + 1))
    return {
        "keras.layers.Rescaling(1/127.5, offset=-1)": lambda pixels: pixels / np.float32(127.5) - 1,
        f"keras.layers.Rescaling(1/{deviation:.2f}, offset={-mean / deviation:.4f})": lambda pixels: (
            (pixels - np.float32(mean)) / np.float32(deviation)
        ),
        f"keras.layers.LayerNormalization(axis={each}, center=False, scale=False)": _standardise_each,
    }


def _standardise_each(pixels: PixelsBatch) -> NDArray[np.float32]:
    """Scale each picture to a mean of 0 and a deviation of 1."""
    values = pixels.astype(np.float32)
    deviation = np.maximum(values.std(axis=(1, 2), keepdims=True), 1)
    standardised: NDArray[np.float32] = (values - values.mean(axis=(1, 2), keepdims=True)) / deviation
    return standardised


def _find_right_answers(session: KerasSession, shown: Pictures, scale: ScalePixels) -> NDArray[np.bool_]:
    """Return for each picture whether the model is right about it at a scale."""
    pixels = scale(shown.images).reshape(-1, *session.habits.shape).astype(session.habits.dtype)
    scores = np.asarray(session.model(pixels, training=False), np.float32)
    right: NDArray[np.bool_] = scores.argmax(axis=1) == shown.classes
    return right


def _is_clearly_better(right: NDArray[np.bool_], usual: NDArray[np.bool_]) -> bool:
    """Return whether answers are right more often than the usual ones, beyond what chance explains."""
    gained = int((right & ~usual).sum())
    lost = int((usual & ~right).sum())
    return gained - lost >= max(MIN_GAIN * len(usual), MIN_DEVIATIONS * math.sqrt(gained + lost), 1)
