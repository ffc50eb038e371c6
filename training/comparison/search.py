"""Search a recipe's settings for the highest validation accuracy, with Optuna.

Trials are proposed by a tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for
Hyper-Parameter Optimization"), the first one being the recipe as it is; one that is behind the median of the
others at the same epoch is pruned. Everything is in the search's folder: a killed search goes on, its last
trial after the last finished epoch. The test set is never looked at. What is searched: search_space.py.
"""

import math
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import keras
import numpy as np
import optuna
from optuna.trial import TrialState

from model_store.manifest import DataSet
from model_store.report import Epoch
from training.comparison.search_space import (
    Between,
    Bounds,
    Either,
    Space,
    Values,
    rounded,
    search_fingerprint,
    search_space,
    starting_values,
    with_values,
)
from training.comparison.trials import Trial
from training.data.splitting import Split
from training.errors import CheckpointUnreadable
from training.fitting.checkpoints import Run
from training.fitting.fit import Fitted, Watcher, fit
from training.networks.registry import build
from training.recipes import Recipe, fingerprint

STUDY: Final = "study.db"
"""SQLite, as Optuna keeps it: its dashboard can open the file too."""

STUDY_NAME: Final = "search"

UNPRUNED_TRIALS: Final = 5
"""So many must have finished before any is pruned: a median of fewer says little."""

UNPRUNED_SHARE: Final = 4
"""No trial is pruned in its first epochs, one in so many: the running average has not caught up by then."""

FINGERPRINT: Final = "fingerprint"
SECONDS: Final = "seconds"


class SearchWatcher(Watcher, Protocol):
    """Receives the progress of a search."""

    def begins(self, number: int, values: Values) -> None:
        """A trial begins."""

    def ends(self, trial: Trial) -> None:
        """A trial is done and on disk."""


@dataclass(frozen=True)
class Search:
    """What is searched, on what, and where.

    Attributes:
        start: the recipe that the first trial has, and whose other settings all of them have.
        split: training and validation pictures.
        classes: how many there are.
        data: what the pictures are of; trials on other data are another search.
    """

    start: Recipe
    split: Split
    classes: int
    data: DataSet

    @cached_property
    def space(self) -> Space:
        """What is searched."""
        return search_space(self.start, dropout=has_dropout(self.start, self.classes))

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits; a study carries them."""
        return search_fingerprint(self.start, self.space, self.data)


def has_dropout(recipe: Recipe, classes: int) -> bool:
    """Whether the recipe's network has a dropout layer."""
    network = build(with_values(recipe, {"dropout": 0.5}), classes)
    return any(isinstance(layer, keras.layers.Dropout) for layer in network.layers)


def run_search(search: Search, folder: Path, trials: int, watcher: SearchWatcher) -> tuple[Trial, ...]:
    """Try until so many trials are done, those of earlier calls included.

    Args:
        search: what to do.
        folder: of the study and of the trial under way; made if absent. One process at a time.
        trials: how many, pruned ones included.
        watcher: receives every step, epoch and trial.

    Returns:
        all that are done, in the order in which they were begun.

    Raises:
        CheckpointUnreadable: the folder's study is damaged or another search's.
    """
    study = _open(search, folder)
    _retry_killed(study)
    while len(done := _done(study)) < trials:
        _try_once(study, search, folder, watcher)
    return done


def _open(search: Search, folder: Path) -> optuna.Study:
    folder.mkdir(parents=True, exist_ok=True)
    _check_readable(folder / STUDY)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{folder / STUDY}",
        study_name=STUDY_NAME,
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(UNPRUNED_TRIALS, search.start.epochs // UNPRUNED_SHARE),
    )
    if not study.get_trials(deepcopy=False):
        study.set_user_attr(FINGERPRINT, search.fingerprint)
        study.enqueue_trial(starting_values(search.start, search.space))
    if study.user_attrs[FINGERPRINT] != search.fingerprint:
        raise CheckpointUnreadable(
            f"{folder / STUDY}: a search from other settings, within other bounds or on other data. "
            "Name another folder with --run."
        )
    return study


