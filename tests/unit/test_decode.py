"""Whatever people send, upright and in its colours, or an error that says what is wrong."""

import io
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inference.arrays import Picture
from inference.contract import InputContract, make_whole_picture_input
from inference.errors import BrokenPicture, PictureTooLarge, UnknownPictureFormat
from inference.pictures.convert import convert_to_pixels
from inference.pictures.decode import REDUCED_EDGE, decode_image
from inference.pictures.picture_opening import open_picture
from inference.pictures.signatures import find_picture_format
from tests.coded_pictures import avif, avif_turned, heic
from tests.pictures import (
    bmp,
    cmyk_jpeg,
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
    webp_lossy,
)

PICTURE = garment_picture(height=80, width=120)
NOISE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
MAX_PIXELS = 1_000_000
LOSSY, FINE = 5, 2
"""Mean difference that lossy formats of the picture stay below; any wrong turn makes it 40 or more."""


def decoded_picture(upload: bytes) -> Picture:
    return decode_image(upload, MAX_PIXELS).picture


def difference(one: Picture, other: Picture) -> float:
    """Mean over all samples."""
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other).mean())


def gif_of_an_unknown_background(picture: Picture) -> bytes:
    """Its background colour is none of its palette of four."""
    file = io.BytesIO()
    Image.fromarray(picture).quantize(4).save(file, "GIF")
    return file.getvalue()[:11] + b"\xc8" + file.getvalue()[12:]


def opaque_heic(picture: Picture) -> bytes:
    return heic(np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]))


