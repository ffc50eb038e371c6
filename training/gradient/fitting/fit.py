"""Fit a network with Keras' own `fit`: epochs, validation, early stopping, averaged weights, checkpoints.

The result has the running average of the weights after the last epoch or, if the recipe says so, after the
epoch with the lowest validation loss. A killed run continues after its last finished epoch.
"""

import math
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import keras
import numpy as np
import tensorflow as tf
from keras.callbacks import SwapEMAWeights, TerminateOnNaN
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from reports.network_figures import Epoch
from training.data.class_weights import choose_class_weights
from training.data.fashion import choose_model_batch_size
from training.data.split import Split
from training.environment import describe_hardware, find_library_versions
from training.errors import TrainingDiverged, WeightsUnusable
from training.gradient.fitting.augmentation import Augmentation, add_augmented_copies
from training.gradient.fitting.checkpoints import (
    Checkpoint,
    TrainingRun,
    choose_kept_epoch,
    has_perfect_validation,
    is_out_of_patience,
    load_checkpoint,
    make_damaged_weights_error,
    save_checkpoint,
)
from training.gradient.fitting.optimizers import build_optimizer
from training.gradient.networks.registry import build_network
from training.gradient.recipes import Recipe
from training.progress import EpochWatcher
from training.untyped import Network

CROSS_ENTROPY_METRIC: Final = "cross_entropy"
"""Name of the metric that is the loss without L2 penalty and label smoothing, as the history reports it."""

WEIGHTS_FILE_OVERHEAD_BYTES: Final = 1 << 16
"""Number of bytes that a file of weights has besides the weights themselves, at most."""


@dataclass(frozen=True)
class FittedNetwork:
    """The result of a finished fit.

    Attributes:
        model: a keras.Model in float32, from pixels to logits, with the averaged weights.
        history: the figures of each epoch.
        hardware: the hardware of the epochs, each once, in their order; several if the run continued
            elsewhere.
        libraries: the versions of the libraries in the last epoch, by the name of the package.
    """

    model: Network
    history: tuple[Epoch, ...]
    hardware: tuple[str, ...]
    libraries: dict[str, str]

    @property
    def seconds(self) -> float:
        """The wall time of all epochs, including those before a run was stopped and continued."""
        return sum(epoch.seconds for epoch in self.history)


def fit_by_gradient(  # noqa: PLR0913 - what a training consists of
    split: Split,
    classes: int,
    recipe: Recipe,
    run: TrainingRun,
    watcher: EpochWatcher,
    *,
    extra_callbacks: Sequence[keras.callbacks.Callback] = (),
    targets: NDArray[np.float32] | None = None,
) -> FittedNetwork:
    """Train a network to the end of its recipe. If the run has a checkpoint, it continues from there.

    Args:
        split: the pictures to learn, and the pictures to validate on.
        run: the folder and the fingerprint of the checkpoint.
        watcher: a receiver of every step and epoch.
        extra_callbacks: further callbacks of Keras, such as TensorBoard's. At the end of a validation, the
            model has the averaged weights.
        targets: float32 (N, C), probabilities that the network learns for the N training pictures in place of
            their labels; None for the labels.

    Raises:
        WeightsUnusable: the checkpoint is damaged or belongs to another run, or cannot be written, such as to
            a full disk.
        TrainingDiverged: the loss is no finite number.
    """
    checkpoint = load_checkpoint(run)
    # With the number of epochs in the seed, a resumed run does not repeat the random numbers of its first
    # part.
    keras.utils.set_random_seed(recipe.seed + len(checkpoint.history))
    shape = split.train.images.shape[1:]
    model = build_network(recipe, classes, shape, is_training=True)
    released_model = build_network(replace(recipe, precision="float32"), classes, shape)
    for epoch in checkpoint.history:
        watcher.report_epoch(epoch)
    callback = _CheckpointCallback(run, checkpoint, watcher, recipe)
    # Also if no epoch is left: it loads the weights of the checkpoint, and averages them.
    _run_epochs(model, split, recipe, callback, extra_callbacks, targets)
    released_model.set_weights(model.get_weights())
    checkpoint = callback.checkpoint
    return FittedNetwork(released_model, checkpoint.history, checkpoint.hardware, checkpoint.libraries)