def _check_readable(path: Path) -> None:
    """Refuse a damaged file here, where its name is known."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        raise CheckpointUnreadable(
            f"{path}: {error}. Remove it to start over, or name another folder with --run."
        ) from error


def _retry_killed(study: optuna.Study) -> None:
    """Close the trials that a killed process left, and let their values be tried again first."""
    for killed in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(killed.number, state=TrialState.FAIL)
        study.enqueue_trial(killed.params)


def _try_once(study: optuna.Study, search: Search, folder: Path, watcher: SearchWatcher) -> None:
    """Run one trial to its end, and forget its checkpoint."""
    study.sampler = optuna.samplers.TPESampler(seed=_seed(study, search.start.seed))
    trial = study.ask()
    values = {name: _suggested(trial, name, bounds) for name, bounds in search.space.items()}
    recipe = with_values(search.start, values)
    mark = fingerprint(recipe, search.data)
    run = Run(folder / "trials" / mark, mark)
    watcher.begins(trial.number, values)
    judge = _Judge(trial, recipe.epochs, watcher)
    fitted = _fit(search, recipe, run, judge)
    trial.set_user_attr(SECONDS, judge.seconds)
    if fitted is None:
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, fitted.history[fitted.best_epoch - 1].val_accuracy)
    shutil.rmtree(run.folder)
    keras.utils.clear_session()  # else the graphs of all trials would stay in memory
    watcher.ends(next(one for one in _done(study) if one.number == trial.number))


def _seed(study: optuna.Study, seed: int) -> int:
    """A seed per trial, so that a resumed search does not propose its first values once more."""
    number = len(study.get_trials(deepcopy=False))
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _suggested(trial: optuna.Trial, name: str, bounds: Bounds) -> float:
    if isinstance(bounds, Either):
        return int(trial.suggest_categorical(name, bounds.choices))
    if isinstance(bounds, Between):
        return rounded(trial.suggest_float(name, bounds.low, bounds.high, log=bounds.log))
    return trial.suggest_int(name, bounds.low, bounds.high)


def _fit(search: Search, recipe: Recipe, run: Run, judge: "_Judge") -> Fitted | None:
    """Fit; None when the judge would not wait for the end."""
    try:
        return fit(search.split, search.classes, recipe, run, judge)
    except _Pruned:
        return None


class _Pruned(Exception):
    """A trial is not worth its remaining epochs."""


class _Judge:
    """Reports a trial's epochs to the study, and ends one that is behind."""

    def __init__(self, trial: optuna.Trial, epochs: int, watcher: SearchWatcher) -> None:
        self._trial = trial
        self._epochs = epochs
        self._watcher = watcher
        self.seconds = 0.0

    def step(self, epoch: int, step: int, steps: int) -> None:
        self._watcher.step(epoch, step, steps)

    def epoch(self, epoch: Epoch, best_epoch: int) -> None:
        self.seconds += epoch.seconds
        self._trial.report(epoch.val_accuracy, epoch.epoch)
        self._watcher.epoch(epoch, best_epoch)
        hopeless = not math.isfinite(epoch.val_loss) or self._trial.should_prune()
        if hopeless and epoch.epoch < self._epochs:
            raise _Pruned


def _done(study: optuna.Study) -> tuple[Trial, ...]:
    """All trials that finished or were pruned, as frozen values."""
    states = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned"}
    return tuple(
        Trial.model_validate(
            {
                "number": one.number,
                "state": states[one.state],
                "values": {name: rounded(value) for name, value in one.params.items()},
                "val_accuracy": max(one.intermediate_values.values()),
                "epochs": len(one.intermediate_values),
                "seconds": one.user_attrs[SECONDS],
            }
        )
        for one in study.get_trials(deepcopy=False, states=tuple(states))
    )
