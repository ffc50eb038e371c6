"""Search a recipe's settings for the highest validation accuracy, with Optuna.

Trials are proposed by a tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for
Hyper-Parameter Optimization"), the first one being the recipe as it is; one that is behind the median of the
others at the same epoch is pruned. Everything is in the search's folder: a killed or stopped search goes on,
its last trial after the last finished epoch. The test set is never looked at.
"""

import shutil
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import keras
import matplotlib.pyplot as plt
import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from inference.contract import EDGE
from reports.values import Epoch
from training.data.fashion import LabelledData
from training.data.split import Split, split_data
from training.errors import CheckpointUnreadable, Diverged
from training.evaluation.plots import save
from training.gradient.fitting.checkpoints import Run
from training.gradient.fitting.fit import fit
from training.gradient.networks.registry import build
from training.gradient.recipes import Recipe, run_fingerprint
from training.progress import Say, Watcher

STUDY: Final = "study.db"
"""Name of the SQLite file in which Optuna keeps the search; its dashboard can open the file, too."""

STUDY_NAME: Final = "search"

INCHES: Final = 3.6
"""Height of a plot of the search, and width of each setting in it."""

UNPRUNED_TRIALS: Final = 5
"""Number of trials that must have finished before any is pruned: a median of fewer says little."""

UNPRUNED_SHARE: Final = 4
"""Divisor of the number of epochs: in the first quarter of its epochs no trial is pruned, because the
running average of the weights has not caught up by then."""

FINGERPRINT: Final = "fingerprint"

STATES: Final = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned"}
"""Names of trials that are done, by Optuna's state. A pruned one was behind the median, or diverged."""

Trials = list[FrozenTrial]
"""Trials that are done, the best first: finished before pruned ones, the earlier first among equals."""

Values = Mapping[str, int | float]
"""Values of a trial, by the names of the recipe's fields."""

Space = dict[str, FloatDistribution | IntDistribution | CategoricalDistribution]
"""Range of each setting that is searched: Optuna's distribution, by the name of the recipe's field."""


@dataclass(frozen=True)
class Search:
    """The recipe that a search starts from, and its data.

    Attributes:
        start: the recipe of the first trial. The settings that are not searched are the same in all trials.
        data: the pictures that are learnt, and the pictures that each accuracy is measured on.
    """

    start: Recipe
    data: LabelledData

    @cached_property
    def split(self) -> Split:
        """The pictures that each trial learns, and the pictures that are held out to measure it."""
        return split_data(self.data, self.start.limit, self.start.held_out)

    @property
    def fingerprint(self) -> str:
        """A hash of start, data and groups, by which a stored study is known to belong to this search."""
        return run_fingerprint(self.start, self.data)


