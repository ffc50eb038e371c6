"""Of a person, a release may read the garment that is worn, too; everything else stays as it is."""

import cv2
import numpy as np
import pytest

from inference.arrays import Mask, Picture, Pixels
from inference.contract import PHOTOGRAPHS
from inference.convert import convert
from inference.decode import Decoded
from tests.drawn_garments import cut_out, on_a_floor, on_plain, overlap, picture_to_pixels, white_on_white
from tests.drawn_people import BOTH, HAIR, HEIGHT, SKIN, WIDTH, a_dress, a_person, a_shirt, alone


def worn_in(picture: Picture, opaque: Mask | None = None) -> Pixels:
    """The second crop of a picture that has one; the first is as a release that reads one sees it."""
    decoded = Decoded(picture, garment=opaque)
    both, whole = convert(decoded, BOTH), convert(decoded, PHOTOGRAPHS)
    assert np.array_equal(both.pixels, whole.pixels)
    assert whole.worn is None
    assert both.worn is not None
    return both.worn


@pytest.mark.parametrize("garment", [a_shirt(), a_dress()], ids=["shirt", "dress"])
def test_a_worn_garment_is_seen_as_it_would_be_alone(garment: Mask) -> None:
    wanted = picture_to_pixels(alone(garment), PHOTOGRAPHS)

    assert overlap(worn_in(a_person(garment)), wanted) > 0.85


@pytest.mark.parametrize("skin", [(240, 200, 175), (150, 105, 80), (95, 62, 45), (60, 40, 30)])
def test_people_of_light_and_dark_skin_are_found(skin: tuple[int, int, int]) -> None:
    wanted = picture_to_pixels(alone(a_shirt()), PHOTOGRAPHS)

    assert overlap(worn_in(a_person(a_shirt(), skin=skin)), wanted) > 0.85


def test_the_first_crop_is_the_whole_person() -> None:
    wanted = picture_to_pixels(alone(a_shirt()), PHOTOGRAPHS)

    assert overlap(picture_to_pixels(a_person(a_shirt()), PHOTOGRAPHS), wanted) < 0.6


def test_a_garment_of_the_colour_of_skin_keeps_its_middle() -> None:
    assert worn_in(a_person(a_shirt(), SKIN))[12:22, 11:17].min() > 0


def test_a_person_on_a_transparent_ground_is_seen_without_the_head() -> None:
    person = a_person(a_shirt())
    opaque = np.where((person < 255).any(axis=2), 255, 0).astype(np.uint8)

    assert overlap(worn_in(person, opaque), picture_to_pixels(alone(a_shirt()), PHOTOGRAPHS)) > 0.85


def a_hooded_shirt() -> Picture:
    """A head's shape, in the colour of the shirt."""
    mask = a_shirt()
    cv2.ellipse(mask, (120, 56), (28, 48), 0, 0, 360, 255, -1)
    return alone(mask)


def a_tan_bag() -> Picture:
    """Skin above wide shoulders, without hair."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    cv2.ellipse(picture, (120, 110), (36, 90), 0, 0, 360, SKIN, -1)
    cv2.rectangle(picture, (40, 120), (200, HEIGHT - 10), SKIN, -1)
    return picture


def a_wide_collar() -> Picture:
    """The colours of skin and hair above a dress, wider than high: fur, or a lining that shows."""
    picture = alone(a_dress())
    cv2.rectangle(picture, (100, 68), (140, 98), HAIR, -1)
    cv2.rectangle(picture, (107, 73), (133, 98), SKIN, -1)
    return picture


def a_mannequin() -> Picture:
    return a_person(a_shirt(), skin=(90, 120, 200))


def upside_down() -> Picture:
    return np.ascontiguousarray(a_person(a_shirt())[::-1])


@pytest.mark.parametrize(
    "picture",
    [
        on_plain(40, 255), on_a_floor(), white_on_white(), cut_out()[..., :3],
        alone(a_shirt()), alone(a_dress()), a_hooded_shirt(), a_tan_bag(), a_wide_collar(),
        a_mannequin(), upside_down(),
        np.full((300, 200, 3), 255, np.uint8), a_person(a_shirt())[:60, :50],
    ],
)  # fmt: skip
def test_what_is_no_person_has_one_crop(picture: Picture) -> None:
    assert convert(Decoded(picture), BOTH).worn is None


def test_a_picture_of_28_by_28_has_one_crop() -> None:
    small = cv2.resize(a_person(a_shirt()), (28, 28), interpolation=cv2.INTER_AREA).astype(np.uint8)

    assert convert(Decoded(small), BOTH).worn is None
