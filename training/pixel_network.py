"""Train a release whose network reads pixels of 28 x 28: Fashion-MNIST, or pictures in its form.

The whole network is trained by gradient descent, with the settings of a recipe. Thresholds are chosen by
pictures that are held out. A training that was killed goes on after its last finished epoch.

Call `start_tensorflow` before this module is imported, so that TensorFlow prints nothing.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from model_store.release_files import NEW_RELEASE_FOLDER
from reports.accept_threshold import DEFAULT_CONDITIONS, AcceptConditions
from reports.network_figures import TrainingFigures
from training.data.class_weights import describe_capped_weights
from training.data.fashion import LabelledData
from training.data.split import Split, split_train_validation
from training.environment import describe_hardware, find_library_versions
from training.gradient.fitting.checkpoints import TrainingRun, choose_kept_epoch, load_checkpoint
from training.gradient.fitting.fit import FittedNetwork, fit_by_gradient
from training.gradient.recipes import Recipe
from training.gradient.run_names import choose_run_folder, make_run_fingerprint
from training.heads.ood import fit_ood_measure
from training.progress import Progress, warn_of_few_answers
from training.release.candidate import ReleaseCandidate, select_parity_pictures
from training.release.complete import complete_release, describe_training_settings
from training.release.export import compute_layer_features, export_network
from training.release.make import TrainingResult, start_release
from training.release.run_folder import check_no_release
from training.thresholds.requirements import get_default_accuracy


def train_pixel_network(
    data: LabelledData,
    recipe: Recipe,
    run: TrainingRun,
    progress: Progress,
    accept_conditions: AcceptConditions = DEFAULT_CONDITIONS,
) -> TrainingResult:
    """Train a network on pixels by gradient, and write its release into the folder of the run.

    Args:
        data: the training set, and the test set on which the release is measured.
        recipe: all settings of the training, such as the network and the learning rate.
        run: the run, from `make_training_run`; the caller has claimed its folder.
        progress: the display of epochs and of warnings, such as that pictures are too few.
        accept_conditions: the conditions under which an answer is accepted.

    Raises:
        OutputUnusable: the folder has a release already.
        TrainingError: the checkpoint belongs to another run, or the network cannot be exported.
    """
    # Before the fit, which may take long. It is checked again when the release is put there.
    check_no_release(run.folder / NEW_RELEASE_FOLDER)
    parts = split_train_validation(data, recipe.limit, recipe.held_out)
    progress.say(
        f"{parts.train.describe_size()} to learn, {len(parts.validation):,} held out, "
        f"{len(data.test):,} for the report: {recipe.network}, seed {recipe.seed}. Checkpoint in "
        f"{run.folder}."
    )
    promised_share = accept_conditions.right_share or get_default_accuracy(
        has_own_classes=data.has_class_names
    )
    warn_of_few_answers(len(parts.validation), promised_share, progress.warn)
    if warning := describe_capped_weights(parts.train.classes, data.labels):
        progress.warn(warning)
    fitted = fit_pixel_network(run, data, parts, recipe, progress)
    return release_pixel_network(run, recipe, fitted, data, parts, progress, accept_conditions)


def fit_pixel_network(
    run: TrainingRun, data: LabelledData, split: Split, recipe: Recipe, progress: Progress
) -> FittedNetwork:
    """Fit a network to pictures. If the run has a checkpoint, the fit continues from there.

    Raises:
        TrainingError: the checkpoint belongs to another run.
    """
    if epochs_done := len(load_checkpoint(run).history):
        progress.say(f"Continues after epoch {epochs_done} of {recipe.epochs}.")
    extra_callbacks = []
    if run.tensorboard_folder is not None:
        # TensorBoard takes seconds to load.
        from training.gradient.fitting.tensorboard_log import make_tensorboard_callbacks  # noqa: PLC0415

        extra_callbacks = make_tensorboard_callbacks(run.tensorboard_folder, split.validation, data.labels)
    with progress.show_epochs(recipe.epochs) as watcher:
        fitted = fit_by_gradient(
            split, len(data.labels), recipe, run, watcher, extra_callbacks=extra_callbacks
        )
    progress.say(f"Kept: {describe_kept_weights(recipe)}. {fitted.seconds:.0f} s in all.")
    return fitted


def release_pixel_network(  # noqa: PLR0913, PLR0917 - a fit, what it was made of, and who follows it
    run: TrainingRun,
    recipe: Recipe,
    fitted_network: FittedNetwork,
    data: LabelledData,
    split: Split,
    progress: Progress,
    accept_conditions: AcceptConditions = DEFAULT_CONDITIONS,
) -> TrainingResult:
    """Write the release of a fitted network into the folder of its run: exported, measured and sealed.

    Raises:
        OutputUnusable: the run's folder has a release already.
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    train = split.train
    model = fitted_network.model
    candidate = ReleaseCandidate(
        network=recipe.network,
        model=model,
        training=TrainingFigures(
            seed=recipe.seed,
            epochs=len(fitted_network.history),
            best_epoch=choose_kept_epoch(fitted_network.history, recipe.kept),
            seconds=fitted_network.seconds,
            hardware="; then ".join(fitted_network.hardware) or describe_hardware(),
            libraries=find_library_versions() | fitted_network.libraries,
            configuration=recipe.convert_to_json()
            | describe_training_settings(run.command_line, run.settings, data),
        ),
        history=fitted_network.history,
        data=data,
        split=split,
        accept_conditions=accept_conditions,
    )
    with start_release(run.folder / NEW_RELEASE_FOLDER) as folder:
        with progress.show_progress("exporting the graph and comparing it with the network"):
            train.learnt_hashes.save_hashes(folder)
            measure = fit_ood_measure(
                compute_layer_features(model, train.images), train.classes, len(data.labels), None
            )
            export_network(folder, model, measure, select_parity_pictures(split))
        _, file_answers = complete_release(folder, candidate, progress)
    return TrainingResult(run.folder, file_answers, data.labels)


def describe_kept_weights(recipe: Recipe) -> str:
    """Return a phrase that says which weights a training keeps: of the best epoch, or of the last one."""
    if recipe.kept == "least_loss":
        return "the weights of the least validation loss"
    return "the average of the weights after the last epoch"


def make_training_run(  # noqa: PLR0913, PLR0917 - what a run is named by, and what its release records
    recipe: Recipe,
    data: LabelledData,
    folder: Path | None = None,
    tensorboard_folder: Path | None = None,
    command_line: str = "",
    settings: Mapping[str, JsonValue] | None = None,
) -> TrainingRun:
    """Return the run of a recipe on data: its folder, and a hash by which its checkpoint is recognised.

    Args:
        folder: the folder of the run; None for a folder in runs/ whose name comes from recipe and data.
        tensorboard_folder: the folder below which the log for TensorBoard is written; None for no log.
        command_line: the command line, which the release records.
        settings: the options of that command, which the release records, too.
    """
    default_folder = choose_run_folder(recipe, data)
    log_folder = tensorboard_folder and tensorboard_folder / default_folder.name
    return TrainingRun(
        folder or default_folder, make_run_fingerprint(recipe, data), log_folder, command_line, settings or {}
    )