def _run_epochs(  # noqa: PLR0913, PLR0917 - as above
    model: Network,
    split: Split,
    recipe: Recipe,
    callback: "_CheckpointCallback",
    extra_callbacks: Sequence[keras.callbacks.Callback],
    targets: NDArray[np.float32] | None,
) -> None:
    """Run the epochs that are left. The model then has the averaged weights of the epoch that is kept.

    Raises:
        WeightsUnusable: a file of weights is damaged.
        TrainingDiverged: the loss is no finite number.
    """
    epochs_done = len(callback.checkpoint.history)
    classes = model.output.shape[-1]
    images = split.train.images
    one_hot = np.eye(classes, dtype=np.float32)
    learnt_targets = one_hot[split.train.classes] if targets is None else targets
    if recipe.augmented_copies:
        images, learnt_targets = add_augmented_copies(images, learnt_targets, recipe)
    steps = max(len(images) // recipe.batch_size, 1)
    _compile_model(model, recipe, steps)
    if epochs_done:
        _load_weights(model, callback.run.make_state_path(epochs_done))
    held_out = split.validation
    try:
        model.fit(
            _make_batches(images, learnt_targets, recipe, epochs_done),
            epochs=epochs_done if callback.checkpoint.finished else recipe.epochs,
            initial_epoch=epochs_done,
            validation_data=(held_out.images, one_hot[held_out.classes]),
            validation_batch_size=choose_model_batch_size(held_out.images),
            class_weight=choose_class_weights(split.train.classes, classes),
            # SwapEMAWeights is last: at the end of a validation it puts the current weights back, and the
            # callbacks before it still have the averaged ones.
            callbacks=[*extra_callbacks, TerminateOnNaN(raise_error=True), callback, SwapEMAWeights()],
            shuffle=False,
            verbose=0,
        )
    except RuntimeError as error:
        if not str(error).startswith("NaN or Inf loss"):  # the message of TerminateOnNaN
            raise
        raise TrainingDiverged(
            f"epoch {len(callback.checkpoint.history) + 1}: the loss is no finite number, so no further "
            f"epoch would learn anything. Try a lower --learning-rate than {recipe.learning_rate:g}."
        ) from error
    history = callback.checkpoint.history
    if (epoch := choose_kept_epoch(history, recipe.kept)) < len(history):
        # The file has the current weights and the average, which `finalize_variable_values` puts in place.
        _load_weights(model, callback.run.make_state_path(epoch))
        model.optimizer.finalize_variable_values(model.trainable_variables)


def _compile_model(model: Network, recipe: Recipe, steps: int) -> None:
    """Set a network's optimizer, loss and metrics; `steps` is the number of steps in one epoch."""
    model.compile(
        optimizer=build_optimizer(recipe, model.trainable_variables, steps),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing),
        metrics=[
            keras.metrics.CategoricalAccuracy("accuracy"),
            keras.metrics.CategoricalCrossentropy(CROSS_ENTROPY_METRIC, from_logits=True),
        ],
        # XLA takes longer to compile these small networks for a CPU than it saves.
        jit_compile=False,
    )


