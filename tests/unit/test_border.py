"""The background of a picture is known by its border."""

import numpy as np

from inference.border import garment_mask, look_at_border
from tests.pictures import plain


def test_a_garment_that_covers_a_corner_is_not_taken_for_the_background() -> None:
    picture = plain(200, 200)
    picture[:60, :60] = (30, 30, 30)

    assert look_at_border(picture, 0.05).colour.tolist() == [255, 255, 255]


def test_a_difference_of_five_per_cent_belongs_to_the_background() -> None:
    picture = np.array([[[255] * 3, [243] * 3, [242] * 3, [255, 255, 242]]], np.uint8)

    mask = garment_mask(picture, np.array([255.0, 255.0, 255.0]), tolerance=0.05)

    assert mask.tolist() == [[0, 0, 255, 255]]


def test_the_share_of_the_border_that_has_its_colour_is_counted() -> None:
    picture = plain(100, 100)
    picture[0] = (30, 30, 30)

    border = look_at_border(picture, 0.05)

    assert border.colour.tolist() == [255, 255, 255]
    assert border.share == (400 - 100 - 2) / 400  # the corners count twice


def test_nearly_white_and_nearly_black_are_white_and_black() -> None:
    assert look_at_border(plain(9, 9, (243, 250, 255)), 0.05).is_white()
    assert not look_at_border(plain(9, 9, (242, 255, 255)), 0.05).is_white()
    assert look_at_border(plain(9, 9, (12, 0, 5)), 0.05).is_black()
    assert not look_at_border(plain(9, 9, (0, 0, 13)), 0.05).is_black()
