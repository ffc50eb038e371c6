"""Find the garment that a person wears, in the silhouette of that person.

A person has a narrow head above wide shoulders, and in the head skin and other colours beside it. What is
above the shoulders is cut away, what has the skin's colour, and what begins with another colour at the waist.
Pure functions of arrays; foreground.py calls `worn_garment` where the release's imaging asks for it. Where it
errs: docs/explanation/conversion.md.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask, Picture
from inference.garment.segmentation import filled, without_specks

ROWS: Final = 64
"""Height to which a silhouette is scaled before it is measured. Lengths below are in these rows."""

SMALLEST: Final = 24
"""Pixels of height, and of twice the width, below which nothing is measured; wider than high is no person."""

NECK: Final = range(9, 23)
"""Where the shoulders may begin."""

SLOPE: Final = 9
"""How far below that the silhouette has the width of the shoulders."""

SHOULDERS: Final = 6
"""Rows whose mean is that width."""

HEAD: Final = 0.62
"""Most width of a head, as a share of the shoulders' width."""

UPRIGHT: Final = 0.95
"""Least height of a head, in widths of it: a collar is wider than it is high."""

OVERHANG: Final = 0.1
"""Least share of the shoulders' width by which they stand out from the head, on each side."""

ASIDE: Final = 0.22
"""Most distance of the middles of head and shoulders, in widths of the shoulders."""

RISE: Final = 0.12
"""Least share of the shoulders' width by which the silhouette widens within six rows at the neck."""

TALL: Final = 1.5
"""Least height of a person, in widths of the shoulders: clothes that are spread are wider."""

SKIN: Final = 0.4
"""Least share of skin in the middle half of a head."""

VARIED: Final = 13.0
"""Least standard deviation of a head's colours, in CIELAB: there is hair beside the face."""

STRIP: Final = 0.22
"""Half the width of the strip along the middle of the body, in widths of the shoulders."""

WAIST: Final = (0.9, 2.2)
"""How far below the neck a garment may end, in widths of the shoulders: tops end at 1.2, dresses at 1.9."""

BELOW: Final = 3
"""Fewest rows below a waist."""

AROUND: Final = 6
"""Rows above a waist, and below it, whose colours have to differ."""

CHANGE: Final = 18.0
"""Least distance of these colours, in CIELAB."""

EXPLAINED: Final = 0.55
"""Least share of the variance of the colours along the strip that the change at the waist explains."""

SKIN_RANGE: Final = np.array([[41, 136, 81], [255, 179, 127]])
"""Of YCrCb in 8 bits: skins differ in lightness, and little in the two channels of colour."""

TONE: Final = np.array([95, 12, 12])
"""How far skin may differ from the face's median in each of these: less of it lies in the shade."""

LIKE_SKIN: Final = 0.25
"""Share of the strip from which on the garment itself has the colour of skin, which then stays."""

LOST: Final = 0.6
"""Share of the body from which on what is left without skin is no garment."""

PART: Final = 0.08
"""Share of the largest part's area below which a part is the rim of an arm."""

Edges: TypeAlias = NDArray[np.float64]
"""float64, (2, ROWS): the first column of each row's silhouette, and the one after its last."""

Inside: TypeAlias = NDArray[np.bool_]
"""(ROWS, C), or some rows of it."""

_HALF = 127

_LIGHTNESS = np.array([100 / 255, 1, 1], np.float32)
"""What OpenCV stretches of CIELAB in 8 bits."""


@dataclass(frozen=True)
class Shoulders:
    """Where a silhouette widens like a person's.

    Attributes:
        neck: the row where it does.
        head: columns of the middle half of the head.
        width: of the shoulders, in columns.
        middle: the column between them.
    """

    neck: int
    head: slice
    width: float
    middle: float

    @property
    def strip(self) -> slice:
        """Columns along the middle of the body."""
        reach = STRIP * self.width
        return slice(max(0, int(self.middle - reach)), int(self.middle + reach) + 1)


