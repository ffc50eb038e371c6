"""Draw a recipe's augmentation: a row for each kind, and one for all together.

Each row shows a training picture and its changes in some steps of a training. A kind that the recipe leaves
out is drawn at a usual strength and marked so. Writes the named PNG. The layers: augmentation.py; the
command: `wardrobe train --show-augmentation`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inference.arrays import Pixels
from inference.contract import EDGE
from training.data.datasets import LabelledImages
from training.evaluation.figures import QUIET_COLOUR
from training.fitting.augmentation import Augmentation
from training.recipes import Recipe

Target: TypeAlias = NDArray[np.float32]
"""What one picture is to be taken for, (C,): each class's share."""

VARIANTS: Final = 10
"""Shown of each picture."""

NEIGHBOURS: Final = 31
"""Other pictures of the batch, for mixup to draw from."""

DPI: Final = 80
TILE: Final = 3 * EDGE
"""Edge of a picture in pixels of the sheet: a whole multiple, so that its pixels are all of one size."""

GAP: Final = 8
LINE: Final = 24
"""Pixels between two pictures, and for a title or a caption above and below them."""

OFF: Final = {"flip": False, "rotate": 0.0, "zoom": 0.0, "shear": 0.0, "shift": 0, "erase": 0, "mixup": 0.0}
"""The recipe's fields that switch a kind off."""

USUAL: Final = {"flip": True, "rotate": 10.0, "zoom": 0.1, "shear": 5.0, "shift": 2, "erase": 8, "mixup": 0.2}
"""How a kind is drawn that the recipe leaves out."""

KINDS: Final = {
    "flip": {"flip": "half of the pictures, left to right"},
    "small affine": {
        "rotate": "turned by up to {:g}°",
        "zoom": "scaled by up to {:.0%}",
        "shear": "sheared by up to {:g}°",
    },
    "shift": {"shift": "by up to {} pixels each way"},
    "erase": {"erase": "a square of {} pixels in half of the pictures"},
    "mixup": {"mixup": "with another picture, in shares from Beta({0:g}, {0:g})"},
}
"""In the order in which a batch meets them: the fields that decide, and what a title says of each."""


@dataclass(frozen=True)
class _Row:
    """One line of the sheet: a title, the recipe it is drawn by, and whether training does so."""

    title: str
    recipe: Recipe
    used: bool


def write_contact_sheet(
    path: Path, recipe: Recipe, pictures: LabelledImages, labels: tuple[str, ...]
) -> None:
    """Write the sheet as a PNG.

    Args:
        path: its folder is made if absent.
        recipe: see `draw_contact_sheet`, as for the others.
        pictures: of the data set.
        labels: of the data set.
    """
    figure = draw_contact_sheet(recipe, pictures, labels)
    FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})


def draw_contact_sheet(recipe: Recipe, pictures: LabelledImages, labels: tuple[str, ...]) -> Figure:
    """Draw a row for each kind and one for all together: the picture as it is, then its variants.

    Args:
        recipe: whose augmentation is shown; its seed decides what is drawn.
        pictures: two or more, of which a few are shown.
        labels: the names of the classes.
    """
    rows = _rows(recipe)
    width, height = VARIANTS * (TILE + GAP) + TILE + 3 * GAP, len(rows) * (TILE + 2 * LINE)
    figure = Figure(figsize=(width / DPI, height / DPI))
    shown = _one_of_each_class(pictures, len(rows))
    for number, (row, index) in enumerate(zip(rows, shown, strict=True), start=1):
        _draw_row(_Strip(figure, height * (1 - number / len(rows))), row, _batch(pictures, index), labels)
    return figure


def _rows(recipe: Recipe) -> list[_Row]:
    rows = [_row_of(kind, recipe) for kind in KINDS]
    together = ", ".join(kind for kind, row in zip(KINDS, rows, strict=True) if row.used)
    return [*rows, _Row(f"all together, as training sees them: {together or 'nothing'}", recipe, used=True)]


def _row_of(kind: str, recipe: Recipe) -> _Row:
    """The kind alone, at the recipe's strength or, where that is none, at a usual one."""
    settings = {field: getattr(recipe, field) for field in KINDS[kind]}
    used = any(settings.values())
    strength = settings if used else {field: USUAL[field] for field in settings}
    phrases = [KINDS[kind][field].format(value) for field, value in strength.items() if value]
    title = f"{kind}: {', '.join(phrases)}{'' if used else ' (off in this recipe)'}"
    return _Row(title, replace(recipe, **(OFF | strength)), used)


def _one_of_each_class(pictures: LabelledImages, count: int) -> list[int]:
    """The first picture of each class, last class first, as often round as it takes.

    Of Fashion-MNIST's classes the last have the least symmetrical pictures: boots and bags.
    """
    firsts = np.unique(pictures.labels, return_index=True)[1][::-1]
    return [int(index) for index in np.resize(firsts, count)]


def _batch(pictures: LabelledImages, index: int) -> LabelledImages:
    """The picture in the first place, others of the set behind it."""
    others = [other for other in range(min(NEIGHBOURS + 1, len(pictures))) if other != index]
    chosen = [index, *others[:NEIGHBOURS]]
    return LabelledImages(pictures.images[chosen], pictures.labels[chosen])


@dataclass(frozen=True)
class _Strip:
    """Where one row lies: its figure, and the height of its lower edge in pixels."""

    figure: Figure
    bottom: float

    def write(self, title: str, colour: str) -> None:
        """Put the title above the pictures."""
        width, height = self.figure.get_size_inches() * DPI
        self.figure.text(
            GAP / width, (self.bottom + LINE + TILE + 6) / height, title, color=colour, fontsize=11
        )

    def draw(self, place: int, pixels: Pixels, caption: str) -> None:
        """Put a picture at its place, 0 being the original's, which stands a little apart."""
        width, height = self.figure.get_size_inches() * DPI
        left = GAP + place * (TILE + GAP) + (GAP if place else 0)
        axes = self.figure.add_axes(
            (left / width, (self.bottom + LINE) / height, TILE / width, TILE / height)
        )
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(caption, y=0, pad=-3, va="top", fontsize=7)


def _draw_row(strip: _Strip, row: _Row, batch: LabelledImages, labels: tuple[str, ...]) -> None:
    strip.write(row.title, "black" if row.used else QUIET_COLOUR)
    strip.draw(0, batch.images[0], "as it is")
    for place, (pixels, target) in enumerate(_variants(row.recipe, batch, len(labels)), start=1):
        strip.draw(place, pixels, _named(target, labels) if row.recipe.mixup else "")


def _variants(recipe: Recipe, batch: LabelledImages, classes: int) -> Iterator[tuple[Pixels, Target]]:
    """The batch's first picture and its target, as each of some steps would see them."""
    augmentation = Augmentation(recipe)
    targets = np.eye(classes, dtype=np.float32)[batch.labels]
    for _ in range(VARIANTS):
        images, mixed = augmentation(batch.images, targets)
        yield images[0].numpy(), mixed[0].numpy()


def _named(target: Target, labels: tuple[str, ...]) -> str:
    """The classes that a target holds one per cent of or more, the largest share first."""
    order = np.argsort(-target, kind="stable")
    return "\n".join(f"{target[index]:.0%} {labels[index]}" for index in order if target[index] >= 0.005)
