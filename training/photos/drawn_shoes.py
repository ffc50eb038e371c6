"""Draw pairs of shoes as seen from above: toes away, with soles or laces and the opening.

The training set shows single shoes from the side, as shops do; users photograph pairs from above. Where no
photos of that kind exist, drawings teach the shape: every proportion and colour is random, in a wider range
than real shoes have (domain randomisation, Tobin et al. 2017, arXiv 1703.06907). Pure functions of a random
generator. Their place on a ground: compositions.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask, Picture
from training.photos.compositions import CutOut, mirrored, trimmed, turned

CANVAS: Final = 160
"""Height and width that one shoe is drawn in, in pixels."""

BOTH: Final = 260
"""Height and width that a pair is put together in, in pixels."""

OUTLINE: Final = ((0.0, 0.12, 0.3, 0.55, 0.8, 1.0), (0.55, 0.85, 1.0, 0.78, 0.72, 0.5))
"""A sole's width, of its widest, at these shares of its length from the toe."""

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class _Shoe:
    """A shoe being drawn, toe up, on a square canvas.

    Attributes:
        picture: uint8 (CANVAS, CANVAS, 3), RGB; drawn into.
        mask: 0..255 (CANVAS, CANVAS); drawn into.
        sole: float64 (P, 2), x and y of its outline.
        length, width: of the sole, in pixels.
    """

    picture: Picture
    mask: Mask
    sole: NDArray[np.float64]
    length: float
    width: float

    def at(self, across: float, along: float) -> tuple[int, int]:
        """A place: across in widths from the middle line, along in lengths from the toe."""
        return (
            round(CANVAS / 2 + 0.04 * self.length + across * self.width),
            round(CANVAS / 2 + (along - 0.5) * self.length),
        )

    def fill(self, colour: Colour, share: float = 1.0) -> None:
        """The sole, or as much of it about its middle."""
        points = (self.sole - CANVAS / 2) * (share, 0.5 + 0.5 * share) + CANVAS / 2
        cv2.fillPoly(self.picture, [np.round(points).astype(np.int32)], colour, cv2.LINE_AA)

    def line(self, points: list[tuple[float, float]], colour: Colour, widths: float) -> None:
        """A line through places, so many widths thick."""
        places = np.array([self.at(*point) for point in points], np.int32)
        thickness = max(2, round(widths * self.width))
        cv2.polylines(self.picture, [places], False, colour, thickness, cv2.LINE_AA)

    def area(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """A polygon of places; it belongs to the shoe, even beyond the sole."""
        places = np.array([self.at(*point) for point in points], np.int32)
        cv2.fillPoly(self.picture, [places], colour, cv2.LINE_AA)
        cv2.fillPoly(self.mask, [places], (255.0,))

    def oval(self, along: float, across: float, down: float, colour: Colour) -> None:
        """An ellipse on the middle line; half axes in widths and lengths. It belongs to the shoe."""
        axes = (max(1, round(across * self.width)), max(1, round(down * self.length)))
        place = self.at(0, along)
        cv2.ellipse(self.picture, place, axes, 0, 0, 360, colour, cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(self.mask, place, axes, 0, 0, 360, (255.0,), cv2.FILLED)


def drawn_pair(label: str, rng: np.random.Generator) -> CutOut:
    """A left and a right shoe side by side, seen at a slant.

    Args:
        label: one of DRAWN.
        rng: decides everything else.
    """
    left = _drawn(label, rng)
    splay = rng.uniform(-4, 14)
    cuts = (
        turned(mirrored(left), splay + rng.uniform(-6, 6)),
        turned(left, -splay + rng.uniform(-6, 6)),
    )
    both = _slanted(_side_by_side(cuts, rng), rng)
    # Most people stand behind their shoes or before them.
    pointing = float(rng.choice([0, 180, 90, -90], p=[0.42, 0.42, 0.08, 0.08]))
    return turned(both, pointing + rng.uniform(-15, 15))


def _side_by_side(cuts: tuple[CutOut, CutOut], rng: np.random.Generator) -> CutOut:
    gap = rng.uniform(-6, 14)
    widths = [cut.shape[1] for cut in cuts]
    begin = BOTH / 2 - (sum(widths) + gap) / 2
    pair = np.zeros((BOTH, BOTH, 4), np.uint8)
    for cut, left in zip(cuts, (begin, begin + widths[0] + gap), strict=True):
        top = max(0, int(BOTH / 2 - len(cut) / 2 + rng.uniform(-8, 8)))
        place = pair[top:, max(0, int(left)) :]
        height, width = (min(sizes) for sizes in zip(cut.shape[:2], place.shape[:2], strict=True))
        inside = cut[:height, :width]
        shown = inside[..., 3:] > 127
        place[:height, :width] = np.where(shown, inside, place[:height, :width])
    return pair


def _slanted(cut: CutOut, rng: np.random.Generator) -> CutOut:
    """Farther away at the top, and shorter."""
    narrower, shorter = BOTH * rng.uniform(0, 0.11), BOTH * rng.uniform(0.75, 1)
    corners = np.array([[0, 0], [BOTH, 0], [BOTH, BOTH], [0, BOTH]], np.float32)
    slanted = np.array([[narrower, 0], [BOTH - narrower, 0], [BOTH, shorter], [0, shorter]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, slanted)
    return trimmed(np.asarray(cv2.warpPerspective(cut, matrix, (BOTH, BOTH)), np.uint8))


def _drawn(label: str, rng: np.random.Generator) -> CutOut:
    """The left one."""
    shoe = _blank(rng)
    DRAWN[label](shoe, rng)
    grain = cv2.resize(rng.normal(0, rng.uniform(2, 14), (CANVAS // 4, CANVAS // 4)), (CANVAS, CANVAS))
    picture = np.clip(shoe.picture + grain[..., None], 0, 255).astype(np.uint8)
    return np.dstack([picture, shoe.mask])


def _blank(rng: np.random.Generator) -> _Shoe:
    length, width = rng.uniform(110, 150), rng.uniform(42, 62)
    sole = _outline(length, width, rng) + CANVAS / 2
    mask = np.zeros((CANVAS, CANVAS), np.uint8)
    cv2.fillPoly(mask, [np.round(sole).astype(np.int32)], (255.0,))
    return _Shoe(np.zeros((CANVAS, CANVAS, 3), np.uint8), mask, sole, length, width)


def _outline(length: float, width: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Of a sole about (0, 0), toe up, a little bent; float64 (60, 2)."""
    around = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    down = -np.cos(around) * length / 2
    along = down / length + 0.5
    half = width / 2 * np.interp(along, *OUTLINE) * rng.uniform(0.8, 1.25) ** (1 - along)
    across = np.sign(np.sin(around)) * half * np.minimum(1, 2.2 * np.abs(np.sin(around)))
    bend = 0.06 * length * rng.uniform(0.2, 1.2) * np.sin(np.pi * along)
    return np.stack([across + bend, down], axis=1)


def _colour(rng: np.random.Generator) -> Colour:
    """Any, the lights of its channels not too far apart."""
    red, green, blue = np.clip(rng.uniform(15, 245) + rng.normal(0, 30, 3), 0, 255)
    return float(red), float(green), float(blue)


def _dark(colour: Colour) -> Colour:
    """The same in the shadow inside a shoe."""
    red, green, blue = colour
    return 0.35 * red, 0.35 * green, 0.35 * blue


def _either(colour: Colour, rng: np.random.Generator) -> Colour:
    """This colour again, or another."""
    return colour if rng.random() < 0.5 else _colour(rng)


def _sandal(shoe: _Shoe, rng: np.random.Generator) -> None:
    """A foot's bed, and straps across it or from between the toes."""
    shoe.fill(_colour(rng))
    shoe.fill(_colour(rng), rng.uniform(0.86, 1.0))
    straps, thickness = _colour(rng), rng.uniform(0.2, 0.45)
    if rng.random() < 0.3:
        for side in (-1, 1):
            shoe.line([(-0.08, 0.2), (0.3 * side, 0.33), (0.45 * side, 0.55)], straps, 0.5 * thickness)
        return
    for along in rng.uniform(0.18, 0.62, rng.integers(1, 4)):
        slope = rng.uniform(-0.1, 0.1)
        shoe.line([(-0.6, along - slope), (0.6, along + slope)], straps, thickness)
    if rng.random() < 0.4:
        shoe.line([(-0.3, 0.75), (-0.2, 0.88), (0.2, 0.88), (0.3, 0.75)], straps, 0.12)


def _sneaker(shoe: _Shoe, rng: np.random.Generator) -> None:
    """A rim of sole, perhaps a cap and stripes, a tongue under laces, the opening at the heel."""
    upper = _upper(shoe, rng)
    if rng.random() < 0.5:
        stripes = _colour(rng)
        for side in (-1, 1):
            shoe.line([(0.42 * side, 0.35), (0.3 * side, 0.7)], stripes, 0.09)
    shoe.area([(-0.2, 0.3), (0.2, 0.3), (0.22, 0.62), (-0.22, 0.62)], _either(upper, rng))
    _laces(shoe, np.linspace(0.32, 0.56, rng.integers(3, 8)), rng)
    shoe.oval(0.77, 0.28, 0.16, _dark(upper))
    shoe.oval(0.79, 0.2, 0.12, _colour(rng))


def _boot(shoe: _Shoe, rng: np.random.Generator) -> None:
    """A vamp, and a shaft that is looked into; the steeper one looks, the nearer the opening to the heel."""
    upper, tall = _upper(shoe, rng), rng.uniform(0, 1)
    top = 0.72 + 0.25 * tall
    shoe.area([(-0.36, 0.5), (0.36, 0.5), (0.42, top), (-0.42, top)], upper)
    shoe.oval(top, 0.46, 0.14 + 0.05 * tall, _either(upper, rng))
    shoe.oval(top, 0.34, 0.1 + 0.04 * tall, _dark(upper))
    if rng.random() < 0.6:
        _laces(shoe, np.linspace(0.36, 0.54, 4), rng)


def _upper(shoe: _Shoe, rng: np.random.Generator) -> Colour:
    """Draw sole, upper and perhaps a toe cap; returns the upper's colour."""
    upper = _colour(rng)
    shoe.fill(_colour(rng))
    shoe.fill(upper, rng.uniform(0.78, 0.97))
    if rng.random() < 0.5:
        shoe.oval(0.12, 0.33, 0.1, _colour(rng))
    return upper


def _laces(shoe: _Shoe, places: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Across the tongue, rising and falling by turns."""
    colour: Colour = _either((240.0, 240.0, 240.0), rng)
    for number, along in enumerate(places):
        slope = 0.02 * (-1) ** number
        shoe.line([(-0.22, along - slope), (0.22, along + slope)], colour, 0.06)


DRAWN: Final[dict[str, Callable[[_Shoe, np.random.Generator], None]]] = {
    "Sandal": _sandal,
    "Sneaker": _sneaker,
    "Ankle boot": _boot,
}
"""The labels that can be drawn, and how."""
