"""Recognise a decoded picture that already is the input of a grey model, such as one of the data set.

Pictures of Fashion-MNIST come in every mode and format, on black or on white, and enlarged as notebooks show
them. All other pictures are converted (convert.py). Arrays in, arrays out.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture, Pixels
from inference.contract import EDGE, InputContract

MIN_LIGHT_BORDER = 128
"""Mean of the border, 0..255, from which a single-channel picture is not light on black. The largest mean of
Fashion-MNIST's 70,000 pictures is below."""

MAX_CHANNEL_DIFFERENCE, MAX_MEAN_CHANNEL_DIFFERENCE = 8, 2.0
"""Limits, in levels of 0..255, for the difference of the channels of a grey picture in a lossy format."""

MIN_LEVELS = 9
"""Smallest number of levels of an enlarged picture. An icon of fewer levels is no picture of the data set."""

StoredSamples: TypeAlias = NDArray[np.uint8]
"""Samples of a picture, uint8, upright: (H, W), or (H, W, 3) RGB, or (H, W, 4) RGBA."""


def extract_ready_pixels(samples: StoredSamples, contract: InputContract, *, is_lossy: bool) -> Pixels | None:
    """Return a picture's samples if they already are the input of a grey model, such as Fashion-MNIST's.

    Args:
        is_lossy: whether the format stores a grey picture with channels that differ a little.

    Returns:
        The pixels, uint8, of the contract's shape, C-contiguous; None for any other picture.
    """
    if samples.shape[:2] == (EDGE, EDGE) and _is_fashion_input(contract):
        return np.ascontiguousarray(_normalize_fashion_picture(samples))
    grey = _find_grey_input(samples, contract, lossy=is_lossy)
    is_light = grey is not None and cv2.mean(_take_border(grey))[0] >= MIN_LIGHT_BORDER
    if grey is None or (is_light and contract.polarity == "light-on-black"):
        return None
    return np.ascontiguousarray(grey)


def _is_fashion_input(contract: InputContract) -> bool:
    """Return whether a model reads pictures like those of Fashion-MNIST: 28 x 28, grey, light on black."""
    reads = (contract.shape, contract.channels, contract.polarity)
    return reads == ((EDGE, EDGE), 1, "light-on-black")


def _normalize_fashion_picture(samples: StoredSamples) -> StoredSamples:
    """Return the lightness of a picture of 28 x 28, on a dark border as in Fashion-MNIST.

    Transparent samples are white.

    Args:
        samples: the samples, uint8, (28, 28), (28, 28, 3) RGB or (28, 28, 4) RGBA.

    Returns:
        The pixels, uint8, (28, 28), light on black.
    """
    if samples.ndim == 3:
        samples = cv2.cvtColor(blend_over_white(samples), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    is_light = cv2.mean(_take_border(samples))[0] >= MIN_LIGHT_BORDER
    return cv2.bitwise_not(samples).astype(np.uint8, copy=False) if is_light else samples


def _find_grey_input(samples: StoredSamples, contract: InputContract, *, lossy: bool) -> StoredSamples | None:
    """Return the grey samples of a picture that is the input of a grey model, in whatever mode it was saved.

    Such a picture has the size of the input and equal channels. For 28 x 28, it may also be enlarged by a
    whole factor without smoothing, as notebooks show the data set.

    Returns:
        The pixels, uint8, of the contract's shape; None for any other picture.
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
    is_enlarged = np.array_equal(grey, small.repeat(factor, axis=0).repeat(factor, axis=1))
    return small if is_enlarged and len(np.unique(small)) >= MIN_LEVELS else None


def _grey_of(samples: StoredSamples, *, lossy: bool) -> StoredSamples | None:
    """Return the channel of an opaque picture with equal channels, uint8, (H, W); None for any other."""
    if samples.ndim == 2:
        return samples
    if samples.shape[2] == 4 and np.ptp(samples[..., 3]):
        return None
    rgb = blend_over_white(samples)
    apart = np.ptp(rgb, axis=2)
    max_difference, max_mean = (MAX_CHANNEL_DIFFERENCE, MAX_MEAN_CHANNEL_DIFFERENCE) if lossy else (0, 0.0)
    if int(apart.max()) > max_difference or float(apart.mean()) > max_mean:
        return None
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def _take_border(samples: StoredSamples) -> StoredSamples:
    """Return the outermost samples of a picture, (H, W)."""
    return np.concatenate((samples[0], samples[-1], samples[:, 0], samples[:, -1]))


def blend_over_white(samples: StoredSamples) -> Picture:
    """Return samples as RGB, uint8, (H, W, 3); grey is repeated, and transparency is blended over white."""
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
