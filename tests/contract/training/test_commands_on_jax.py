"""Commands with KERAS_BACKEND=jax: the fit is JAX's, the release is made by TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from model_store.local import open_release
from model_store.report import Report
from scripts.fitting import LOG_LEVEL
from tests.fashion import write_csv, write_idx_folder
from tests.service import ROOT
from training.comparison.results import read_comparison

pytestmark = pytest.mark.slow

FEW = "pictures are held out to choose the decision's thresholds"
"""Of the warning that these few pictures get."""

LONG_ENOUGH = 300
"""Seconds for both backends to start on a machine that is busy with other tests."""


def on_jax(*words: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Give a command to Python on the other backend; how much is told is left to it."""
    # What the tests themselves have imported may have set it.
    inherited = {name: value for name, value in os.environ.items() if name != LOG_LEVEL}
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=inherited | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)},
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


def report_of(release: Path) -> Report:
    return open_release(release).report()


def backends(report: Report) -> set[str]:
    """Those that the report names: of what was fitted on TensorFlow, it would name no other."""
    return {"jax", "tensorflow"} & set(report.training.libraries)


def test_one_command_fits_on_jax_and_makes_the_release_on_tensorflow(tmp_path: Path) -> None:
    ended = on_jax("-m", "scripts.train", *training(tmp_path), "--fresh")

    assert (ended.returncode, [line for line in ended.stderr.splitlines() if FEW not in line]) == (0, [])
    report = report_of(tmp_path / "run" / "release")
    assert (len(report.history), backends(report)) == (2, {"jax", "tensorflow"})
    assert f"Released to {tmp_path / 'store'}" in ended.stdout.replace("\n", "")


def test_a_comparison_fits_all_on_jax_and_is_measured_on_tensorflow(tmp_path: Path) -> None:
    write_idx_folder(tmp_path / "data", train=400, test=50)

    ended = on_jax(
        *("-m", "scripts.compare", "--networks", "dense", "--seeds", "2", "--epochs", "1", "--limit", "300"),
        *("--data", "data", "--out", "results"),
        cwd=tmp_path,
    )

    assert (ended.returncode, [line for line in ended.stderr.splitlines() if FEW not in line]) == (0, [])
    (dense,) = read_comparison(tmp_path / "results.json").networks
    releases = sorted((tmp_path / "runs").glob("dense-*/release"))
    assert [backends(report_of(release)) for release in releases] == [{"jax", "tensorflow"}] * 2
    assert len(dense.seeds) == 2
