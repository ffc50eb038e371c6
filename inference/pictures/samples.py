"""Prepare a decoded picture of Pillow for the conversion: turn it upright, make it 8 bits, reduce it.

The process that decodes risky formats uses these functions as well, so this file imports Pillow alone: that
process starts faster, and has less memory to spare.
"""

import contextlib

from PIL import ExifTags, Image


def turn_upright(image: Image.Image) -> Image.Image:
    """Return a picture turned upright as its EXIF orientation says.

    Pillow's own `exif_transpose` would also write the EXIF block again, which takes seconds if it has 8 MB.
    """
    orientation = None
    with contextlib.suppress(Exception):  # a picture with damaged metadata is shown as it is stored
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    return apply_orientation(image, orientation or 1)


def apply_orientation(image: Image.Image, orientation: int) -> Image.Image:
    """Return a picture turned or mirrored as an EXIF orientation, 1..8, says (CIPA DC-008, section 4.6.4)."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

QUARTER_TURNS = frozenset({5, 6, 7, 8})
"""EXIF orientations of pictures that are stored on their side: width and height swap."""


def convert_to_8_bits(image: Image.Image) -> Image.Image:
    """Return a picture as grey, RGB or RGBA in 8 bits; 16 bits are rounded (65535 / 257 = 255)."""
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
    grey_or_rgb = "L" if image.mode in ("1", "L") else "RGB"
    mode = "RGBA" if image.has_transparency_data else grey_or_rgb
    return image if image.mode == mode else image.convert(mode)


def reduce_image(image: Image.Image, edge: int) -> Image.Image:
    """Return a picture reduced to a longest edge below twice `edge` pixels; pixels are means of squares."""
    factor = max(image.size) // edge
    return image.reduce(factor) if factor > 1 else image
