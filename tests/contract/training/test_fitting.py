"""A fit learns, stops when it should, keeps the average of its weights, and goes on where it was."""

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.contract.training.conftest import RECIPE, Listener
from tests.fashion import CLASSES
from training.data.split import Split
from training.errors import TrainingDiverged, WeightsUnusable
from training.gradient.fitting.checkpoints import TrainingRun, load_checkpoint
from training.gradient.fitting.fit import FittedNetwork, fit_by_gradient
from training.gradient.fitting.tensorboard_log import CONFUSION_MATRIX_TAG
from training.gradient.networks.registry import NETWORK_BUILDERS
from training.gradient.recipes import NETWORK_NAMES

DENSE = replace(RECIPE, network="dense")
"""For what does not depend on the network: this one is compiled soonest."""


def test_a_fit_learns_and_keeps_the_averaged_weights_of_its_last_epoch(
    fitted: FittedNetwork, parts: Split
) -> None:
    answers = np.asarray(fitted.model(parts.validation.images, training=False)).argmax(axis=1)

    accuracy = np.mean(answers == parts.validation.classes)

    assert fitted.history[-1].loss < 0.7 * fitted.history[0].loss
    assert 0.5 < accuracy == pytest.approx(fitted.history[-1].val_accuracy)


def test_tensorboard_shows_each_epoch_with_its_confusion_matrix(
    fitted: FittedNetwork, run: TrainingRun
) -> None:
    shown = EventAccumulator(f"{run.tensorboard_folder}/validation", size_guidance={"tensors": 0}).Reload()

    logged = [float(tf.make_ndarray(event.tensor_proto)) for event in shown.Tensors("epoch_accuracy")]
    assert logged == pytest.approx([one.val_accuracy for one in fitted.history])
    assert [event.step for event in shown.Tensors(CONFUSION_MATRIX_TAG)] == [0, 1, 2]


def test_a_finished_fit_is_not_run_again(fitted: FittedNetwork, run: TrainingRun, parts: Split) -> None:
    again = Listener()

    second = fit_by_gradient(parts, CLASSES, RECIPE, run, again)

    assert (again.steps, again.epochs, second.history) == ([], [1, 2, 3], fitted.history)
    for mine, theirs in zip(fitted.model.get_weights(), second.model.get_weights(), strict=True):
        assert mine.tolist() == theirs.tolist()


def test_the_weights_of_the_least_validation_loss_are_kept_where_the_recipe_says_so(
    parts: Split, tmp_path: Path
) -> None:
    # So high a rate that the loss rises again after the first epochs.
    recipe = replace(
        DENSE, epochs=6, learning_rate=0.3, schedule="constant", averaging=0.0, kept="least_loss"
    )
    run = TrainingRun(tmp_path, "aa")

    kept = fit_by_gradient(parts, CLASSES, recipe, run, Listener())

    losses = [epoch.val_loss for epoch in kept.history]
    assert min(losses) < losses[-1]
    assert loss_of(kept, parts) == pytest.approx(min(losses), rel=1e-4)
    assert loss_of(fit_by_gradient(parts, CLASSES, recipe, run, Listener()), parts) == loss_of(kept, parts)


def loss_of(fitted: FittedNetwork, parts: Split) -> float:
    """Cross entropy of the held-out pictures, in nats."""
    logits = fitted.model(parts.validation.images, training=False)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(parts.validation.classes.astype("int32"), logits)
    return float(tf.reduce_mean(losses))


def test_a_loss_that_is_no_number_ends_the_fit_with_what_would_do(parts: Split, tmp_path: Path) -> None:
    recipe = replace(DENSE, epochs=2, learning_rate=1e38)

    with pytest.raises(
        TrainingDiverged, match=r"epoch [12]: the loss is .*lower --learning-rate than 1e\+38"
    ):
        fit_by_gradient(parts, CLASSES, recipe, TrainingRun(tmp_path, "aa"), Listener())


class Stopped(Exception):
    """What the listener below raises."""


class StopsAfterOneEpoch(Listener):
    """Ends the fit as the second epoch begins."""

    def report_step(self, epoch: int, step: int, steps: int) -> None:
        if epoch == 2:
            raise Stopped


@pytest.fixture(scope="module")
def stopped(parts: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fit by DENSE that was stopped after its first epoch."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(Stopped):
        fit_by_gradient(parts, CLASSES, DENSE, TrainingRun(folder, "aa"), StopsAfterOneEpoch())
    return folder


def test_a_fit_that_was_stopped_continues_with_its_history_weights_and_optimizer(
    stopped: Path, parts: Split, tmp_path: Path
) -> None:
    run, rest = TrainingRun(copytree(stopped, tmp_path / "run"), "aa"), Listener()
    (first,) = load_checkpoint(run).history

    resumed = fit_by_gradient(parts, CLASSES, DENSE, run, rest)

    assert rest.epochs == [1, 2, 3]
    assert {epoch for epoch, _, _ in rest.steps} == {2, 3}
    assert resumed.history[0] == first
    assert resumed.history[1].loss < 0.8 * first.loss


def test_without_progress_a_fit_stops_early_however_often_it_was_stopped(
    parts: Split, tmp_path: Path
) -> None:
    hopeless = replace(DENSE, epochs=20, learning_rate=1e-12, patience=2, batch_size=360)
    run = TrainingRun(tmp_path, "aa")
    with pytest.raises(Stopped):
        fit_by_gradient(parts, CLASSES, hopeless, run, StopsAfterOneEpoch())

    resumed = fit_by_gradient(parts, CLASSES, hopeless, run, Listener())

    again = fit_by_gradient(parts, CLASSES, hopeless, run, Listener())
    accuracies = [one.val_accuracy for one in resumed.history]
    assert len(accuracies) == accuracies.index(max(accuracies)) + 3 < 20
    assert again.history == resumed.history


@pytest.mark.usefixtures("fitted")
@pytest.mark.parametrize("finished", [True, False])
def test_damaged_weights_are_refused_by_name(
    finished: bool, run: TrainingRun, stopped: Path, parts: Split, tmp_path: Path
) -> None:
    folder = copytree(run.folder if finished else stopped, tmp_path / "run")
    (path,) = folder.glob("state-*.h5")
    path.write_bytes(path.read_bytes()[:1000])

    with pytest.raises(WeightsUnusable, match=f"{path}.*--fresh"):
        fit_by_gradient(parts, CLASSES, RECIPE if finished else DENSE, TrainingRun(folder, "aa"), Listener())


@pytest.mark.slow
def test_half_precision_learns_too(parts: Split, tmp_path: Path) -> None:
    recipe = replace(RECIPE, network="compact16", epochs=1, precision="bfloat16", batch_size=120)

    fitted = fit_by_gradient(parts, CLASSES, recipe, TrainingRun(tmp_path, "aa"), Listener())

    assert np.isfinite(fitted.history[0].loss)
    assert {str(weight.dtype) for weight in fitted.model.weights} == {"float32"}


def test_rmsprop_learns_too(parts: Split, tmp_path: Path) -> None:
    run = TrainingRun(tmp_path, "aa")

    fitted = fit_by_gradient(parts, CLASSES, replace(DENSE, optimizer="rmsprop"), run, Listener())

    assert fitted.history[-1].loss < fitted.history[0].loss


def test_each_network_that_a_recipe_may_name_can_be_built() -> None:
    assert {*NETWORK_NAMES} <= NETWORK_BUILDERS.keys()