def wide(largest: int) -> Callable[[Picture], NDArray[np.uint16]]:
    """A picture in samples of 10, 12 or 16 bits."""
    return lambda picture: (picture.astype(np.uint32) * largest // 255).astype(np.uint16)


FORMATS: dict[str, tuple[Callable[[Picture], bytes], float]] = {
    "PNG": (png, 0),
    "JPEG": (jpeg, LOSSY),
    "JPEG, CMYK": (cmyk_jpeg, LOSSY),
    "WebP": (webp, 0),
    "WebP, lossy": (webp_lossy, LOSSY),
    "GIF": (gif, LOSSY),
    "GIF, animated": (lambda picture: gif(picture, picture[::-1].copy()), LOSSY),
    "GIF, unknown background": (gif_of_an_unknown_background, LOSSY),
    "BMP": (bmp, 0),
    "BMP, OS/2": (os2_bmp, 0),
    "BMP, top down": (top_down_bmp, 0),
    "TIFF": (tiff, 0),
    "TIFF, other order": (partial(tiff, order=">"), 0),
    "HEIC": (heic, FINE),
    "HEIC, 4:2:0": (partial(heic, chroma=420), FINE),
    "HEIC, lossless": (partial(heic, quality=-1), FINE),
    "HEIC, opaque": (opaque_heic, FINE),
    "HEIC, tiles": (partial(heic, tile_size=64), FINE),
    "HEIC, 10 bits": (lambda picture: heic(wide(65535)(picture)), FINE),
    "HEIC, 10 bits, tiles": (lambda picture: heic(wide(65535)(picture), tile_size=64), FINE),
    "AVIF": (avif, FINE),
    "AVIF, 4:4:4": (lambda picture: avif_turned(picture, 1), FINE),
    "AVIF, 10 bits": (lambda picture: avif(wide(1023)(picture), 10), FINE),
    "AVIF, 12 bits": (lambda picture: avif(wide(4095)(picture), 12), FINE),
}
"""How each format is written, and how far from the picture it may come out."""

WHOLE = [name for name in FORMATS if "," not in name] + ["WebP, lossy", "HEIC, tiles"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_picture_of_every_format_is_named_and_keeps_its_colours(name: str) -> None:
    encode, most = FORMATS[name]
    upload = encode(PICTURE)

    opened = open_picture(upload, MAX_PIXELS)

    assert opened.format == name.partition(",")[0]
    assert opened.lane == "isolated" or opened.size == (120, 80)
    assert difference(decoded_picture(upload), PICTURE) <= most


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_picture_is_broken(name: str, share: float) -> None:
    upload = FORMATS[name][0](NOISE)

    with pytest.raises(BrokenPicture, match="Send the whole file"):
        decode_image(upload[: int(len(upload) * share)], MAX_PIXELS)


@pytest.mark.parametrize("name", WHOLE)
def test_bytes_after_the_end_do_no_harm(name: str) -> None:
    assert decoded_picture(FORMATS[name][0](NOISE) + b"trailing").shape == NOISE.shape


@pytest.mark.parametrize("name", ["HEIC", "HEIC, tiles", "AVIF"])
def test_a_missing_end_is_broken(name: str) -> None:
    with pytest.raises(BrokenPicture, match="is truncated"):
        decode_image(FORMATS[name][0](NOISE)[:-20], MAX_PIXELS)


def test_a_png_with_a_wrong_checksum_is_broken() -> None:
    upload = bytearray(png(NOISE))
    upload[len(upload) // 2] ^= 0xFF

    with pytest.raises(BrokenPicture, match="is truncated, damaged"):
        decode_image(bytes(upload), MAX_PIXELS)


@pytest.mark.parametrize(("name", "encode"), [("HEIC", heic), ("AVIF", avif)])
@pytest.mark.parametrize("major", [b"mif1", b"mif2", b"miaf", b"msf1", b"MA1B", b"MiHB"])
def test_a_picture_under_a_brand_of_any_codec_is_read(
    name: str, encode: Callable[..., bytes], major: bytes
) -> None:
    upload = encode(PICTURE)
    branded = upload[:8] + major + upload[12:]

    assert find_picture_format(branded) == name
    assert decoded_picture(branded).tolist() == decoded_picture(upload).tolist()


@pytest.mark.parametrize("encode", [heic, avif])
def test_a_picture_whose_brands_name_no_codec_is_read_by_its_items(encode: Callable[..., bytes]) -> None:
    upload = encode(PICTURE)
    end = int.from_bytes(upload[:4], "big")
    unnamed = upload[:8] + b"mif1" + upload[12:16] + b"mif1" * ((end - 16) // 4) + upload[end:]

    assert decoded_picture(unnamed).tolist() == decoded_picture(upload).tolist()


TURNED: dict[str, Callable[[Picture, int], bytes]] = {
    **{kind: partial(turned, kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF")},
    "HEIC": heic,
    "HEIC, tiles": partial(heic, tile_size=64),
    "AVIF": avif_turned,
}


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


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", TURNED)
def test_a_photo_has_the_size_of_its_upright_picture(kind: str, orientation: int) -> None:
    decoded = decode_image(TURNED[kind](stored_for(PICTURE, orientation), orientation), MAX_PIXELS)

    assert (decoded.width, decoded.height) == (120, 80)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WebP", "WebP, lossy", "GIF", "BMP", "TIFF", "HEIC", "AVIF"])
def test_a_large_photo_keeps_its_size_when_it_is_reduced(name: str) -> None:
    encode, _ = FORMATS[name]
    large = plain(2 * REDUCED_EDGE, 3 * REDUCED_EDGE)

    decoded = decode_image(encode(large), 10**7)

    assert max(decoded.samples.shape) < 2 * REDUCED_EDGE
    assert (decoded.width, decoded.height) == (3 * REDUCED_EDGE, 2 * REDUCED_EDGE)


def test_a_jpeg_without_its_end_keeps_its_size() -> None:
    decoded = decode_image(turned("JPEG", plain(4000, 600), 6)[:-2], 10**7)

    assert (decoded.width, decoded.height) == (4000, 600)


def test_a_picture_of_the_data_set_that_was_enlarged_has_the_size_of_its_upload() -> None:
    picture = np.random.default_rng(0).integers(0, 100, (28, 28), np.uint8)
    picture[0] = picture[-1] = picture[:, 0] = picture[:, -1] = 0

    decoded = decode_image(png(picture.repeat(10, axis=0).repeat(10, axis=1)), MAX_PIXELS)

    assert decoded.pixels is not None
    assert (decoded.width, decoded.height) == (280, 280)


def test_the_boxes_say_how_a_photo_is_turned_and_exif_does_not() -> None:
    upload = heic(stored_for(PICTURE, 6), 6).replace(b"irot", b"free")

    assert difference(decoded_picture(upload), stored_for(PICTURE, 6)) < FINE


@pytest.mark.parametrize("size", [(1, 1), (61, 93), (33, 120), (79, 7)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_photo_of_any_size_is_cropped_to_it(size: tuple[int, int], orientation: int) -> None:
    picture = np.ascontiguousarray(PICTURE[: size[0], : size[1]])
    upload = heic(stored_for(picture, orientation), orientation)

    assert b"clap" in upload
    assert difference(decoded_picture(upload), picture) < 2 * FINE


def test_a_grey_photo_of_10_bits_is_no_darker() -> None:
    grey = PICTURE[..., 0].astype(np.uint16) * 257

    assert difference(decoded_picture(heic(grey)), np.dstack([PICTURE[..., 0]] * 3)) < FINE


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
    with pytest.raises(UnknownPictureFormat, match="This TIFF has samples of 32 bits"):
        decode_image(tiff(np.ones((8, 8), np.float32)), MAX_PIXELS)


def test_more_pixels_than_allowed_are_refused_before_decoding() -> None:
    with pytest.raises(PictureTooLarge, match=r"has 7000 x 7000 = 49,000,000 pixels; at most 1,000,000"):
        decode_image(png_bomb(7000, 7000), MAX_PIXELS)
    with pytest.raises(PictureTooLarge, match=r"Scale it to about 1,000 pixels on its longest edge"):
        decode_image(png_bomb(60_000, 60_000), MAX_PIXELS)


def test_just_as_many_pixels_as_allowed_are_read() -> None:
    assert decode_image(png(plain(10, 10)), max_pixels=100).picture.shape == (10, 10, 3)


@pytest.mark.parametrize(("edge", "expected"), [(447, 447), (895, 895), (896, 448), (1792, 448), (3584, 448)])
def test_a_large_jpeg_is_decoded_no_larger_than_needed(edge: int, expected: int) -> None:
    assert decoded_picture(jpeg(plain(8, edge))).shape[1] == expected


def test_a_large_photo_keeps_two_samples_for_each_pixel_of_a_large_input() -> None:
    photo = jpeg(plain(3000, 4000))

    assert max(decode_image(photo, 10**8, make_whole_picture_input(500, 3)).picture.shape) == 1000


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

    pixels = convert_to_pixels(decode_image(png(np.full((*size, 3), (0, 120, 250), np.uint8)), 10**6), reads)

    top, bottom, left, right = box
    assert pixels.shape == (*shape, 3)
    assert (pixels[top:bottom, left:right] == (0, 120, 250)).all()
    assert pixels.any(axis=2).sum() == (bottom - top) * (right - left)
