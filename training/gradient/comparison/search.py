"""Search a recipe's settings for the highest validation accuracy, with Optuna.

Trials are proposed by a tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for
Hyper-Parameter Optimization"), the first one being the recipe as it is; one that is behind the median of the
others at the same epoch is pruned. Everything is in the search's folder: a killed or stopped search goes on,
its last trial after the last finished epoch. The test set is never looked at. What is found: trials.py.
"""

import shutil
import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import keras
import matplotlib.pyplot as plt
import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from inference.contract import EDGE
from model_store.manifest import DataSet
from reports.values import Epoch
from training.errors import CheckpointUnreadable, Diverged
from training.gradient.comparison.trials import Trial, Values, recipe_of, rounded
from training.gradient.fitting.checkpoints import Run
from training.gradient.fitting.fit import fit
from training.gradient.networks.registry import build
from training.gradient.recipes import Recipe, fingerprint
from training.measure.plots import save
from training.pictures.split import Split
from training.progress import Watcher

STUDY: Final = "study.db"
"""SQLite, as Optuna keeps it: its dashboard can open the file too."""

STUDY_NAME: Final = "search"

INCHES: Final = 3.6
"""Height of a plot of the search, and width of each setting in it."""

UNPRUNED_TRIALS: Final = 5
"""So many must have finished before any is pruned: a median of fewer says little."""

UNPRUNED_SHARE: Final = 4
"""No trial is pruned in its first epochs, one in so many: the running average has not caught up by then."""

FINGERPRINT: Final = "fingerprint"

Distribution = FloatDistribution | IntDistribution | CategoricalDistribution

Space = dict[str, Distribution]
"""Optuna's distributions by the name of the recipe's field."""


