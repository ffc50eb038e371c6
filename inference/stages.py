"""The steps from an upload to pixels for display: one picture and one sentence each.

Uses the intermediate results of convert.py; scripts/predict.py draws them into a file.
"""

from dataclasses import dataclass

import numpy as np

from inference.arrays import Grey, Picture
from inference.contract import InputContract
from inference.convert import Conversion, convert, decoded_to_pixels
from inference.decode import Decoded
from inference.foreground import Found

_DIMMED = 0.25
"""Brightness of the background where the garment is shown, as a share."""


@dataclass(frozen=True)
class Stage:
    """One step.

    Attributes:
        name: a word or two.
        reason: one sentence: the decision and its reason.
        image: uint8, (H, W, 3) RGB or (H, W) grey; for the last step, the pixels.
    """

    name: str
    reason: str
    image: Picture | Grey


def stages(decoded: Decoded, contract: InputContract) -> tuple[Stage, ...]:
    """Return all steps of the conversion; the image of the last one equals `decoded_to_pixels`.

    Args:
        decoded: from decode.py.
        contract: of the release.
    """
    if contract.framing == "whole":
        height, width = contract.shape
        reason = f"Scaled to fit {width} x {height}, aspect kept, centred on black."
        last = Stage("pixels", reason, decoded_to_pixels(decoded, contract))
        return _picture(decoded.picture, decoded.picture), last
    conversion = convert(decoded, contract.imaging)
    steps = [_picture(decoded.picture, conversion.picture)]
    if conversion.found is not None:
        steps.append(_garment(conversion.picture, conversion.found))
        if conversion.grey is not None:
            steps.append(_grey(conversion.found, conversion.grey, conversion.faintness))
    return (*steps, _pixels(conversion))


def _picture(decoded: Picture, reduced: Picture) -> Stage:
    (height, width), (lower, narrower) = decoded.shape[:2], reduced.shape[:2]
    reason = f"Upright, {width} x {height}, alpha composited over white."
    if (lower, narrower) != (height, width):
        reason = f"Upright, reduced from {width} x {height} to {narrower} x {lower}."
    return Stage("picture", reason, reduced)


def _garment(picture: Picture, found: Found) -> Stage:
    weights = _DIMMED + (1 - _DIMMED) * found.mask[..., None].astype(np.float32) / 255
    return Stage("garment", found.why, np.round(picture * weights).astype(np.uint8))


def _grey(found: Found, grey: Grey, faintness: int | None) -> Stage:
    reason = "Cropped; negated, to be light on black." if found.negate else "Cropped; light on black already."
    if faintness is not None:
        reason = f"{reason[:-1]}; lifted, since its median of {faintness} hardly differs from black."
    return Stage("grey", reason, grey)


def _pixels(conversion: Conversion) -> Stage:
    if conversion.found is None:
        reason = "A single-channel picture of 28 x 28 is used as it is."
    elif conversion.grey is None:
        reason = "Nothing differs from the border, so all is background."
    else:
        reason = "Longest edge scaled to 28, sharpened if that shrank it, centred on black."
    return Stage("pixels", reason, conversion.pixels)
