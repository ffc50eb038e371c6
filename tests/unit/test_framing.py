"""A garment fills the 28 x 28 that the model reads, as Fashion-MNIST's do."""

import numpy as np
import pytest

from inference.contract import Imaging
from inference.framing import bounding_box, centre, shrink

IMAGING = Imaging()


def test_the_box_holds_the_whole_garment_and_no_more() -> None:
    mask = np.zeros((9, 9), np.uint8)
    mask[2, 3] = mask[6, 4] = 255

    assert bounding_box(mask) == (slice(2, 7), slice(3, 5))


def test_the_soft_edge_of_a_mask_is_outside_the_box() -> None:
    mask = np.zeros((9, 9), np.uint8)
    mask[1:8, 1:8] = 100
    mask[3:6, 3:6] = 200

    assert bounding_box(mask) == (slice(3, 6), slice(3, 6))


def test_no_garment_has_no_box() -> None:
    assert bounding_box(np.zeros((9, 9), np.uint8)) is None


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
    assert shrink(np.full(size, 100, np.uint8), IMAGING).shape == expected


def test_only_what_was_shrunk_is_sharpened() -> None:
    edge = np.zeros((28, 28), np.uint8)
    edge[:, 14:] = 100

    small = shrink(edge, IMAGING)
    large = shrink(edge.repeat(4, axis=0).repeat(4, axis=1), IMAGING)

    assert np.array_equal(small, edge)
    assert large[14, 13:15].tolist() == [0, 123]


def test_an_odd_gap_leaves_the_garment_to_the_right_and_below() -> None:
    pixels = centre(np.full((27, 25), 9, np.uint8))

    assert np.flatnonzero(pixels.any(axis=1)).tolist() == list(range(1, 28))
    assert np.flatnonzero(pixels.any(axis=0)).tolist() == list(range(2, 27))
