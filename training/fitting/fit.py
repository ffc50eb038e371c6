"""Fit a network: epochs, validation, early stopping, the best weights, checkpoints.

After each epoch everything that the next one depends on is on disk (checkpoints.py); the order of the data
and the augmentation are functions of the seed and the epoch (schedule.py, augmentation.py), so a killed run
goes on as if nothing had happened, on another of Keras' backends if need be. Touches the run's folder. Who
takes the steps: backend.py; what is learnt beside the training set: beside.py.
"""

import random
import time
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from model_store.report import Epoch
from training.data.datasets import ANSWERED_AT_ONCE, LabelledImages
from training.data.splitting import Split
from training.errors import BadRecipe
from training.export.environment import hardware, libraries
from training.fitting.augmentation import Augmentation
from training.fitting.backend import steps_of
from training.fitting.checkpoints import Checkpoint, Progress, Run, Weights, load_checkpoint, save_checkpoint
from training.fitting.fine_tuning import begin, blended
from training.fitting.optimizers import build_optimizer
from training.fitting.schedule import batches, is_solved, learning_rate
from training.fitting.steps import Lesson, Trainee
from training.recipes import Recipe
from training.untyped import Network


class Watcher(Protocol):
    """Whoever wants to know how far a fit is."""

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Hear of one step of an epoch; all of them 1-based."""

    def epoch(self, epoch: Epoch, best_epoch: int, predicted: NDArray[np.int64] | None) -> None:
        """Hear of an epoch that is done and on disk, and of the best so far.

        What this raises ends the fit; the checkpoint stays.

        Args:
            epoch: resumed ones are told too, before the first new one.
            best_epoch: 1-based.
            predicted: int64 (N,), the class that was given to each held-out picture; None for a resumed
                epoch, which is not validated again.
        """


@dataclass(frozen=True)
class Fitted:
    """What a finished fit leaves.

    Attributes:
        model: keras.Model, float32, to logits, with the best averaged weights.
        history: one entry per epoch.
        best_epoch: 1-based; the one whose weights `model` has.
        hardware: what its epochs ran on, in this order; more than one if it went on elsewhere.
        libraries: the versions that its last epoch ran on, by package name.
    """

    model: Network
    history: tuple[Epoch, ...]
    best_epoch: int
    hardware: tuple[str, ...]
    libraries: dict[str, str]

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, over all parts of a resumed run."""
        return sum(epoch.seconds for epoch in self.history)


def fit(split: Split, classes: int, recipe: Recipe, run: Run, watcher: Watcher) -> Fitted:
    """Train to the recipe's end, from the run's last checkpoint if it has one.

    Args:
        split: training and validation pictures, and what is learnt beside them.
        classes: how many there are.
        recipe: what to do.
        run: folder and fingerprint of the checkpoint, and the weights to begin with.
        watcher: told of every step and epoch.

    Raises:
        BadRecipe: weights are to be blended with those of other classes.
        CheckpointUnreadable: the run's checkpoint is damaged or another run's.
    """
    if recipe.blend < 1 and run.start is not None and not run.start.same_classes:
        raise BadRecipe(
            f"blend {recipe.blend}: for other classes the last layer begins anew, so there is nothing to "
            "keep of it. Leave out --blend."
        )
    state = _Fit(split, classes, recipe, run)
    stored = load_checkpoint(run)
    if stored is not None:
        state.restore(stored)
    for past in state.progress.history:
        watcher.epoch(past, state.progress.best_epoch, None)
    while not state.progress.finished:
        predicted = state.run_epoch(watcher)
        save_checkpoint(run, state.checkpoint())
        watcher.epoch(state.progress.history[-1], state.progress.best_epoch, predicted)
    return state.fitted()


@dataclass(frozen=True)
class _Learnt:
    """All that is learnt: images uint8 (N, 28, 28), targets float32 (N, C); whether photos are among it."""

    images: PixelsBatch
    targets: NDArray[np.float32]
    photos: bool = False


def _learnt(split: Split, classes: int, teaching: float) -> _Learnt:
    """The training pictures, and whatever is learnt beside them."""
    images, targets = split.train.images, _targets(split.train, classes, teaching)
    if split.beside is None:
        return _Learnt(images, targets)
    images = np.concatenate([images, split.beside.images])
    return _Learnt(images, np.concatenate([targets, split.beside.targets(classes)]), photos=True)


def _targets(train: LabelledImages, classes: int, teaching: float) -> NDArray[np.float32]:
    """What is learnt, float32 (N, C): the labels, and a teacher's probabilities by its share."""
    labels = np.eye(classes, dtype=np.float32)[train.labels]
    if train.taught is None:
        return labels
    return (1 - np.float32(teaching)) * labels + np.float32(teaching) * train.taught.astype(np.float32)


