"""Whatever people send, upright and in its colours, or an error that says what is wrong."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inference.arrays import Picture
from inference.decode import REDUCED_EDGE, decode, prepare_opencv
from inference.errors import BrokenPicture, PictureTooLarge, UnknownFormat, UploadError
from tests.pictures import (
    bmp,
    cmyk_jpeg,
    encoded,
    garment_picture,
    gif,
    handmade_png,
    jpeg,
    jpeg_turned,
    os2_bmp,
    plain,
    png,
    png_bomb,
    png_chunk,
    png_turned,
    stored_for,
    tiff,
    top_down_bmp,
    webp,
    webp_turned,
)

PICTURE = garment_picture(height=40, width=60)
GREY_28 = np.arange(28 * 28, dtype=np.uint16).reshape(28, 28).astype(np.uint8)
ORIENTATIONS = range(1, 9)
MAX_PIXELS = 1_000_000
LOSSY = 5
"""Mean difference that a JPEG of these pictures stays below; any wrong turn of them makes it 40 or more."""


@pytest.fixture(autouse=True, scope="module")
def _quiet_opencv() -> None:
    prepare_opencv()


def decoded_picture(upload: bytes) -> Picture:
    return decode(upload, MAX_PIXELS).picture


def difference(one: Picture, other: Picture) -> float:
    """Mean over all samples."""
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize(
    "upload",
    [png(PICTURE), webp(PICTURE), bmp(PICTURE), os2_bmp(PICTURE), top_down_bmp(PICTURE), tiff(PICTURE)],
)
def test_lossless_formats_come_out_as_they_went_in(upload: bytes) -> None:
    assert np.array_equal(decoded_picture(upload), PICTURE)


def test_a_tiff_of_the_other_byte_order_comes_out_the_same() -> None:
    assert np.array_equal(decoded_picture(tiff(PICTURE, order=">")), PICTURE)


def test_a_jpeg_keeps_its_colours() -> None:
    assert difference(decoded_picture(jpeg(PICTURE)), PICTURE) < LOSSY


def test_a_grey_jpeg_gets_three_equal_channels() -> None:
    picture = decoded_picture(jpeg(PICTURE[..., 0]))

    assert np.array_equal(picture[..., 0], picture[..., 2])
    assert difference(picture[..., 0], PICTURE[..., 0]) < LOSSY


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    assert difference(decoded_picture(cmyk_jpeg(PICTURE)), PICTURE) < LOSSY


def test_an_animation_shows_its_first_frame() -> None:
    upload = gif(PICTURE, PICTURE[::-1].copy())

    assert difference(decoded_picture(upload), PICTURE) < LOSSY


def test_a_gif_whose_background_is_no_colour_of_its_palette_is_read() -> None:
    file = io.BytesIO()
    Image.fromarray(PICTURE).quantize(4).save(file, "GIF")
    upload = bytearray(file.getvalue())
    upload[11] = 200

    assert difference(decoded_picture(bytes(upload)), PICTURE) < LOSSY


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_jpeg_stands_upright(orientation: int) -> None:
    upload = jpeg_turned(jpeg(stored_for(PICTURE, orientation)), orientation)

    assert difference(decoded_picture(upload), PICTURE) < LOSSY


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_reduced_jpeg_stands_upright(orientation: int) -> None:
    large = garment_picture(height=640, width=2 * REDUCED_EDGE)
    upload = jpeg_turned(jpeg(stored_for(large, orientation)), orientation)

    assert difference(decode(upload, MAX_PIXELS).picture, large[::2, ::2]) < LOSSY


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_png_stands_upright(orientation: int) -> None:
    upload = png_turned(png(stored_for(PICTURE, orientation)), orientation)

    assert np.array_equal(decoded_picture(upload), PICTURE)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_webp_stands_upright(orientation: int) -> None:
    stored = stored_for(PICTURE, orientation)
    upload = webp_turned(webp(stored), orientation, width=stored.shape[1], height=stored.shape[0])

    assert np.array_equal(decoded_picture(upload), PICTURE)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_tiff_stands_upright(orientation: int) -> None:
    upload = tiff(stored_for(PICTURE, orientation), orientation)

    assert np.array_equal(decoded_picture(upload), PICTURE)


def test_an_exif_block_of_nonsense_leaves_the_picture_as_it_is() -> None:
    nonsense = png_chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff")
    upload = png(PICTURE)

    assert np.array_equal(decoded_picture(upload[:33] + nonsense + upload[33:]), PICTURE)


def test_what_is_transparent_is_white() -> None:
    see_through = np.dstack([plain(8, 8, (10, 20, 30)), np.zeros((8, 8), np.uint8)])

    assert np.array_equal(decoded_picture(png(see_through)), plain(8, 8))


def test_what_is_half_transparent_is_half_white() -> None:
    half = np.dstack([plain(8, 8, (0, 100, 255)), np.full((8, 8), 51, np.uint8)])

    assert np.array_equal(decoded_picture(png(half)), plain(8, 8, (204, 224, 255)))


def test_what_is_transparent_in_sixteen_bits_is_white() -> None:
    see_through = np.zeros((8, 8, 4), np.uint16)

    assert np.array_equal(decoded_picture(png(see_through)), plain(8, 8))


def test_a_transparent_entry_of_a_palette_is_white() -> None:
    palette = png_chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255]))
    first_is_transparent = png_chunk(b"tRNS", bytes([0]))
    upload = handmade_png((2, 1), 8, 3, [bytes([0, 1])], palette, first_is_transparent)

    assert decoded_picture(upload).tolist() == [[[255, 255, 255], [0, 0, 255]]]


def test_a_palette_of_two_colours_and_one_bit_is_read() -> None:
    palette = png_chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255]))
    upload = handmade_png((2, 1), 1, 3, [bytes([0b01000000])], palette)

    assert decoded_picture(upload).tolist() == [[[255, 0, 0], [0, 0, 255]]]


def test_grey_with_alpha_is_laid_over_white() -> None:
    upload = handmade_png((3, 1), 8, 4, [bytes([0, 0, 0, 255, 0, 51])])

    assert decoded_picture(upload).tolist() == [[[255] * 3, [0] * 3, [204] * 3]]


def test_sixteen_bits_become_eight_by_rounding() -> None:
    upload = png(np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16))

    assert decoded_picture(upload)[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]


def test_a_sixteen_bit_tiff_becomes_eight_bits() -> None:
    upload = tiff(np.full((8, 8), 32896, np.uint16))

    assert np.array_equal(decoded_picture(upload), plain(8, 8, (128, 128, 128)))


def test_a_tiff_of_floats_is_refused_by_name() -> None:
    with pytest.raises(UnknownFormat, match="This TIFF has samples of 32 bits"):
        decode(tiff(np.ones((8, 8), np.float32)), MAX_PIXELS)


@pytest.mark.parametrize("upload", [png(GREY_28), bmp(GREY_28), tiff(GREY_28), encoded(".tiff", GREY_28)])
def test_a_single_channel_28_by_28_picture_is_taken_as_it_is(upload: bytes) -> None:
    pixels = decode(upload, MAX_PIXELS).pixels

    assert pixels is not None
    assert np.array_equal(pixels, GREY_28)
    assert pixels.flags.c_contiguous


def test_a_single_channel_28_by_28_picture_of_sixteen_bits_is_taken_as_it_is() -> None:
    pixels = decode(png(GREY_28.astype(np.uint16) * 257), MAX_PIXELS).pixels

    assert pixels is not None
    assert np.array_equal(pixels, GREY_28)


@pytest.mark.parametrize("upload", [png(plain(28, 28)), png(PICTURE[..., 0]), jpeg(plain(28, 28))])
def test_any_other_picture_is_left_to_conversion(upload: bytes) -> None:
    assert decode(upload, MAX_PIXELS).pixels is None


def test_a_single_pixel_is_a_picture() -> None:
    assert decoded_picture(png(plain(1, 1, (1, 2, 3)))).tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize("size", [(10, 20_000), (20_000, 10)])
def test_a_ribbon_is_a_picture(size: tuple[int, int]) -> None:
    assert decoded_picture(png(plain(*size))).shape == (*size, 3)


def test_a_picture_of_many_rows_comes_out_whole() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1201, 700, 3), np.uint8)

    assert np.array_equal(decoded_picture(bmp(picture)), picture)


def test_more_pixels_than_allowed_are_refused_before_decoding() -> None:
    with pytest.raises(PictureTooLarge, match=r"60000 x 60000 = 3,600,000,000 pixels; at most 1,000,000"):
        decode(png_bomb(60_000, 60_000), MAX_PIXELS)


def test_just_as_many_pixels_as_allowed_are_read() -> None:
    assert decode(png(plain(10, 10)), max_pixels=100).picture.shape == (10, 10, 3)


@pytest.mark.parametrize(("edge", "expected"), [(447, 447), (895, 895), (896, 448), (1792, 448), (3584, 448)])
def test_a_large_jpeg_is_decoded_no_larger_than_needed(edge: int, expected: int) -> None:
    assert decoded_picture(jpeg(plain(8, edge))).shape[1] == expected


NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
UPLOADS = [png(NOISE), jpeg(NOISE), webp(NOISE), gif(NOISE), bmp(NOISE), tiff(NOISE)]


@pytest.mark.parametrize("upload", UPLOADS)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_picture_is_broken(upload: bytes, share: float) -> None:
    with pytest.raises(BrokenPicture, match="Send the whole file"):
        decode(upload[: int(len(upload) * share)], MAX_PIXELS)


@pytest.mark.parametrize("upload", UPLOADS[:3])
def test_a_missing_end_is_named(upload: bytes) -> None:
    with pytest.raises(
        BrokenPicture, match=rf"64 x 64 pixels ends too early, after {len(upload) - 20} bytes"
    ):
        decode(upload[:-20], MAX_PIXELS)


@pytest.mark.parametrize("upload", UPLOADS)
def test_bytes_after_the_end_do_no_harm(upload: bytes) -> None:
    assert decoded_picture(upload + b"trailing").shape == NOISE.shape


def test_a_chunk_that_claims_gigabytes_is_refused_before_memory_is_taken() -> None:
    claim = (0xFF002000).to_bytes(4, "big")
    upload = png(NOISE)
    start = upload.index(b"IDAT") - 4

    with pytest.raises(BrokenPicture, match="ends too early"):
        decode(upload[:start] + claim + upload[start + 4 :], MAX_PIXELS)


def test_a_png_with_a_wrong_checksum_is_broken() -> None:
    upload = bytearray(png(NOISE))
    upload[len(upload) // 2] ^= 0xFF

    with pytest.raises(BrokenPicture, match="is damaged"):
        decode(bytes(upload), MAX_PIXELS)


@settings(max_examples=150, deadline=None)
@given(
    upload=st.sampled_from([*UPLOADS, webp_turned(webp(NOISE), 6, 64, 64), jpeg_turned(jpeg(NOISE), 5)]),
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    share=st.floats(0.1, 1),
)
def test_no_damage_brings_the_decoder_down(
    upload: bytes, places: list[tuple[float, int]], share: float
) -> None:
    damaged = bytearray(upload)
    for place, value in places:
        damaged[int(place * len(damaged))] = value

    try:
        picture = decode(bytes(damaged[: int(len(damaged) * share)]), max_pixels=100_000).picture
    except UploadError:
        return

    assert picture.dtype == np.uint8
    assert picture.ndim == 3


def test_a_jpeg_of_more_scans_than_cameras_write_is_refused_before_it_takes_hours() -> None:
    progressive = encoded(".jpg", PICTURE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]

    decode(progressive, MAX_PIXELS)
    with pytest.raises(BrokenPicture, match="more than 32 scans"):
        decode(progressive[:-2] + scan * 32 + progressive[-2:], MAX_PIXELS)


def test_a_thumbnail_in_a_photos_metadata_is_no_scan_of_it() -> None:
    thumbnails = (jpeg(plain(8, 8)) * 33)[:60000]
    segment = b"\xff\xe1" + (len(thumbnails) + 2).to_bytes(2, "big") + thumbnails
    photo = jpeg(PICTURE)

    decoded = decode(photo[:2] + segment + photo[2:], MAX_PIXELS)

    assert decoded.picture.shape == PICTURE.shape


def test_segments_without_end_are_refused_as_well() -> None:
    photo = jpeg(PICTURE)
    scans = photo.index(b"\xff\xda")

    with pytest.raises(BrokenPicture):
        decode(photo[:scans] + b"\xff\xfe\0\2" * 9000 + photo[scans:], MAX_PIXELS)
