"""`python -m scripts.train` from a data set to a release, through kill -9."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inference.classifier import open_classifier
from model_store.errors import KeyUnusable
from model_store.local_releases import open_release
from model_store.promotions import read_current_promotion
from model_store.store import open_store
from reports.values import parse_report, read_report
from tests.commands import wardrobe
from tests.fashion import striped_pictures, write_csv, write_idx_folder
from tests.waiting import wait_for
from training.gradient.fitting.checkpoints import CHECKPOINT_FILE

ROOT = Path(__file__).parents[3]
LONG_ENOUGH = 500
"""Seconds for TensorFlow to start on a machine that is busy with other tests."""


def options(data: Path, run: Path, epochs: int, network: str = "dense") -> list[str]:
    return [
        *("--data", str(data), "--network", network, "--epochs", str(epochs), "--patience", "99"),
        *("--batch-size", "16", "--run", str(run), "--out", str(run / "store")),
    ]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data set in a folder of IDX files."""
    write_idx_folder(tmp_path / "data", train=600, test=100)
    return tmp_path / "data"


def test_a_csv_pair_becomes_a_current_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = [
        *("--train", str(write_csv(tmp_path / "train.csv", 300))),
        *("--test", str(write_csv(tmp_path / "test.csv", 100, seed=1))),
    ]
    store, run = str(tmp_path / "store"), str(tmp_path / "run")

    code = wardrobe(
        "train", [*pair, *("--network", "dense", "--num_epochs", "2", "--run", run, "--out", store)]
    )

    version = read_current_promotion(open_store(store)).version
    release = open_release(tmp_path / "store" / "releases" / version)
    report = read_report(release)
    classifier = open_classifier(release.folder / "model.onnx", release.manifest.get_contract("pixels"))
    predictions = classifier.classify(striped_pictures(100, seed=1).images)
    right = [one.answer.class_id == index % 10 for index, one in enumerate(predictions)]
    assert code == 0
    assert report.test.accuracy == np.mean(right)
    assert release.manifest.headline.test_accuracy == report.test.accuracy
    assert (report.model.parameters, len(report.history)) == (101_770, 2)
    assert 15 <= report.validation.n <= 35  # a twelfth of 300, by content
    golden = release.manifest.get_network("pixels").golden
    assert golden.distances is not None
    pixels = golden.decode_pixels(classifier.contract.input)
    classifier.check_golden_answers(pixels, golden.decode_answers(), golden.distances)
    said = " ".join(capsys.readouterr().out.split())
    assert f"Released to {store}" in said
    assert "of 100 test pictures are right" in said
    assert f"Loss {report.test.loss:.4f}," in said
    assert sorted(path.name for path in (release.folder / "figures").iterdir()) == [
        "confusion_matrix.png",
        "curves.png",
        "examples.png",
        "reliability.png",
    ]

    for named in (pair, ["--data", pair[3]]):
        assert wardrobe("evaluate", [str(release.folder), *named]) == 0
        assert "This is what the stored report says." in capsys.readouterr().out


def test_a_key_that_cannot_sign_is_told_before_anything_is_trained(data: Path, tmp_path: Path) -> None:
    arguments = [*options(data, tmp_path / "run", epochs=1), "--sign", str(tmp_path / "nowhere.pem")]

    with pytest.raises(KeyUnusable, match=r"nowhere\.pem: No such file"):
        wardrobe("train", arguments)

    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_killed_after_an_epoch_the_same_command_goes_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "scripts", "train", *options(data, run, 3, "conv3")]
    with subprocess.Popen(command, cwd=ROOT) as process:
        wait_for("a checkpoint", (run / CHECKPOINT_FILE).exists, LONG_ENOUGH)
        process.kill()

    first = json.loads((run / CHECKPOINT_FILE).read_bytes())["history"]
    code = wardrobe("train", options(data, run, 3, "conv3"))

    history = parse_report((run / "release" / "report.json").read_bytes(), str(run)).history
    assert (process.returncode, code) == (-signal.SIGKILL, 0)
    assert f"Continues after epoch {len(first)} of 3." in capsys.readouterr().out
    assert [one.epoch for one in history] == [1, 2, 3]
    assert [one.model_dump() for one in history[: len(first)]] == first
    assert history[-1].loss < history[0].loss
