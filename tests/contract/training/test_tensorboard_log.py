"""What TensorBoard shows of a training, read back with its own reader."""

from dataclasses import replace
from pathlib import Path

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.contract.training.conftest import RECIPE, Listener
from tests.fashion import CLASSES
from training.data.datasets import LABELS
from training.data.splitting import Split
from training.fitting.checkpoints import Run
from training.fitting.fit import fit
from training.fitting.tensorboard_log import CONFUSION, tensorboard_callbacks


def test_each_epoch_has_its_figures_and_its_confusion_matrix(parts: Split, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=2, batch_size=120)
    callbacks = tensorboard_callbacks(tmp_path / "log", parts.validation, LABELS)

    fitted = fit(parts, CLASSES, recipe, Run(tmp_path, "aa"), Listener(), extra=callbacks)

    shown = EventAccumulator(str(tmp_path / "log" / "validation"), size_guidance={"tensors": 0}).Reload()
    logged = [float(tf.make_ndarray(event.tensor_proto)) for event in shown.Tensors("epoch_accuracy")]
    assert logged == pytest.approx([one.val_accuracy for one in fitted.history])
    assert [event.step for event in shown.Tensors(CONFUSION)] == [0, 1]
