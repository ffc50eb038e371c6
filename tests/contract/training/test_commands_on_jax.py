"""Commands with KERAS_BACKEND=jax: the fit is JAX's, the release is made by TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from model_store.local import open_release
from tests.fashion import write_csv
from tests.service import ROOT

pytestmark = pytest.mark.slow

LONG_ENOUGH = 500
"""Seconds for both backends to start on a machine that is busy with other tests."""


def on_jax(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Give a command to Python on the other backend."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_ENOUGH,
    )


def training(folder: Path) -> list[str]:
    """What to train on, for how long, and where to: options of scripts.train."""
    return [
        *("--train", str(write_csv(folder / "train.csv", 300))),
        *("--test", str(write_csv(folder / "test.csv", 100, seed=1))),
        *("--network", "dense", "--epochs", "2"),
        *("--run", str(folder / "run"), "--out", str(folder / "store")),
    ]


def test_one_command_fits_on_jax_and_makes_the_release_on_tensorflow(tmp_path: Path) -> None:
    ended = on_jax("-m", "scripts.train", *training(tmp_path), "--fresh")

    assert ended.returncode == 0, ended.stderr[-3000:]
    report = open_release(tmp_path / "run" / "release").report()
    assert len(report.history) == 2
    assert {"jax", "tensorflow"} <= set(report.training.libraries)
    assert f"Released to {tmp_path / 'store'}" in ended.stdout.replace("\n", "")
