"""A picture of the data set is read as it is, in whatever format, mode and size it was saved."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inference.arrays import Pixels
from inference.contract import GREY_28, InputContract, make_whole_picture_input
from inference.pictures.convert import convert_to_pixels
from inference.pictures.decode import decode_image
from tests.coded_pictures import avif, heic
from tests.pictures import bmp, encoded, garment_picture, handmade_png, png, png_chunk, tiff

COUNTED = np.arange(28 * 28, dtype=np.uint16).reshape(28, 28).astype(np.uint8)
GARMENT = np.zeros((28, 28), np.uint8)
GARMENT[4:24, 9:19] = np.arange(200, dtype=np.uint8).reshape(20, 10) + 40

ROWS = [row.tobytes() for row in COUNTED]
SIDEWAYS = png_chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0")


def pixels_of(upload: bytes, contract: InputContract = GREY_28) -> Pixels | None:
    """What the model reads of an upload as it is; None for what is converted."""
    return decode_image(upload, 1_000_000, contract).pixels


def saved(grey: NDArray[np.uint8], kind: str, modes: str, **options: object) -> list[bytes]:
    """The picture in each of some modes."""
    files = []
    for mode in modes.split():
        file = io.BytesIO()
        Image.fromarray(grey).convert(mode).save(file, kind, **options)
        files.append(file.getvalue())
    return files


def enlarged(grey: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    return grey.repeat(factor, axis=0).repeat(factor, axis=1)


AS_COUNTED = [
    *(png(COUNTED), png(COUNTED.astype(np.uint16) * 257), bmp(COUNTED), tiff(COUNTED)),
    *(encoded(".tiff", COUNTED), heic(COUNTED, quality=-1), avif(COUNTED)),
]
AS_GARMENT = [
    *saved(GARMENT, "PNG", "L RGB RGBA P LA"),
    *saved(GARMENT, "GIF", "L"),
    *saved(GARMENT, "BMP", "L RGB"),
    *saved(GARMENT, "TIFF", "L RGB"),
    *saved(GARMENT, "WEBP", "RGB", lossless=True),
    *saved(enlarged(GARMENT, 2), "PNG", "L RGB"),
    *saved(enlarged(GARMENT, 10), "PNG", "L RGB"),
    *saved(enlarged(GARMENT, 8), "GIF", "L"),
]
TRANSPARENT = handmade_png((28, 28), 8, 0, ROWS, png_chunk(b"tRNS", b"\0\x05"))
TURNED = [
    handmade_png((28, 28), 8, 0, ROWS, SIDEWAYS),
    handmade_png((28, 28), 8, 0, ROWS)[:-12] + SIDEWAYS + png_chunk(b"IEND", b""),
]


@pytest.mark.parametrize(
    ("uploads", "expected"),
    [
        pytest.param(AS_COUNTED, COUNTED, id="a single channel"),
        pytest.param(AS_GARMENT, GARMENT, id="a garment in any mode and size"),
        pytest.param([TRANSPARENT], np.where(COUNTED == 5, 255, COUNTED), id="one grey is transparent"),
        pytest.param(TURNED, np.rot90(COUNTED, -1), id="turned, as its beginning or its end says"),
    ],
)
def test_a_picture_of_the_data_set_is_read_as_it_is_however_it_was_saved(
    uploads: Sequence[bytes], expected: NDArray[np.uint8]
) -> None:
    read = [pixels_of(upload) for upload in uploads]

    assert [
        number for number, one in enumerate(read) if one is None or not np.array_equal(one, expected)
    ] == []
    assert all(one is not None and one.flags.c_contiguous for one in read)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_lossy_picture_of_the_data_set_in_colour_is_read_nearly_as_it_is(kind: str) -> None:
    [upload] = saved(GARMENT, kind, "RGB", quality=95)

    pixels = pixels_of(upload)

    assert pixels is not None
    assert np.abs(pixels.astype(int) - GARMENT).mean() < 4


DARK_ON_LIGHT = np.full((28, 28), 128, np.uint8)
DARK_ON_LIGHT[4:24, 9:19] = 20


def test_a_picture_of_28_by_28_is_negated_where_its_border_is_light_and_light_on_black_is_read() -> None:
    almost = np.where(DARK_ON_LIGHT == 128, 127, DARK_ON_LIGHT).astype(np.uint8)

    light, dark = pixels_of(png(DARK_ON_LIGHT)), pixels_of(png(almost))
    as_it_is = pixels_of(png(DARK_ON_LIGHT), make_whole_picture_input(28, 1))

    for pixels, expected in ((light, 255 - DARK_ON_LIGHT), (dark, almost), (as_it_is, DARK_ON_LIGHT)):
        assert pixels is not None
        assert np.array_equal(pixels, expected)


FADING = cv2.GaussianBlur(GARMENT, (3, 3), 0).astype(np.uint8)
"""Its edge is darker than its middle, as that of a garment on black is."""

DARK_FADING = FADING // 3
VISIBLE = np.where(FADING > 0, 255, 0).astype(np.uint8)
WHITE = np.full((28, 28), 255, np.uint8)
COLOURED = np.stack([GARMENT, GARMENT, GARMENT // 2], axis=2)
GREYED = cv2.cvtColor(COLOURED, cv2.COLOR_RGB2GRAY)


def on_a_clear_ground(grey: NDArray[np.uint8], opacity: NDArray[np.uint8] = VISIBLE) -> bytes:
    return png(np.dstack([grey, grey, grey, opacity]))


LIGHT_ON_BLACK = {
    "in colour": (png(COLOURED), GREYED),
    "in colour on white": (png(255 - COLOURED), GREYED),
    "opaque": (png(np.dstack([COLOURED, WHITE])), GREYED),
    "on white": (png(255 - GARMENT), GARMENT),
    "BMP on white": (saved(255 - GARMENT, "BMP", "RGB")[0], GARMENT),
    "GIF on white": (saved(255 - GARMENT, "GIF", "L")[0], GARMENT),
    "dark on clear": (on_a_clear_ground(255 - FADING), FADING),
    "dark grey on clear": (on_a_clear_ground(255 - DARK_FADING), DARK_FADING),
    "black silhouette": (on_a_clear_ground(0 * WHITE, FADING), FADING),
}


@pytest.mark.parametrize(("upload", "expected"), LIGHT_ON_BLACK.values(), ids=LIGHT_ON_BLACK)
def test_a_picture_of_exactly_28_by_28_is_read_as_light_on_black(
    upload: bytes, expected: NDArray[np.uint8]
) -> None:
    pixels = pixels_of(upload)

    assert pixels is not None
    assert np.abs(pixels.astype(int) - expected).max() <= 1  # of rounding


OTHERS = {
    "wide": garment_picture(height=80, width=120)[..., 0],
    "narrow": COLOURED[:, :27],
    "smoothed": cv2.resize(GARMENT, (280, 280), interpolation=cv2.INTER_LINEAR),
    "by two and a half": cv2.resize(GARMENT, (70, 70), interpolation=cv2.INTER_NEAREST),
    "of two levels": enlarged(np.where(GARMENT > 0, 200, 0).astype(np.uint8), 4),
}


@pytest.mark.parametrize("picture", OTHERS.values(), ids=OTHERS)
def test_any_other_picture_is_left_to_conversion(picture: NDArray[np.uint8]) -> None:
    assert pixels_of(png(picture)) is None


def test_a_grey_input_takes_a_grey_picture_of_its_size_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    reads = make_whole_picture_input(40, 1)

    as_grey_png, as_rgb_png = (
        decode_image(png(one), 10**6, reads) for one in (picture, np.dstack([picture] * 3))
    )

    assert np.array_equal(convert_to_pixels(as_grey_png, reads), picture)
    assert np.array_equal(convert_to_pixels(as_rgb_png, reads), picture)
