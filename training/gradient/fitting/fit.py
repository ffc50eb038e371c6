"""Fit a network with Keras' own `fit`: epochs, validation, early stopping, averaged weights, checkpoints.

What is kept is the running average of the weights after the last epoch, or, if the recipe says so, after that
of the least validation loss. A killed run continues after its last
finished epoch with its history, by which it stops early. Touches the run's folder. The checkpoint:
checkpoints.py.
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
from reports.values import Epoch
from training.data.fashion import choose_class_weights, choose_model_batch_size
from training.data.split import Split
from training.environment import describe_hardware, find_library_versions
from training.errors import TrainingDiverged, WeightsUnusable
from training.gradient.fitting.augmentation import Augmentation, add_copies
from training.gradient.fitting.checkpoints import (
    Checkpoint,
    TrainingRun,
    choose_kept_epoch,
    is_out_of_patience,
    is_solved,
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
"""The validation loss without penalties and label smoothing, which the history reports."""

WEIGHTS_FILE_OVERHEAD_BYTES: Final = 1 << 16
"""Overhead of a weights file, in bytes."""


@dataclass(frozen=True)
class FittedNetwork:
    """The result of a finished fit.

    Attributes:
        model: keras.Model, float32, to logits, with the averaged weights.
        history: one entry per epoch.
        hardware: the hardware that its epochs ran on, in this order; more than one if it continued elsewhere.
        libraries: the versions that its last epoch ran on, by package name.
    """

    model: Network
    history: tuple[Epoch, ...]
    hardware: tuple[str, ...]
    libraries: dict[str, str]

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, over all parts of a resumed run."""
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
    """Train a network to the end of its recipe, from the last checkpoint of the run on if there is one.

    Args:
        split: training and validation pictures.
        run: folder and fingerprint of the checkpoint.
        watcher: receives every step and epoch.
        extra_callbacks: further callbacks, such as TensorBoard's; at the end of a validation the model holds
            the averaged weights.
        targets: (N, C), probabilities that the training pictures have as targets in place of their labels.

    Raises:
        WeightsUnusable: the checkpoint is damaged or belongs to another run; or the disk is full, for
            example.
        TrainingDiverged: the loss is no finite number.
    """
    checkpoint = load_checkpoint(run)
    # A resumed run draws other numbers than its first part did.
    keras.utils.set_random_seed(recipe.seed + len(checkpoint.history))
    shape = split.train.images.shape[1:]
    model = build_network(recipe, classes, shape, training=True)
    released_model = build_network(replace(recipe, precision="float32"), classes, shape)
    for epoch in checkpoint.history:
        watcher.report_epoch(epoch)
    callback = _CheckpointCallback(run, checkpoint, watcher, recipe)
    # A run that is resumed at its end is entered, too: that averages the weights.
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
    """Run the epochs that are left, from the last checkpoint if there is one.

    The model ends with the average of the weights of the epoch that is kept.

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
        images, learnt_targets = add_copies(images, learnt_targets, recipe)
    steps = max(len(images) // recipe.batch_size, 1)
    _compile_model(model, recipe, steps)
    if epochs_done:
        _load_weights(model, callback.run.state_path(epochs_done))
    held_out = split.validation
    try:
        model.fit(
            _make_batches(images, learnt_targets, recipe, epochs_done),
            epochs=epochs_done if callback.checkpoint.finished else recipe.epochs,
            initial_epoch=epochs_done,
            validation_data=(held_out.images, one_hot[held_out.classes]),
            validation_batch_size=choose_model_batch_size(held_out.images),
            class_weight=choose_class_weights(split.train.classes, classes),
            # Callbacks before SwapEMAWeights see averaged weights at the end of a validation.
            callbacks=[*extra_callbacks, TerminateOnNaN(raise_error=True), callback, SwapEMAWeights()],
            shuffle=False,
            verbose=0,
        )
    except RuntimeError as error:
        if not str(error).startswith("NaN or Inf loss"):  # of TerminateOnNaN
            raise
        raise TrainingDiverged(
            f"epoch {len(callback.checkpoint.history) + 1}: the loss is no finite number, so no further "
            f"epoch would learn anything. Try a lower --learning-rate than {recipe.learning_rate:g}."
        ) from error
    history = callback.checkpoint.history
    if (epoch := choose_kept_epoch(history, recipe.kept)) < len(history):
        _load_weights(model, callback.run.state_path(epoch))
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
    """Yield shuffled, augmented batches; pictures of an epoch that fill no batch are left out of it.

    Where a recipe has augmented copies, they are among the pictures already, and nothing more is changed.
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
        # One call at a time: in parallel, equal seeds would draw in another order.
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
        _save_weights(self.model, self.run.state_path(finished_epoch.epoch))
        self.checkpoint = self.checkpoint.replace_fields(
            finished=has_to_stop or finished_epoch.epoch >= self._recipe.epochs,
            history=history,
            hardware=tuple(dict.fromkeys((*self.checkpoint.hardware, self._hardware))),
            libraries=self._libraries,
        )
        save_checkpoint(self.run, self.checkpoint, choose_kept_epoch(history, self._recipe.kept))
        self._watcher.report_epoch(finished_epoch)

    def _has_to_stop(self, history: tuple[Epoch, ...]) -> bool:
        return is_out_of_patience(history, self._recipe.patience) or is_solved(history, self.params["steps"])


def _save_weights(model: Network, path: Path) -> None:
    """Write weights to the disk itself: the checkpoint that names them is flushed, too."""
    # On a full disk h5py does not merely fail: it ends the process when it closes the file.
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
