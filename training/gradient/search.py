"""Search a recipe's settings for the highest validation accuracy, with Optuna.

A trial is one training with other values. The first trial has the recipe as it is. Further ones are proposed
by a tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization"). A
trial is stopped (pruned) if it is behind the median of the others at the same epoch. A killed or stopped
search goes on from the files in its folder, after the last finished epoch. The test set is never read.
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
from reports.network_figures import Epoch
from training.data.fashion import LabelledData
from training.data.split import Split, split_train_validation
from training.errors import TrainingDiverged, WeightsUnusable
from training.evaluation.plots import save_figure
from training.gradient.fitting.checkpoints import TrainingRun
from training.gradient.fitting.fit import fit_by_gradient
from training.gradient.networks.registry import build_network
from training.gradient.recipes import Recipe
from training.gradient.run_names import make_run_fingerprint
from training.progress import EpochWatcher, Say

STUDY_FILE: Final = "study.db"
"""Name of the SQLite file in which Optuna keeps the search. Optuna's dashboard can open it."""

STUDY_NAME: Final = "search"
"""Name of the search inside STUDY_FILE, which Optuna calls a study."""

PLOT_INCHES: Final = 3.6
"""Height of a plot of the search, and width of each setting in it."""

UNPRUNED_TRIALS: Final = 5
"""Number of trials that must have finished before any is pruned: a median of fewer says little."""

UNPRUNED_EPOCHS_DIVISOR: Final = 4
"""Divisor of the number of epochs that gives those in which no trial is pruned. In the first quarter, the
running average of the weights still has too much of the untrained weights."""

FINGERPRINT_ATTRIBUTE: Final = "fingerprint"
"""Name under which the study stores the hash of the recipe and the data that it belongs to."""

TRIAL_STATE_NAMES: Final = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned"}
"""Words for the states of trials that are done. A pruned one was behind the median, or its loss was no
number."""

FinishedTrials = list[FrozenTrial]
"""Trials that are done, the best first. Finished trials come before pruned ones, and earlier ones among
equals."""

SettingValues = Mapping[str, int | float]
"""Values that a trial tries, by the names of the recipe's fields, such as {"learning_rate": 0.002}."""

SearchSpace = dict[str, FloatDistribution | IntDistribution | CategoricalDistribution]
"""Range of each setting that is searched: Optuna's distribution, by the name of the recipe's field."""


@dataclass(frozen=True)
class RecipeSearch:
    """The recipe that a search starts from, and its data.

    Attributes:
        start_recipe: the recipe of the first trial. The settings that are not searched are the same in all
            trials.
        data: the pictures that are learnt, and the pictures that each accuracy is measured on.
    """

    start_recipe: Recipe
    data: LabelledData

    @cached_property
    def split(self) -> Split:
        """The pictures that each trial learns, and the pictures that are held out to measure it."""
        return split_train_validation(self.data, self.start_recipe.limit, self.start_recipe.held_out)

    @property
    def fingerprint(self) -> str:
        """A hash of recipe, data and groups, which shows whether a stored study belongs to this search."""
        return make_run_fingerprint(self.start_recipe, self.data)


