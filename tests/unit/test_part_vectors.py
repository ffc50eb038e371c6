"""Vectors of the upper, middle and lower part of a picture, from the maps of the lab's networks."""

import numpy as np
import pytest

from lab.part_vectors import average_parts, find_picture_rows, weigh_rows


def picture(first: int, last: int) -> np.ndarray:
    """A square of 12 x 12 that is black but for some rows."""
    square = np.zeros((12, 12, 3), np.uint8)
    square[first:last] = 9
    return square


@pytest.mark.parametrize(
    ("first", "last", "ends"),
    [(0, 12, (0, 1)), (3, 9, (0.25, 0.75)), (6, 7, (0.5, 7 / 12)), (0, 0, (0, 1))],
    ids=["whole", "wide", "one row", "all black"],
)
def test_the_rows_of_a_picture_are_found_in_its_square(
    first: int, last: int, ends: tuple[float, float]
) -> None:
    assert find_picture_rows(picture(first, last)[None])[0].tolist() == list(ends)


def test_parts_of_a_wide_picture_are_parts_of_the_picture_and_not_of_the_square() -> None:
    upper, middle, lower = weigh_rows(np.array([[0.25, 0.75]]), 12)[0]

    assert upper.nonzero()[0].tolist() == [3, 4, 5]
    assert middle.nonzero()[0].tolist() == [4, 5, 6, 7]
    assert lower.nonzero()[0].tolist() == [6, 7, 8]


@pytest.mark.parametrize("rows", [6, 12])
def test_a_row_that_lies_in_a_part_by_half_counts_half(rows: int) -> None:
    parts = weigh_rows(np.array([[0.0, 1.0]]), rows)[0]

    assert parts.sum(1) == pytest.approx([1, 1, 1])
    upper = {6: [1, 1, 0.4, 0, 0, 0], 12: [1, 1, 1, 1, 0.8, *[0] * 7]}[rows]
    assert parts[0] * 0.4 * rows == pytest.approx(upper)
    assert np.allclose(parts[2], parts[0][::-1])


def test_a_part_of_one_colour_has_the_means_of_its_rows() -> None:
    maps = [np.zeros((1, 2, rows, rows), np.float32) for rows in (12, 6)]
    for each in maps:
        each[:, 1, : each.shape[2] // 2] = 8

    parts = average_parts(maps, np.array([[0.0, 1.0]]))

    assert parts.shape == (1, 3, 4)
    assert parts[0, 0] == pytest.approx([0, 8, 0, 8])
    assert parts[0, 1] == pytest.approx([0, 4, 0, 4])
    assert parts[0, 2] == pytest.approx([0, 0, 0, 0])
