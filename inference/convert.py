"""A picture to pixels, the way Fashion-MNIST was made.

Find the garment, turn it to grey, light on black, frame it: one function each, called in order by `convert`,
the one path that every upload goes. Pure functions of arrays. Finding is in foreground.py, framing in
framing.py, how to look at each step in stages.py; where this differs from the paper and why:
docs/conversion.md.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from inference.arrays import Grey, Mask, Picture, Pixels
from inference.contract import EDGE, Cascade, Imaging
from inference.decode import REDUCED_EDGE, Decoded
from inference.foreground import Found, find_garment
from inference.framing import bounding_box, centre, no_larger_than, shrink


@dataclass(frozen=True)
class Conversion:
    """A picture on its way to pixels, step by step.

    Attributes:
        picture: what was looked at: the decoded picture, smaller where it was larger than needed.
        found: the garment on it; None when the upload had pixels of its own.
        grey: the garment, cropped, light on black; None likewise, and when nothing stands out.
        faintness: 0..255, the median of a garment that was so dark that it had to be lifted; else None.
        pixels: what the model reads.
    """

    picture: Picture
    found: Found | None
    grey: Grey | None
    faintness: int | None
    pixels: Pixels


def decoded_to_pixels(decoded: Decoded, imaging: Imaging) -> Pixels:
    """What the model reads of an upload: its own pixels if it has them, else its picture converted.

    A picture in which nothing stands out from its border comes out black, which is nothing that a model
    of garments knows; that is for its familiarity to say, so nothing is raised here.

    Args:
        decoded: from decode.py.
        imaging: the parameters that the model was made with.

    Returns:
        uint8, (28, 28), C-contiguous, garment light on black.
    """
    return convert(decoded, imaging).pixels if decoded.pixels is None else decoded.pixels


def convert(decoded: Decoded, imaging: Imaging) -> Conversion:
    """The same as `decoded_to_pixels`, with what came of each step."""
    if decoded.pixels is not None:
        return Conversion(decoded.picture, None, None, None, decoded.pixels)
    picture, transparency = decoded.picture, decoded.garment
    if imaging.cascade is not None:
        # 448 = 16 x 28, so that no upload costs more; an eighth of it still has two samples for each pixel.
        picture = no_larger_than(picture, REDUCED_EDGE)
        transparency = None if transparency is None else no_larger_than(transparency, REDUCED_EDGE)
    return converted(picture, find_garment(picture, transparency, imaging), imaging)


def converted(picture: Picture, found: Found, imaging: Imaging) -> Conversion:
    """What becomes of a garment once it is found.

    Args:
        picture: uint8, (H, W, 3), RGB.
        found: the garment on it.
        imaging: the parameters that the model was made with.
    """
    box = _WHOLE if found.way == "framed" else bounding_box(found.mask)
    if box is None:
        return Conversion(picture, found, None, None, np.zeros((EDGE, EDGE), np.uint8))
    grey = as_grey(picture[box])
    if found.negate:
        grey = negated(grey)
    mask = np.ascontiguousarray(found.mask[box])
    faintness = how_faint(grey, mask, imaging.cascade) if found.lift and imaging.cascade else None
    if faintness is not None and imaging.cascade:
        grey = lifted(grey, imaging.cascade.faint_floor)
    grey = on_black(grey, mask)
    return Conversion(picture, found, grey, faintness, centre(shrink(grey, imaging)))


_WHOLE = (slice(None), slice(None))


def as_grey(picture: Picture) -> Grey:
    """How light each pixel is (ITU-R BT.601)."""
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def negated(grey: Grey) -> Grey:
    """Light for dark."""
    return cv2.bitwise_not(grey).astype(np.uint8, copy=False)


def how_faint(grey: Grey, garment: Mask, cascade: Cascade) -> int | None:
    """The median of a garment that hardly stands out from black; None when it does.

    The data set left white products out, since on white they cannot be seen; people photograph them.
    """
    inside = cv2.threshold(garment, 127, 255, cv2.THRESH_BINARY)[1]
    counts = cv2.calcHist([grey], [0], inside, [256], [0, 256]).ravel()
    median = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    return median if median < cascade.faint_below else None


def lifted(grey: Grey, floor: int) -> Grey:
    """The same between `floor` and 255, so that the silhouette is seen and the folds stay."""
    return cv2.convertScaleAbs(grey, alpha=(255 - floor) / 255, beta=floor).astype(np.uint8, copy=False)


def on_black(grey: Grey, garment: Mask) -> Grey:
    """Exactly 0 where there is no garment, fading where the mask is soft."""
    return cv2.multiply(grey, garment, scale=1 / 255).astype(np.uint8, copy=False)
