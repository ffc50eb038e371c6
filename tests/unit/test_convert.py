"""Pictures on a plain background become what Fashion-MNIST looks like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inference.arrays import Picture
from inference.contract import PHOTOGRAPHS, Imaging
from inference.convert import as_grey, decoded_to_pixels
from inference.decode import Decoded
from tests.drawn_garments import picture_to_pixels
from tests.pictures import plain

IMAGING = Imaging()


def with_block(background: int, block: int) -> Picture:
    """A grey block of 140 x 70 in a picture of 300 x 400, off the middle."""
    picture = plain(300, 400, (background,) * 3)
    picture[100:240, 20:90] = block
    return picture


def not_quite_white() -> Picture:
    noise = np.random.default_rng(0).integers(-8, 9, (300, 400, 3))
    return (with_block(240, 55) + noise).astype(np.uint8)


def test_pixels_that_came_as_pixels_are_not_touched() -> None:
    pixels = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)

    assert decoded_to_pixels(Decoded(pixels), IMAGING) is pixels


@pytest.mark.parametrize(
    ("picture", "tone"),
    [(with_block(255, 20), 235), (with_block(0, 200), 200), (not_quite_white(), 200)],
    ids=["dark on white", "light on black", "dark on noise"],
)
def test_a_garment_becomes_light_on_exactly_black(picture: Picture, tone: int) -> None:
    pixels = picture_to_pixels(picture, IMAGING)

    assert np.median(pixels[:, 7:21]) == pytest.approx(tone, abs=2)
    assert pixels[:, :7].max() == 0
    assert pixels[:, 21:].max() == 0


def test_margins_around_the_garment_change_nothing() -> None:
    tight = np.pad(np.full((140, 70, 3), 90, np.uint8), ((1, 1), (1, 1), (0, 0)), constant_values=255)

    pixels = picture_to_pixels(with_block(255, 90), IMAGING)

    assert np.array_equal(pixels, picture_to_pixels(tight, IMAGING))


def test_grey_weighs_the_colours_as_the_eye_does() -> None:
    picture = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)

    assert as_grey(picture).tolist() == [[76, 150, 29]]


def test_a_picture_of_the_data_set_saved_in_colour_comes_back_as_it_was() -> None:
    original = np.zeros((28, 28), np.uint8)
    original[3:26, 5:20] = np.random.default_rng(0).integers(40, 256, (23, 15))

    assert np.array_equal(picture_to_pixels(np.dstack([original] * 3), IMAGING), original)


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


@pytest.mark.parametrize("imaging", [PHOTOGRAPHS, IMAGING], ids=["photographs", "plain grounds alone"])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (28, 28), (300, 200), (10, 20_000)])
def test_a_blank_picture_is_black(size: tuple[int, int], imaging: Imaging) -> None:
    assert not picture_to_pixels(plain(*size, (120, 200, 30)), imaging).any()


SIZES = st.tuples(st.integers(1, 70), st.integers(1, 70), st.just(3))


@settings(max_examples=150, deadline=None)
@given(
    picture=arrays.arrays(
        np.uint8, SIZES, fill=st.nothing() | st.sampled_from([np.uint8(128), np.uint8(255)])
    ),
    imaging=st.sampled_from([PHOTOGRAPHS, IMAGING]),
)
def test_every_picture_becomes_pixels_and_always_the_same(picture: Picture, imaging: Imaging) -> None:
    pixels = picture_to_pixels(picture, imaging)

    assert pixels.shape == (28, 28)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert np.array_equal(picture_to_pixels(picture.copy(), imaging), pixels)
