"""The single trainings of a comparison, each done once.

A training is done when its run's folder holds a release of its recipe, whichever command made that; a started
one goes on from its checkpoint. Writes the runs' folders.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model_store.errors import StoreError
from model_store.files import REPORT
from model_store.local import open_release
from model_store.manifest import DataSet
from model_store.report import Report, parse_report
from scripts.carrying_out import Wishes, carry_out, fit_alone
from scripts.handing_over import RELEASE
from scripts.terminal import console
from training.data.datasets import LabelledData
from training.data.splitting import Split, first, split
from training.fitting.checkpoints import Run
from training.recipes import Recipe, default_run_folder, fingerprint


@dataclass(frozen=True)
class Task:
    """One training: a recipe and what it is trained on; `described` is the data's own description."""

    recipe: Recipe
    data: LabelledData
    described: DataSet

    @property
    def run(self) -> Run:
        """Its run: the one that scripts.train takes for the same recipe and data."""
        return Run(default_run_folder(self.recipe, self.described), fingerprint(self.recipe, self.described))

    @property
    def release(self) -> Path:
        """Where its release is, or will be."""
        return self.run.folder / RELEASE

    def parts(self) -> Split:
        """The training set in two."""
        train = first(self.data.train, self.recipe.limit) if self.recipe.limit else self.data.train
        return split(train, self.recipe.validation, self.recipe.splitting, len(self.data.labels))


def report_of(task: Task, place: str, command: str) -> Report:
    """The report of the task's release, trained and made now if it is not there yet.

    Args:
        task: what to do.
        place: which of how many it is, for the progress line.
        command: the command line, which the release records.

    Raises:
        TrainingError: the checkpoint is another run's, or the network cannot be exported.
    """
    recipe, out = task.recipe, console()
    report = _finished(task)
    if report is not None:
        out.print(f"{recipe.network}, seed {recipe.seed} ({place}): done, {task.release}.")
        return report
    out.print(f"{recipe.network}, seed {recipe.seed} ({place}). Checkpoint in {task.run.folder}.")
    carry_out(replace(task.run, command=command), task.data, task.parts(), recipe, Wishes())
    return _read(task.release)


def fit_all(tasks: Sequence[Task]) -> None:
    """Fit what has no release yet, so that the releases can be made on another backend."""
    for number, task in enumerate(tasks, 1):
        if _finished(task) is None:
            console().print(f"{task.recipe.network}, seed {task.recipe.seed} ({number} of {len(tasks)})")
            fit_alone(task.run, task.data, task.parts(), task.recipe)


def _finished(task: Task) -> Report | None:
    """The report of a whole release that was made by the same recipe and left in float32, if there is one."""
    try:
        report = _read(task.release)
    except StoreError:
        return None
    made_by = report.training.configuration
    wanted = task.recipe.as_json() | {"quantised": False}
    return report if all(made_by.get(name) == value for name, value in wanted.items()) else None


def _read(release: Path) -> Report:
    path = open_release(release).folder / REPORT
    return parse_report(path.read_bytes(), str(path))
