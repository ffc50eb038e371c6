"""Little photos of three kinds of things on paper, in folders of their own, as a user would bring them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from inference.arrays import Picture
from tests.uploads import png

KINDS = ("Ball", "Box", "Stick")
"""The classes, in order of their names."""


def a_photo(kind: str, seed: int) -> Picture:
    """A dark thing on light paper, uint8 (72, 64, 3); no two seeds share size, place, colour and paper."""
    random = np.random.default_rng([KINDS.index(kind), seed])
    photo = np.full((72, 64, 3), random.integers(235, 256), np.uint8)
    colour = tuple(map(int, random.integers(0, 120, 3)))
    x, y = map(int, random.integers(26, 38, 2))
    half = int(random.integers(14, 22))
    if kind == "Ball":
        cv2.circle(photo, (x, y), half, colour, -1)
    elif kind == "Box":
        cv2.rectangle(photo, (x - half, y - half), (x + half, y + half), colour, -1)
    else:
        cv2.rectangle(photo, (x - 3, y - half), (x + 3, y + half), colour, -1)
    paper = cv2.resize(random.integers(0, 9, (18, 16), np.uint8), (64, 72), interpolation=cv2.INTER_CUBIC)
    return cv2.subtract(photo, cv2.merge([paper] * 3)).astype(np.uint8, copy=False)


def write_class_folders(folder: Path, count: int, kinds: Sequence[str] = KINDS, first_seed: int = 0) -> Path:
    """Write `count` PNGs of each kind into a sub-folder of its name."""
    for kind in kinds:
        (folder / kind).mkdir(parents=True)
        for seed in range(first_seed, first_seed + count):
            (folder / kind / f"{seed:03}.png").write_bytes(png(a_photo(kind, seed)))
    return folder


def write_picture_csv(folder: Path, count: int) -> Path:
    """Write `count` PNGs of each kind into one folder, and a CSV that says which is what."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    lines = ["path,label"]
    for kind in KINDS:
        for seed in range(count):
            name = f"{kind.lower()}-{seed:03}.png"
            (pictures / name).write_bytes(png(a_photo(kind, seed)))
            lines.append(f"pictures/{name},{kind}")
    (folder / "things.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "things.csv"


COLOURS = {"Green": (0, 1, 0), "Red": (1, 0, 0), "Violet": (1, 0, 1)}
"""Classes that differ in colour alone, by the shares of red, green and blue."""

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of ITU-R BT.601."""


def a_blob(colour: str, seed: int) -> Picture:
    """A blob on light paper, uint8 (72, 64, 3), RGB; grey, no class can be told from another."""
    random = np.random.default_rng([*colour.encode(), seed])
    photo = np.full((72, 64, 3), random.integers(235, 256), np.uint8)
    shares = np.array(COLOURS[colour])
    ink = tuple(map(int, np.rint(random.uniform(30, 70) * shares / (LUMA @ shares))))
    x, y, width, height = map(int, random.integers(14, 26, 4))
    cv2.ellipse(photo, (x + 14, y + 16), (width // 2 + 6, height // 2 + 6), 0, 0, 360, ink, -1)
    return photo
