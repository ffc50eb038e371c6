"""JAX's part of test_backends.py: `python -m tests.contract.training.on_jax FOLDER`, with KERAS_BACKEND=jax.

A process has one of Keras' backends, so what is compared with TensorFlow's comes from a process of its own;
what both do is here. Writes FOLDER.
"""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model_store.report import Epoch
from tests.contract.training.conftest import RECIPE, Listener
from tests.fashion import CLASSES, striped_pictures
from training.data.splitting import split
from training.fitting.augmentation import Augmentation, Draws
from training.fitting.checkpoints import FILE_NAME, Run
from training.fitting.fit import fit
from training.fitting.schedule import batches
from training.recipes import Recipe

PLAN: Final = "plan.npz"
AFTER_ONE_EPOCH: Final = "after one epoch"

NOISE: Final = np.random.default_rng(0).integers(0, 256, (200, 28, 28), np.uint8)
CLASS_OF_EACH: Final = np.eye(CLASSES, dtype=np.float32)[np.arange(200) % CLASSES]

COMPARED: Final = {
    "all but affine": replace(RECIPE, flip=True, shift=2, erase=8, mixup=0.2),
    "affine": replace(RECIPE, flip=False, shift=0, erase=0, rotate=10.0, zoom=0.1, shear=5.0),
}
"""What may be done to pictures, by name: what must come out the same, and what to one step of 255."""

TWO_EPOCHS: Final = replace(RECIPE, epochs=2, batch_size=60, learning_rate=0.001, mixup=0.2)
FITS: Final = {
    "conv3 by AdamW": replace(TWO_EPOCHS, network="conv3", optimizer="adamw"),
    "compact16 by Muon": replace(TWO_EPOCHS, network="compact16", optimizer="muon"),
}
"""No dropout among them: what is dropped is each backend's own to draw."""


def run_of(folder: Path, name: str) -> Run:
    """Where one of FITS has its checkpoint."""
    return Run(folder / name, "aa")


def plan() -> dict[str, NDArray[Any]]:
    """What an epoch is decided by beforehand: the order of the data, and what happens to each picture."""
    return {"order": batches(360, 60, 0, 2), **Augmentation(COMPARED["all but affine"]).draw((6, 60), [0, 2])}


def third_step(augmentation: Augmentation) -> Draws:
    """What happens to NOISE in the third of three steps."""
    return {name: values[2] for name, values in augmentation.draw((3, len(NOISE)), [7, 1]).items()}


class KeepsTheFirstEpoch(Listener):
    """Puts the checkpoint aside as the first epoch left it."""

    def __init__(self, run: Run, aside: Run) -> None:
        super().__init__()
        self._run, self._aside = run, aside

    def epoch(self, epoch: Epoch, best_epoch: int, predicted: NDArray[np.int64] | None) -> None:
        if epoch.epoch == 1:
            self._aside.folder.mkdir(parents=True)
            shutil.copy(self._run.folder / FILE_NAME, self._aside.folder)


def main(folder: Path) -> None:
    """Write the plan, the changed pictures, and both checkpoints of each fit."""
    np.savez(folder / PLAN, **plan())  # type: ignore[arg-type]  # its stub types every keyword as allow_pickle
    for name, recipe in COMPARED.items():
        np.savez(folder / f"{name}.npz", **_changed(recipe))  # type: ignore[arg-type]  # as above
    parts = split(striped_pictures(400), RECIPE.validation, seed=0, classes=CLASSES)
    for name, recipe in FITS.items():
        run = run_of(folder, name)
        fit(parts, CLASSES, recipe, run, KeepsTheFirstEpoch(run, run_of(folder / AFTER_ONE_EPOCH, name)))


def _changed(recipe: Recipe) -> dict[str, NDArray[Any]]:
    """NOISE and its targets after the third step, in a compiled function."""
    import jax  # noqa: PLC0415 - test_backends.py imports this file on TensorFlow

    augmentation = Augmentation(recipe)
    images, targets = jax.jit(augmentation)(NOISE, CLASS_OF_EACH, third_step(augmentation))
    return {"images": np.asarray(images), "targets": np.asarray(targets)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
