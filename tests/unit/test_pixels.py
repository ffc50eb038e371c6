"""JSON `pixels`: which are accepted, how an error names the place of others, and pixels as a PNG."""

import json

import numpy as np
import pytest

from inference.decode import decode
from inference.errors import BadPixels
from inference.pixels import pixels_to_png, rows_to_pixels


def rows_with(value: object, row: int = 3, column: int = 7) -> list[list[object]]:
    rows: list[list[object]] = [[0] * 28 for _ in range(28)]
    rows[row][column] = value
    return rows


def test_whole_numbers_become_pixels() -> None:
    rows = np.arange(784).reshape(28, 28) % 256

    pixels = rows_to_pixels(rows.tolist())

    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert np.array_equal(pixels, rows)


def test_a_whole_number_with_a_point_counts() -> None:
    assert rows_to_pixels(rows_with(12.0))[3, 7] == 12


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
    with pytest.raises(
        BadPixels, match=rf"^Row 3, column 7 of `pixels` is {named}\. Send 28 rows of 28 whole"
    ):
        rows_to_pixels(rows_with(value))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("null", "`pixels` is null"),
        ("5", "`pixels` is 5"),
        ('"abc"', "`pixels` is text"),
        ('{"0": []}', "`pixels` is an object"),
        ("[]", "`pixels` has 0 rows"),
        ("[[0]]", "`pixels` has 1 rows"),
    ],
)
def test_anything_but_28_rows_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(BadPixels, match=complaint):
        rows_to_pixels(json.loads(text))


def test_a_short_row_is_named() -> None:
    rows = rows_with(0)
    rows[5] = [0] * 27

    with pytest.raises(BadPixels, match="Row 5 of `pixels` has 27 columns"):
        rows_to_pixels(rows)


def test_a_row_that_is_no_list_is_named() -> None:
    rows: list[object] = [*rows_with(0)]
    rows[27] = 9

    with pytest.raises(BadPixels, match="Row 27 of `pixels` is 9"):
        rows_to_pixels(rows)


def test_what_the_model_saw_can_be_sent_back_and_is_seen_again() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)

    again = decode(pixels_to_png(pixels), max_pixels=784).pixels

    assert again is not None
    assert np.array_equal(again, pixels)
