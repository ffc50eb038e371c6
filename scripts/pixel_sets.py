"""`wardrobe data` of pixels in the form of Fashion-MNIST: IDX files, or a CSV of 785 columns.

How many pictures of each class there are, and what comes next. The files: training/pictures/pixel_files.py.
"""

import shlex
from pathlib import Path
from typing import Final

import numpy as np

from scripts.terminal import print_table, program
from training.pictures.fashion import LABELS, from_idx
from training.pictures.listing import has_idx
from training.pictures.pixel_files import is_pixel_table, read_csv
from training.pictures.table import Pictures

CSV_PART: Final = "pictures"
"""What the only part of a CSV is called."""


def is_pixel_set(place: Path) -> bool:
    """Whether a place holds pixels: IDX files in a folder, or a row of 784 pixels for each picture."""
    return has_idx(place) or (place.is_file() and is_pixel_table(place))


def read_pixel_set(place: Path) -> dict[str, Pictures]:
    """Its parts by name.

    Raises:
        DataError: a file is missing or wrong.
    """
    if place.is_file():
        return {CSV_PART: Pictures.of_pixels(*read_csv(place, len(LABELS)))}
    data = from_idx(place)
    return {"train": data.train, "test": data.test}


def show_pixel_set(place: Path, parts: dict[str, Pictures]) -> dict[str, object]:
    """Print how many pictures of each class there are, and the command that comes next.

    Returns:
        the counts for programs, by part and class.
    """
    counts = {
        part: dict(zip(LABELS, np.bincount(one.labels, minlength=len(LABELS)).tolist(), strict=True))
        for part, one in parts.items()
    }
    print_table(
        [
            {"class": label, **{part: f"{counted[label]:,}" for part, counted in counts.items()}}
            for label in LABELS
        ]
    )
    following = f"{program()} train --data {shlex.quote(str(place))}"
    if CSV_PART in parts:
        following = f"{program()} train --train TRAIN.csv --test TEST.csv, of which this is one"
    print("", "These can be learnt.", f"Next: {following}", sep="\n")
    return {"counts": counts}
