"""Keep the state of a training on disk, so that a kill at any moment costs at most one epoch.

After each epoch, weights and optimizer are written to a file of that epoch, and then progress.json, which
says which of these files is valid, is replaced in one step. Keras' own BackupAndRestore does not keep the
history, and a kill between its two files leaves them out of step.
"""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import Field, JsonValue, ValidationError

from model_store.manifest import FrozenModel, describe_first_problem
from model_store.release_files import write_atomically
from reports.network_figures import Epoch
from training.errors import WeightsUnusable
from training.gradient.recipes import KeptEpochRule

CHECKPOINT_FILE: Final = "progress.json"
WEIGHTS_SUFFIX: Final = ".weights.h5"
"""Files in the folder of a run: its progress, and the weights after an epoch."""

SOLVED_EPOCHS: Final = 3
SOLVED_STEPS: Final = 100
"""Numbers of epochs and of steps after which a run ends if all held-out pictures were right meanwhile. Both
are needed, because an epoch with few pictures has few steps."""

_REMEDY: Final = "Name another folder with --run, or start over with --fresh."


@dataclass(frozen=True)
class TrainingRun:
    """A training run: the folder of its checkpoint, and the facts that checkpoint and release record.

    Attributes:
        folder: the folder of the checkpoint and of the new release.
        fingerprint: a hash of recipe and data. A checkpoint with another one belongs to another run.
        tensorboard_folder: the folder of the log for TensorBoard; None for no log.
        command_line: the command line, which the release records.
        settings: the options of that command as JSON values, which the release records, too.
    """

    folder: Path
    fingerprint: str
    tensorboard_folder: Path | None = None
    command_line: str = ""
    settings: Mapping[str, JsonValue] = field(default_factory=dict)

    def make_state_path(self, epoch: int) -> Path:
        """Return the path of the file with weights and optimizer after an epoch, counted from 1."""
        return self.folder / f"state-{epoch:04d}{WEIGHTS_SUFFIX}"


class Checkpoint(FrozenModel):
    """The stored progress of a training run, from which the run can continue after a kill.

    Attributes:
        fingerprint: a hash of recipe and data, which shows whether the checkpoint belongs to a run.
        finished: whether the training is done, so that no further epoch is run.
        history: the figures of each finished epoch.
        hardware: the hardware of the epochs, such as "AMD EPYC, 2 cores", each once, in their order.
        libraries: the versions of the libraries in the last epoch, by the name of the package.
    """

    fingerprint: str
    finished: bool = False
    history: tuple[Epoch, ...] = ()
    hardware: tuple[str, ...] = ()
    libraries: dict[str, str] = Field(default_factory=dict)


def load_checkpoint(run: TrainingRun) -> Checkpoint:
    """Read the checkpoint of a run, or return one without epochs if the folder of the run has none.

    Raises:
        WeightsUnusable: the checkpoint is damaged, or belongs to a run with another fingerprint.
    """
    path = run.folder / CHECKPOINT_FILE
    try:
        checkpoint = Checkpoint.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Checkpoint(fingerprint=run.fingerprint)
    except ValidationError as error:
        raise WeightsUnusable(f"{path}: {describe_first_problem(error)}. {_REMEDY}") from error
    except OSError as error:
        raise WeightsUnusable(f"{path}: {error}. {_REMEDY}") from error
    if checkpoint.fingerprint != run.fingerprint:
        raise WeightsUnusable(f"{path}: written by a run with other settings or data. {_REMEDY}")
    return checkpoint


def save_checkpoint(run: TrainingRun, checkpoint: Checkpoint, kept_epoch_number: int) -> None:
    """Write the checkpoint in one step, then remove the weights of earlier epochs except the kept one.

    The weights of the last epoch must have been written before.
    """
    write_atomically(run.folder / CHECKPOINT_FILE, checkpoint.model_dump_json().encode())
    _remove_weights(
        run, {run.make_state_path(len(checkpoint.history)), run.make_state_path(kept_epoch_number)}
    )


def choose_kept_epoch(history: Sequence[Epoch], epoch_rule: KeptEpochRule) -> int:
    """Return the number of the epoch whose weights a run keeps, counted from 1; 0 if no epoch is done.

    Args:
        epoch_rule: the field `kept` of the recipe.
    """
    if epoch_rule == "last" or not history:
        return len(history)
    return min(history, key=lambda epoch: epoch.val_loss).epoch


def is_out_of_patience(history: Sequence[Epoch], patience: int | None) -> bool:
    """Tell whether a training should end, because its last epochs were no better than an earlier one.

    Epochs are compared by validation accuracy, and by loss if that is equal.

    Args:
        history: the epochs, one or more.
        patience: the number of epochs without a better one after which a training ends; None for no end.
    """
    scores = [(epoch.val_accuracy, -epoch.val_loss) for epoch in history]
    return patience is not None and len(scores) - 1 - scores.index(max(scores)) >= patience


def has_perfect_validation(history: Sequence[Epoch], steps_per_epoch: int) -> bool:
    """Tell whether a training can end, because all held-out pictures were right for long enough.

    Args:
        steps_per_epoch: the number of steps in one epoch, 1 or more.
    """
    epochs = max(SOLVED_EPOCHS, math.ceil(SOLVED_STEPS / steps_per_epoch))
    return len(history) >= epochs and all(epoch.val_accuracy == 1 for epoch in history[-epochs:])


def make_damaged_weights_error(path: Path, error: Exception) -> WeightsUnusable:
    """Return the error for a file of weights that Keras cannot read, with what to do."""
    return WeightsUnusable(f"{path}: {error}. {_REMEDY}")


def remove_checkpoint(run: TrainingRun) -> None:
    """Remove the run's checkpoint, if it has one."""
    (run.folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    _remove_weights(run)


def _remove_weights(run: TrainingRun, kept_files: Set[Path] = frozenset()) -> None:
    """Remove all files of weights after an epoch, except `kept_files`."""
    # Other files in the folder, such as the release, stay.
    for path in run.folder.glob(f"state-????{WEIGHTS_SUFFIX}"):
        if path not in kept_files:
            path.unlink()
