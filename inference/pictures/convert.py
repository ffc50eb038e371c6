"""Convert a picture into pixels, in the way that the input contract of the release names.

`cut-out` is the way in which Fashion-MNIST was made: trim the border's colour, convert to grey, light on
black, and frame the garment. `whole` resizes the picture, and `trimmed` first cuts a wide plain margin. Pure
functions of arrays. border.py measures the
border, framing.py frames, and docs/explanation/conversion.md says where this differs from the paper and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from inference.arrays import Grey, Mask, Picture, Pixels
from inference.contract import EDGE, Imaging, InputContract, NetworkName, choose_network
from inference.pictures.border import mask_garment, measure_border
from inference.pictures.decode import DecodedPicture
from inference.pictures.framing import centre_garment, find_bounding_box, fit_whole_picture, scale_garment

MARGIN_TOLERANCE: Final = 0.008
"""Share of full scale by which a pixel of a margin may differ from the border's colour, in any channel.

It is as small as a camera and JPEG allow, two levels, so that a white shirt on white is not cut into.
"""
KEPT_MARGIN: Final = 0.06
"""Width of the margin that is kept, as a share of the longest edge of what the picture shows."""
MAX_SHOWN_SHARE: Final = 0.75
"""Share of the picture's longest edge from which on nothing is cut, because the margin is not wide."""
MIN_SHOWN_SHARE: Final = 0.05
"""Least share of the picture's longest edge that is not taken for dust."""
MIN_SHOWN_PIXELS: Final = 8
"""Least height and width of what is not taken for dust, in pixels."""


@dataclass(frozen=True)
class ModelInput:
    """The input of a network for one picture.

    Attributes:
        pixels: the pixels, uint8, of the network's `array_shape`, C-contiguous.
        is_enlarged: whether the picture is smaller than the input, so that details may be missing.
        network: the name of the network that the picture is for; if the release lacks it, the other one reads
            the picture.
        width: width of the upload in pixels, upright, before it was reduced; None for rows of numbers.
        height: height of the upload in the same way; None for rows of numbers.
    """

    pixels: Pixels
    is_enlarged: bool = False
    network: NetworkName = "pixels"
    width: int | None = None
    height: int | None = None


def make_model_input(picture: DecodedPicture, inputs: Mapping[NetworkName, InputContract]) -> ModelInput:
    """Return the pixels that a release's network reads for a picture, and the name of that network.

    Args:
        picture: the upload, decoded for the network that reads pixels.
        inputs: the input of each network of the release.
    """
    name = choose_network(None if picture.pixels is None else picture.pixels.shape, inputs)
    contract = inputs.get(name) or next(iter(inputs.values()))
    return ModelInput(
        convert_to_pixels(picture, contract),
        is_enlarged=is_enlarged(picture, contract),
        network=name,
        width=picture.width,
        height=picture.height,
    )


def convert_to_pixels(picture: DecodedPicture, contract: InputContract) -> Pixels:
    """Return the pixels that a network reads for an upload.

    An upload that already is an input of the network is not changed. Any other picture is converted.

    A picture in which nothing differs from the border becomes black when it is cut out. That raises no error
    here: such pixels have a low familiarity.

    Returns:
        The pixels, uint8, of the contract's `array_shape`, C-contiguous.
    """
    if picture.pixels is not None:
        return picture.pixels
    samples = picture.picture
    if contract.framing == "cut-out":
        return cut_out_garment(samples, contract.imaging)
    if contract.framing == "trimmed":
        samples = trim_margin(samples)
    return fit_whole_picture(convert_to_grey(samples) if contract.channels == 1 else samples, contract.shape)


def is_enlarged(picture: DecodedPicture, contract: InputContract) -> bool:
    """Return whether a whole picture is smaller than the input, so that `convert_to_pixels` enlarges it."""
    height, width = picture.samples.shape[:2]
    return contract.framing != "cut-out" and height < contract.shape[0] and width < contract.shape[1]


def trim_margin(picture: Picture) -> Picture:
    """Return a picture whose plain margin is narrow around what it shows.

    Nothing is cut if the border is not plain, if what the picture shows reaches over most of it, or if it is
    tiny, so that it may be dust.

    Args:
        picture: the picture, uint8, (H, W, 3), RGB.

    Returns:
        A view of the picture, or the picture itself.
    """
    if not measure_border(picture, Imaging().border_tolerance).is_plain():
        return picture
    border = measure_border(picture, MARGIN_TOLERANCE)
    box = find_bounding_box(mask_garment(picture, border.colour, border.tolerance))
    if box is None:
        return picture
    longest, shortest = sorted((of_box.stop - of_box.start for of_box in box), reverse=True)
    shown_share = longest / max(picture.shape[:2])
    if shortest < MIN_SHOWN_PIXELS or not MIN_SHOWN_SHARE <= shown_share < MAX_SHOWN_SHARE:
        return picture
    margin = round(KEPT_MARGIN * longest)
    rows, columns = (slice(max(0, of_box.start - margin), of_box.stop + margin) for of_box in box)
    return picture[rows, columns]


def cut_out_garment(picture: Picture, imaging: Imaging) -> Pixels:
    """Return pixels of the part of a picture that differs from its border's colour, as in Fashion-MNIST.

    The border does not have to be plain.

    A picture of 28 x 28 is already framed and most likely from the data set, so it is not trimmed.

    Args:
        picture: the picture, uint8, (H, W, 3), RGB.
        imaging: the parameters that the model was made with.
    """
    border = measure_border(picture, imaging.border_tolerance)
    mask = mask_garment(picture, border.colour, border.tolerance)
    box = _WHOLE if picture.shape[:2] == (EDGE, EDGE) else find_bounding_box(mask)
    if box is None:
        return np.zeros((EDGE, EDGE), np.uint8)
    grey = convert_to_grey(picture[box])
    if border.is_light():
        grey = invert_grey(grey)
    return centre_garment(scale_garment(black_out_background(grey, mask[box]), imaging))


_WHOLE = (slice(None), slice(None))


def convert_to_grey(picture: Picture) -> Grey:
    """Return a picture as grey: the lightness of each pixel (ITU-R BT.601)."""
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def invert_grey(grey_picture: Grey) -> Grey:
    """Return a grey picture with light and dark swapped."""
    return cv2.bitwise_not(grey_picture).astype(np.uint8, copy=False)


def black_out_background(grey_picture: Grey, garment_mask: Mask) -> Grey:
    """Return a grey picture in which everything outside of the garment's mask is 0 (black)."""
    return cv2.bitwise_and(grey_picture, garment_mask).astype(np.uint8, copy=False)
