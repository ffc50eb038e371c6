"""Pictures on a plain background become what Fashion-MNIST looks like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inference.arrays import Picture
from inference.contract import Imaging
from inference.convert import as_grey, decoded_to_pixels
from inference.decode import Decoded
from tests.drawn_garments import picture_to_pixels
from tests.pictures import plain

IMAGING = Imaging()
BLACK = (0, 0, 0)


def with_block(background: tuple[int, int, int], block: tuple[int, int, int]) -> Picture:
    """A block of 140 x 70 in a picture of 300 x 400, off the middle."""
    picture = plain(300, 400, background)
    picture[100:240, 20:90] = block
    return picture


def test_pixels_that_came_as_pixels_are_not_touched() -> None:
    pixels = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)

    assert decoded_to_pixels(Decoded(pixels), IMAGING) is pixels


def test_a_dark_garment_on_white_becomes_light_on_black() -> None:
    pixels = picture_to_pixels(with_block((255, 255, 255), (20, 20, 20)), IMAGING)

    assert pixels[:, 7:21].min() == 235
    assert pixels[:, :7].max() == 0
    assert pixels[:, 21:].max() == 0


def test_a_light_garment_on_black_is_not_negated() -> None:
    pixels = picture_to_pixels(with_block(BLACK, (200, 200, 200)), IMAGING)

    assert pixels[14, 14] == 200
    assert pixels[0, 0] == 0


def test_a_background_that_is_not_quite_white_becomes_exactly_black() -> None:
    noise = np.random.default_rng(0).integers(-8, 9, (300, 400, 3))
    picture = (with_block((240, 240, 240), (90, 20, 20)) + noise).astype(np.uint8)

    pixels = picture_to_pixels(picture, IMAGING)

    assert pixels[:, :7].max() == 0
    assert pixels[:, 21:].max() == 0


def test_margins_around_the_garment_change_nothing() -> None:
    tight = np.full((140, 70, 3), 90, np.uint8)
    roomy = with_block((255, 255, 255), (90, 90, 90))
    tight_on_white = np.pad(tight, ((1, 1), (1, 1), (0, 0)), constant_values=255)

    assert np.array_equal(picture_to_pixels(roomy, IMAGING), picture_to_pixels(tight_on_white, IMAGING))


def test_grey_weighs_the_colours_as_the_eye_does() -> None:
    picture = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)

    grey = as_grey(picture)

    assert grey.tolist() == [[76, 150, 29]]


def test_a_picture_of_the_data_set_saved_in_colour_comes_back_as_it_was() -> None:
    original = np.zeros((28, 28), np.uint8)
    original[3:26, 5:20] = np.random.default_rng(0).integers(40, 256, (23, 15))

    assert np.array_equal(picture_to_pixels(np.dstack([original] * 3), IMAGING), original)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (28, 28), (300, 200), (10, 20_000)])
def test_a_blank_picture_is_black(size: tuple[int, int]) -> None:
    assert not picture_to_pixels(plain(*size, (120, 200, 30)), IMAGING).any()


@settings(max_examples=100, deadline=None)
@given(
    picture=arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70), st.just(3)), fill=st.just(np.uint8(255))
    )
)
def test_every_picture_becomes_pixels_and_always_the_same(picture: Picture) -> None:
    pixels = picture_to_pixels(picture, IMAGING)

    assert pixels.shape == (28, 28)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert np.array_equal(picture_to_pixels(picture.copy(), IMAGING), pixels)


@settings(max_examples=100, deadline=None)
@given(
    background=st.tuples(*[st.integers(0, 255)] * 3),
    garment=st.tuples(*[st.integers(0, 255)] * 3),
    height=st.integers(1, 60),
    width=st.integers(1, 60),
)
def test_where_there_is_no_garment_there_is_black(
    background: tuple[int, int, int], garment: tuple[int, int, int], height: int, width: int
) -> None:
    picture = plain(height + 30, width + 30, background)
    picture[15:-15, 15:-15] = garment

    pixels = picture_to_pixels(picture, IMAGING)

    rows = max(1, round(28 * height / max(height, width)))
    columns = max(1, round(28 * width / max(height, width)))
    assert np.count_nonzero(pixels.any(axis=1)) in {0, rows}
    assert np.count_nonzero(pixels.any(axis=0)) in {0, columns}