def worn_garment(picture: Picture, mask: Mask) -> Mask | None:
    """Find what a person wears between the shoulders and the waist, or the hem of a dress.

    Args:
        picture: uint8, (H, W, 3), RGB.
        mask: 0..255, (H, W), of all that is not background.

    Returns:
        The mask of the garment; None where the silhouette is no person's.
    """
    hard = cv2.threshold(mask, _HALF, 255, cv2.THRESH_BINARY)[1]
    left, top, width, height = cv2.boundingRect(hard)
    if min(height, 2 * width) < SMALLEST or width > height:
        return None
    box = (slice(top, top + height), slice(left, left + width))
    size = (max(1, round(width * ROWS / height)), ROWS)
    inside = cv2.resize(hard[box], size, interpolation=cv2.INTER_AREA) > _HALF
    shoulders = find_shoulders(edges_of(inside)) if may_have_shoulders(inside) else None
    if shoulders is None:
        return None
    colours = cv2.resize(picture[box], size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    kept = garment_of_person(colours, inside, shoulders)
    if kept is None or not kept.any():
        return None
    large = cv2.resize(kept.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_LINEAR)
    garment = np.zeros_like(mask)
    garment[box] = cv2.bitwise_and(mask[box], cv2.threshold(large, _HALF, 255, cv2.THRESH_BINARY)[1])
    return garment


def may_have_shoulders(inside: Inside) -> bool:
    """Whether it is narrow above and no wider than a person below: spares most garments the search."""
    widths = np.count_nonzero(inside, axis=1)
    head, body = widths[1 : NECK.start], widths[NECK.start + SLOPE : NECK.stop + SLOPE]
    return bool(head.sum() <= HEAD * len(head) * body.max() and body.min() * TALL <= ROWS)


def edges_of(inside: Inside) -> Edges:
    """The edges of each row; both are 0 where a row is empty."""
    first = inside.argmax(axis=1)
    after = inside.shape[1] - inside[:, ::-1].argmax(axis=1)
    return np.where(inside.any(axis=1), np.stack([first, after]), 0).astype(np.float64)


def find_shoulders(edges: Edges) -> Shoulders | None:
    """Find the row where a silhouette widens fastest, on both sides, from a head to shoulders."""
    necks = np.arange(NECK.start, NECK.stop)
    before = np.pad(edges.cumsum(axis=1), ((0, 0), (1, 0)))

    def mean(first: NDArray[np.int64], after: NDArray[np.int64]) -> Edges:
        return np.asarray((before[:, after] - before[:, first]) / (after - first))

    # Without the topmost row, which may hold a few hairs.
    heads = mean(np.ones_like(necks), necks)
    shoulders = mean(necks + SLOPE, necks + SLOPE + SHOULDERS)
    head, width = heads[1] - heads[0], shoulders[1] - shoulders[0]
    left, right = mean(necks + 1, necks + 4) - mean(necks - 3, necks)
    rise = right - left
    overhang = np.minimum(heads[0] - shoulders[0], shoulders[1] - heads[1])
    aside = np.abs(heads.sum(axis=0) - shoulders.sum(axis=0)) / 2
    fits = (head <= HEAD * width) & (overhang >= OVERHANG * width) & (aside <= ASIDE * width)
    fits &= (necks >= UPRIGHT * head) & (width * TALL <= ROWS) & (rise >= RISE * width)
    if not fits.any():
        return None
    best = int(np.where(fits, rise / np.maximum(width, 1), -1).argmax())
    quarter, between = head[best] / 4, heads[:, best].mean()
    face = slice(int(between - quarter), int(between + quarter) + 1)
    return Shoulders(int(necks[best]), face, float(width[best]), float(shoulders[:, best].mean()))


def garment_of_person(colours: Picture, inside: Inside, shoulders: Shoulders) -> Inside | None:
    """What is worn below the shoulders, without skin; None where there is no head above them.

    Args:
        colours: uint8, (ROWS, C, 3), RGB.
        inside: the silhouette.
        shoulders: of it.
    """
    head = slice(0, shoulders.neck)
    light = cv2.cvtColor(colours, cv2.COLOR_RGB2YCrCb)
    lab = cv2.cvtColor(colours, cv2.COLOR_RGB2LAB) * _LIGHTNESS
    skin = (cv2.inRange(light, SKIN_RANGE[0], SKIN_RANGE[1]) > 0) & inside
    # Between the handles of a bag, which is filled, there is no skin.
    if skin[head, shoulders.head].mean() < SKIN or _spread(lab[head][inside[head]]) < VARIED:
        return None
    tone = np.median(light[head][skin[head]], axis=0)
    skin &= cv2.inRange(light, tone - TONE, tone + TONE) > 0
    body = inside.copy()
    body[head] = False
    body[find_waist(lab, shoulders) :] = False
    return without_skin(body, skin, shoulders)


def _spread(lab: NDArray[np.float32]) -> float:
    """The standard deviation of colours, (N, 3)."""
    return float(np.linalg.norm(lab.std(axis=0)))


def find_waist(lab: NDArray[np.float32], shoulders: Shoulders) -> int:
    """Find the row below which another garment, or legs, follow; ROWS where one colour goes on to the end.

    A dress with a belt changes its colour higher than a top ends, and stays whole.
    """
    first = shoulders.neck + round(shoulders.width / 4)
    rows = lab[first:, shoulders.strip].mean(axis=1)
    least, most = (shoulders.neck + round(share * shoulders.width) - first for share in WAIST)
    above = np.arange(max(3, least), min(len(rows) - BELOW, most) + 1)
    if not above.size:
        return ROWS
    far = rows - rows.mean(axis=0)
    # The variance between what is above a row and what is below it, times the number of rows.
    between = (far.cumsum(axis=0)[above - 1] ** 2).sum(axis=1) * len(rows) / (above * (len(rows) - above))
    waist = int(above[between.argmax()])
    parts = rows[max(0, waist - AROUND) : waist], rows[waist : waist + AROUND]
    change = np.linalg.norm(parts[0].mean(axis=0) - parts[1].mean(axis=0))
    clear = between.max() >= EXPLAINED * (far**2).sum() and change >= CHANGE
    return first + waist if clear else ROWS


def without_skin(body: Inside, skin: Inside, shoulders: Shoulders) -> Inside:
    """Without neck, arms, hands and legs; all of the body where the garment itself has the colour of skin."""
    rows = np.flatnonzero(body.any(axis=1))
    if not rows.size:
        return body
    top, height = int(rows[0]), len(rows)
    if skin[top + height // 4 : top + height * 4 // 5, shoulders.strip].mean() > LIKE_SKIN:
        return body
    dressed = np.where(body & ~skin, 255, 0).astype(np.uint8)
    # Hands before the body are holes, which are filled.
    opened = cv2.morphologyEx(dressed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8, copy=False)
    kept = without_specks(filled(opened), PART) > 0
    return kept if kept.sum() >= (1 - LOST) * body.sum() else body
