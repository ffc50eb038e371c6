"""Keep the state of a training on disk so that a kill at any moment costs at most one epoch.

One .npz file per run, replaced in one step (temporary file, fsync, os.replace) after each epoch. Holds
arrays and one JSON text, no pickles. Touches the run's folder. What is in the state: fitting.py.
"""

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from model_store.manifest import Frozen, first_problem
from model_store.report import Epoch
from training.errors import CheckpointUnreadable
from training.fitting.starting import Beginning

FILE_NAME: Final = "checkpoint.npz"
PROGRESS: Final = "progress"

Weights = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Run:
    """Where a fit keeps its checkpoint, what this must carry, and what the fit began with.

    Attributes:
        fingerprint: of the recipe and the data (recipes.py).
        start: the release whose weights are trained further; None begins with fresh ones.
        events: the folder of its TensorBoard log; None for no log.
        command: what was typed for it, which its release tells.
    """

    folder: Path
    fingerprint: str
    start: Beginning | None = None
    events: Path | None = None
    command: str = ""


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


class Checkpoint:
    """Progress and named groups of arrays: weights, their average, the best ones, the optimizer's."""

    def __init__(self, progress: Progress, groups: dict[str, Weights]) -> None:
        self.progress = progress
        self.groups = groups


def save_checkpoint(run: Run, checkpoint: Checkpoint) -> None:
    """Replace the run's checkpoint, all of it or nothing."""
    arrays = {
        f"{group}/{number:04d}": array
        for group, members in checkpoint.groups.items()
        for number, array in enumerate(members)
    }
    text = np.frombuffer(checkpoint.progress.model_dump_json().encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **{PROGRESS: text}, **arrays)  # type: ignore[arg-type]  # its stub types every keyword as allow_pickle
    run.folder.mkdir(parents=True, exist_ok=True)
    temporary = run.folder / f"{FILE_NAME}.tmp"
    with temporary.open("wb") as file:
        file.write(buffer.getvalue())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(run.folder / FILE_NAME)


def load_checkpoint(run: Run) -> Checkpoint | None:
    """Read the run's checkpoint; None when it has none yet.

    Raises:
        CheckpointUnreadable: it is damaged, or belongs to a run with another fingerprint.
    """
    path = run.folder / FILE_NAME
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            progress = Progress.model_validate_json(stored[PROGRESS].tobytes())
            groups = _groups({name: stored[name] for name in stored.files if name != PROGRESS})
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise CheckpointUnreadable(f"{path}: {first_problem(error)}. {_REMEDY}") from error
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise CheckpointUnreadable(f"{path}: {error}. {_REMEDY}") from error
    if progress.fingerprint != run.fingerprint:
        raise CheckpointUnreadable(f"{path}: written by a run with other settings or data. {_REMEDY}")
    return Checkpoint(progress, groups)


def forget_checkpoint(run: Run) -> None:
    """Remove the run's checkpoint, if it has one."""
    (run.folder / FILE_NAME).unlink(missing_ok=True)


_REMEDY: Final = "Name another folder with --run, or begin anew with --fresh."


def _groups(arrays: dict[str, NDArray[np.float32]]) -> dict[str, Weights]:
    groups: dict[str, Weights] = {}
    for name in sorted(arrays):
        groups.setdefault(name.split("/", 1)[0], []).append(arrays[name])
    return groups
