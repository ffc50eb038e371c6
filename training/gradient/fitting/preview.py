"""Draw what augmentation makes of pictures, for a look before a training.

Each row has a picture as the model reads it, and what a recipe's random changes make of it. Pure; the
changes: augmentation.py.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from inference.arrays import Pixels
from training.gradient.fitting.augmentation import Augmentation
from training.gradient.recipes import Recipe

CHANGED: Final = 9
"""Changed pictures beside each one."""


def draw_augmented(pictures: Sequence[Pixels], recipe: Recipe) -> Figure:
    """A row for each picture, uint8 (28, 28): itself, then CHANGED random changes of it."""
    columns = 1 + CHANGED
    figure = Figure(figsize=(columns, len(pictures)), layout="constrained")
    grid = figure.subplots(len(pictures), columns, squeeze=False)
    images = np.repeat(np.stack(pictures), CHANGED, axis=0)
    changed = np.asarray(Augmentation(recipe)(images, np.ones((len(images), 1), np.float32))[0])
    for row, (picture, axes) in enumerate(zip(pictures, grid.tolist(), strict=True)):
        for place, image in zip(axes, [picture, *changed[row * CHANGED :][:CHANGED]], strict=True):
            place.imshow(image, cmap="gray", vmin=0, vmax=255)
            place.axis("off")
    return figure
