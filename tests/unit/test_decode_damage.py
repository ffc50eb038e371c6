"""Uploads that ask for more work than their pixels need are refused, and sound ones are not.

tests/contract/service/test_hostile.py posts many more; here are those whose refusal has words of its own.
"""

import io
import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inference.decode import MAX_PIXELS, decode, prepare_decoders
from inference.errors import BrokenPicture, PictureTooLarge
from inference.isolated_decoder import upright
from inference.opening import is_small, open_small
from tests.hostile.corpus import body_of
from tests.pictures import gif, handmade_png, jpeg, png

NOISE: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)


@pytest.fixture(autouse=True)
def prepared() -> None:
    prepare_decoders()


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("gif/resets-in-a-frame-of-65535x65535.gif", PictureTooLarge, "has more than 100,000,000 pixels"),
        ("gif/80000-resets.gif", BrokenPicture, "is truncated, damaged"),
        ("jpeg/150-scans-of-12-megapixels.jpg", BrokenPicture, r"has 1\d\d scans, which no camera writes"),
        ("png/32-texts-of-a-megabyte.png", BrokenPicture, "has a header that is truncated, damaged"),
        ("png/two-colour-profiles.png", BrokenPicture, "more than one colour profile"),
        ("tiff/tile-of-65520x65520.tif", PictureTooLarge, "is stored in tiles of 65520 x 65520"),
    ],
)
def test_a_file_that_asks_for_unbounded_work_is_refused(
    name: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        decode(body_of(name), MAX_PIXELS)


def test_a_video_behind_a_photo_does_no_harm() -> None:
    video = b"\xff\xda" * 60  # as many as four megabytes hold by chance

    assert decode(jpeg(NOISE) + video, MAX_PIXELS).picture.shape == NOISE.shape


def test_a_small_picture_of_very_many_scans_is_refused() -> None:
    scans = b"\xff\xda" * 20_000

    with pytest.raises(BrokenPicture, match="has 20001 scans, which no camera writes"):
        decode(jpeg(NOISE[:8, :8].copy()) + scans, MAX_PIXELS)


def test_a_png_with_a_few_bytes_too_many_is_read() -> None:
    assert decode(handmade_png((28, 28), 8, 0, [bytes(28)] * 60), MAX_PIXELS).pixels is not None


@pytest.mark.parametrize("size", [(28, 28), (1, 7), (9, 3), (1000, 750)])
@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_holds_what_its_size_needs(size: tuple[int, int], mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, size).save(file, "PNG")
    expected = (750 // 2, 1000 // 2) if size[0] == 1000 else size[::-1]

    assert decode(file.getvalue(), MAX_PIXELS).samples.shape[:2] == expected


def test_only_the_first_frame_of_a_gif_is_looked_at() -> None:
    first, second = gif(NOISE), body_of("gif/80000-resets.gif").partition(b",")[2]

    assert decode(first[:-1] + b"," + second, MAX_PIXELS).picture.shape == NOISE.shape


@pytest.mark.parametrize(
    ("upload", "small"),
    [
        (png(NOISE[:32, :32]), True),
        (jpeg(NOISE[:32, :32]), True),
        (png(NOISE[:32, :33]), False),
        (png(NOISE[:28, :28]) + bytes(16 * 1024), False),
        (gif(NOISE[:28, :28].copy()), False),
    ],
    ids=["PNG", "JPEG", "33 pixels wide", "more than 16 kB", "GIF"],
)
def test_only_a_png_or_jpeg_of_few_bytes_and_pixels_is_decoded_without_a_thread(
    upload: bytes, small: bool
) -> None:
    opened = open_small(upload, MAX_PIXELS)

    assert (opened is not None and is_small(upload, opened)) is small


SMALL_JPEG = jpeg(NOISE)


def before_the_picture(inserted: bytes) -> bytes:
    """A JPEG with something behind its first two bytes."""
    return SMALL_JPEG[:2] + inserted + SMALL_JPEG[2:]


def tiff_of_strips(count: int) -> bytes:
    """The header of a TIFF of `count` strips of one row, all of them at the same place."""
    size = struct.pack("<HHIIHHII", 256, 3, 1, 1, 257, 4, 1, count)
    entries = size + struct.pack("<HHII", 273, 4, count, 100) + struct.pack("<HHII", 278, 3, 1, 1)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 4) + entries + bytes(64) + bytes(4 * count)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (before_the_picture((b"\xff\xe1\0\x09Exif\0\0" + b"x") * 200), "100 pieces of EXIF"),
        (before_the_picture(b"\xff" * 100_000), "50,000 markers or fill bytes"),
        (before_the_picture(b"\xff\xe0\0\x02" * 60_000), "50,000 markers or fill bytes"),
        (before_the_picture(b"\xff\xfe\0\x04\xff\xda" + b"\xff" * 100_000), "50,000 markers or fill bytes"),
        (before_the_picture(b"\xff\xfe\0\x02" + bytes(100_000)), "50,000 markers or fill bytes"),
        (tiff_of_strips(60_000), "50,000 strips or tiles"),
    ],
    ids=["EXIF", "fill bytes", "empty segments", "a scan's mark in a comment", "strays", "strips"],
)
def test_a_header_that_takes_millions_of_steps_is_refused_before_the_first(upload: bytes, words: str) -> None:
    with pytest.raises(BrokenPicture, match=words):
        decode(upload, MAX_PIXELS)


def test_a_camera_s_segments_are_read() -> None:
    profile = b"\xff\xe2\xff\xff" + bytes(65_533)

    assert decode(before_the_picture(profile * 255), MAX_PIXELS).samples.shape == NOISE.shape


def test_exif_is_read_and_never_written_again() -> None:
    exif = Image.Exif()
    exif[274], exif[270] = 6, "x" * 1000
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, "PNG", exif=exif)
    stored = Image.open(io.BytesIO(file.getvalue()))
    stored.load()

    turned = upright(stored)

    assert turned.size == stored.size[::-1]
    assert turned.info["exif"] == stored.info["exif"]


@pytest.mark.parametrize("size", [(4, 4000), (7, 3600), (4000, 4)])
def test_a_jpeg_of_a_strip_is_read(size: tuple[int, int]) -> None:
    width, height = size
    strip = np.full((height, width, 3), 200, np.uint8)

    assert decode(jpeg(strip), MAX_PIXELS).samples.ndim == 3
