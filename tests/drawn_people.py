"""People drawn on white, as in a shop's photo, with the truth of what they wear."""

import cv2
import numpy as np

from inference.arrays import Mask, Picture
from inference.contract import Cascade, Imaging

HEIGHT, WIDTH = 320, 240

BOTH = Imaging(cascade=Cascade(worn="both"))
"""How new releases of Fashion-MNIST's classes read photos."""

SKIN, HAIR = (205, 150, 120), (45, 35, 30)
GREEN, JEANS = (30, 120, 80), (50, 60, 105)

_SHIRT = [
    *[(104, 92), (136, 92), (176, 108), (196, 158), (172, 164)],
    *[(168, 232), (72, 232), (68, 164), (44, 158), (64, 108)],
]
_DRESS = [(100, 96), (140, 96), (160, 112), (152, 160), (178, 284), (62, 284), (88, 160), (80, 112)]


def a_shirt() -> Mask:
    """Where the shirt is, uint8 (320, 240)."""
    return _within(_SHIRT)


def a_dress() -> Mask:
    """Where the dress is, likewise."""
    return _within(_DRESS)


def _within(outline: list[tuple[int, int]]) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.array(outline)], 255)
    return mask


def alone(garment: Mask, colour: tuple[int, int, int] = GREEN) -> Picture:
    """The garment on white without anybody in it."""
    return np.where(garment[..., None] > 0, colour, 255).astype(np.uint8)


def a_person(
    garment: Mask, colour: tuple[int, int, int] = GREEN, skin: tuple[int, int, int] = SKIN
) -> Picture:
    """Somebody with bare arms who wears it, over jeans, or above bare legs where it is long."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    long = bool(garment[260].any())
    for left in (76, 122):
        cv2.rectangle(picture, (left, 220), (left + 42, HEIGHT), skin if long else JEANS, -1)
    for outer, inner in ((58, 76), (182, 164)):
        cv2.line(picture, (inner, 116), (outer, 240), skin, 20)
    cv2.rectangle(picture, (108, 70), (132, 110), skin, -1)
    cv2.ellipse(picture, (120, 48), (28, 40), 0, 0, 360, HAIR, -1)
    cv2.ellipse(picture, (120, 56), (21, 30), 0, 0, 360, skin, -1)
    return np.where(garment[..., None] > 0, colour, picture).astype(np.uint8)
