"""Draw a sheet of a data set: a row for each class, with some of its pictures. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.figure import Figure

from inference.arrays import Pixels

PER_CLASS: Final = 12
"""Pictures of a row."""

MOST_CLASSES: Final = 40
"""Rows of a sheet: more would be too high to look at."""


def draw_sheet(pictures: Mapping[str, Sequence[Pixels]]) -> Figure:
    """The first PER_CLASS pictures of each class, of at most MOST_CLASSES.

    Args:
        pictures: uint8 (28, 28), by class; one class at least.
    """
    shown = list(pictures.items())[:MOST_CLASSES]
    figure = Figure(figsize=(PER_CLASS * 0.8 + 1.6, len(shown) * 0.85), layout="constrained")
    grid = figure.subplots(len(shown), PER_CLASS, squeeze=False).tolist()
    for (label, row), places in zip(shown, grid, strict=True):
        for axes in places:
            axes.set(xticks=[], yticks=[])
            axes.set_frame_on(False)
        for picture, axes in zip(row, places, strict=False):
            axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        places[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8, parse_math=False)
    return figure
