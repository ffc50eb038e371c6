"""Variants of a photo, of a garment of the training set, or of a drawing.

A variant differs from its source by the photo (changes.py, compositions.py) and by errors of the garment's
mask (`_spoiled`). The service's own conversion then makes the pixels. Reads the files that a task names; the
same task gives the same variants on any machine. The tasks: balance.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from inference.arrays import Mask, Picture, Pixels, PixelsBatch
from inference.contract import Imaging
from inference.convert import converted
from inference.decode import MAX_PIXELS, decode
from inference.framing import no_larger_than
from inference.garment.border import Colour, look_at_border
from inference.garment.foreground import Found, find_garment, find_worn
from training.photos.changes import cropped, headless, recompressed, resampled, shaded, toned, warped
from training.photos.compositions import EDGE, cut_out, garment_of, laid_on, pair_on, plain_ground, texture
from training.photos.drawn_shoes import drawn_pair

GROUND_EDGE: Final = 300
"""Longest edge, in pixels, of a photo whose border becomes a ground."""

CUT_OUT_MIN: Final = 8
"""Pixels of height and width below which what was found on a plain photo is not laid elsewhere."""

ROUNDS: Final = (1, 4)
SEGMENTATION_EDGE: Final = (56, 105)
"""What the segmentation is varied between, so that no model counts on one way of erring."""

NEVER_PLAIN: Final = 1.1
"""A share that no border reaches: the segmentation has to try a plain photo too."""

FRAYED: Final = (0.005, 0.04)
"""Share of the longest edge by which a mask is too small or too large."""

BITE: Final = (0.05, 0.2)
"""Half axes of what is missing or left over, as shares of the garment's box."""


@dataclass(frozen=True)
class Task:
    """Some variants to be made of one thing.

    Attributes:
        source: a photo's file, uint8 (28, 28) of the training set, or the label of a pair to be drawn.
        seed: of all its variants; each adds its number.
        grounds: of each variant, the photo whose border may be laid under it; None where there are none.
        paired: whether the garment is one that is shown in pairs.
        worn: whether a person wears it.
        imaging: how the model wants pictures converted.
    """

    source: Path | Pixels | str
    seed: int
    grounds: tuple[Path | None, ...]
    paired: bool
    worn: bool
    imaging: Imaging


_Show = Callable[[Picture | None, np.random.Generator], tuple[Picture, Colour | None]]
"""Lays a garment on a ground or leaves it where it is: the photo that a variant begins with, and the colour
around the garment, None where it has many."""


def variants_of(task: Task) -> PixelsBatch:
    """Carry a task out.

    Returns:
        uint8 (V, 28, 28), one for each of its grounds, and one more where a person is found whose garment the
        model reads, too.

    Raises:
        UploadError: a file that could be read before no longer can.
    """
    show = _show(task)
    return np.stack([one for number in range(len(task.grounds)) for one in _variant(show, task, number)])


def _show(task: Task) -> _Show:
    match task.source:
        case str(label):
            return _of_drawing(label)
        case Path() as path:
            return _of_photo(task, path)
        case pixels:
            return _of_garment(task, pixels)


def _variant(show: _Show, task: Task, number: int) -> Iterator[Pixels]:
    rng = np.random.default_rng([task.seed, number])
    beneath = task.grounds[number]
    ground = None if beneath is None else texture(_opened(beneath, GROUND_EDGE), rng)
    picture, colour = show(ground, rng)
    changed = _changed(picture, colour, rng, worn=task.worn)
    imaging = _otherwise(task.imaging, rng)
    found = find_garment(changed, None, imaging)
    yield converted(changed, _spoiled(found, rng), imaging).pixels
    if (worn := find_worn(changed, found, imaging)) is not None:
        yield converted(changed, _spoiled(worn, rng), imaging).pixels


def _of_photo(task: Task, path: Path) -> _Show:
    """Half of the variants of a plain photo on another ground, unless a person wears the garment."""
    photo = _opened(path, EDGE)
    colour = look_at_border(photo, task.imaging.border_tolerance).colour
    found = find_garment(photo, None, task.imaging)
    plain = found.way in {"plain", "black"}
    cut = cut_out(photo, found.mask)
    can_be_laid = plain and not task.worn and min(cut.shape[:2]) >= CUT_OUT_MIN

    def show(ground: Picture | None, rng: np.random.Generator) -> tuple[Picture, Colour | None]:
        if can_be_laid and ground is not None and rng.random() < 0.5:
            return _laid(ground, cut, task, rng), None
        return photo, colour if plain else None

    return show


