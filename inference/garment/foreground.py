"""Find the garment on a picture by a cascade of methods, the cheapest first.

Transparency marks the garment; a black border is that of the data set; a plain border is trimmed by its
colour, as the authors of the data set did (Xiao et al. 2017, arXiv 1708.07747, section 2); any other photo is
segmented by its colours. Pure functions; convert.py uses the result.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import cv2
import numpy as np

from inference.arrays import Mask, Picture
from inference.contract import EDGE, Cascade, Imaging
from inference.garment.border import Border, differs_from_lit_ground, garment_mask, look_at_border
from inference.garment.person import worn_garment
from inference.garment.segmentation import filled, segment, without_specks

SPECK = 0.02
"""Share of the largest part's area below which a part on a plain ground is dust; a strap is larger."""

Way: TypeAlias = Literal["framed", "trimmed", "alpha", "black", "plain", "segmented", "whole"]


@dataclass(frozen=True)
class Found:
    """A garment, and how it was found.

    Attributes:
        way: the step of the cascade that found it.
        mask: 0..255, at the size of the picture.
        negate: whether to negate the picture, so that the garment becomes light on black.
        lift: whether a faint garment may be lifted.
    """

    way: Way
    mask: Mask
    negate: bool
    lift: bool

    @property
    def cluttered(self) -> bool:
        """Whether there is more around the garment than one colour."""
        return self.way in {"segmented", "whole"}


def find_garment(picture: Picture, transparency: Mask | None, imaging: Imaging) -> Found:
    """Find the garment on a picture.

    A picture of 28 x 28 is already framed and most likely from the data set. For it, and for all pictures of
    a model without a cascade, only the border's colour counts, however plain it is.

    Args:
        picture: uint8, (H, W, 3), RGB, upright.
        transparency: the opacity of an upload with a transparent background (decode.py).
        imaging: the parameters that the model was made with.
    """
    border = look_at_border(picture, imaging.border_tolerance)
    if imaging.cascade is None or picture.shape[:2] == (EDGE, EDGE):
        return by_border(picture, border)
    return by_cascade(picture, transparency, border, imaging.cascade)


def find_worn(picture: Picture, found: Found, imaging: Imaging) -> Found | None:
    """Find the garment that a person wears, where the model reads it, too.

    Args:
        picture: uint8, (H, W, 3), RGB.
        found: what `find_garment` found on it.
        imaging: the parameters that the model was made with.

    Returns:
        None where no person is found, or the model does not read it.
    """
    if imaging.cascade is None or imaging.cascade.worn == "person" or found.way == "framed":
        return None
    garment = worn_garment(picture, found.mask)
    return None if garment is None else replace(found, mask=garment)


def by_cascade(picture: Picture, transparency: Mask | None, border: Border, cascade: Cascade) -> Found:
    """Take the first step that applies."""
    if transparency is not None:
        return by_transparency(transparency)
    if border.is_black() and border.share >= cascade.studio_share:
        return by_black(picture, border)
    if is_plain(border, cascade):
        return by_plain_border(picture, border)
    return by_colours(picture, cascade)


def by_border(picture: Picture, border: Border) -> Found:
    """Take what differs from the border's colour, as the paper does, however plain the border is."""
    mask = garment_mask(picture, border.colour, border.tolerance)
    way: Way = "framed" if picture.shape[:2] == (EDGE, EDGE) else "trimmed"
    return Found(way, mask, border.is_light(), lift=False)


def by_transparency(transparency: Mask) -> Found:
    """Take what is opaque. It was composited over white, so it is negated as a picture on white is."""
    # A hard edge: soft ones are already blended with that white.
    mask = cv2.threshold(transparency, 127, 255, cv2.THRESH_BINARY)[1].astype(np.uint8, copy=False)
    return Found("alpha", mask, negate=True, lift=True)


def by_black(picture: Picture, border: Border) -> Found:
    """Take what differs from black, as in the data set: no negation, no filling, no lifting."""
    mask = garment_mask(picture, border.colour, border.tolerance)
    return Found("black", mask, negate=False, lift=False)


def is_plain(border: Border, cascade: Cascade) -> bool:
    """Whether one colour fills the border; a garment may cover more of a white or black one."""
    studio = border.is_white() or border.is_black()
    return border.share >= (cascade.studio_share if studio else cascade.plain_share)


def by_plain_border(picture: Picture, border: Border) -> Found:
    """Take what differs from a plain background, with its holes filled.

    The background decides the polarity: garments on a light one are negated, as in the data set; on a dark
    one they are light already.
    """
    if border.is_white():  # a studio, evenly lit: most product photos
        apart = garment_mask(picture, border.colour, border.tolerance)
    else:
        apart = differs_from_lit_ground(picture, border)
    mask = without_specks(filled(apart), SPECK)
    return Found("plain", mask, border.is_light(), lift=True)


def by_colours(picture: Picture, cascade: Cascade) -> Found:
    """Take what has other colours than the frame; the whole picture when there is no such part.

    Always negated, as the originals of the data set were: a floor or a bed does not determine the polarity.
    """
    mask = segment(picture, cascade.segmentation_edge, cascade.segmentation_rounds)
    if mask is None:
        whole = np.full(picture.shape[:2], 255, np.uint8)
        return Found("whole", whole, negate=True, lift=True)
    return Found("segmented", mask, negate=True, lift=True)
