"""Pictures become what Fashion-MNIST looks like: background, garment, frame, tones."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inference.arrays import Picture
from inference.contract import GREY_28, Imaging, InputContract
from inference.pictures.border import mask_garment, measure_border
from inference.pictures.convert import convert_to_grey, convert_to_pixels, trim_margin
from inference.pictures.decode import DecodedPicture, decode_image
from inference.pictures.framing import centre_garment, find_bounding_box, fit_whole_picture, scale_garment
from tests.drawn_garments import (
    as_it_should_be,
    cut_out,
    on_a_floor,
    on_plain,
    overlap,
    picture_to_pixels,
)
from tests.pictures import plain, png, stored_for, turned

IMAGING = Imaging()
CLEAR = 0.98
"""Overlap with the truth."""


def test_a_garment_that_covers_a_corner_is_not_taken_for_the_background() -> None:
    picture = plain(200, 200)
    picture[:60, :60] = (30, 30, 30)

    assert measure_border(picture, 0.05).colour.tolist() == [255, 255, 255]


def test_a_difference_of_five_per_cent_belongs_to_the_background() -> None:
    picture = np.array([[[255] * 3, [243] * 3, [242] * 3, [255, 255, 242]]], np.uint8)

    mask = mask_garment(picture, np.array([255.0, 255.0, 255.0]), tolerance=0.05)

    assert mask.tolist() == [[0, 0, 255, 255]]


def test_nearly_white_and_nearly_black_are_white_and_black() -> None:
    assert measure_border(plain(9, 9, (243, 250, 255)), 0.05).is_white()
    assert not measure_border(plain(9, 9, (242, 255, 255)), 0.05).is_white()
    assert measure_border(plain(9, 9, (12, 0, 5)), 0.05).is_black()
    assert not measure_border(plain(9, 9, (0, 0, 13)), 0.05).is_black()


def test_a_border_is_plain_where_one_colour_fills_it() -> None:
    half, most = plain(100, 100), plain(100, 100, (90, 120, 60))
    half[:, :20] = most[:12, :12] = (30, 30, 30)
    half_black = plain(100, 100, (0, 0, 0))
    half_black[:, :20] = (90, 120, 60)

    plain_ones = [on_plain(40, 255), on_plain(200, 0), half, half_black, most]
    cluttered = [on_a_floor(), plain(100, 100, (90, 120, 60))]
    cluttered[1][:, :20] = (30, 30, 30)

    assert all(measure_border(one, 0.05).is_plain() for one in plain_ones)
    assert not any(measure_border(one, 0.05).is_plain() for one in cluttered)


def test_the_box_holds_the_whole_garment() -> None:
    mask = np.zeros((9, 9), np.uint8)
    mask[3, 3] = mask[6, 4] = 255

    assert find_bounding_box(mask) == (slice(3, 7), slice(3, 5))
    assert find_bounding_box(np.zeros((9, 9), np.uint8)) is None


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((280, 140), (28, 14)),
        ((100, 300), (9, 28)),
        ((14, 7), (28, 14)),
        ((28, 5), (28, 5)),
        ((20_000, 10), (28, 1)),
    ],
)
def test_the_longest_edge_becomes_28(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert scale_garment(np.full(size, 100, np.uint8), IMAGING).shape == expected


def test_only_what_was_shrunk_is_sharpened() -> None:
    edge = np.zeros((28, 28), np.uint8)
    edge[:, 14:] = 100

    small = scale_garment(edge, IMAGING)
    large = scale_garment(edge.repeat(4, axis=0).repeat(4, axis=1), IMAGING)

    assert np.array_equal(small, edge)
    assert large[14, 13:15].tolist() == [0, 123]


def test_an_odd_gap_leaves_the_garment_to_the_right_and_below() -> None:
    pixels = centre_garment(np.full((27, 25), 9, np.uint8))

    assert np.flatnonzero(pixels.any(axis=1)).tolist() == list(range(1, 28))
    assert np.flatnonzero(pixels.any(axis=0)).tolist() == list(range(2, 27))


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

    assert convert_to_pixels(DecodedPicture(pixels), GREY_28) is pixels


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


@pytest.mark.parametrize(
    "picture",
    [
        *(on_plain(40, ground) for ground in (255, 240, 200, 128)),
        *(on_plain(200, ground) for ground in (0, 30, 60, 127)),
    ],
)
def test_a_garment_is_cut_from_a_plain_ground(picture: Picture) -> None:
    assert overlap(picture_to_pixels(picture, IMAGING), as_it_should_be()) > CLEAR


@pytest.mark.parametrize(
    "upload",
    [png(cut_out()), turned("JPEG", stored_for(on_plain(40, 255), 6), 6)],
    ids=["on a transparent ground", "held sideways"],
)
def test_an_upload_shows_its_garment_upright(upload: bytes) -> None:
    pixels = convert_to_pixels(decode_image(upload, 10_000_000), GREY_28)

    assert overlap(pixels, as_it_should_be()) > CLEAR


def test_grey_weighs_the_colours_as_the_eye_does() -> None:
    picture = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)

    assert convert_to_grey(picture).tolist() == [[76, 150, 29]]


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (28, 28), (300, 200), (10, 20_000)])
def test_a_blank_picture_is_black(size: tuple[int, int]) -> None:
    assert not picture_to_pixels(plain(*size, (120, 200, 30)), IMAGING).any()


SIZES = st.tuples(st.integers(1, 70), st.integers(1, 70), st.just(3))


@settings(max_examples=150, deadline=None)
@given(
    picture=arrays.arrays(
        np.uint8, SIZES, fill=st.nothing() | st.sampled_from([np.uint8(128), np.uint8(255)])
    )
)
def test_every_picture_becomes_pixels_and_always_the_same(picture: Picture) -> None:
    pixels = picture_to_pixels(picture, IMAGING)

    assert pixels.shape == (28, 28)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert np.array_equal(picture_to_pixels(picture.copy(), IMAGING), pixels)


@pytest.mark.parametrize("size", [(533, 400), (400, 560), (500, 375), (384, 1)])
def test_a_photo_shrunk_in_two_steps_is_nearly_the_mean_over_each_pixels_area(size: tuple[int, int]) -> None:
    height, width = size
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    photo = cv2.GaussianBlur(noise, (0, 0), 2).astype(np.uint8)
    columns, rows = (max(1, round(edge * 192 / max(size))) for edge in (width, height))
    top, left = (192 - rows) // 2, (192 - columns) // 2

    whole = fit_whole_picture(photo, (192, 192))[top : top + rows, left : left + columns]

    mean = cv2.resize(photo, (columns, rows), interpolation=cv2.INTER_AREA)
    assert np.abs(whole.astype(int) - mean).mean() < 2


def show(height: int, width: int, colour: tuple[int, int, int] = (90, 30, 60), ground: int = 255) -> Picture:
    """Return a plain picture of 400 x 300 with a rectangle of a colour from row 40 and column 30 on."""
    picture = plain(400, 300, (ground,) * 3)
    picture[40 : 40 + height, 30 : 30 + width] = colour
    return picture


@pytest.mark.parametrize("ground", [255, 0, 128])
def test_a_wide_plain_margin_becomes_a_narrow_one(ground: int) -> None:
    trimmed = trim_margin(show(200, 100, ground=ground))

    assert trimmed.shape == (12 + 200 + 12, 12 + 100 + 12, 3)
    assert (trimmed[12:-12, 12:-12] == (90, 30, 60)).all()


def test_a_margin_is_cut_no_further_than_the_picture_goes() -> None:
    picture = show(200, 100)[36:, 30:]

    assert trim_margin(picture).shape == (4 + 200 + 12, 100 + 12, 3)


GARMENT_LIKE_ITS_GROUND = show(240, 200, (251, 251, 251))
GARMENT_LIKE_ITS_GROUND[100:150, 60:100] = (90, 30, 60)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(show(300, 100), id="a margin that is not wide"),
        pytest.param(plain(400, 300), id="a margin alone"),
        pytest.param(show(200, 7), id="a thread"),
        pytest.param(show(19, 19), id="dust"),
        pytest.param(on_a_floor(), id="a floor"),
        pytest.param(plain(1, 5000), id="one row"),
        pytest.param(plain(5000, 1), id="one column"),
        pytest.param(plain(1, 1), id="one pixel"),
    ],
)
def test_what_has_no_wide_plain_margin_stays_whole(picture: Picture) -> None:
    assert trim_margin(picture) is picture


def test_a_garment_of_nearly_the_colour_of_its_ground_is_not_cut_into() -> None:
    trimmed = trim_margin(GARMENT_LIKE_ITS_GROUND)

    assert trimmed.shape == (14 + 240 + 14, 14 + 200 + 14, 3)


@pytest.mark.parametrize("frame", [20, 100, 400])
def test_a_frame_around_a_picture_changes_nothing(frame: int) -> None:
    contract = InputContract(shape=(64, 64), channels=3, polarity="none", framing="trimmed")
    picture = show(200, 100)
    framed = cv2.copyMakeBorder(picture, frame, frame, frame, frame, cv2.BORDER_CONSTANT, value=(255,) * 3)

    read, read_framed = (
        convert_to_pixels(decode_image(png(each), 10**7), contract) for each in (picture, framed)
    )

    assert np.array_equal(read, read_framed)


def test_transparent_margins_are_plain() -> None:
    drawn = np.dstack([show(200, 100), np.zeros((400, 300), np.uint8)])
    drawn[40:240, 30:130, 3] = 255
    contract = InputContract(shape=(64, 64), channels=3, polarity="none", framing="trimmed")

    pixels = convert_to_pixels(decode_image(png(drawn), 10**7, contract), contract)

    assert np.array_equal(pixels, fit_whole_picture(trim_margin(show(200, 100)), (64, 64)))
