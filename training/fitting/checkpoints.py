"""Keep the state of a training on disk, so that a kill at any moment costs at most one epoch.

After each epoch it writes weights and optimizer to a file of that epoch, the best weights likewise, then
progress.json, which names both and is replaced in one step. Keras' BackupAndRestore keeps neither the
history nor early stopping's state, and can leave its two files out of step. Touches the run's folder.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from model_store.files import write_whole
from model_store.manifest import Frozen, first_problem
from model_store.report import Epoch
from training.errors import CheckpointUnreadable
from training.fitting.starting import ParentRelease

PROGRESS: Final = "progress.json"
WEIGHTS: Final = ".weights.h5"

SOLVED_EPOCHS: Final = 3
SOLVED_STEPS: Final = 100
"""A run ends when all held-out pictures were right over so many epochs, and so many steps: an epoch of few
pictures has few."""

_REMEDY: Final = "Name another folder with --run, or start over with --fresh."


@dataclass(frozen=True)
class Run:
    """Where a fit keeps its checkpoint, what this must carry, and what the fit began with.

    Attributes:
        fingerprint: of the recipe and the data (recipes.py).
        start: the release whose weights are trained further; None begins with fresh ones.
        weights: the file of the pretrained weights that the recipe begins with; None lets Keras fetch them.
        events: the folder of its TensorBoard log; None for no log.
        command: the command line, which the release records.
    """

    folder: Path
    fingerprint: str
    start: ParentRelease | None = None
    weights: Path | None = None
    events: Path | None = None
    command: str = ""

    def state(self, epoch: int) -> Path:
        """The file of weights and optimizer after an epoch, 1-based."""
        return self.folder / f"state-{epoch:04d}{WEIGHTS}"

    def best(self, epoch: int) -> Path:
        """The file of the averaged weights of an epoch that was the best so far, 1-based."""
        return self.folder / f"best-{epoch:04d}{WEIGHTS}"


class Progress(Frozen):
    """How far a run is.

    Attributes:
        fingerprint: of the recipe and the data (recipes.py).
        best_epoch: 1-based; 0 before the first epoch.
        finished: no further epoch will be run.
        history: one entry per epoch done.
        hardware: what they ran on, in this order.
        libraries: the versions that the last one ran on, by package name.
    """

    fingerprint: str
    best_epoch: int = 0
    finished: bool = False
    history: tuple[Epoch, ...] = ()
    hardware: tuple[str, ...] = ()
    libraries: dict[str, str] = Field(default_factory=dict)


def load_progress(run: Run) -> Progress:
    """Read how far the run is; nowhere, if its folder holds no progress.

    Raises:
        CheckpointUnreadable: it is damaged, or belongs to a run with another fingerprint.
    """
    path = run.folder / PROGRESS
    try:
        progress = Progress.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Progress(fingerprint=run.fingerprint)
    except ValidationError as error:
        raise CheckpointUnreadable(f"{path}: {first_problem(error)}. {_REMEDY}") from error
    except OSError as error:
        raise CheckpointUnreadable(f"{path}: {error}. {_REMEDY}") from error
    if progress.fingerprint != run.fingerprint:
        raise CheckpointUnreadable(f"{path}: written by a run with other settings or data. {_REMEDY}")
    return progress


def save_progress(run: Run, progress: Progress) -> None:
    """Replace the progress in one step, then remove the files that it names no longer.

    The files that it names must be complete.
    """
    write_whole(run.folder / PROGRESS, progress.model_dump_json().encode())
    _remove_weights(run, {run.state(len(progress.history)), run.best(progress.best_epoch)})


def is_out_of_patience(epochs: int, best_epoch: int, patience: int | None, before: int) -> bool:
    """Whether a run's last phase had no better epoch for too long.

    Args:
        epochs: done so far.
        best_epoch: the best of them, 1-based.
        patience: end after so many epochs without a better one; None never ends.
        before: epochs of earlier phases, which count for nothing.
    """
    return patience is not None and epochs - max(best_epoch, before) >= patience


def is_solved(accuracies: Sequence[float], steps: int) -> bool:
    """Whether a run has nothing left to gain on the held-out pictures.

    Args:
        accuracies: on them, after each epoch so far.
        steps: in one epoch, 1 or more.
    """
    epochs = max(SOLVED_EPOCHS, math.ceil(SOLVED_STEPS / steps))
    return len(accuracies) >= epochs and min(accuracies[-epochs:]) == 1


def damaged(path: Path, error: Exception) -> CheckpointUnreadable:
    """The error for a file of weights that Keras cannot read."""
    return CheckpointUnreadable(f"{path}: {error}. {_REMEDY}")


def forget_checkpoint(run: Run) -> None:
    """Remove the run's checkpoint, if it has one."""
    (run.folder / PROGRESS).unlink(missing_ok=True)
    _remove_weights(run)


def _remove_weights(run: Run, kept: Collection[Path] = ()) -> None:
    # Others are not ours: a file of pretrained weights may lie here, too.
    for kind in ("state", "best"):
        for path in run.folder.glob(f"{kind}-????{WEIGHTS}"):
            if path not in kept:
                path.unlink()
