"""Write a fit to TensorBoard's event files: figures per epoch, and who was taken for whom.

A watcher of the fit (fit.py). An epoch is written once, however often the run was interrupted.
Touches the folder that it is given; shown by `tensorboard --logdir`.
"""

import io
from pathlib import Path
from typing import Final

import numpy as np
import tensorflow as tf
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix
from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator

from model_store.report import Epoch
from training.data.datasets import LabelledImages
from training.evaluation.figures import draw_shares
from training.fitting.schedule import learning_rate
from training.recipes import Recipe
from training.untyped import Tensor

EVENTS: Final = "events.out.tfevents.*"

CONFUSION: Final = "confusion of the held-out pictures"
"""The tag of the picture; its rows are true classes and sum to 1."""


class TensorBoardLog:
    """Writes one run: six scalars and a confusion matrix per epoch, the epoch as the step."""

    def __init__(
        self, folder: Path, recipe: Recipe, held_out: LabelledImages, labels: tuple[str, ...]
    ) -> None:
        """Go on with the folder's log if it has one.

        Args:
            folder: of this run alone; made if absent.
            recipe: tells the learning rate.
            held_out: what is validated on.
            labels: class names in index order.
        """
        self._folder = folder
        self._recipe = recipe
        self._held_out = held_out
        self._labels = labels
        self._logged = logged_epochs(folder)
        self._writer = tf.summary.create_file_writer(str(folder))

    def step(self, epoch: int, step: int, steps: int) -> None:
        pass

    def epoch(self, epoch: Epoch, best_epoch: int, predicted: NDArray[np.int64] | None) -> None:
        if epoch.epoch in self._logged:
            if predicted is None:
                return
            # It was logged, and is run again: the checkpoint was forgotten, so this is another run.
            self._begin_anew()
        with self._writer.as_default(step=epoch.epoch):
            for name, value in scalars(epoch, self._recipe).items():
                tf.summary.scalar(name, value)
            if predicted is not None:
                tf.summary.image(CONFUSION, _raster(self._draw_confusion(epoch, predicted)))
        self._writer.flush()
        self._logged.add(epoch.epoch)

    def _begin_anew(self) -> None:
        self._writer.close()
        for path in self._folder.glob(EVENTS):
            path.unlink()
        self._logged.clear()
        self._writer = tf.summary.create_file_writer(str(self._folder))

    def _draw_confusion(self, epoch: Epoch, predicted: NDArray[np.int64]) -> Figure:
        classes = np.arange(len(self._labels))
        counts = confusion_matrix(self._held_out.labels, predicted, labels=classes)
        title = f"epoch {epoch.epoch}, {len(predicted):,} held out: accuracy {epoch.val_accuracy:.2%}"
        return draw_shares(counts, self._labels, title)


def logged_epochs(folder: Path) -> set[int]:
    """Which epochs a folder's event files have; of a file that a kill cut short, what is whole."""
    if not any(folder.glob(EVENTS)):
        return set()
    events = EventAccumulator(str(folder), size_guidance={TENSORS: 0}).Reload()
    return {event.step for event in events.Tensors("loss")} if "loss" in events.Tags()[TENSORS] else set()


def scalars(epoch: Epoch, recipe: Recipe) -> dict[str, float]:
    """What is plotted of an epoch; the learning rate is the one halfway through it."""
    return {
        "loss": epoch.loss,
        "accuracy": epoch.accuracy,
        "val_loss": epoch.val_loss,
        "val_accuracy": epoch.val_accuracy,
        "learning_rate": learning_rate(recipe, epoch.epoch - 0.5),
        "seconds": epoch.seconds,
    }


def _raster(figure: Figure) -> Tensor:
    """A figure as uint8 (1, H, W, 3)."""
    FigureCanvasAgg(figure)
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return tf.image.decode_png(png.getvalue(), channels=3)[tf.newaxis]
