"""Log a fit for TensorBoard. Touches the folder that it is given; shown by `tensorboard --logdir`."""

from pathlib import Path

import keras


def tensorboard_callbacks(folder: Path) -> list[keras.callbacks.Callback]:
    """The callbacks that log one run into `folder`, which is this run's alone."""
    return [keras.callbacks.TensorBoard(str(folder), write_graph=False)]
