"""Uploads that ask for more work than their pixels need are refused, and sound ones are not.

tests/contract/service/test_hostile.py posts many more; here are those that a decoder alone would take.
"""

import io

import numpy as np
import pytest
from PIL import Image

from inference.decode import decode
from inference.errors import BrokenPicture
from tests.hostile.corpus import body_of
from tests.pictures import gif, handmade_png, jpeg

MAX_PIXELS = 50_000_000
NOISE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
MAIN = jpeg(NOISE)


@pytest.mark.timeout(120)
def test_a_megabyte_of_fill_bytes_is_passed_in_no_time() -> None:
    with pytest.raises(BrokenPicture, match="ends too early"):
        decode(MAIN[:-2] + b"\xff" * 1_000_000 + b"\0", MAX_PIXELS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("jpeg/9000-segments.jpg", "names no size"),
        ("png/iend-with-data-then-3-gb.png", "ends too early"),
        ("gif/80000-resets.gif", "resets its compression more often than its pixels need"),
        ("gif/reset-after-every-pixel.gif", "resets its compression more often"),
        ("gif/2000-comments.gif", "in more blocks than any encoder writes"),
    ],
)
def test_a_file_that_asks_for_unbounded_work_is_refused_before_decoding(name: str, words: str) -> None:
    with pytest.raises(BrokenPicture, match=words):
        decode(body_of(name), MAX_PIXELS)


def test_a_jpeg_of_more_segments_than_encoders_write_is_broken() -> None:
    upload = MAIN.replace(b"\xff\xda", b"\xff\xfe\0\2" * 9000 + b"\xff\xda", 1)

    with pytest.raises(BrokenPicture, match="more than 32 scans or 8192 segments"):
        decode(upload, MAX_PIXELS)


def test_a_png_with_a_few_bytes_too_many_is_read() -> None:
    assert decode(handmade_png((28, 28), 8, 0, [bytes(28)] * 60), MAX_PIXELS).pixels is not None


@pytest.mark.parametrize("size", [(28, 28), (1, 7), (9, 3), (2000, 1500)])
@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_holds_what_its_size_needs(size: tuple[int, int], mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, size).save(file, "PNG")

    assert decode(file.getvalue(), MAX_PIXELS).samples.shape[:2] == size[::-1]


@pytest.mark.parametrize("colours", [2, 4, 16, 256])
def test_a_gif_of_noise_resets_no_more_often_than_it_may(colours: int) -> None:
    samples = np.random.default_rng(0).integers(0, colours, (700, 700), np.uint8)
    file = io.BytesIO()
    picture = Image.fromarray(samples, "P")
    picture.putpalette(list(range(256)) * 3)
    picture.save(file, "GIF", optimize=False)

    assert decode(file.getvalue(), MAX_PIXELS).picture.shape == (700, 700, 3)


def test_only_the_first_frame_of_a_gif_is_looked_at() -> None:
    first, second = gif(NOISE), body_of("gif/80000-resets.gif").partition(b",")[2]

    assert decode(first[:-1] + b"," + second, MAX_PIXELS).picture.shape == NOISE.shape
