"""Whatever people send, upright and in its colours, or an error that says what is wrong."""

import io
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inference.arrays import Picture
from inference.contract import InputContract, whole_pictures
from inference.convert import decoded_to_pixels
from inference.decode import REDUCED_EDGE, decode
from inference.errors import BrokenPicture, PictureTooLarge, UnknownFormat
from tests.coded_pictures import avif, avif_turned, heic
from tests.pictures import (
    bmp,
    cmyk_jpeg,
    encoded,
    garment_picture,
    gif,
    handmade_png,
    jpeg,
    os2_bmp,
    plain,
    png,
    png_bomb,
    png_chunk,
    stored_for,
    tiff,
    top_down_bmp,
    turned,
    webp,
)

PICTURE = garment_picture(height=80, width=120)
GREY_28 = np.arange(28 * 28, dtype=np.uint16).reshape(28, 28).astype(np.uint8)
MAX_PIXELS = 1_000_000
LOSSY = 5
"""Mean difference that lossy formats of these pictures stay below; any wrong turn makes it 40 or more."""


def decoded_picture(upload: bytes) -> Picture:
    return decode(upload, MAX_PIXELS).picture


def difference(one: Picture, other: Picture) -> float:
    """Mean over all samples."""
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize(
    "upload",
    [
        png(PICTURE),
        webp(PICTURE),
        bmp(PICTURE),
        os2_bmp(PICTURE),
        top_down_bmp(PICTURE),
        tiff(PICTURE),
        tiff(PICTURE, order=">"),
    ],
)
def test_lossless_formats_come_out_as_they_went_in(upload: bytes) -> None:
    assert np.array_equal(decoded_picture(upload), PICTURE)


def gif_of_an_unknown_background() -> bytes:
    """Its background colour is none of its palette of four."""
    file = io.BytesIO()
    Image.fromarray(PICTURE).quantize(4).save(file, "GIF")
    return file.getvalue()[:11] + b"\xc8" + file.getvalue()[12:]


@pytest.mark.parametrize(
    "upload",
    [jpeg(PICTURE), cmyk_jpeg(PICTURE), gif(PICTURE, PICTURE[::-1].copy()), gif_of_an_unknown_background()],
    ids=["JPEG", "CMYK JPEG", "first frame of a GIF", "GIF of an unknown background"],
)
def test_lossy_formats_keep_their_colours(upload: bytes) -> None:
    assert difference(decoded_picture(upload), PICTURE) < LOSSY


TURNED: dict[str, Callable[[Picture, int], bytes]] = {
    **{kind: partial(turned, kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF")},
    "HEIC": heic,
    "HEIC, tiles": partial(heic, tile_size=64),
    "AVIF": avif_turned,
}


@pytest.mark.parametrize("encode", [heic, avif])
@pytest.mark.parametrize("major", [b"mif1", b"mif2", b"miaf", b"msf1", b"MA1B", b"MiHB"])
def test_a_picture_under_a_brand_of_any_codec_is_read(encode: Callable[..., bytes], major: bytes) -> None:
    upload = encode(PICTURE)

    assert decoded_picture(upload[:8] + major + upload[12:]).tolist() == decoded_picture(upload).tolist()


@pytest.mark.parametrize("encode", [heic, avif])
def test_a_picture_whose_brands_name_no_codec_is_read_by_its_items(encode: Callable[..., bytes]) -> None:
    upload = encode(PICTURE)
    end = int.from_bytes(upload[:4], "big")
    unnamed = upload[:8] + b"mif1" + upload[12:16] + b"mif1" * ((end - 16) // 4) + upload[end:]

    assert decoded_picture(unnamed).tolist() == decoded_picture(upload).tolist()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", TURNED)
def test_a_photo_stands_upright(kind: str, orientation: int) -> None:
    upload = TURNED[kind](stored_for(PICTURE, orientation), orientation)

    assert difference(decoded_picture(upload), PICTURE) < LOSSY


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_jpeg_stands_upright(orientation: int) -> None:
    large = garment_picture(height=640, width=2 * REDUCED_EDGE)
    upload = turned("JPEG", stored_for(large, orientation), orientation)

    assert difference(decoded_picture(upload), large[::2, ::2]) < LOSSY


PALETTE = png_chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255]))
WHITE, RED, BLUE = [255] * 3, [255, 0, 0], [0, 0, 255]