def search_space(start: Recipe, classes: int) -> Space:
    """Return the settings that a search varies, each with its range of values.

    Learning rate and batch size vary around those of the recipe. Dropout is varied only if the network has
    dropout layers.

    Args:
        start: the recipe that the search starts from.
        classes: the number of classes.
    """
    sizes = sorted({max(start.batch_size // 2, 1), start.batch_size, start.batch_size * 2})
    space: Space = {
        "learning_rate": FloatDistribution(start.learning_rate / 8, start.learning_rate * 4, log=True),
        "weight_decay": FloatDistribution(0.001, 0.2, log=True),
        "label_smoothing": FloatDistribution(0.0, 0.2),
        "erase": IntDistribution(0, EDGE // 2),
        "batch_size": CategoricalDistribution(sizes),
    }
    network = build(replace(start, dropout=0.5), classes)
    if any(isinstance(layer, keras.layers.Dropout) for layer in network.layers):
        space["dropout"] = FloatDistribution(0.0, 0.6)
    return space


def starting_values(start: Recipe, space: Space) -> Values:
    """Return the values of a recipe for the searched settings; values outside their range are left out."""
    return {
        name: value
        for name, bounds in space.items()
        if (value := getattr(start, name)) is not None
        and (isinstance(bounds, CategoricalDistribution) or bounds.low <= value <= bounds.high)
    }


def run_search(search: Search, folder: Path, trials: int, watcher: Watcher, say: Say) -> Trials:
    """Train one network after another with other settings until a number of trials is done.

    Args:
        search: the recipe and the data.
        folder: the folder of the study and the trial under way; made if absent. One process at a time.
        trials: the number of trials in all, with pruned ones and with trials of an earlier call.
        watcher: receives every step of a fit.
        say: receives sentences on the settings of each trial, and on its accuracy.

    Returns:
        All trials that are done, the best first.

    Raises:
        CheckpointUnreadable: the study in the folder belongs to another search.
    """
    space = search_space(search.start, len(search.data.labels))
    study = _open(search, space, folder)
    for stopped in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(stopped.number, state=TrialState.FAIL)
        study.enqueue_trial(stopped.params)
    while len(done := study.get_trials(deepcopy=False, states=tuple(STATES))) < trials:
        trial = study.ask(dict(space))
        tried = ", ".join(f"{name} {value:.4g}" for name, value in rounded(trial.params).items())
        say(f"trial {trial.number}: {tried}")
        ended = study.tell(trial, *_outcome(trial, search, folder, watcher))
        epochs = f"{len(ended.intermediate_values)} epoch{'s' if len(ended.intermediate_values) != 1 else ''}"
        say(f"  {STATES[ended.state]} after {epochs}: validation accuracy {ended.value or 0:.4f}")
    return sorted(done, key=lambda past: (past.state == TrialState.PRUNED, -(past.value or 0.0), past.number))


def recipe_of(start: Recipe, values: Values) -> Recipe:
    """Return the recipe of one trial: a copy of the start with the values that are tried.

    Raises:
        BadRecipe: a value cannot be trained with.
    """
    return replace(start, **rounded(values))  # type: ignore[arg-type]


def rounded(values: Values) -> dict[str, int | float]:
    """Round proposed values to four significant digits, so that typing them again gives the same recipe."""
    return {
        name: value if isinstance(value, int) else float(f"{value:.4g}") for name, value in values.items()
    }


def _open(search: Search, space: Space, folder: Path) -> optuna.Study:
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
        study.enqueue_trial(dict(starting_values(search.start, space)))
    if study.user_attrs[FINGERPRINT] != search.fingerprint:
        raise CheckpointUnreadable(
            f"{folder / STUDY}: a search from other settings or other data. Name another folder with --run."
        )
    return study


def _outcome(
    trial: optuna.Trial, search: Search, folder: Path, watcher: Watcher
) -> tuple[float | None, TrialState]:
    """Fit a trial's network, and delete its checkpoint.

    Returns:
        the validation accuracy, and that the trial is complete; or None, and that it is pruned, where it is
        behind or its loss is no finite number.
    """
    recipe = recipe_of(search.start, trial.params)
    mark = run_fingerprint(recipe, search.data)
    run = Run(folder / "trials" / mark, mark)
    accuracy, state = None, TrialState.PRUNED
    with suppress(optuna.TrialPruned, Diverged):
        judge = _Judge(trial, recipe.epochs, watcher)
        history = fit(search.split, len(search.data.labels), recipe, run, judge).history
        accuracy, state = history[-1].val_accuracy, TrialState.COMPLETE
    shutil.rmtree(run.folder)
    keras.utils.clear_session()  # else the graphs of all trials would stay in memory
    return accuracy, state


class _Judge:
    """Reports a trial's epochs to the study, and ends one that is behind."""

    def __init__(self, trial: optuna.Trial, epochs: int, watcher: Watcher) -> None:
        self._trial, self._epochs = trial, epochs
        self.step = watcher.step

    def epoch(self, epoch: Epoch) -> None:
        self._trial.report(epoch.val_accuracy, epoch.epoch)
        if self._trial.should_prune() and epoch.epoch < self._epochs:
            raise optuna.TrialPruned


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