def search_space(start: Recipe, *, dropout: bool) -> Space:
    """What is searched: around the learning rate and batch size of the recipe that a search starts from."""
    sizes = sorted({max(start.batch_size // 2, 1), start.batch_size, start.batch_size * 2})
    space: Space = {
        "learning_rate": FloatDistribution(start.learning_rate / 8, start.learning_rate * 4, log=True),
        "weight_decay": FloatDistribution(0.001, 0.2, log=True),
        "label_smoothing": FloatDistribution(0.0, 0.2),
        "erase": IntDistribution(0, EDGE // 2),
        "batch_size": CategoricalDistribution(sizes),
    }
    return space | ({"dropout": FloatDistribution(0.0, 0.6)} if dropout else {})


def starting_values(start: Recipe, space: Space) -> Values:
    """The values of the recipe that a search starts from, as far as they lie within the bounds."""
    values = {name: getattr(start, name) for name in space}
    return {name: value for name, value in values.items() if value is not None and _in(value, space[name])}


def _in(value: float, bounds: Distribution) -> bool:
    return isinstance(bounds, CategoricalDistribution) or bool(bounds.low <= value <= bounds.high)


class SearchWatcher(Watcher, Protocol):
    """Receives the progress of a search."""

    def begins(self, number: int, values: Values) -> None:
        """A trial begins."""

    def ends(self, trial: Trial) -> None:
        """A trial is done and on disk."""


@dataclass(frozen=True)
class Search:
    """What is searched, and on what.

    Attributes:
        start: the recipe that the first trial has, and whose other settings all of them have.
        split: what is learnt, and what each accuracy is measured on.
        classes: how many there are.
        data: what the search's fingerprint covers.
        groups: ends the fingerprint where pictures are grouped (recipes.groups_suffix).
    """

    start: Recipe
    split: Split
    classes: int
    data: DataSet
    groups: str = ""

    @cached_property
    def space(self) -> Space:
        """The settings that are searched; dropout only where the network has it."""
        network = build(replace(self.start, dropout=0.5), self.classes)
        dropout = any(isinstance(layer, keras.layers.Dropout) for layer in network.layers)
        return search_space(self.start, dropout=dropout)

    @property
    def fingerprint(self) -> str:
        """Differs when the start, the data or their groups do; a study carries it."""
        return self.mark(self.start)

    def mark(self, recipe: Recipe) -> str:
        """The fingerprint of a trial by this recipe."""
        return fingerprint(recipe, self.data) + self.groups


def run_search(search: Search, folder: Path, trials: int, watcher: SearchWatcher) -> tuple[Trial, ...]:
    """Search until so many trials are done, those of an earlier call included.

    Args:
        search: what to do.
        folder: of the study and of the trial under way; made if absent. One process at a time.
        trials: how many, pruned ones included.
        watcher: receives every step, epoch and trial.

    Returns:
        all that are done, in the order in which they were begun.

    Raises:
        CheckpointUnreadable: the folder's study is another search's.
    """
    study = _open(search, folder)
    for killed in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(killed.number, state=TrialState.FAIL)
        study.enqueue_trial(killed.params)
    study.optimize(
        lambda trial: _accuracy_of(trial, search, folder, watcher),
        n_trials=max(trials - len(_done(study)), 0),
        callbacks=[lambda study, _: watcher.ends(_done(study)[-1])],
    )
    return _done(study)


def _open(search: Search, folder: Path) -> optuna.Study:
    folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{folder / STUDY}",
        study_name=STUDY_NAME,
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(UNPRUNED_TRIALS, search.start.epochs // UNPRUNED_SHARE),
    )
    begun = len(study.get_trials(deepcopy=False))
    # Another seed each time, so that a resumed search does not propose its first values once more.
    study.sampler = optuna.samplers.TPESampler(seed=search.start.seed + begun)
    if not begun:
        study.set_user_attr(FINGERPRINT, search.fingerprint)
        study.enqueue_trial(dict(starting_values(search.start, search.space)))
    if study.user_attrs[FINGERPRINT] != search.fingerprint:
        raise CheckpointUnreadable(
            f"{folder / STUDY}: a search from other settings or other data. Name another folder with --run."
        )
    return study


def _accuracy_of(trial: optuna.Trial, search: Search, folder: Path, watcher: SearchWatcher) -> float:
    """The validation accuracy of a trial, whose checkpoint is deleted at its end.

    Raises:
        optuna.TrialPruned: it is behind, or its loss is no finite number.
    """
    _propose(trial, search.space)
    recipe = recipe_of(search.start, trial.params)
    mark = search.mark(recipe)
    run = Run(folder / "trials" / mark, mark)
    watcher.begins(trial.number, {name: getattr(recipe, name) for name in trial.params})
    try:
        judge = _Judge(trial, recipe.epochs, watcher)
        history = fit(search.split, search.classes, recipe, run, judge).history
    except KeyboardInterrupt:
        trial.study.enqueue_trial(trial.params)
        raise
    except (optuna.TrialPruned, Diverged) as error:
        _clear(run)
        raise optuna.TrialPruned from error
    _clear(run)
    return history[-1].val_accuracy


def _propose(trial: optuna.Trial, space: Space) -> None:
    for name, bounds in space.items():
        if isinstance(bounds, CategoricalDistribution):
            trial.suggest_categorical(name, bounds.choices)
        elif isinstance(bounds, IntDistribution):
            trial.suggest_int(name, bounds.low, bounds.high)
        else:
            trial.suggest_float(name, bounds.low, bounds.high, log=bounds.log)


def _clear(run: Run) -> None:
    shutil.rmtree(run.folder)
    keras.utils.clear_session()  # else the graphs of all trials would stay in memory


class _Judge:
    """Reports a trial's epochs to the study, and ends one that is behind."""

    def __init__(self, trial: optuna.Trial, epochs: int, watcher: SearchWatcher) -> None:
        self._trial, self._epochs, self._watcher = trial, epochs, watcher
        self.step = watcher.step

    def epoch(self, epoch: Epoch) -> None:
        self._trial.report(epoch.val_accuracy, epoch.epoch)
        self._watcher.epoch(epoch)
        if self._trial.should_prune() and epoch.epoch < self._epochs:
            raise optuna.TrialPruned


def _done(study: optuna.Study) -> tuple[Trial, ...]:
    """All trials that finished or were pruned, as frozen values."""
    states = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned"}
    return tuple(
        Trial.model_validate(
            {
                "number": one.number,
                "state": states[one.state],
                "values": {name: rounded(value) for name, value in one.params.items()},
                "val_accuracy": one.intermediate_values[one.last_step] if one.last_step else 0.0,
                "epochs": len(one.intermediate_values),
                "seconds": one.duration and one.duration.total_seconds(),
            }
        )
        for one in study.get_trials(deepcopy=False, states=tuple(states))
    )


def draw_search(folder: Path, path: Path) -> None:
    """Write Optuna's slice plot of the study in `folder`: validation accuracy over each setting."""
    study = optuna.load_study(study_name=STUDY_NAME, storage=f"sqlite:///{folder / STUDY}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        warnings.filterwarnings("ignore", "Attempting to set identical low and high")  # of a single trial
        axes = optuna.visualization.matplotlib.plot_slice(study)
    settings = np.asarray(axes)
    figure = settings.flat[0].figure
    figure.set_size_inches(INCHES * settings.size, INCHES)
    figure.set_layout_engine("constrained")
    save(figure, path)
    plt.close(figure)