SAMPLES = {
    "one pixel": (png(plain(1, 1, (1, 2, 3))), [[1, 2, 3]]),
    "grey JPEG": (jpeg(plain(1, 1, (9, 9, 9))[..., 0]), [[9, 9, 9]]),
    "half transparent": (png(np.array([[[10, 20, 30, 0], [1, 2, 3, 255]]], np.uint8)), [WHITE, [1, 2, 3]]),
    "an alpha of nothing is no alpha": (png(np.array([[[10, 20, 30, 0]]], np.uint8)), [[10, 20, 30]]),
    "a fifth opaque": (png(np.array([[[0, 100, 255, 51]]], np.uint8)), [[204, 224, 255]]),
    "transparent in 16 bits": (
        png(np.array([[[0, 0, 0, 0], [0, 0, 0, 65535]]], np.uint16)),
        [WHITE, [0] * 3],
    ),
    "grey with alpha": (handmade_png((2, 1), 8, 4, [bytes([0, 0, 0, 51])]), [WHITE, [204] * 3]),
    "transparent palette entry": (
        handmade_png((2, 1), 8, 3, [b"\0\1"], PALETTE, png_chunk(b"tRNS", b"\0")),
        [WHITE, BLUE],
    ),
    "palette of 1 bit": (handmade_png((2, 1), 1, 3, [b"\x40"], PALETTE), [RED, BLUE]),
    "16 bits are rounded": (png(np.array([[128, 129, 65535]], np.uint16)), [[0] * 3, [1] * 3, WHITE]),
    "TIFF of 16 bits": (tiff(np.full((1, 1), 32896, np.uint16)), [[128] * 3]),
}


@pytest.mark.parametrize(("upload", "expected"), SAMPLES.values(), ids=SAMPLES)
def test_samples_become_8_bits_of_rgb_over_white(upload: bytes, expected: list[list[int]]) -> None:
    assert decoded_picture(upload).tolist() == [expected]


def test_a_tiff_of_floats_is_refused_by_name() -> None:
    with pytest.raises(UnknownFormat, match="This TIFF has samples of 32 bits"):
        decode(tiff(np.ones((8, 8), np.float32)), MAX_PIXELS)


@pytest.mark.parametrize(
    "upload",
    [
        png(GREY_28),
        bmp(GREY_28),
        tiff(GREY_28),
        encoded(".tiff", GREY_28),
        png(GREY_28.astype(np.uint16) * 257),
        heic(GREY_28, quality=-1),
        avif(GREY_28),
    ],
)
def test_a_single_channel_28_by_28_picture_is_taken_as_it_is(upload: bytes) -> None:
    pixels = decode(upload, MAX_PIXELS).pixels

    assert pixels is not None
    assert np.array_equal(pixels, GREY_28)
    assert pixels.flags.c_contiguous


ROWS_28 = [row.tobytes() for row in GREY_28]
SIDEWAYS = png_chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0")


@pytest.mark.parametrize(
    ("upload", "expected"),
    [
        (
            handmade_png((28, 28), 8, 0, ROWS_28, png_chunk(b"tRNS", b"\0\x05")),
            np.where(GREY_28 == 5, 255, GREY_28),
        ),
        (handmade_png((28, 28), 8, 0, ROWS_28, SIDEWAYS), np.rot90(GREY_28, -1)),
        (
            handmade_png((28, 28), 8, 0, ROWS_28)[:-12] + SIDEWAYS + png_chunk(b"IEND", b""),
            np.rot90(GREY_28, -1),
        ),
    ],
    ids=["one grey is transparent", "turned", "turned, as is said at its end"],
)
def test_a_28_by_28_png_is_more_than_its_samples(upload: bytes, expected: NDArray[np.uint8] | None) -> None:
    pixels = decode(upload, MAX_PIXELS).pixels

    assert (None if pixels is None else pixels.tolist()) == (None if expected is None else expected.tolist())


DARK_ON_LIGHT = np.full((28, 28), 128, np.uint8)
DARK_ON_LIGHT[4:24, 9:19] = 20


def test_a_picture_of_28_by_28_is_negated_where_its_border_is_light_and_light_on_black_is_read() -> None:
    almost = np.where(DARK_ON_LIGHT == 128, 127, DARK_ON_LIGHT).astype(np.uint8)

    read = [decode(png(one), MAX_PIXELS).pixels for one in (DARK_ON_LIGHT, almost)]

    assert [None if one is None else one.tolist() for one in read] == [
        (255 - DARK_ON_LIGHT).tolist(),
        almost.tolist(),
    ]
    as_it_is = decode(png(DARK_ON_LIGHT), MAX_PIXELS, whole_pictures(28, 1)).pixels
    assert as_it_is is not None
    assert as_it_is.tolist() == DARK_ON_LIGHT.tolist()


