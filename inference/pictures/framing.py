"""Fit a garment into 28 x 28, as Fashion-MNIST was made (crop, scale, sharpen, centre), or a whole picture.

The steps are those of Xiao et al. 2017, arXiv 1708.07747, section 2. Each function is one step.
docs/explanation/conversion.md says where they differ from the paper and why.
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Grey, Mask, Picture, Pixels
from inference.contract import EDGE, Imaging

TWO_STEP_FACTORS: Final = (2, 3)
"""Range of factors by which a whole picture is shrunk in two steps: to twice its size by INTER_LINEAR, then
by halves.

The 16 samples around each pixel of the result approximate the mean over its area. That takes a quarter of the
time of INTER_AREA by a factor that is no whole number. With larger factors the samples would miss fine
stripes.
"""


def find_bounding_box(garment_mask: Mask) -> tuple[slice, slice] | None:
    """Return the slices of rows and columns that bound the garment in a mask; None for an empty mask."""
    left, top, width, height = cv2.boundingRect(garment_mask)
    if width == 0:
        return None
    return slice(top, top + height), slice(left, left + width)


def shrink_to_edge(picture: NDArray[np.uint8], edge: int) -> NDArray[np.uint8]:
    """Return a picture whose longest edge is at most `edge` pixels; a smaller picture is unchanged."""
    height, width = picture.shape[:2]
    scale = edge / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def scale_garment(grey_picture: Grey, imaging: Imaging) -> Grey:
    """Return a garment whose longest edge is 28 pixels, sharpened if it became smaller, as in the paper.

    The paper skips rows and columns, which approximates the mean over each pixel's area. This function
    computes that mean (INTER_AREA), which has no moiré on large photos. Sharpening restores the detail that
    shrinking blurs, so enlarged pictures are not sharpened.
    """
    height, width = grey_picture.shape
    scale = EDGE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale >= 1:
        return cv2.resize(grey_picture, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    shrunk = cv2.resize(grey_picture, size, interpolation=cv2.INTER_AREA)
    kernel = compute_sharpening_kernel(imaging.sharpen_radius, imaging.sharpen_sigma)
    return cv2.filter2D(shrunk, -1, kernel, borderType=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)


@lru_cache(maxsize=4)
def compute_sharpening_kernel(radius: int, sigma: float) -> NDArray[np.float64]:
    """Compute the kernel of ImageMagick's `-sharpen RADIUSxSIGMA`, with which the data set was made.

    The kernel is a negated Gaussian. Its middle is twice the negated sum of all its weights, and the kernel
    is scaled to the sum 1.

    Returns:
        The kernel, float64, (2 radius + 1, 2 radius + 1), sum 1.
    """
    squares = np.arange(-radius, radius + 1) ** 2
    kernel = -np.exp(-(squares[:, None] + squares[None, :]) / (2 * sigma**2))
    kernel[radius, radius] = -2 * kernel.sum()
    scaled: NDArray[np.float64] = kernel / kernel.sum()
    return scaled


def centre_garment(grey_picture: Grey) -> Pixels:
    """Return a black picture of 28 x 28 with the garment, of at most that size, in its middle.

    If an exact middle is impossible, the garment is half a pixel right and down, as in Fashion-MNIST.
    """
    height, width = grey_picture.shape
    top, left = (EDGE - height + 1) // 2, (EDGE - width + 1) // 2
    pixels = np.zeros((EDGE, EDGE), np.uint8)
    pixels[top : top + height, left : left + width] = grey_picture
    return pixels


def fit_whole_picture(picture: Picture | Grey, shape: tuple[int, int]) -> Pixels:
    """Return a black picture of a given size that shows the whole picture, centred, with its aspect kept.

    Args:
        picture: the picture, uint8, (H, W) or (H, W, 3).
        shape: the height and width of the result, which has the picture's channels.
    """
    height, width = shape
    scale = min(height / picture.shape[0], width / picture.shape[1])
    rows, columns = (max(1, round(length * scale)) for length in picture.shape[:2])
    if TWO_STEP_FACTORS[0] <= 1 / scale <= TWO_STEP_FACTORS[1]:
        double_size = (2 * columns, 2 * rows)
        picture = cv2.resize(picture, double_size, interpolation=cv2.INTER_LINEAR).astype(
            np.uint8, copy=False
        )
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    pixels = np.zeros((height, width, *picture.shape[2:]), np.uint8)
    top, left = (height - rows) // 2, (width - columns) // 2
    pixels[top : top + rows, left : left + columns] = cv2.resize(
        picture, (columns, rows), interpolation=method
    )
    return pixels
