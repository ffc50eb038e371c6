"""Errors planted in sorted pictures, as people's folders have: wrong labels, near copies, broken files."""

import random
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

import cv2
import numpy as np

from inference.arrays import Picture
from inference.decode import MAX_PIXELS, decode

SEED = 7
WRONG_LABELS = 20
"""One picture in so many gets another label."""
COPIES = 100 / 3
"""One in so many is there again."""
BROKEN = {"text.jpg": b"not a picture", "cut-off.jpg": b""}
"""The second gets the first half of a picture."""


def _reencoded(picture: Picture) -> Picture:
    return picture


def _resized(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA), np.uint8)


def _cropped(picture: Picture) -> Picture:
    top, left = (max(1, round(edge * 0.02)) for edge in picture.shape[:2])
    return np.ascontiguousarray(picture[top:-top, left:-left])


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "re-encoded": _reencoded,
    "resized to 0.7": _resized,
    "cropped by 2% each edge": _cropped,
}
"""What becomes of a copy, which is then saved as a JPEG of quality 60."""


def plant(pictures: Path, folder: Path) -> tuple[set[str], dict[str, tuple[str, str]]]:
    """Copy the pictures with errors.

    Returns:
        The files that have a wrong label; and of each copy the change, and the file that it was made of.
    """
    draw = random.Random(SEED)
    classes = sorted(entry.name for entry in pictures.iterdir())
    files = [file for label in classes for file in sorted((pictures / label).iterdir())]
    for label in classes:
        (folder / label).mkdir(parents=True)
    draw.shuffle(files)
    mislabelled, repeated = round(len(files) / WRONG_LABELS), round(len(files) / COPIES)
    wrong, copies = set(), {}
    for number, file in enumerate(files):
        label = file.parent.name
        if number < mislabelled:
            label = draw.choice([one for one in classes if one != label])
        to = folder / label / f"{number}-{file.name}"  # as names may be equal in two classes
        copyfile(file, to)
        if number < mislabelled:
            wrong.add(str(to))
        elif number < mislabelled + repeated:
            change = list(CHANGES)[number % len(CHANGES)]
            copy = to.with_name(f"copy-{number}.jpg")
            picture = decode(file.read_bytes(), MAX_PIXELS).picture
            copy.write_bytes(_jpeg(CHANGES[change](picture)))
            copies[str(copy)] = (change, str(to))
    for name, content in BROKEN.items():
        half = files[-1].read_bytes()
        (folder / classes[0] / name).write_bytes(content or half[: len(half) // 2])
    return wrong, copies


def _jpeg(picture: Picture) -> bytes:
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes()
