"""Releases that read whole pictures: of any size, in grey or colour."""

import cv2
import numpy as np
import pytest

from inference.contract import InputContract, whole_pictures
from inference.convert import decoded_to_pixels
from inference.decode import decode
from tests.uploads import png


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
    assert (pixels[top:bottom, left:right] == (250, 120, 0)).all()
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