def _of_garment(task: Task, pixels: Pixels) -> _Show:
    """A quarter of the variants on white, the others on another ground."""

    def show(ground: Picture | None, rng: np.random.Generator) -> tuple[Picture, Colour | None]:
        cut = garment_of(pixels, rng)
        if ground is not None and rng.random() < 0.75:
            return _laid(ground, cut, task, rng), None
        white = plain_ground()
        return laid_on(white, cut, rng), np.array(white[0, 0], np.float64)

    return show


def _of_drawing(label: str) -> _Show:
    """Another pair for each variant, on a ground wherever there is one."""

    def show(ground: Picture | None, rng: np.random.Generator) -> tuple[Picture, Colour | None]:
        pair = drawn_pair(label, rng)
        if ground is not None:
            return laid_on(ground, pair, rng), None
        white = plain_ground()
        return laid_on(white, pair, rng), np.array(white[0, 0], np.float64)

    return show


def _laid(ground: Picture, cut: Picture, task: Task, rng: np.random.Generator) -> Picture:
    lay = pair_on if task.paired and rng.random() < 0.6 else laid_on
    return lay(ground, cut, rng)


def _changed(picture: Picture, ground: Colour | None, rng: np.random.Generator, *, worn: bool) -> Picture:
    if worn and rng.random() < 0.4:
        picture = headless(picture, rng)
    if rng.random() < 0.6:
        picture = warped(picture, ground, rng)
    if rng.random() < 0.3:
        picture = cropped(picture, rng)
    if ground is None and rng.random() < 0.5:
        picture = shaded(picture, rng)
    for change, share in ((toned, 0.6), (resampled, 0.4), (recompressed, 0.3)):
        if rng.random() < share:
            picture = change(picture, rng)
    return np.ascontiguousarray(picture)


def _otherwise(imaging: Imaging, rng: np.random.Generator) -> Imaging:
    """The garment found with other parameters, now and then by its colours where the border would do."""
    if imaging.cascade is None:
        return imaging
    cascade = replace(
        imaging.cascade,
        segmentation_rounds=int(rng.integers(*ROUNDS)),
        segmentation_edge=int(rng.integers(*SEGMENTATION_EDGE)),
    )
    if rng.random() < 0.15:
        cascade = replace(cascade, plain_share=NEVER_PLAIN, studio_share=NEVER_PLAIN)
    return replace(imaging, cascade=cascade)


def _spoiled(found: Found, rng: np.random.Generator) -> Found:
    """Errors that a segmentation makes: frayed all round, and a bite out of the garment or something left."""
    mask = found.mask
    if rng.random() < 0.4:
        mask = _frayed(mask, rng)
    if rng.random() < 0.3:
        mask = _bitten(mask, rng)
    return replace(found, mask=mask)


def _frayed(mask: Mask, rng: np.random.Generator) -> Mask:
    reach = max(1, int(rng.uniform(*FRAYED) * max(mask.shape)))
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    change = cv2.erode if rng.random() < 0.4 else cv2.dilate
    return change(mask, square).astype(np.uint8, copy=False)


def _bitten(mask: Mask, rng: np.random.Generator) -> Mask:
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return mask
    middle = (left + int(rng.uniform(0, width)), top + int(rng.uniform(0, height)))
    axes = (max(1, int(rng.uniform(*BITE) * width)), max(1, int(rng.uniform(*BITE) * height)))
    value = int(rng.choice([0, 255]))
    bitten = mask.copy()
    return cv2.ellipse(bitten, middle, axes, float(rng.uniform(0, 180)), 0, 360, value, cv2.FILLED).astype(
        np.uint8, copy=False
    )


def is_cluttered(path: Path, imaging: Imaging) -> bool:
    """Whether there is more around a photo's garment than one colour."""
    return find_garment(_opened(path, EDGE), None, imaging).cluttered


def _opened(path: Path, edge: int) -> Picture:
    """A photo, at most so large; whatever is transparent in it is white."""
    return no_larger_than(decode(path.read_bytes(), MAX_PIXELS).picture, edge)
