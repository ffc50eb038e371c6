"""Carry out a recipe: fit with its progress shown, then make the release in the run's folder.

Shared by train and compare. On JAX it ends with the fit; TensorFlow makes the release (quiet.py). Writes the
run's folder alone.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_store.manifest import Manifest
from scripts.epoch_lines import EpochLines
from scripts.handing_over import RELEASE
from scripts.quiet import continue_on_tensorflow, on_tensorflow, start_backend
from scripts.terminal import console
from training.data.datasets import LabelledData
from training.data.splitting import Split
from training.fitting.checkpoints import Run
from training.photos.reading import Photos
from training.recipes import Recipe
from training.untyped import Callback

if TYPE_CHECKING:
    from training.fitting.fit import Fitted

FRESH = "--fresh"
"""The option that forgets a checkpoint, and so the fit that a release is to be made of."""


@dataclass(frozen=True)
class Wishes:
    """What a release contains in addition to what its recipe makes.

    Attributes:
        quantised: serve in eight bits, if that answers the same.
        photos: they choose the thresholds together with the held-out pictures; the report measures them.
    """

    quantised: bool = False
    photos: Photos | None = None


def carry_out(task: Run, data: LabelledData, parts: Split, recipe: Recipe, wishes: Wishes) -> Manifest:
    """Fit, from the run's checkpoint if it has one, and write the release to the same folder.

    Args:
        task: where, what the checkpoint must carry, and whether TensorBoard can follow.
        data: what the release is measured on.
        parts: its training set in two, and auxiliary data.
        recipe: what to do.
        wishes: what the release is to be.

    Raises:
        TrainingError: the checkpoint is another run's, or the network cannot be exported.
    """
    fitted = fit_alone(task, data, parts, recipe)
    if not on_tensorflow():
        continue_on_tensorflow(without={FRESH})
    from training.export.release import Material, make_release  # noqa: PLC0415 - as below

    material = Material(
        data=data,
        split=parts,
        recipe=recipe,
        fitted=fitted,
        command=task.command,
        quantised=wishes.quantised,
        photos=wishes.photos,
    )
    return make_release(task.folder / RELEASE, material, console().print)


def fit_alone(task: Run, data: LabelledData, parts: Split, recipe: Recipe) -> "Fitted":
    """Fit, from the run's checkpoint if it has one; see `carry_out`."""
    start_backend()
    # What trains takes seconds to load, which --help and a wrong argument should not.
    from training.fitting.fit import fit  # noqa: PLC0415

    out = console()
    with EpochLines(out, recipe.epochs) as lines:
        fitted = fit(parts, len(data.labels), recipe, task, lines, extra=_tensorboard(task, data, parts))
    why = "by validation accuracy" if parts.auxiliary is None else "the last one"
    out.print(f"Best: epoch {fitted.best_epoch}, {why}. {fitted.seconds:.0f} s in all.")
    return fitted


def _tensorboard(task: Run, data: LabelledData, parts: Split) -> list[Callback]:
    """The callbacks that log for TensorBoard, if the task has a folder for it."""
    if task.events is None:
        return []
    from training.fitting.tensorboard_log import tensorboard_callbacks  # noqa: PLC0415 - as above

    return tensorboard_callbacks(task.events, parts.validation, data.labels)