GARMENT_28 = np.zeros((28, 28), np.uint8)
GARMENT_28[4:24, 9:19] = np.arange(200, dtype=np.uint8).reshape(20, 10) + 40


def saved(grey: NDArray[np.uint8], kind: str, mode: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).convert(mode).save(file, kind, **options)
    return file.getvalue()


def enlarged(factor: int) -> NDArray[np.uint8]:
    return GARMENT_28.repeat(factor, axis=0).repeat(factor, axis=1)


@pytest.mark.parametrize(
    "upload",
    [
        *(saved(GARMENT_28, "PNG", mode) for mode in ("L", "RGB", "RGBA", "P", "LA")),
        *(saved(GARMENT_28, kind, "L") for kind in ("GIF", "BMP", "TIFF")),
        *(saved(GARMENT_28, kind, "RGB") for kind in ("BMP", "TIFF")),
        saved(GARMENT_28, "WEBP", "RGB", lossless=True),
        *(saved(enlarged(factor), "PNG", mode) for factor in (2, 10) for mode in ("L", "RGB")),
        saved(enlarged(8), "GIF", "L"),
    ],
)
def test_a_picture_of_the_data_set_is_read_as_it_is_however_it_was_saved(upload: bytes) -> None:
    pixels = decode(upload, MAX_PIXELS).pixels

    assert pixels is not None
    assert pixels.tolist() == GARMENT_28.tolist()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_lossy_picture_of_the_data_set_in_colour_is_read_nearly_as_it_is(kind: str) -> None:
    pixels = decode(saved(GARMENT_28, kind, "RGB", quality=95), MAX_PIXELS).pixels

    assert pixels is not None
    assert np.abs(pixels.astype(int) - GARMENT_28).mean() < 4


