"""Find the garment in a product photo: all pixels whose colour differs from that of the photo's border.

Product photos have one plain colour around the garment. `measure_border` measures this colour, and
`mask_garment` marks the pixels that differ from it.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask, Picture

Colour: TypeAlias = NDArray[np.float64]
"""Array of a colour: float64, (3,), RGB, 0..255."""

MIN_PLAIN_SHARE: Final = 0.85
"""Share of the border's pixels, 0..1, that has to have the border's median colour in a plain border."""

MIN_STUDIO_SHARE: Final = 0.5
"""Share that is enough if the border is white or black, as in a studio.

A garment that runs out of the picture covers up to half of the border there.
"""

_MIDDLE_GREY = 127.5


@dataclass(frozen=True)
class Border:
    """The outermost pixels of a picture.

    Attributes:
        colour: the median of these pixels, channel by channel.
        median_share: the share of these pixels that have the colour, within the tolerance, 0..1.
        tolerance: the difference within which two colours are equal, a share of full scale, 0..1.
    """

    colour: Colour
    median_share: float
    tolerance: float

    def is_light(self) -> bool:
        """Return whether the background is nearer to white than to black."""
        return compute_luma(self.colour) > _MIDDLE_GREY

    def is_black(self) -> bool:
        """Return whether each channel of the colour is at most `tolerance` of full scale."""
        return bool(self.colour.max() <= 255 * self.tolerance)

    def is_white(self) -> bool:
        """Return whether each channel of the colour is at least 1 - `tolerance` of full scale."""
        return bool(self.colour.min() >= 255 * (1 - self.tolerance))

    def is_plain(self) -> bool:
        """Return whether the border is plain: enough of its pixels have the median colour."""
        return self.median_share >= (
            MIN_STUDIO_SHARE if self.is_white() or self.is_black() else MIN_PLAIN_SHARE
        )


def measure_border(picture: Picture, tolerance: float) -> Border:
    """Measure the median colour of the outermost pixels, and the share of them that has it.

    The paper takes the colour of a corner. On a plain background that is the same colour, and a garment that
    covers the corner does not change the median.

    Args:
        picture: the picture, uint8, (H, W, 3), RGB.
        tolerance: the share of full scale by which a pixel may differ, in any channel.
    """
    pixels = np.concatenate((picture[0], picture[-1], picture[:, 0], picture[:, -1]))
    # Sorting and averaging the middle gives the median; numpy's own takes four times as long.
    ordered = np.sort(pixels, axis=0)
    colour: Colour = (ordered[(len(pixels) - 1) // 2].astype(np.float64) + ordered[len(pixels) // 2]) / 2
    matching_count = cv2.countNonZero(_mask_colour(pixels[:, None], colour, tolerance))
    return Border(colour, matching_count / len(pixels), tolerance)


def mask_garment(picture: Picture, background: Colour, tolerance: float) -> Mask:
    """Return the mask of the garment: the pixels that differ from the background by more than a tolerance.

    Args:
        picture: the picture, uint8, (H, W, 3), RGB.
        background: the colour of the border.
        tolerance: the share of full scale by which a pixel of the background may differ.
    """
    return cv2.bitwise_not(_mask_colour(picture, background, tolerance)).astype(np.uint8, copy=False)


def _mask_colour(picture: Picture, colour: Colour, tolerance: float) -> Mask:
    # OpenCV rounds bounds to the nearest integer; rounding inwards keeps 242 outside a bound of 242.25.
    darkest, lightest = np.ceil(colour - 255 * tolerance), np.floor(colour + 255 * tolerance)
    return cv2.inRange(picture, darkest, lightest).astype(np.uint8, copy=False)


def compute_luma(colour: Colour) -> float:
    """Return the lightness of a colour, 0..255 (ITU-R BT.601)."""
    return float(colour @ (0.299, 0.587, 0.114))
