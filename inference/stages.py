"""The steps from an upload to pixels, to be looked at: one picture and one sentence each.

Reads what convert.py's one path has left behind; nothing is drawn unless somebody asks here. Drawing them
into a file: scripts/stages_plot.py.
"""

from dataclasses import dataclass

import numpy as np

from inference.arrays import Grey, Picture
from inference.contract import Imaging
from inference.convert import Conversion, convert
from inference.decode import Decoded
from inference.foreground import Found

_DIMMED = 0.25
"""What is left of the background where the garment is shown."""


@dataclass(frozen=True)
class Stage:
    """One step.

    Attributes:
        name: a word or two.
        reason: one sentence on what was decided, and why.
        image: uint8, (H, W, 3) RGB or (H, W) grey; of the last one the pixels.
    """

    name: str
    reason: str
    image: Picture | Grey


def stages(decoded: Decoded, imaging: Imaging) -> tuple[Stage, ...]:
    """Every step that an upload went; the last one's image is what `decoded_to_pixels` gives.

    Args:
        decoded: from decode.py.
        imaging: the parameters that the model was made with.
    """
    conversion = convert(decoded, imaging)
    steps = [_picture(decoded.picture, conversion.picture)]
    if conversion.found is not None:
        steps.append(_garment(conversion.picture, conversion.found))
        if conversion.grey is not None:
            steps.append(_grey(conversion.found, conversion.grey, conversion.faintness))
    return (*steps, _pixels(conversion))


def _picture(decoded: Picture, looked_at: Picture) -> Stage:
    (height, width), (lower, narrower) = decoded.shape[:2], looked_at.shape[:2]
    reason = f"Upright, {width} x {height}, transparency laid over white."
    if (lower, narrower) != (height, width):
        reason = f"Upright; of {width} x {height}, {narrower} x {lower} are enough."
    return Stage("picture", reason, looked_at)


def _garment(picture: Picture, found: Found) -> Stage:
    weights = _DIMMED + (1 - _DIMMED) * found.mask[..., None].astype(np.float32) / 255
    return Stage("garment", found.why, np.round(picture * weights).astype(np.uint8))


def _grey(found: Found, grey: Grey, faintness: int | None) -> Stage:
    reason = "Cropped; negated, to be light on black." if found.negate else "Cropped; light on black already."
    if faintness is not None:
        reason = f"{reason[:-1]}; lifted, since its median of {faintness} hardly stands out from black."
    return Stage("grey", reason, grey)


def _pixels(conversion: Conversion) -> Stage:
    if conversion.found is None:
        reason = "A single-channel picture of 28 x 28, so taken as it is."
    elif conversion.grey is None:
        reason = "Nothing stands out from the border, so all is background."
    else:
        reason = "Longest edge scaled to 28, sharpened if that shrank it, centred on black."
    return Stage("pixels", reason, conversion.pixels)