COLOURED = np.stack([GARMENT_28, GARMENT_28, GARMENT_28 // 2], axis=2)
ICON = np.where(GARMENT_28 > 0, 200, 0).astype(np.uint8)


@pytest.mark.parametrize(
    "upload",
    [
        png(PICTURE[..., 0]),
        png(COLOURED[:, :27]),
        png(cv2.resize(GARMENT_28, (280, 280), interpolation=cv2.INTER_LINEAR)),
        png(cv2.resize(GARMENT_28, (70, 70), interpolation=cv2.INTER_NEAREST)),
        png(ICON.repeat(4, axis=0).repeat(4, axis=1)),
    ],
    ids=["wide", "narrow", "smoothed", "by two and a half", "of two levels"],
)
def test_any_other_picture_is_left_to_conversion(upload: bytes) -> None:
    assert decode(upload, MAX_PIXELS).pixels is None


FADING_28 = cv2.GaussianBlur(GARMENT_28, (3, 3), 0).astype(np.uint8)
"""Its edge is darker than its middle, as that of a garment on black is."""


def on_a_clear_ground(grey: NDArray[np.uint8], opacity: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.dstack([grey, grey, grey, opacity])).save(file, "PNG")
    return file.getvalue()


VISIBLE = np.where(FADING_28 > 0, 255, 0).astype(np.uint8)
WHITE_28 = np.full((28, 28), 255, np.uint8)
DARK_FADING = FADING_28 // 3


@pytest.mark.parametrize(
    ("upload", "expected"),
    [
        (png(COLOURED), cv2.cvtColor(COLOURED, cv2.COLOR_RGB2GRAY)),
        (png(255 - COLOURED), cv2.cvtColor(COLOURED, cv2.COLOR_RGB2GRAY)),
        (png(255 - GARMENT_28), GARMENT_28),
        (saved(255 - GARMENT_28, "BMP", "RGB"), GARMENT_28),
        (saved(255 - GARMENT_28, "GIF", "L"), GARMENT_28),
        (on_a_clear_ground(FADING_28, VISIBLE), FADING_28),
        (on_a_clear_ground(DARK_FADING, VISIBLE), DARK_FADING),
        (on_a_clear_ground(255 - FADING_28, VISIBLE), FADING_28),
        (on_a_clear_ground(255 - DARK_FADING, VISIBLE), DARK_FADING),
        (on_a_clear_ground(WHITE_28, FADING_28), FADING_28),
        (on_a_clear_ground(0 * WHITE_28, FADING_28), FADING_28),
        (png(np.dstack([COLOURED, WHITE_28])), cv2.cvtColor(COLOURED, cv2.COLOR_RGB2GRAY)),
    ],
    ids=[
        *("in colour", "in colour on white", "on white", "BMP on white", "GIF on white"),
        *("light on clear", "grey on clear", "dark on clear", "dark grey on clear"),
        *("white silhouette", "black silhouette", "opaque"),
    ],
)
def test_a_picture_of_exactly_28_by_28_is_read_as_light_on_black(
    upload: bytes, expected: NDArray[np.uint8]
) -> None:
    pixels = decode(upload, MAX_PIXELS).pixels

    assert pixels is not None
    assert np.abs(pixels.astype(int) - expected).max() <= 1  # of rounding


def test_more_pixels_than_allowed_are_refused_before_decoding() -> None:
    with pytest.raises(PictureTooLarge, match=r"has 7000 x 7000 = 49,000,000 pixels; at most 1,000,000"):
        decode(png_bomb(7000, 7000), MAX_PIXELS)
    with pytest.raises(PictureTooLarge, match=r"Scale it to about 1,000 pixels on its longest edge"):
        decode(png_bomb(60_000, 60_000), MAX_PIXELS)


def test_just_as_many_pixels_as_allowed_are_read() -> None:
    assert decode(png(plain(10, 10)), max_pixels=100).picture.shape == (10, 10, 3)


@pytest.mark.parametrize(("edge", "expected"), [(447, 447), (895, 895), (896, 448), (1792, 448), (3584, 448)])
def test_a_large_jpeg_is_decoded_no_larger_than_needed(edge: int, expected: int) -> None:
    assert decoded_picture(jpeg(plain(8, edge))).shape[1] == expected


NOISE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
UPLOADS = [encode(NOISE) for encode in (png, jpeg, webp, gif, bmp, tiff, heic, avif)]
UPLOADS.append(heic(NOISE, tile_size=64))


@pytest.mark.parametrize("upload", UPLOADS)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_picture_is_broken(upload: bytes, share: float) -> None:
    with pytest.raises(BrokenPicture, match="Send the whole file"):
        decode(upload[: int(len(upload) * share)], MAX_PIXELS)


@pytest.mark.parametrize("upload", UPLOADS)
def test_bytes_after_the_end_do_no_harm(upload: bytes) -> None:
    assert decoded_picture(upload + b"trailing").shape == NOISE.shape


def test_a_png_with_a_wrong_checksum_is_broken() -> None:
    upload = bytearray(png(NOISE))
    upload[len(upload) // 2] ^= 0xFF

    with pytest.raises(BrokenPicture, match="is truncated, damaged"):
        decode(bytes(upload), MAX_PIXELS)


@pytest.mark.parametrize(
    ("size", "shape", "box"),
    [
        ((20, 20), (64, 64), (0, 64, 0, 64)),
        ((300, 100), (64, 64), (0, 64, 21, 42)),
        ((9, 90), (40, 60), (17, 23, 0, 60)),
    ],
)
def test_a_whole_picture_keeps_its_aspect_and_colours_in_the_middle_of_black(
    size: tuple[int, int], shape: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    reads = InputContract(shape=shape, channels=3, polarity="none", framing="whole")

    pixels = decoded_to_pixels(decode(png(np.full((*size, 3), (0, 120, 250), np.uint8)), 10**6), reads)

    top, bottom, left, right = box
    assert pixels.shape == (*shape, 3)
    assert (pixels[top:bottom, left:right] == (0, 120, 250)).all()
    assert pixels.any(axis=2).sum() == (bottom - top) * (right - left)


def test_a_grey_input_takes_a_grey_picture_of_its_size_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    reads = whole_pictures(40, 1)

    as_grey_png, as_rgb_png = (decode(png(one), 10**6, reads) for one in (picture, np.dstack([picture] * 3)))

    assert np.array_equal(decoded_to_pixels(as_grey_png, reads), picture)
    assert np.array_equal(decoded_to_pixels(as_rgb_png, reads), picture)


def test_a_large_photo_keeps_two_samples_for_each_pixel_of_a_large_input() -> None:
    _, jpeg = cv2.imencode(".jpg", np.zeros((3000, 4000, 3), np.uint8))

    assert max(decode(jpeg.tobytes(), 10**8, whole_pictures(500, 3)).picture.shape) == 1000