def make_search_space(start_recipe: Recipe, classes: int) -> SearchSpace:
    """Return the settings that a search varies, each with its range of values.

    Learning rate and batch size vary around those of the recipe. Dropout is varied only if the network has
    dropout layers.
    """
    batch_sizes = sorted(
        {max(start_recipe.batch_size // 2, 1), start_recipe.batch_size, start_recipe.batch_size * 2}
    )
    space: SearchSpace = {
        "learning_rate": FloatDistribution(
            start_recipe.learning_rate / 8, start_recipe.learning_rate * 4, log=True
        ),
        "weight_decay": FloatDistribution(0.001, 0.2, log=True),
        "label_smoothing": FloatDistribution(0.0, 0.2),
        "erase": IntDistribution(0, EDGE // 2),
        "batch_size": CategoricalDistribution(batch_sizes),
    }
    network = build_network(replace(start_recipe, dropout=0.5), classes)
    if any(isinstance(layer, keras.layers.Dropout) for layer in network.layers):
        space["dropout"] = FloatDistribution(0.0, 0.6)
    return space


def choose_starting_values(start_recipe: Recipe, space: SearchSpace) -> SettingValues:
    """Return the values of a recipe for the searched settings; values outside their range are left out."""
    return {
        name: value
        for name, bounds in space.items()
        if (value := getattr(start_recipe, name)) is not None
        and (isinstance(bounds, CategoricalDistribution) or bounds.low <= value <= bounds.high)
    }


def run_search(
    search: RecipeSearch, folder: Path, trials: int, watcher: EpochWatcher, say: Say
) -> FinishedTrials:
    """Train one network after another with other settings until a number of trials is done.

    Args:
        folder: the folder of the study and of the current trial, which is made if it is missing. Only one
            process may use it at a time.
        trials: the number of trials in all, including pruned ones and trials of an earlier call.
        watcher: a receiver of every step of a fit.
        say: a function that receives a sentence on the settings of each trial, and one on its accuracy.

    Returns:
        All trials that are done, the best first.

    Raises:
        WeightsUnusable: the study in the folder belongs to another search.
    """
    space = make_search_space(search.start_recipe, len(search.data.labels))
    study = _open_study(search, space, folder)
    # A trial that was running when the search was killed is tried again, and continues from its checkpoint.
    for stopped_trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(stopped_trial.number, state=TrialState.FAIL)
        study.enqueue_trial(stopped_trial.params)
    # The trials are only read, so Optuna need not copy them (deepcopy).
    while len(finished_trials := study.get_trials(deepcopy=False, states=tuple(TRIAL_STATE_NAMES))) < trials:
        trial = study.ask(dict(space))
        settings = ", ".join(f"{name} {value:.4g}" for name, value in round_values(trial.params).items())
        say(f"trial {trial.number}: {settings}")
        finished_trial = study.tell(trial, *_fit_trial(trial, search, folder, watcher))
        count = len(finished_trial.intermediate_values)
        epochs = f"{count} epoch{'s' if count != 1 else ''}"
        say(
            f"  {TRIAL_STATE_NAMES[finished_trial.state]} after {epochs}: validation accuracy "
            f"{finished_trial.value or 0:.4f}"
        )
    return sorted(
        finished_trials,
        key=lambda trial: (trial.state == TrialState.PRUNED, -(trial.value or 0.0), trial.number),
    )


def make_trial_recipe(start_recipe: Recipe, values: SettingValues) -> Recipe:
    """Return the recipe of one trial: a copy of the start with the values that are tried.

    Raises:
        BadRecipe: a value cannot be trained with.
    """
    return replace(start_recipe, **round_values(values))  # type: ignore[arg-type]


def round_values(values: SettingValues) -> dict[str, int | float]:
    """Round proposed values to four significant digits, so that typing them again gives the same recipe."""
    return {
        name: value if isinstance(value, int) else float(f"{value:.4g}") for name, value in values.items()
    }


def _open_study(search: RecipeSearch, space: SearchSpace, folder: Path) -> optuna.Study:
    """Open the study of a search, or create one whose first trial has the recipe as it is.

    Raises:
        WeightsUnusable: the study in the folder belongs to another search.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{folder / STUDY_FILE}",
        study_name=STUDY_NAME,
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(
            UNPRUNED_TRIALS, search.start_recipe.epochs // UNPRUNED_EPOCHS_DIVISOR
        ),
    )
    trials_begun = len(study.get_trials(deepcopy=False))
    # The seed grows with the trials, so that a resumed search does not propose its first values again.
    study.sampler = optuna.samplers.TPESampler(seed=search.start_recipe.seed + trials_begun)
    if not trials_begun:
        study.set_user_attr(FINGERPRINT_ATTRIBUTE, search.fingerprint)
        study.enqueue_trial(dict(choose_starting_values(search.start_recipe, space)))
    if study.user_attrs[FINGERPRINT_ATTRIBUTE] != search.fingerprint:
        raise WeightsUnusable(
            f"{folder / STUDY_FILE}: a search from other settings or other data. Name another folder with "
            "--run."
        )
    return study


def _fit_trial(
    trial: optuna.Trial, search: RecipeSearch, folder: Path, watcher: EpochWatcher
) -> tuple[float | None, TrialState]:
    """Fit a trial's network, and delete its checkpoint.

    Returns:
        The validation accuracy and COMPLETE; or None and PRUNED if the trial was behind the others, or its
        loss was no finite number.
    """
    recipe = make_trial_recipe(search.start_recipe, trial.params)
    fingerprint = make_run_fingerprint(recipe, search.data)
    run = TrainingRun(folder / "trials" / fingerprint, fingerprint)
    accuracy = None
    state = TrialState.PRUNED
    with suppress(optuna.TrialPruned, TrainingDiverged):
        judge = _PruningWatcher(trial, recipe.epochs, watcher)
        history = fit_by_gradient(search.split, len(search.data.labels), recipe, run, judge).history
        accuracy = history[-1].val_accuracy
        state = TrialState.COMPLETE
    shutil.rmtree(run.folder)
    keras.utils.clear_session()  # otherwise the graphs of all trials would stay in memory
    return accuracy, state


class _PruningWatcher:
    """A receiver of a trial's epochs that reports them to the study, and ends a trial that is behind."""

    def __init__(self, trial: optuna.Trial, epochs: int, watcher: EpochWatcher) -> None:
        self._trial = trial
        self._epochs = epochs
        self.report_step = watcher.report_step

    def report_epoch(self, epoch: Epoch) -> None:
        self._trial.report(epoch.val_accuracy, epoch.epoch)
        if self._trial.should_prune() and epoch.epoch < self._epochs:
            raise optuna.TrialPruned


def draw_search_plot(folder: Path, path: Path) -> None:
    """Draw the validation accuracy of all trials over each setting, with Optuna, into a PNG file.

    Args:
        folder: the folder with the study.
        path: the PNG file.
    """
    study = optuna.load_study(study_name=STUDY_NAME, storage=f"sqlite:///{folder / STUDY_FILE}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        warnings.filterwarnings("ignore", "Attempting to set identical low and high")  # for a single trial
        axes = optuna.visualization.matplotlib.plot_slice(study)
    plot_axes = np.asarray(axes)
    figure = plot_axes.flat[0].figure
    figure.set_size_inches(PLOT_INCHES * plot_axes.size, PLOT_INCHES)
    figure.set_layout_engine("constrained")
    save_figure(figure, path)
    plt.close(figure)
