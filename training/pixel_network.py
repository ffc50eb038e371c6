"""Train a network that reads pixels by gradient: Fashion-MNIST, or pictures in its form.

Data and recipe come in; the training set is divided, the network is fitted, and the release is exported,
decided, measured and sealed. A run that was killed goes on after its last finished epoch. Writes the run's
folder alone. Before importing it: loading.start_tensorflow.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from model_store.release_files import NEW_RELEASE_FOLDER
from reports.accept_threshold import DEFAULT_CONDITIONS, AcceptConditions
from reports.values import TrainingFigures
from training.data.fashion import LabelledData, describe_capped_weights
from training.data.split import Split, split_data
from training.environment import hardware, libraries
from training.gradient.fitting.checkpoints import TrainingRun, choose_kept_epoch, load_checkpoint
from training.gradient.fitting.fit import FittedNetwork, fit_by_gradient
from training.gradient.recipes import Recipe, choose_run_folder, make_run_fingerprint
from training.heads.ood import fit_unfamiliarity
from training.progress import Progress, warn_of_few
from training.release.complete import Candidate, complete_release, made_with, samples
from training.release.export import export_network, features_of
from training.release.make import Trained, new_release
from training.release.run_folder import check_no_release
from training.thresholds.requirements import get_default_accuracy


def train_pixels(
    data: LabelledData,
    recipe: Recipe,
    task: TrainingRun,
    progress: Progress,
    accept: AcceptConditions = DEFAULT_CONDITIONS,
) -> Trained:
    """Train a network on pixels by gradient, and write its release into the folder of the run.

    Args:
        data: the training set, and the test set that the release is measured on.
        recipe: the recipe of the training.
        task: the run, from `run_of`; the caller has claimed its folder.
        progress: the display of epochs and of warnings, such as that pictures are too few.
        accept: the conditions under which an answer is accepted.

    Raises:
        OutputUnusable: the folder has a release already.
        TrainingError: the checkpoint belongs to another run, or the network cannot be exported.
    """
    check_no_release(task.folder / NEW_RELEASE_FOLDER)
    parts = split_data(data, recipe.limit, recipe.held_out)
    progress.say(
        f"{parts.train.describe_size()} to learn, {len(parts.validation):,} held out, "
        f"{len(data.test):,} for the report: {recipe.network}, seed {recipe.seed}. Checkpoint in "
        f"{task.folder}."
    )
    promised = accept.right_share or get_default_accuracy(own_classes=data.has_class_names)
    warn_of_few(len(parts.validation), promised, progress.warn)
    if doubt := describe_capped_weights(parts.train.classes, data.labels):
        progress.warn(doubt)
    fitted = fit_network(task, data, parts, recipe, progress)
    return release_pixels(task, recipe, fitted, data, parts, progress, accept)


def fit_network(
    task: TrainingRun, data: LabelledData, parts: Split, recipe: Recipe, progress: Progress
) -> FittedNetwork:
    """Fit a network to pictures, from the checkpoint of the run on if the run has one.

    Raises:
        TrainingError: the checkpoint belongs to another run.
    """
    if done := len(load_checkpoint(task).history):
        progress.say(f"Continues after epoch {done} of {recipe.epochs}.")
    extra = []
    if task.tensorboard_folder is not None:
        # TensorBoard takes seconds to load.
        from training.gradient.fitting.tensorboard_log import make_tensorboard_callbacks  # noqa: PLC0415

        extra = make_tensorboard_callbacks(task.tensorboard_folder, parts.validation, data.labels)
    with progress.epochs(recipe.epochs) as watcher:
        fitted = fit_by_gradient(parts, len(data.labels), recipe, task, watcher, extra_callbacks=extra)
    progress.say(f"Kept: {kept_in_words(recipe)}. {fitted.seconds:.0f} s in all.")
    return fitted


def release_pixels(  # noqa: PLR0913, PLR0917 - a fit, what it was made of, and who follows it
    task: TrainingRun,
    recipe: Recipe,
    fitted: FittedNetwork,
    data: LabelledData,
    parts: Split,
    progress: Progress,
    accept: AcceptConditions = DEFAULT_CONDITIONS,
) -> Trained:
    """Write the release of a fitted network into the folder of its run: exported, measured and sealed.

    Raises:
        OutputUnusable: the run's folder has a release already.
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    train, model = parts.train, fitted.model
    candidate = Candidate(
        network=recipe.network,
        model=model,
        training=TrainingFigures(
            seed=recipe.seed,
            epochs=len(fitted.history),
            best_epoch=choose_kept_epoch(fitted.history, recipe.kept),
            seconds=fitted.seconds,
            hardware="; then ".join(fitted.hardware) or hardware(),
            libraries=libraries() | fitted.libraries,
            configuration=recipe.convert_to_json() | made_with(task.command_line, task.settings, data),
        ),
        history=fitted.history,
        data=data,
        split=parts,
        accept=accept,
    )
    with new_release(task.folder / NEW_RELEASE_FOLDER) as folder:
        with progress.counting("exporting the graph and comparing it with the network"):
            train.learnt_hashes.save_hashes(folder)
            measure = fit_unfamiliarity(
                features_of(model, train.images), train.classes, len(data.labels), None
            )
            export_network(folder, model, measure, samples(parts))
        _, of_files = complete_release(folder, candidate, progress)
    return Trained(task.folder, of_files, data.labels)


def kept_in_words(recipe: Recipe) -> str:
    """Return a phrase that says which weights a training keeps: of the best epoch, or their average."""
    if recipe.kept == "least_loss":
        return "the weights of the least validation loss"
    return "the average of the weights after the last epoch"


def run_of(  # noqa: PLR0913, PLR0917 - what a run is named by, and what its release records
    recipe: Recipe,
    data: LabelledData,
    folder: Path | None = None,
    events: Path | None = None,
    command: str = "",
    settings: Mapping[str, JsonValue] | None = None,
) -> TrainingRun:
    """Return the run of a recipe on data: its folder, and the values that its checkpoint must carry.

    Args:
        recipe: the recipe of the training.
        data: the data that is learnt.
        folder: the folder of the run; None takes a folder in runs/ whose name comes from recipe and data.
        events: the folder below which the log for TensorBoard is written; None writes no log.
        command: the command line, which the release records.
        settings: the options of that command, which the release records, too.
    """
    usual = choose_run_folder(recipe, data)
    logged = events and events / usual.name
    return TrainingRun(folder or usual, make_run_fingerprint(recipe, data), logged, command, settings or {})
