"""Checkpoint of a run: read back as written, and never mistaken for another run's."""

from pathlib import Path

import pytest

from reports.network_figures import Epoch
from training.errors import WeightsUnusable
from training.gradient.fitting.checkpoints import (
    CHECKPOINT_FILE,
    Checkpoint,
    TrainingRun,
    choose_kept_epoch,
    load_checkpoint,
    save_checkpoint,
)

EPOCH = Epoch(epoch=1, loss=0.5, accuracy=0.8, val_loss=0.4, val_accuracy=0.9, seconds=2.0)
SECOND = EPOCH.model_copy(update={"epoch": 2})
DONE = Checkpoint(fingerprint="aa", history=(EPOCH,))


def replace_history(history: tuple[Epoch, ...]) -> Checkpoint:
    return DONE.model_copy(update={"history": history})


@pytest.fixture
def run(tmp_path: Path) -> TrainingRun:
    """A run after one epoch."""
    run = TrainingRun(tmp_path, "aa")
    run.make_state_path(1).touch()
    save_checkpoint(run, DONE, kept_epoch_number=1)
    return run


def test_progress_is_read_back_as_written_and_without_any_a_run_starts_anew(
    run: TrainingRun, tmp_path: Path
) -> None:
    assert load_checkpoint(run) == DONE
    assert load_checkpoint(TrainingRun(tmp_path / "none", "aa")) == Checkpoint(fingerprint="aa")


def test_only_the_file_of_the_last_epoch_is_kept(run: TrainingRun) -> None:
    run.make_state_path(2).touch()
    foreign = run.folder / "mobilenet.weights.h5"
    foreign.touch()

    save_checkpoint(run, replace_history((EPOCH, SECOND)), kept_epoch_number=2)

    assert sorted(run.folder.iterdir()) == sorted(
        [run.make_state_path(2), run.folder / CHECKPOINT_FILE, foreign]
    )


def test_the_epoch_of_the_least_loss_is_kept_beside_the_last_one(run: TrainingRun) -> None:
    for epoch in (2, 3):
        run.make_state_path(epoch).touch()
    history = (EPOCH, SECOND.model_copy(update={"val_loss": 0.3}), SECOND.model_copy(update={"epoch": 3}))

    save_checkpoint(run, replace_history(history), choose_kept_epoch(history, "least_loss"))

    assert [choose_kept_epoch(history, kept) for kept in ("last", "least_loss")] == [3, 2]
    assert sorted(run.folder.glob("state-*")) == [run.make_state_path(2), run.make_state_path(3)]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]"])
def test_damaged_progress_is_refused_by_name(damage: bytes, run: TrainingRun) -> None:
    (run.folder / CHECKPOINT_FILE).write_bytes(damage)

    with pytest.raises(WeightsUnusable, match=f"{run.folder / CHECKPOINT_FILE}.*--fresh"):
        load_checkpoint(run)


def test_progress_of_another_run_is_refused(run: TrainingRun) -> None:
    with pytest.raises(WeightsUnusable, match="other settings or data"):
        load_checkpoint(TrainingRun(run.folder, "bb"))
