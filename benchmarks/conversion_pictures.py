"""Draw what the model reads of worn and of flat garments: python -m benchmarks.conversion_pictures PHOTOS.

PHOTOS is a folder of photos by tier and class; of tier C those are shown whose names begin with FREE, which
are in the public domain (CC0). Photos of worn garments may not be shown, so people are drawn. Writes
docs/images/worn.png and flat.png.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from inference.arrays import Picture, Pixels
from inference.contract import TWO_CROPS
from inference.convert import convert
from inference.decode import MAX_PIXELS, Decoded, decode
from inference.framing import no_larger_than
from tests.drawn_people import GREEN, a_dress, a_person, a_shirt

FREE: Final = "clo-"
SHOWN: Final = 10
CLASSES: Final = ("0", "1", "2", "3", "4", "5", "6", "7", "9", "0")
"""Of the flat garments: tier C shows no bags."""

FOLDER: Final = Path(__file__).parent.parent / "docs" / "images"

SKINS: Final = ((240, 200, 175), (205, 150, 120), (150, 105, 80), (95, 62, 45), (60, 40, 30))
COLOURS: Final = (GREEN, (150, 40, 50), (70, 80, 140), (200, 180, 60), (90, 90, 95))

SHOWN_EDGE: Final = 320
"""Longest edge of a picture, in pixels."""


def main() -> int:
    """Draw both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    folder = parser.parse_args().photos
    people = [
        a_person(garment, colour, skin)
        for garment in (a_shirt(), a_dress())
        for colour, skin in zip(COLOURS, SKINS, strict=True)
    ]
    _draw([_row(Decoded(one), before_and_after=True) for one in people], FOLDER / "worn.png")
    flat = [decode(path.read_bytes(), MAX_PIXELS) for path in _chosen(folder / "C")]
    _draw([_row(one, before_and_after=False) for one in flat], FOLDER / "flat.png")
    return 0


def _chosen(folder: Path) -> list[Path]:
    """The first free photo of each of CLASSES, or the second one of a class that comes again."""
    return [
        sorted((folder / label).glob(f"{FREE}*"))[CLASSES[:number].count(label)]
        for number, label in enumerate(CLASSES)
    ]


def _row(decoded: Decoded, *, before_and_after: bool) -> list[Picture | Pixels]:
    """A picture and what the model reads of it: of a person before and after the garment was found."""
    done = convert(decoded, TWO_CROPS.imaging)
    read: list[Picture | Pixels] = [no_larger_than(decoded.picture, SHOWN_EDGE), done.pixels]
    if before_and_after:
        read.append(np.zeros_like(done.pixels) if done.worn is None else done.worn)
    return read


def _draw(columns: Sequence[Sequence[Picture | Pixels]], target: Path) -> None:
    """A column for each garment, its picture above what is read of it."""
    rows = len(columns[0])
    figure = Figure(figsize=(SHOWN, 1.15 * rows), layout="constrained")
    grid = figure.subplots(rows, len(columns), squeeze=False)
    for axes, shown in zip(grid.T.tolist(), columns, strict=True):
        for place, image in zip(axes, shown, strict=True):
            place.imshow(image, cmap="gray", vmin=0, vmax=255)
            place.axis("off")
    figure.savefig(target, format="png", dpi=90)


if __name__ == "__main__":
    sys.exit(main())
