"""A cut-out says itself where its garment is; other transparency says nothing about it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import Mask
from inference.decode import decode
from tests.drawn_garments import a_shirt, cut_out
from tests.pictures import plain, png, png_turned, stored_for, webp


def garment(upload: bytes) -> Mask | None:
    return decode(upload, 1_000_000).garment


def says_where(upload: bytes, truth: Mask) -> bool:
    found = garment(upload)
    return found is not None and np.array_equal(found, truth)


def with_opacity(opacity: NDArray[np.generic]) -> bytes:
    return png(np.dstack([np.zeros((*opacity.shape, 3), opacity.dtype), opacity]))


def framed(border: int, within: int) -> NDArray[np.uint8]:
    opacity = np.full((40, 40), within, np.uint8)
    opacity[:3] = opacity[-3:] = opacity[:, :3] = opacity[:, -3:] = border
    return opacity


def test_what_is_opaque_on_nothing_is_the_garment() -> None:
    assert says_where(png(cut_out()), a_shirt())
    assert says_where(webp(cut_out()), a_shirt())


def test_sixteen_bits_of_opacity_say_the_same() -> None:
    assert says_where(with_opacity(a_shirt().astype(np.uint16) * 257), a_shirt())


def test_the_garment_is_turned_with_its_picture() -> None:
    sideways = png_turned(png(stored_for(cut_out(), 6)), 6)

    assert says_where(sideways, a_shirt())


@pytest.mark.parametrize(
    "opacity",
    [framed(255, 255), framed(255, 0), framed(0, 0), framed(0, 127), framed(128, 255)],
    ids=["opaque", "a hole", "nothing", "hardly anything", "half transparent around"],
)
def test_transparency_that_shows_no_garment_is_not_taken_for_one(opacity: NDArray[np.uint8]) -> None:
    assert garment(with_opacity(opacity)) is None


def test_rounded_corners_are_no_cut_out() -> None:
    corners = np.full((40, 40), 255, np.uint8)
    corners[:4, :4] = corners[:4, -4:] = corners[-4:, :4] = corners[-4:, -4:] = 0

    assert garment(with_opacity(corners)) is None


def test_a_picture_without_opacity_says_nothing() -> None:
    assert garment(png(plain(40, 40))) is None
    assert garment(png(np.zeros((40, 40), np.uint8))) is None
