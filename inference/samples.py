"""Convert a picture of Pillow into samples: turn it upright, convert it to 8 bits, reduce it.

decode.py uses this in the worker, and isolated_decoder.py in a separate process. Imports Pillow alone.
"""

import contextlib

from PIL import ExifTags, Image


def turn_upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation, but do not write the EXIF block again: writing 8 MB takes seconds."""
    orientation = None
    with contextlib.suppress(Exception):  # metadata that cannot be read turn nothing
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    return apply_orientation(image, orientation or 1)


def apply_orientation(image: Image.Image, orientation: int) -> Image.Image:
    """Turn a picture as the orientation of EXIF says (CIPA DC-008, section 4.6.4)."""
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


def convert_to_8_bits(image: Image.Image) -> Image.Image:
    """Convert to grey, RGB or RGBA in 8 bits. 16 bits are rounded to nearest (65535 / 257 = 255)."""
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
    grey_or_rgb = "L" if image.mode in ("1", "L") else "RGB"
    mode = "RGBA" if image.has_transparency_data else grey_or_rgb
    return image if image.mode == mode else image.convert(mode)


def reduce_image(image: Image.Image, edge: int) -> Image.Image:
    """Reduce a picture to the means of squares, if its longest edge is at least twice `edge`."""
    factor = max(image.size) // edge
    return image.reduce(factor) if factor > 1 else image
