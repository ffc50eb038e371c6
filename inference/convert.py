"""A picture on a plain background to pixels, the way Fashion-MNIST was made.

Trim, grey, polarity, scale, sharpen, centre (Xiao et al. 2017, arXiv 1708.07747, section 2): one function
each, called in order by `picture_to_pixels`. Pure functions of arrays; where they differ from the paper and
why: docs/conversion.md. Photos with a cluttered background are not told apart yet.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture, Pixels
from inference.contract import EDGE, Imaging
from inference.decode import Decoded

Grey: TypeAlias = NDArray[np.uint8]
"""uint8, (H, W), BT.601 luma."""

Mask: TypeAlias = NDArray[np.uint8]
"""uint8, (H, W): 255 where the garment is, 0 where the background is."""

Colour: TypeAlias = NDArray[np.float64]
"""float64, (3,), RGB, 0..255."""

_MIDDLE_GREY = 127.5


def decoded_to_pixels(decoded: Decoded, imaging: Imaging) -> Pixels:
    """What the model reads of an upload: its own pixels if it has them, else its picture converted.

    Returns:
        uint8, (28, 28), C-contiguous, garment light on black.
    """
    return picture_to_pixels(decoded.picture, imaging) if decoded.pixels is None else decoded.pixels


def picture_to_pixels(picture: Picture, imaging: Imaging) -> Pixels:
    """Turn a picture into what the model reads, the way Fashion-MNIST was made.

    A picture in which nothing stands out from its border comes out black, which is nothing that a model
    of garments knows; that is for its familiarity to say, so nothing is raised here. One of 28 x 28 was
    framed by whoever made it, most likely from the data set itself: it is not trimmed.

    Args:
        picture: uint8, (H, W, 3), RGB, upright, H and W >= 1.
        imaging: the parameters that the model was made with.

    Returns:
        uint8, (28, 28), C-contiguous; 0 is background, garment light.
    """
    background = border_colour(picture)
    garment = garment_mask(picture, background, imaging.border_tolerance)
    box = _WHOLE if picture.shape[:2] == (EDGE, EDGE) else bounding_box(garment)
    if box is None:
        return np.zeros((EDGE, EDGE), np.uint8)
    trimmed = light_on_black(picture[box], garment[box], background)
    return centre(shrink(trimmed, imaging))


_WHOLE = (slice(None), slice(None))


def border_colour(picture: Picture) -> Colour:
    """The colour of the outermost pixels: per channel their median.

    The paper takes a corner's. On a plain background that is the same colour, and a garment that covers
    the corner does not spoil the median.
    """
    edges = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
    colour: Colour = np.median(np.concatenate(edges), axis=0)
    return colour


def garment_mask(picture: Picture, background: Colour, tolerance: float) -> Mask:
    """Where a picture differs from its background by more than the tolerance, in any channel.

    Args:
        picture: uint8, (H, W, 3), RGB.
        background: the border's colour.
        tolerance: share of full scale.
    """
    # Whole bounds, inwards: OpenCV would round them, and 242.25 to 242 is outside.
    darkest, lightest = np.ceil(background - 255 * tolerance), np.floor(background + 255 * tolerance)
    within = cv2.inRange(picture, darkest, lightest)
    return cv2.bitwise_not(within).astype(np.uint8, copy=False)


def bounding_box(garment: Mask) -> tuple[slice, slice] | None:
    """Rows and columns that hold the whole garment; None when there is none."""
    left, top, width, height = cv2.boundingRect(garment)
    if width == 0:
        return None
    return slice(top, top + height), slice(left, left + width)


def light_on_black(picture: Picture, garment: Mask, background: Colour) -> Grey:
    """Grey, negated when the background is light, and exactly 0 where there is no garment."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)  # BT.601 weights
    if luma(background) > _MIDDLE_GREY:
        grey = cv2.bitwise_not(grey)
    return cv2.bitwise_and(grey, garment).astype(np.uint8, copy=False)


def luma(colour: Colour) -> float:
    """How light a colour is, 0..255 (ITU-R BT.601)."""
    return float(colour @ (0.299, 0.587, 0.114))


def shrink(grey: Grey, imaging: Imaging) -> Grey:
    """Scale the longest edge to 28; a picture that had to be shrunk is sharpened, as the paper does.

    The paper skips rows and columns; the mean over each pixel's area (INTER_AREA) is what that
    approximates, without the moiré of large photos. Sharpening mends what shrinking softens, so a
    picture that is no larger than 28 is left as it is.
    """
    height, width = grey.shape
    scale = EDGE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale >= 1:
        return cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    shrunk = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    kernel = sharpening_kernel(imaging.sharpen_radius, imaging.sharpen_sigma)
    return cv2.filter2D(shrunk, -1, kernel, borderType=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)


def sharpening_kernel(radius: int, sigma: float) -> NDArray[np.float64]:
    """ImageMagick's `-sharpen RADIUSxSIGMA`, the tool the data set was made with.

    A negated Gaussian whose middle is twice the negated sum of all its weights, scaled to the sum 1.

    Returns:
        float64, (2 radius + 1, 2 radius + 1), sum 1.
    """
    squares = np.arange(-radius, radius + 1) ** 2
    kernel = -np.exp(-(squares[:, None] + squares[None, :]) / (2 * sigma**2))
    kernel[radius, radius] = -2 * kernel.sum()
    scaled: NDArray[np.float64] = kernel / kernel.sum()
    return scaled


def centre(grey: Grey) -> Pixels:
    """Put a garment of at most 28 x 28 in the middle of black.

    Where it cannot stand in the middle, it stands half a pixel right and down, as in Fashion-MNIST.
    """
    height, width = grey.shape
    top, left = (EDGE - height + 1) // 2, (EDGE - width + 1) // 2
    pixels = np.zeros((EDGE, EDGE), np.uint8)
    pixels[top : top + height, left : left + width] = grey
    return pixels
