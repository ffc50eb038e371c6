"""Little photos in folders by tier and label, as a user would bring them; drawn, so that nobody owns them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from inference.arrays import Picture
from tests.uploads import png

TIERS: Mapping[str, Sequence[str]] = {"A": ("Trouser", "8"), "C": ("Trouser",), "X": ("X_shop_Hats", "Belts")}
"""Labels by tier: by name, by index, and out of distribution."""


def a_garment_photo(seed: int) -> Picture:
    """A dark piece of clothing on light ground, uint8 (60, 50, 3); no two seeds look the same."""
    random = np.random.default_rng(seed)
    photo = np.full((60, 50, 3), random.integers(235, 256), np.uint8)
    left, top = map(int, random.integers(6, 18, 2))
    colour = tuple(map(int, random.integers(0, 120, 3)))
    cv2.rectangle(photo, (left, top), (left + 24, top + 36), colour, -1)
    cv2.line(photo, (left + 12, top), (left + 12, top + 36), (160, 160, 160), 3)
    # A print of its own: without one, some would be nearly the same to a perceptual hash.
    printed = cv2.resize(
        random.integers(0, 130, (6, 4, 3), np.uint8), (24, 36), interpolation=cv2.INTER_CUBIC
    )
    photo[top : top + 36, left : left + 24] = cv2.add(photo[top : top + 36, left : left + 24], printed)
    return photo


def write_photos(folder: Path, count: int, tiers: Mapping[str, Sequence[str]] = TIERS, seed: int = 0) -> Path:
    """Write `count` PNGs into each label's folder of each tier; none twice, beginning with this seed."""
    for tier, labels in tiers.items():
        for label in labels:
            (folder / tier / label).mkdir(parents=True)
            for number in range(count):
                (folder / tier / label / f"{number:03}.png").write_bytes(png(a_garment_photo(seed)))
                seed += 1
    return folder
