"""Find in a decoded picture a grey model's own input, as the data set has it.

Fashion-MNIST's pictures come in every mode and format, on black or on white, and enlarged as notebooks show
them. What is none of these is converted: convert.py. Arrays in, arrays out.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture, Pixels
from inference.contract import EDGE, InputContract

MIN_LIGHT_BORDER = 128
"""Mean of the border, of 255, from which a single-channel picture is no input of a model that reads light on
black. The largest of Fashion-MNIST's 70,000 pictures is below."""

MAX_CHANNEL_DIFFERENCE, MAX_MEAN_CHANNEL_DIFFERENCE = 8, 2.0
"""Levels by which the channels of a grey picture may differ in a format that loses some."""

MIN_LEVELS = 9
"""Of an enlarged picture: an icon of few levels is no picture of the data set."""

StoredSamples: TypeAlias = NDArray[np.uint8]
"""uint8, upright: (H, W), or (H, W, 3) RGB, or (H, W, 4) RGBA."""


def find_own_input(samples: StoredSamples, contract: InputContract, *, is_lossy: bool) -> Pixels | None:
    """The samples of a picture that a grey model reads as they are.

    Args:
        samples: of the picture.
        contract: what the model reads.
        is_lossy: whether its format stores a grey picture with channels that differ a little.

    Returns:
        uint8, of the contract's shape, C-contiguous; None for any other picture.
    """
    if samples.shape[:2] == (EDGE, EDGE) and _reads_the_data_set(contract):
        return np.ascontiguousarray(_as_in_the_data_set(samples))
    grey = _as_input(samples, contract, lossy=is_lossy)
    is_light = grey is not None and cv2.mean(_border(grey))[0] >= MIN_LIGHT_BORDER
    if grey is None or (is_light and contract.polarity == "light-on-black"):
        return None
    return np.ascontiguousarray(grey)


def _reads_the_data_set(contract: InputContract) -> bool:
    """Whether a model reads pictures as Fashion-MNIST has them: 28 x 28, grey, light on black."""
    reads = (contract.shape, contract.channels, contract.polarity)
    return reads == ((EDGE, EDGE), 1, "light-on-black")


def _as_in_the_data_set(samples: StoredSamples) -> StoredSamples:
    """A picture of 28 x 28, which is no photo, as Fashion-MNIST has it: its lightness, on a dark border.

    What is transparent is white.

    Args:
        samples: uint8, (28, 28), RGB or RGBA as well.

    Returns:
        uint8, (28, 28), light on black.
    """
    if samples.ndim == 3:
        samples = cv2.cvtColor(blend_over_white(samples), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    is_light = cv2.mean(_border(samples))[0] >= MIN_LIGHT_BORDER
    return cv2.bitwise_not(samples).astype(np.uint8, copy=False) if is_light else samples


def _as_input(samples: StoredSamples, contract: InputContract, *, lossy: bool) -> StoredSamples | None:
    """The grey samples of a picture that is a grey model's own input, in whatever mode it was saved.

    That is one of the input's size whose channels are equal; and, for 28 x 28, one that was enlarged by a
    whole factor without smoothing, as notebooks show the data set.

    Returns:
        uint8, of the contract's shape; None for any other picture.
    """
    if contract.channels > 1:
        return None
    if samples.shape[:2] == contract.shape:
        return _grey_of(samples, lossy=lossy)
    factor, rest = divmod(samples.shape[0], EDGE)
    if rest or factor < 2 or contract.shape != (EDGE, EDGE) or samples.shape[:2] != (factor * EDGE,) * 2:
        return None
    grey = _grey_of(samples, lossy=False)
    if grey is None:
        return None
    small = grey[::factor, ::factor]
    same = np.array_equal(grey, small.repeat(factor, axis=0).repeat(factor, axis=1))
    return small if same and len(np.unique(small)) >= MIN_LEVELS else None


def _grey_of(samples: StoredSamples, *, lossy: bool) -> StoredSamples | None:
    """The one channel of an opaque picture whose channels are equal, uint8 (H, W); None of any other."""
    if samples.ndim == 2:
        return samples
    if samples.shape[2] == 4 and np.ptp(samples[..., 3]):
        return None
    rgb = blend_over_white(samples)
    apart = np.ptp(rgb, axis=2)
    most, on_average = (MAX_CHANNEL_DIFFERENCE, MAX_MEAN_CHANNEL_DIFFERENCE) if lossy else (0, 0.0)
    if int(apart.max()) > most or float(apart.mean()) > on_average:
        return None
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def _border(samples: StoredSamples) -> StoredSamples:
    """The outermost samples of (H, W)."""
    return np.concatenate((samples[0], samples[-1], samples[:, 0], samples[:, -1]))


def blend_over_white(samples: StoredSamples) -> Picture:
    """uint8, (H, W, 3), RGB, of samples in any of their forms."""
    if samples.ndim == 2:
        return cv2.cvtColor(samples, cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)
    if samples.shape[2] == 3:
        return samples
    rgb = cv2.cvtColor(samples, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)
    alpha = cv2.extractChannel(samples, 3)
    if not alpha.any():  # 32 bits a pixel of which 8 are not used, as Windows and TGA write them
        return rgb
    opacity = cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB)
    cv2.multiply(rgb, opacity, rgb, 1 / 255)  # in place, as a picture may have 50 million pixels
    return cv2.add(rgb, cv2.bitwise_not(opacity, opacity), rgb).astype(np.uint8, copy=False)
