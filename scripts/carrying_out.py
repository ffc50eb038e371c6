"""Carry out a recipe: fit with its progress shown, then make the release in the run's folder.

Shared by train and compare. Writes the run's folder alone.
"""

from typing import TYPE_CHECKING

from model_store.manifest import Manifest
from scripts.epoch_lines import EpochLines
from scripts.handing_over import RELEASE
from scripts.quiet import start_tensorflow
from scripts.terminal import console
from training.checkpoints import Run
from training.datasets import LabelledData
from training.recipes import Recipe
from training.splitting import Split

if TYPE_CHECKING:
    from training.fitting import Watcher


def carry_out(task: Run, data: LabelledData, parts: Split, recipe: Recipe, *, quantised: bool) -> Manifest:
    """Fit, from the run's checkpoint if it has one, and write the release beside that.

    Args:
        task: where, what the checkpoint must carry, and whether TensorBoard can follow.
        data: what the release is measured on.
        parts: its training set in two.
        recipe: what to do.
        quantised: serve in eight bits, if that answers the same.

    Raises:
        TrainingError: the checkpoint is another run's, or the network cannot be exported.
    """
    start_tensorflow()
    # TensorFlow takes seconds to load, which --help and a wrong argument should not.
    from training.fitting import fit  # noqa: PLC0415
    from training.release import Material, make_release  # noqa: PLC0415

    out = console()
    with EpochLines(out, recipe.epochs) as lines:
        fitted = fit(parts, len(data.labels), recipe, task, _watchers(lines, task, data, parts, recipe))
    out.print(f"Best: epoch {fitted.best_epoch}, by validation accuracy. {fitted.seconds:.0f} s in all.")
    material = Material(data=data, split=parts, recipe=recipe, fitted=fitted, quantised=quantised)
    return make_release(task.folder / RELEASE, material, out.print)


def _watchers(lines: EpochLines, task: Run, data: LabelledData, parts: Split, recipe: Recipe) -> "Watcher":
    """The lines, and TensorBoard's log if the task has one."""
    if task.events is None:
        return lines
    from training.tensorboard_log import TensorBoardLog  # noqa: PLC0415  # as above
    from training.watchers import Watchers  # noqa: PLC0415

    return Watchers(lines, TensorBoardLog(task.events, recipe, parts.validation, data.labels))
