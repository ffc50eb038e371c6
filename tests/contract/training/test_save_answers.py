"""`wardrobe train --save-answers`: networks that are trained in folds answer, and a student learns it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scripts import train
from tests.fashion import CLASSES, striped_pictures, write_idx_folder
from tests.waiting import wait_for
from training.data.splitting import held_out_indices
from training.errors import BadRecipe
from training.fitting.checkpoints import PROGRESS
from training.fitting.distillation import load_soft_targets

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
LONG_ENOUGH = 500
"""Seconds for a backend to start on a machine that is busy with other tests."""

PICTURES = striped_pictures(400)
HELD_OUT = held_out_indices(PICTURES.labels, PICTURES.groups, PICTURES.contents)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a small data set; what is trained goes below it."""
    write_idx_folder(tmp_path / "data", train=400, test=20)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def in_two_folds(*more: str, epochs: int = 1) -> list[str]:
    return [
        *("--folds", "2", "--network", "dense", "--epochs", str(epochs), "--batch-size", "8"),
        *("--patience", "9999", "--data", "data", "--save-answers", "soft.npz", *more),
    ]


def started(folder: Path, arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.train", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def checkpoint(number: int) -> Path:
    (folder,) = Path("runs").glob(f"dense-*/fold{number}of2")
    return folder / PROGRESS


def written() -> list[int]:
    """When each fold's checkpoint was."""
    return [checkpoint(number).stat().st_mtime_ns for number in (1, 2)]


def test_a_student_learns_from_networks_that_were_trained_in_folds(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = train.main(in_two_folds("--temperature", "0.66", "--json"))

    found = json.loads(capsys.readouterr().out)
    targets, before = load_soft_targets(here / "soft.npz"), written()
    asked = np.setdiff1d(np.arange(400), HELD_OUT)
    assert code == 0
    assert (targets.teachers, targets.temperature) == (("dense in 2 folds",), 0.66)
    assert targets.probabilities.shape == (400, CLASSES)
    assert found == {
        "out": "soft.npz",
        "bytes": (here / "soft.npz").stat().st_size,
        "targets": targets.sha256,
        "pictures": 400,
        "teachers": ["dense in 2 folds"],
        "temperature": 0.66,
        "right_unseen": np.mean(targets.probabilities[asked].argmax(axis=1) == PICTURES.labels[asked]),
    }

    learning = ["--network", "dense", "--epochs", "1", "--data", "data", "--out", "store"]
    assert train.main([*learning, "--teacher", "soft.npz"]) == 0
    train.main(in_two_folds("--temperature", "3"))
    assert written() == before
    assert load_soft_targets(here / "soft.npz").probabilities.max() < 0.8 * targets.probabilities.max()


def test_stopped_in_the_second_fold_the_same_command_leaves_the_first_as_it_is(here: Path) -> None:
    with started(here, in_two_folds(epochs=8)) as process:
        wait_for("a checkpoint", lambda: any(here.glob(f"runs/*/fold2of2/{PROGRESS}")), LONG_ENOUGH)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=LONG_ENOUGH)

    first, second = checkpoint(1).read_bytes(), checkpoint(2).read_bytes()
    code = train.main(in_two_folds(epochs=8))

    assert process.returncode == 130
    assert err.splitlines()[-1].startswith(
        "wardrobe: stopped. The same command goes on after the last finished epoch, from "
    )
    assert code == 0
    assert checkpoint(1).read_bytes() == first
    assert checkpoint(2).read_bytes() != second


def test_settings_that_cannot_be_trained_with_are_refused_before_anything_is_trained(here: Path) -> None:
    with pytest.raises(BadRecipe, match=r"--folds 41: the rarest class has \d+ training pictures or groups"):
        train.main(in_two_folds("--folds", "41"))

    assert not (here / "runs").exists()
