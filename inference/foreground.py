"""Where the garment is on a picture: a cascade, cheapest first.

A transparent upload says it itself; a black border is how the data set looks; a plain border is trimmed by
its colour, as the data set's authors did (Xiao et al. 2017, arXiv 1708.07747, section 2); what is left is a
photo of a room and is told apart by its colours. Pure functions. What is made of the garment: convert.py.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np

from inference.arrays import Mask, Picture
from inference.border import Border, differs_from_lit_ground, garment_mask, look_at_border
from inference.contract import EDGE, Cascade, Imaging
from inference.segmentation import filled, segment, without_specks

SPECK = 0.02
"""Share of the largest part's area below which a part on a plain ground is a speck; a strap is more."""

Way: TypeAlias = Literal["framed", "trimmed", "alpha", "black", "plain", "segmented", "whole"]


@dataclass(frozen=True)
class Found:
    """A garment, and how it was found.

    Attributes:
        way: the step of the cascade that found it.
        why: one sentence: what was decided, and on what grounds.
        mask: 0..255, at the size of the picture.
        negate: whether the picture is to be negated, so that the garment is light on black.
        lift: whether a faint garment may be lifted.
    """

    way: Way
    why: str
    mask: Mask
    negate: bool
    lift: bool


def find_garment(picture: Picture, transparency: Mask | None, imaging: Imaging) -> Found:
    """Find the garment on a picture.

    A picture of 28 x 28 was framed by whoever made it, most likely from the data set itself. It, and every
    picture for a model without a cascade, goes by its border's colour, however plain that is.

    Args:
        picture: uint8, (H, W, 3), RGB, upright.
        transparency: where the upload itself says that the garment is (decode.py).
        imaging: the parameters that the model was made with.
    """
    border = look_at_border(picture, imaging.border_tolerance)
    if imaging.cascade is None or picture.shape[:2] == (EDGE, EDGE):
        return by_border(picture, border)
    if transparency is not None:
        return by_transparency(transparency)
    if border.is_black() and border.share >= imaging.cascade.studio_share:
        return by_black(picture, border)
    if is_plain(border, imaging.cascade):
        return by_plain_border(picture, border)
    return by_colours(picture, border, imaging.cascade)


def by_border(picture: Picture, border: Border) -> Found:
    """What differs from the border's colour; the paper's own way, without a look at how plain it is."""
    mask = garment_mask(picture, border.colour, border.tolerance)
    if picture.shape[:2] == (EDGE, EDGE):
        return Found("framed", "28 x 28 already, so not trimmed.", mask, border.is_light(), lift=False)
    return Found("trimmed", f"Differs from {_told(border)}.", mask, border.is_light(), lift=False)


def by_transparency(transparency: Mask) -> Found:
    """The upload's own word. It was laid over white, so it is negated as a picture on white is."""
    # Hard, since a soft edge has faded into that white already.
    mask = cv2.threshold(transparency, 127, 255, cv2.THRESH_BINARY)[1].astype(np.uint8, copy=False)
    return Found("alpha", "The upload is transparent around it.", mask, negate=True, lift=True)


def by_black(picture: Picture, border: Border) -> Found:
    """On black, as the data set's own pictures are: light on black already, nothing to fill or to lift."""
    mask = garment_mask(picture, border.colour, border.tolerance)
    return Found("black", f"Stands out from black: {_told(border)}.", mask, negate=False, lift=False)


def is_plain(border: Border, cascade: Cascade) -> bool:
    """Whether one colour fills the border; a white one may be covered by a garment that runs out of it."""
    return border.share >= (cascade.studio_share if border.is_white() else cascade.plain_share)


def by_plain_border(picture: Picture, border: Border) -> Found:
    """What differs from a plain background, holes and all.

    The polarity is the background's: on a light one garments are dark or coloured and are negated, as all of
    the data set's were; on a dark one they are light already.
    """
    if border.is_white():  # a studio's, evenly lit: most product shots
        apart = garment_mask(picture, border.colour, border.tolerance)
    else:
        apart = differs_from_lit_ground(picture, border)
    mask = without_specks(filled(apart), SPECK)
    return Found(
        "plain", f"Stands out from plain ground: {_told(border)}.", mask, border.is_light(), lift=True
    )


def by_colours(picture: Picture, border: Border, cascade: Cascade) -> Found:
    """What has other colours than the frame; the whole picture when nothing has.

    Negated whatever surrounds it: so were the data set's originals, and a floor says nothing about them.
    """
    mask = segment(picture, cascade.segmentation_edge, cascade.segmentation_rounds)
    if mask is None:
        whole = np.full(picture.shape[:2], 255, np.uint8)
        return Found("whole", "Nothing was told apart from the ground.", whole, negate=True, lift=True)
    why = f"Told apart by its colours (GrabCut), since the ground is not plain: {_told(border)}."
    return Found("segmented", why, mask, negate=True, lift=True)


def _told(border: Border) -> str:
    red, green, blue = (round(channel) for channel in border.colour.tolist())
    return f"{border.share:.0%} of the border is rgb({red}, {green}, {blue})"
