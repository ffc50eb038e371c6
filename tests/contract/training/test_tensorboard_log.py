"""What TensorBoard shows of a training, read back with its own reader."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from model_store.report import Epoch
from tests.contract.training.conftest import RECIPE, Listener
from tests.fashion import CLASSES
from training.data.datasets import LABELS
from training.data.splitting import Split
from training.fitting.checkpoints import Run
from training.fitting.fit import fit
from training.fitting.tensorboard_log import CONFUSION, EVENTS, TensorBoardLog, logged_epochs
from training.fitting.watchers import Watchers

SCALARS = {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"}


def an_epoch(number: int, loss: float = 0.5) -> Epoch:
    return Epoch(epoch=number, loss=loss, accuracy=0.8, val_loss=0.4, val_accuracy=0.9, seconds=2.0)


def read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def written(folder: Path, tag: str) -> list[tuple[int, Any]]:
    """A scalar's steps and values, as TensorBoard plots them."""
    return [
        (event.step, pytest.approx(float(tf.make_ndarray(event.tensor_proto))))
        for event in read(folder).Tensors(tag)
    ]


@pytest.fixture
def answers(parts: Split) -> NDArray[np.int64]:
    """Every held-out picture is taken for a trouser."""
    return np.ones(len(parts.validation), np.int64)


def test_each_epoch_has_its_figures_and_its_confusion_matrix(parts: Split, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=2, batch_size=120)
    log = TensorBoardLog(tmp_path / "log", recipe, parts.validation, LABELS)

    fitted = fit(parts, CLASSES, recipe, Run(tmp_path, "aa"), Watchers(Listener(), log))

    shown = read(tmp_path / "log")
    plugins = {tag: shown.SummaryMetadata(tag).plugin_data.plugin_name for tag in shown.Tags()["tensors"]}
    assert plugins == {**dict.fromkeys(SCALARS, "scalars"), CONFUSION: "images"}
    assert written(tmp_path / "log", "val_accuracy") == [
        (one.epoch, one.val_accuracy) for one in fitted.history
    ]
    assert [event.step for event in shown.Tensors(CONFUSION)] == [1, 2]


def test_a_resumed_run_goes_on_without_a_step_doubled(
    parts: Split, tmp_path: Path, answers: NDArray[np.int64]
) -> None:
    killed = TensorBoardLog(tmp_path, RECIPE, parts.validation, LABELS)
    killed.epoch(an_epoch(1), 1, answers)

    resumed = TensorBoardLog(tmp_path, RECIPE, parts.validation, LABELS)
    resumed.epoch(an_epoch(1), 1, None)
    resumed.epoch(an_epoch(2, loss=0.25), 2, answers)

    assert written(tmp_path, "loss") == [(1, 0.5), (2, 0.25)]
    assert [event.step for event in read(tmp_path).Tensors(CONFUSION)] == [1, 2]


def test_a_log_that_is_asked_for_late_has_the_figures_of_the_past(parts: Split, tmp_path: Path) -> None:
    late = TensorBoardLog(tmp_path, RECIPE, parts.validation, LABELS)

    late.epoch(an_epoch(1), 1, None)

    assert written(tmp_path, "loss") == [(1, 0.5)]
    assert set(read(tmp_path).Tags()["tensors"]) == SCALARS


def test_a_run_begun_anew_has_a_log_of_its_own(
    parts: Split, tmp_path: Path, answers: NDArray[np.int64]
) -> None:
    forgotten = TensorBoardLog(tmp_path, RECIPE, parts.validation, LABELS)
    forgotten.epoch(an_epoch(1), 1, answers)
    forgotten.epoch(an_epoch(2), 2, answers)

    anew = TensorBoardLog(tmp_path, RECIPE, parts.validation, LABELS)
    anew.epoch(an_epoch(1, loss=0.125), 1, answers)

    assert written(tmp_path, "loss") == [(1, 0.125)]


def test_a_file_that_was_cut_short_keeps_what_is_whole(
    parts: Split, tmp_path: Path, answers: NDArray[np.int64]
) -> None:
    log = TensorBoardLog(tmp_path, RECIPE, parts.validation, LABELS)
    log.epoch(an_epoch(1), 1, answers)
    log.epoch(an_epoch(2), 2, answers)
    (file,) = tmp_path.glob(EVENTS)

    file.write_bytes(file.read_bytes()[:-100])

    assert logged_epochs(tmp_path) == {1, 2}
