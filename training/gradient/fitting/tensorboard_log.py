"""Write a log of a fit for TensorBoard, with a confusion matrix after each epoch.

`tensorboard --logdir FOLDER` shows the log.
"""

import io
from pathlib import Path
from typing import Final

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import confusion_matrix

from training.data.fashion import split_into_batches
from training.data.pictures import Pictures
from training.evaluation.plots import draw_confusion_shares

CONFUSION_MATRIX_TAG: Final = "confusion of the held-out pictures"
"""Name of the picture in TensorBoard. Each of its rows is a true class and sums to 1."""


def make_tensorboard_callbacks(
    folder: Path, validation_pictures: Pictures, labels: tuple[str, ...]
) -> list[keras.callbacks.Callback]:
    """Return the Keras callbacks that write a log of one run for TensorBoard.

    Args:
        folder: the folder of the log, which no other run uses.
        validation_pictures: the pictures whose confusion matrix is drawn after each validation.
        labels: the names of the classes by index.
    """
    return [
        keras.callbacks.TensorBoard(str(folder), write_graph=False),
        _ConfusionPicture(folder, validation_pictures, labels),
    ]


class _ConfusionPicture(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Keras callback that draws the confusion matrix of the held-out pictures after each validation."""

    def __init__(self, folder: Path, validation_pictures: Pictures, labels: tuple[str, ...]) -> None:
        super().__init__()
        self._writer = tf.summary.create_file_writer(str(folder / "validation"))
        self._validation_pictures = validation_pictures
        self._labels = labels
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        # The model is called directly. `predict` would start the callbacks again, this one too.
        answers = [
            np.asarray(self.model(pictures, training=False)).argmax(axis=1)
            for pictures in split_into_batches(self._validation_pictures.images)
        ]
        classes = np.arange(len(self._labels))
        counts = confusion_matrix(self._validation_pictures.classes, np.concatenate(answers), labels=classes)
        title = f"epoch {self._epoch + 1}, {len(self._validation_pictures):,} held out"
        png = io.BytesIO()
        draw_confusion_shares(counts, self._labels, title).savefig(png, format="png")
        with self._writer.as_default(step=self._epoch):
            tf.summary.image(
                CONFUSION_MATRIX_TAG, tf.image.decode_png(png.getvalue(), channels=3)[tf.newaxis]
            )
        self._writer.flush()