def _make_batches(
    images: PixelsBatch, targets: NDArray[np.float32], recipe: Recipe, epochs_done: int
) -> tf.data.Dataset:
    """Return the batches of one epoch, shuffled and augmented, without pictures that do not fill a batch.

    If the recipe has augmented copies, they are already among the pictures, and nothing more is changed.
    """
    pictures = tf.constant(images)
    all_targets = tf.constant(targets)
    augmentation = Augmentation(replace(recipe, seed=recipe.seed + epochs_done))
    batches = (
        tf.data.Dataset.range(len(images))
        .shuffle(len(images), seed=recipe.seed + epochs_done)
        .batch(min(recipe.batch_size, len(images)), drop_remainder=True)
        .map(lambda rows: (tf.gather(pictures, rows), tf.gather(all_targets, rows)))
    )
    if not recipe.augmented_copies:
        # Batches are augmented one after the other. In parallel, equal seeds would give other pictures.
        batches = batches.map(augmentation)
    return batches.prefetch(tf.data.AUTOTUNE)


class _CheckpointCallback(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Keras callback that writes the checkpoint and the history after each epoch, and stops early."""

    def __init__(
        self, run: TrainingRun, checkpoint: Checkpoint, watcher: EpochWatcher, recipe: Recipe
    ) -> None:
        super().__init__()
        self.checkpoint = checkpoint
        self.run = run
        self._watcher = watcher
        self._recipe = recipe
        self._hardware = describe_hardware()
        self._libraries = find_library_versions()
        self._began = 0.0
        run.folder.mkdir(parents=True, exist_ok=True)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._watcher.report_step(len(self.checkpoint.history) + 1, batch + 1, self.params["steps"])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the checkpoint; then report the epoch."""
        figures = logs or {}
        finished_epoch = Epoch(
            epoch=epoch + 1,
            loss=figures["loss"],
            accuracy=figures["accuracy"],
            val_loss=figures[f"val_{CROSS_ENTROPY_METRIC}"],
            val_accuracy=figures["val_accuracy"],
            seconds=time.perf_counter() - self._began,
        )
        history = (*self.checkpoint.history, finished_epoch)
        has_to_stop = self._has_to_stop(history)
        self.model.stop_training = has_to_stop
        # The weights come first: progress.json must not name a file that does not exist yet.
        _save_weights(self.model, self.run.make_state_path(finished_epoch.epoch))
        self.checkpoint = self.checkpoint.replace_fields(
            finished=has_to_stop or finished_epoch.epoch >= self._recipe.epochs,
            history=history,
            hardware=tuple(dict.fromkeys((*self.checkpoint.hardware, self._hardware))),
            libraries=self._libraries,
        )
        save_checkpoint(self.run, self.checkpoint, choose_kept_epoch(history, self._recipe.kept))
        self._watcher.report_epoch(finished_epoch)

    def _has_to_stop(self, history: tuple[Epoch, ...]) -> bool:
        return is_out_of_patience(history, self._recipe.patience) or has_perfect_validation(
            history, self.params["steps"]
        )


def _save_weights(model: Network, path: Path) -> None:
    """Write weights and optimizer to a file, and wait until they are on the disk.

    The checkpoint that names the file is written afterwards, so it never names a file that is not there.

    Raises:
        WeightsUnusable: the disk is full, or the file cannot be written.
    """
    # Checked before, because h5py ends the whole process if the disk is full when it closes the file.
    needed_bytes = (
        sum(math.prod(weight.shape) * 4 for weight in [*model.variables, *model.optimizer.variables])
        + WEIGHTS_FILE_OVERHEAD_BYTES
    )
    if (free_bytes := shutil.disk_usage(path.parent).free) < needed_bytes:
        raise WeightsUnusable(
            f"{path}: takes {needed_bytes:,} bytes, and {free_bytes:,} are left there. Make room: the same "
            "command goes on after the last finished epoch."
        )
    try:
        model.save_weights(path)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise WeightsUnusable(
            f"{path}: cannot be written ({error.strerror or error}). The same command goes on after the last "
            "finished epoch."
        ) from error


def _load_weights(model: Network, path: Path) -> None:
    try:
        model.load_weights(path)
    except (OSError, ValueError) as error:
        raise make_damaged_weights_error(path, error) from error
