"""Checkpoints: read back as written, and never mistaken for another run's."""

from pathlib import Path

import numpy as np
import pytest

from model_store.report import Epoch
from training.errors import CheckpointUnreadable
from training.fitting.checkpoints import (
    Checkpoint,
    Progress,
    Run,
    forget_checkpoint,
    load_checkpoint,
    save_checkpoint,
)

EPOCH = Epoch(epoch=1, loss=0.5, accuracy=0.8, val_loss=0.4, val_accuracy=0.9, seconds=2.0)


def a_checkpoint(fingerprint: str) -> Checkpoint:
    progress = Progress(fingerprint=fingerprint, best_epoch=1, history=(EPOCH,))
    weights = [np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(12, np.float32)]
    return Checkpoint(progress, {"model": weights, "optimizer": [np.array(7.0, np.float32)]})


def test_a_run_without_a_checkpoint_begins_at_the_beginning(tmp_path: Path) -> None:
    assert load_checkpoint(Run(tmp_path, "aa")) is None


def test_what_was_saved_is_loaded_in_the_same_order(tmp_path: Path) -> None:
    run = Run(tmp_path / "new folder", "aa")
    save_checkpoint(run, a_checkpoint("aa"))

    loaded = load_checkpoint(run)

    assert loaded is not None
    assert loaded.progress == a_checkpoint("aa").progress
    assert [array.tolist() for array in loaded.groups["model"]] == [[[0, 1, 2], [3, 4, 5]], [1] * 12]
    assert loaded.groups["optimizer"][0] == 7.0


def test_no_temporary_file_stays_behind(tmp_path: Path) -> None:
    save_checkpoint(Run(tmp_path, "aa"), a_checkpoint("aa"))

    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_a_crash_while_saving_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    run = Run(tmp_path, "aa")
    save_checkpoint(run, a_checkpoint("aa"))
    (tmp_path / "checkpoint.npz.tmp").write_bytes(b"half a checkpo")

    loaded = load_checkpoint(run)

    assert loaded is not None
    assert loaded.progress.history == (EPOCH,)


def test_another_runs_checkpoint_is_refused_with_the_way_out(tmp_path: Path) -> None:
    save_checkpoint(Run(tmp_path, "aa"), a_checkpoint("aa"))

    with pytest.raises(
        CheckpointUnreadable, match=r"other settings or data\. Name another folder with --run"
    ):
        load_checkpoint(Run(tmp_path, "bb"))


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\x03\x04 the beginning of one"])
def test_a_damaged_checkpoint_is_refused_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.npz").write_bytes(content)

    with pytest.raises(CheckpointUnreadable, match=r"checkpoint\.npz: .*begin anew with --fresh"):
        load_checkpoint(Run(tmp_path, "aa"))


def test_a_forgotten_checkpoint_is_gone(tmp_path: Path) -> None:
    run = Run(tmp_path, "aa")
    save_checkpoint(run, a_checkpoint("aa"))

    forget_checkpoint(run)

    assert load_checkpoint(run) is None
