"""A shirt drawn on whatever grounds people photograph shirts, with the truth of where it is."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask, Picture, Pixels
from inference.contract import Imaging, InputContract
from inference.pictures.convert import convert_to_pixels
from inference.pictures.decode import DecodedPicture

HEIGHT, WIDTH = 300, 240

_OUTLINE = [
    *[(95, 40), (145, 40), (200, 70), (225, 130), (190, 145), (180, 115)],
    *[(180, 260), (60, 260), (60, 115), (50, 145), (15, 130), (40, 70)],
]
"""x, y: neck, right sleeve, hem, left sleeve."""


def picture_to_pixels(picture: Picture, imaging: Imaging) -> Pixels:
    """What the model reads of an upload that has been decoded to this picture."""
    return convert_to_pixels(DecodedPicture(picture), InputContract(imaging=imaging))


def a_shirt() -> Mask:
    """Where it is, uint8 (300, 240)."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.array(_OUTLINE)], 255)
    return mask


def on_plain(garment: int, ground: int) -> Picture:
    """A grey shirt on grey ground."""
    return _coloured(np.where(a_shirt() > 0, garment, ground))


def on_a_floor(seed: int = 0) -> Picture:
    """A blue shirt with folds on brown boards with grain and gaps, as noise would never be."""
    random = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(random.normal(0, 60, (HEIGHT, WIDTH)), (0, 0), 1.5, sigmaY=9)
    boards = np.full((HEIGHT, WIDTH, 3), (150, 105, 65), np.float64) + grain[..., None]
    boards[:, ::40] *= 0.5
    folds = 15 * np.sin(np.arange(WIDTH) / 7)[None, :, None] + random.normal(0, 6, (HEIGHT, WIDTH, 3))
    shirt = np.array([45, 70, 140]) + folds
    return np.where(a_shirt()[..., None] > 0, shirt, boards).clip(0, 255).astype(np.uint8)


def cut_out() -> NDArray[np.uint8]:
    """A dark shirt with nothing around it: RGBA, in whose transparent part a wild colour is hidden."""
    shirt = a_shirt()
    colours = np.where(shirt[..., None] > 0, (40, 60, 50), (255, 0, 200)).astype(np.uint8)
    return np.dstack([colours, shirt])


def as_it_should_be() -> Pixels:
    """What a perfect conversion leaves of where the shirt is: 255 there, fading at the outline, else 0."""
    return picture_to_pixels(np.dstack([a_shirt()] * 3), Imaging())


def overlap(pixels: Pixels, truth: Pixels) -> float:
    """Intersection over union of what is seen and what should be: 1 is perfect."""
    seen, wanted = pixels > 0, truth > 0
    return float((seen & wanted).sum() / (seen | wanted).sum())


def _coloured(grey: NDArray[np.signedinteger]) -> Picture:
    return np.dstack([grey.astype(np.uint8)] * 3)
