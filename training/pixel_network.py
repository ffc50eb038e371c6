"""Fit a recipe with its progress shown, and make the release in the run's folder.

Shared by train, compare and tune. Writes the run's folder alone.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from inference.onnx_session import OnnxSession
from model_store.files import GRAPH
from model_store.manifest import Manifest
from reports.acceptance import USUAL, Conditions
from reports.answers import Answers
from reports.values import Epoch
from scripts.progress import as_time, lines_between, working
from scripts.publish import RELEASE
from scripts.terminal import console
from scripts.training.doubted import write_doubted
from scripts.training.loading import start_tensorflow
from training.gradient.fitting.checkpoints import Run, load_progress
from training.gradient.recipes import Recipe
from training.pictures.fashion import LabelledData
from training.pictures.split import Split
from training.release.doubted import asked_of
from training.untyped import Callback

if TYPE_CHECKING:
    from training.fitted import Fitted

FRESH = "--fresh"
"""The option that deletes a checkpoint and its fit."""


def carry_out(  # noqa: PLR0913 - what a release is made of
    task: Run,
    data: LabelledData,
    parts: Split,
    recipe: Recipe,
    *,
    fitted: "Fitted | None" = None,
    others: Answers | None = None,
    accept: Conditions = USUAL,
) -> Manifest:
    """Write release and doubted labels to the run's folder.

    Args:
        task: where, what the checkpoint must carry, and whether TensorBoard can follow.
        data: what the release is measured on.
        parts: its training set in two.
        recipe: what to do.
        fitted: what is released; None to fit, from the run's checkpoint if it has one.
        others: answers of heads that did not learn the pictures; they choose thresholds, too.
        accept: when an answer is accepted.

    Raises:
        TrainingError: the checkpoint is another run's, or the network cannot be exported.
    """
    fitted = fitted or fit_alone(task, data, parts, recipe)
    from training.release.builder import make_release, material_of  # noqa: PLC0415 - as below

    material = material_of(
        *(fitted, recipe, task.command), data=data, split=parts, out_of_fold=others, accept=accept
    )
    with working("making the release"):
        manifest = make_release(task.folder / RELEASE, fitted.model, material, console().print)
    session = OnnxSession(task.folder / RELEASE / GRAPH, shape=data.reads.array_shape)
    write_doubted(task.folder, asked_of(session, manifest.model, data, parts, others), data.labels)
    return manifest


def fit_alone(
    task: Run,
    data: LabelledData,
    parts: Split,
    recipe: Recipe,
    targets: NDArray[np.float32] | None = None,
) -> "Fitted":
    """Fit, from the run's checkpoint if it has one; see `carry_out`, and `fit` for the targets."""
    start_tensorflow()
    # What trains takes seconds to load, which --help and a wrong argument should not.
    from training.gradient.fitting.fit import fit  # noqa: PLC0415

    out = console()
    if done := len(load_progress(task).history):
        out.print(f"Continues after epoch {done} of {recipe.epochs}.")
    out.print(HEADINGS)
    with EpochLines(out, recipe.epochs) as lines, lines_between(lines.position):
        extra = _tensorboard(task, data, parts)
        fitted = fit(parts, len(data.labels), recipe, task, lines, extra=extra, targets=targets)
    out.print(f"Kept: the average of the weights after the last epoch. {fitted.seconds:.0f} s in all.")
    return fitted


def _tensorboard(task: Run, data: LabelledData, parts: Split) -> list[Callback]:
    """The callbacks that log for TensorBoard, if the task has a folder for it."""
    if task.events is None:
        return []
    from training.gradient.fitting.tensorboard_log import tensorboard_callbacks  # noqa: PLC0415 - as above

    return tensorboard_callbacks(task.events, parts.validation, data.labels)


HEADINGS = f"{'epoch':>9} {'loss':>7} {'accuracy':>9} {'val loss':>9} {'val acc.':>9} {'seconds':>8}   left"


class EpochLines(Progress):
    """Prints epochs as lines, and steps as a bar on a terminal (gradient/fitting/fit.py's Watcher)."""

    def __init__(self, out: Console, epochs: int) -> None:
        """Print to `out`; `epochs` is how many there will be at most."""
        columns = (TextColumn("epoch {task.description}"), BarColumn(), MofNCompleteColumn())
        super().__init__(*columns, console=out, transient=True, disable=not out.is_interactive)
        self._epochs = epochs
        self._task = self.add_task("1", total=None)
        self._position = f"epoch 1 of {epochs}"

    def position(self) -> str:
        """Where the fit is, for a log between two lines of epochs."""
        return self._position

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Move the bar."""
        self._position = f"epoch {epoch} of {self._epochs}, step {step} of {steps}"
        self.update(self._task, description=f"{epoch}/{self._epochs}", completed=step, total=steps)

    def epoch(self, epoch: Epoch) -> None:
        """Print the line of an epoch."""
        left = as_time((self._epochs - epoch.epoch) * epoch.seconds)
        self.console.print(
            f"{epoch.epoch:>4}/{self._epochs:<4} {epoch.loss:>7.4f} {epoch.accuracy:>9.4f} "
            f"{epoch.val_loss:>9.4f} {epoch.val_accuracy:>9.4f} {epoch.seconds:>8.1f}   {left}"
        )
