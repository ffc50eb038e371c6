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


def with_opacity(opacity: NDArray[np.generic]) -> bytes:
    return png(np.dstack([np.zeros((*opacity.shape, 3), opacity.dtype), opacity]))


def framed(border: int, within: int) -> NDArray[np.uint8]:
    opacity = np.full((40, 40), border, np.uint8)
    opacity[3:-3, 3:-3] = within
    return opacity


@pytest.mark.parametrize(
    "upload",
    [
        png(cut_out()),
        webp(cut_out()),
        with_opacity(a_shirt().astype(np.uint16) * 257),
        png_turned(png(stored_for(cut_out(), 6)), 6),
    ],
    ids=["PNG", "WebP", "16 bits", "turned"],
)
def test_what_is_opaque_on_nothing_is_the_garment(upload: bytes) -> None:
    found = garment(upload)

    assert found is not None
    assert np.array_equal(found, a_shirt())


ROUNDED = framed(255, 255)
ROUNDED[:4, :4] = ROUNDED[:4, -4:] = ROUNDED[-4:, :4] = ROUNDED[-4:, -4:] = 0


@pytest.mark.parametrize(
    "upload",
    [
        *map(
            with_opacity, [framed(255, 255), framed(255, 0), framed(0, 0), framed(0, 127), framed(128, 255)]
        ),
        with_opacity(ROUNDED),
        png(plain(40, 40)),
        png(np.zeros((40, 40), np.uint8)),
    ],
    ids=["opaque", "hole", "nothing", "hardly anything", "half opaque around", "corners", "RGB", "grey"],
)
def test_transparency_that_shows_no_garment_is_not_taken_for_one(upload: bytes) -> None:
    assert garment(upload) is None