class _Fit:
    """A training under way: the network, its average, the optimizer and how far they are."""

    def __init__(self, split: Split, classes: int, recipe: Recipe, run: Run) -> None:
        # All that Keras draws its own seeds from; its set_random_seed loads TensorFlow on every backend.
        random.seed(recipe.seed)
        self._held_out = split.validation
        self._learnt = _learnt(split, classes, recipe.teaching)
        self._recipe = recipe
        self._model = begin(run.start, recipe, classes, training=True)
        self._average = begin(run.start, replace(recipe, precision="float32"), classes)
        self._average.set_weights(self._model.get_weights())
        self._optimizer = build_optimizer(recipe, self._model.trainable_variables)
        self._known: Weights = self._average.get_weights()
        self._best: Weights = []
        self._hardware, self._libraries = hardware(), libraries()
        self.progress = Progress(fingerprint=run.fingerprint)
        self._augmentation = Augmentation(recipe)
        self._steps = steps_of(
            Trainee(
                recipe=recipe,
                model=self._model,
                average=self._average,
                optimizer=self._optimizer,
                augmentation=self._augmentation,
                images=self._learnt.images,
                targets=self._learnt.targets,
            )
        )

    def run_epoch(self, watcher: Watcher) -> NDArray[np.int64]:
        """Train one epoch and validate the averaged weights; returns their answers, int64 (N,)."""
        began = time.perf_counter()
        epoch = len(self.progress.history) + 1
        lesson = self._lesson(epoch)
        loss, accuracy = self._steps.take(lesson, lambda step: watcher.step(epoch, step, len(lesson.order)))
        val_loss, predicted = self._validate()
        self._close(
            Epoch(
                epoch=epoch,
                loss=loss,
                accuracy=accuracy,
                val_loss=val_loss,
                val_accuracy=float(np.mean(predicted == self._held_out.labels)),
                seconds=time.perf_counter() - began,
            )
        )
        return predicted

    def _lesson(self, epoch: int) -> Lesson:
        recipe = self._recipe
        order = batches(len(self._learnt.images), recipe.batch_size, recipe.seed, epoch)
        steps, batch = order.shape
        rates = [learning_rate(recipe, epoch - 1 + step / steps) for step in range(steps)]
        draws = self._augmentation.draw((steps, batch), [recipe.seed, epoch])
        return Lesson(order, np.array(rates, np.float32), draws)

    def _validate(self) -> tuple[float, NDArray[np.int64]]:
        """Mean loss of the averaged weights on the held-out pictures, and the class they give to each."""
        held_out = self._held_out
        logits = self._average.predict(held_out.images, batch_size=ANSWERED_AT_ONCE, verbose=0)
        logits = logits.astype(np.float64)
        log_total = np.logaddexp.reduce(logits, axis=1)
        truth = logits[np.arange(len(held_out)), held_out.labels]
        return float(np.mean(log_total - truth)), logits.argmax(1)

    def _close(self, epoch: Epoch) -> None:
        """Enter the epoch into the history, keep the best weights, see whether it was the last.

        Best is by validation accuracy, ties by loss: users see labels, and the over-confidence that the loss
        would punish is taken out by the temperature afterwards. Of photos the held-out pictures know nothing:
        where they are learnt too, the last epoch is best, which the falling learning rate makes for.
        """
        history = (*self.progress.history, epoch)
        best = max(history, key=lambda one: (one.val_accuracy, -one.val_loss)).epoch
        if self._learnt.photos:
            best = epoch.epoch
        if best == epoch.epoch:
            self._best = self._average.get_weights()
        patience = self._recipe.patience
        tired = patience is not None and epoch.epoch - best >= patience
        steps = max(len(self._learnt.images) // self._recipe.batch_size, 1)
        solved = not self._learnt.photos and is_solved([one.val_accuracy for one in history], steps)
        self.progress = Progress(
            fingerprint=self.progress.fingerprint,
            best_epoch=best,
            finished=tired or solved or epoch.epoch >= self._recipe.epochs,
            history=history,
            hardware=tuple(dict.fromkeys((*self.progress.hardware, self._hardware))),
            libraries=self._libraries,
        )

    def checkpoint(self) -> Checkpoint:
        """Everything that `restore` needs."""
        groups = {
            "model": self._model.get_weights(),
            "average": self._average.get_weights(),
            "best": self._best,
            "optimizer": [np.asarray(variable.value) for variable in self._optimizer.variables],
        }
        return Checkpoint(self.progress, groups)

    def restore(self, stored: Checkpoint) -> None:
        """Be where the checkpoint was written."""
        self._model.set_weights(stored.groups["model"])
        self._average.set_weights(stored.groups["average"])
        self._best = stored.groups["best"]
        for variable, value in zip(self._optimizer.variables, stored.groups["optimizer"], strict=True):
            variable.assign(value)
        self.progress = stored.progress

    def fitted(self) -> Fitted:
        """The best averaged weights in a network of their own, blended with those that they began as."""
        self._average.set_weights(blended(self._known, self._best, self._recipe.blend))
        progress = self.progress
        return Fitted(
            self._average, progress.history, progress.best_epoch, progress.hardware, progress.libraries
        )
