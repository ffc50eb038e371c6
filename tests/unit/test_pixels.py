"""JSON `pixels`: which are accepted, how an error names the place of others, and pixels as a PNG."""

import numpy as np
import pytest

from inference.contract import GREY_28
from inference.errors import BadPixels
from inference.pictures.decode import decode_image
from inference.pictures.pixel_rows import encode_png, parse_pixel_rows

ROWS: list[list[object]] = [[0] * 28 for _ in range(28)]


def rows_with(value: object) -> list[list[object]]:
    row: list[object] = [*[0] * 7, value, *[0] * 20]
    return [*ROWS[:3], row, *ROWS[4:]]


def test_whole_numbers_become_pixels() -> None:
    rows = np.arange(784).reshape(28, 28) % 256

    pixels = parse_pixel_rows(rows.tolist(), GREY_28)

    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert np.array_equal(pixels, rows)


def test_a_whole_number_with_a_point_counts() -> None:
    assert parse_pixel_rows(rows_with(12.0), GREY_28)[3, 7] == 12


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (256, "256"),
        (-1, "-1"),
        (12.5, r"12\.5"),
        (True, "true"),
        (None, "null"),
        ("12", "text"),
        ([12], "a list of 1"),
        ({}, "an object"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (10**400, "a number out of range"),
    ],
)
def test_a_value_that_is_no_pixel_is_named_with_its_place(value: object, named: str) -> None:
    message = rf"^Row 3, column 7 of `pixels` is {named}\. Send 28 rows of 28 whole"

    with pytest.raises(BadPixels, match=message):
        parse_pixel_rows(rows_with(value), GREY_28)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, "`pixels` is null"),
        (5, "`pixels` is 5"),
        ("abc", "`pixels` is text"),
        ({"0": []}, "`pixels` is an object"),
        ([], "`pixels` has 0 rows"),
        ([[0]], "`pixels` has 1 row"),
        ([*ROWS, ROWS[0]], "`pixels` has 29 rows"),
        ([*ROWS[:5], [0] * 27, *ROWS[6:]], "Row 5 of `pixels` has 27 columns"),
        ([*ROWS[:27], 9], "Row 27 of `pixels` is 9"),
    ],
)
def test_anything_but_28_rows_of_28_is_refused(value: object, complaint: str) -> None:
    with pytest.raises(BadPixels, match=complaint):
        parse_pixel_rows(value, GREY_28)


def test_what_the_model_saw_can_be_sent_back_and_is_seen_again() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)

    again = decode_image(encode_png(pixels), max_pixels=784).pixels

    assert again is not None
    assert np.array_equal(again, pixels)
