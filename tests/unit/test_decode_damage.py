"""Uploads that ask for more work than their pixels need are refused, and sound ones are not.

tests/contract/service/test_hostile.py posts many more; test_scan.py has what stands beside a picture.
"""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inference.errors import BrokenPicture
from inference.pictures.decode import MAX_PIXELS, decode_image, prepare_decoders
from inference.pictures.picture_opening import open_picture
from tests.hostile.corpus import body_of
from tests.pictures import gif, handmade_png, jpeg, png, png_chunk

NOISE: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)


@pytest.fixture(autouse=True)
def prepared() -> None:
    prepare_decoders()


def test_a_png_with_a_few_bytes_too_many_is_read() -> None:
    assert decode_image(handmade_png((28, 28), 8, 0, [bytes(28)] * 60), MAX_PIXELS).pixels is not None


def test_only_the_first_frame_of_a_gif_is_looked_at() -> None:
    first, second = gif(NOISE), body_of("gif/80000-resets.gif").partition(b",")[2]

    assert decode_image(first[:-1] + b"," + second, MAX_PIXELS).picture.shape == NOISE.shape


@pytest.mark.parametrize(
    ("upload", "lane"),
    [
        (png(NOISE[:28, :28, 0]), "bare"),
        (png(NOISE[:28, :28, 0]) + bytes(16 * 1024), "bare"),
        (png(NOISE[:28, :27, 0]), "light"),
        (png(NOISE[:32, :32]), "light"),
        (jpeg(NOISE[:32, :32]), "light"),
        (png(NOISE[:32, :33]), "heavy"),
        (handmade_png((28, 28), 8, 0, [bytes(28)] * 28, png_chunk(b"tEXt", bytes(16 * 1024))), "bare"),
        (gif(NOISE[:28, :28].copy()), "isolated"),
    ],
    ids=["own input", "trailer", "27 wide", "PNG", "JPEG", "33 wide", "text of 16 kB", "GIF"],
)
def test_the_lane_of_a_picture_follows_from_its_format_bytes_and_pixels(upload: bytes, lane: str) -> None:
    assert open_picture(upload, MAX_PIXELS).lane == lane


@pytest.mark.parametrize("size", [(4, 4000), (7, 3600), (4000, 4)])
def test_a_jpeg_of_a_strip_is_read(size: tuple[int, int]) -> None:
    width, height = size
    strip = np.full((height, width, 3), 200, np.uint8)

    assert decode_image(jpeg(strip), MAX_PIXELS).samples.ndim == 3


SAVED = [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}]


def saved(options: dict[str, int]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize(("options", "missing"), [({}, 2), *((options, 1) for options in SAVED)])
def test_a_jpeg_that_lacks_its_end_alone_is_read(options: dict[str, int], missing: int) -> None:
    whole = saved(options)

    decoded = decode_image(whole[:-missing], MAX_PIXELS).picture

    assert np.array_equal(decoded, decode_image(whole, MAX_PIXELS).picture)


@pytest.mark.parametrize("missing", [30, 2_000])
def test_a_jpeg_that_lacks_samples_is_broken(missing: int) -> None:
    with pytest.raises(BrokenPicture, match="is truncated"):
        decode_image(jpeg(NOISE)[:-missing], MAX_PIXELS)


FILM = b"\0\0\0\x18ftypmp42" + np.random.default_rng(5).bytes(200_000)


@pytest.mark.parametrize(
    "behind",
    [
        FILM,
        FILM.replace(b"\xff\xd9", b"ab"),
        b"\xff\xda\x00\x08\x09" + FILM,
        b"\xff\xc4\x00\x10" + FILM,
        b"\xff\xc0\x00\x11" + FILM,
        b"\xff\xe5\x00\x10" + FILM,
        b"\xff\x01\xff\x4f" * 1000,
        b"\xff\xd0" * 100 + b"\xff\xf0\x00\x00",
        png(NOISE),
        jpeg(NOISE[:32]),
    ],
)
def test_a_jpeg_without_its_end_is_whole_whatever_stands_behind_it(behind: bytes) -> None:
    whole = saved({"progressive": True})
    expected = decode_image(whole, MAX_PIXELS).samples

    assert np.array_equal(decode_image(whole[:-2] + behind, MAX_PIXELS).samples, expected)


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_that_lacks_samples_in_front_of_a_film_is_broken(options: dict[str, int]) -> None:
    with pytest.raises(BrokenPicture):
        decode_image(saved(options)[:-900] + FILM.replace(b"\xff\xd9", b"ab"), MAX_PIXELS)
