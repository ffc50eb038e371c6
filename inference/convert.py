"""Convert a picture into pixels, the way that the release's input contract names.

`cut-out` is the way Fashion-MNIST was made: trim what has the border's colour, convert to grey, light on
black, and frame it. `whole` resizes the picture. Pure functions of arrays. border.py looks at the border,
framing.py frames, docs/explanation/conversion.md says where this differs from the paper and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from inference.arrays import Grey, Mask, Picture, Pixels
from inference.border import garment_mask, look_at_border
from inference.contract import EDGE, Imaging, InputContract, NetworkName, network_for
from inference.decode import Decoded
from inference.framing import bounding_box, centre, fit_whole, shrink


@dataclass(frozen=True)
class ModelInput:
    """What the model reads of one picture.

    Attributes:
        pixels: uint8, of the network's `array_shape`, C-contiguous.
        enlarged: whether the picture is smaller than the input, so that details may be missing.
        network: that it is for; where the release lacks that one, the other one reads it.
    """

    pixels: Pixels
    enlarged: bool = False
    network: NetworkName = "pixels"


def to_model_input(decoded: Decoded, inputs: Mapping[NetworkName, InputContract]) -> ModelInput:
    """What a release reads of an upload, and for which network it is.

    Args:
        decoded: from decode.py, by the input of the network that reads pixels.
        inputs: of each network of the release.
    """
    name = network_for(None if decoded.pixels is None else decoded.pixels.shape, inputs)
    contract = inputs.get(name) or next(iter(inputs.values()))
    return ModelInput(
        decoded_to_pixels(decoded, contract),
        enlarged=is_enlarged(decoded, contract),
        network=name,
    )


def decoded_to_pixels(decoded: Decoded, contract: InputContract) -> Pixels:
    """Return the pixels of an upload as they are, if it has them; else convert its picture.

    A picture in which nothing differs from the border becomes black when it is cut out. That raises no error
    here: such pixels have a low familiarity.

    Args:
        decoded: from decode.py.
        contract: of the release.

    Returns:
        uint8, of the contract's `array_shape`, C-contiguous.
    """
    if decoded.pixels is not None:
        return decoded.pixels
    picture = decoded.picture
    if contract.framing == "cut-out":
        return cut_out(picture, contract.imaging)
    return fit_whole(as_grey(picture) if contract.channels == 1 else picture, contract.shape)


def is_enlarged(decoded: Decoded, contract: InputContract) -> bool:
    """Whether a whole picture is smaller than the input, so that `decoded_to_pixels` enlarges it."""
    height, width = decoded.samples.shape[:2]
    return contract.framing == "whole" and height < contract.shape[0] and width < contract.shape[1]


def cut_out(picture: Picture, imaging: Imaging) -> Pixels:
    """Convert what differs from the border's colour, however plain the border is.

    A picture of 28 x 28 is already framed and most likely from the data set, so it is not trimmed.

    Args:
        picture: uint8, (H, W, 3), RGB.
        imaging: the parameters that the model was made with.
    """
    border = look_at_border(picture, imaging.border_tolerance)
    mask = garment_mask(picture, border.colour, border.tolerance)
    box = _WHOLE if picture.shape[:2] == (EDGE, EDGE) else bounding_box(mask)
    if box is None:
        return np.zeros((EDGE, EDGE), np.uint8)
    grey = as_grey(picture[box])
    if border.is_light():
        grey = negated(grey)
    return centre(shrink(on_black(grey, mask[box]), imaging))


_WHOLE = (slice(None), slice(None))


def as_grey(picture: Picture) -> Grey:
    """Return the lightness of each pixel (ITU-R BT.601)."""
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def negated(grey: Grey) -> Grey:
    """Swap light and dark."""
    return cv2.bitwise_not(grey).astype(np.uint8, copy=False)


def on_black(grey: Grey, garment: Mask) -> Grey:
    """Set everything but the garment to 0."""
    return cv2.bitwise_and(grey, garment).astype(np.uint8, copy=False)
