"""What `scripts.train` and `scripts.evaluate` are told, before anything heavy is loaded."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from inference.contract import whole_pictures
from model_store.report import Epoch
from scripts import train
from scripts.fitting import HEADINGS, EpochLines
from scripts.training_options import network_recipe
from tests.fashion import striped_pictures, write_idx_folder
from tests.uploads import a_garment, png
from training.data.datasets import LabelledData
from training.data.splitting import doubt_of
from training.errors import BadPictures, BadRecipe, DataSetMissing
from training.fitting.checkpoints import is_solved


def test_a_folder_without_a_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataSetMissing, match=str(tmp_path)):
        train.main(["--data", str(tmp_path), "--out", str(tmp_path / "store")])


def test_a_folder_of_pictures_without_sub_folders_is_refused_as_such(tmp_path: Path) -> None:
    (tmp_path / "shirt.png").write_bytes(png(a_garment()))

    with pytest.raises(DataSetMissing, match=r"no sub-folders were found\. Put the pictures of each class"):
        train.main(["--data", str(tmp_path), "--out", str(tmp_path / "store")])


@pytest.mark.parametrize(("held_out", "doubted"), [(6, True), (298, True), (299, False), (5000, False)])
def test_too_few_held_out_pictures_are_named_before_the_training(held_out: int, doubted: bool) -> None:
    assert ("fewer than 299" in (doubt_of(held_out) or "")) is doubted


@pytest.mark.parametrize(
    ("accuracies", "steps", "ended"),
    [
        ([0.5] + [1.0] * 24, 4, False),
        ([0.5] + [1.0] * 25, 4, True),
        ([1.0] * 24 + [0.9], 4, False),
        ([1.0, 1.0], 430, False),
        ([0.9, 1.0, 1.0, 1.0], 430, True),
        ([], 4, False),
    ],
)
def test_a_training_ends_when_all_held_out_pictures_stay_right(
    accuracies: list[float], steps: int, ended: bool
) -> None:
    assert is_solved(accuracies, steps) is ended


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "epochs 0: Input should be greater"),
        (["--validation", "99"], "--validation 99: 60 pictures of 10 classes allow 10 to 50"),
        (["--limit", "61"], "--limit 61: the training set allows 1 to 60"),
        (["--limit", "8"], "No picture of class 8 among the 8 training pictures"),
    ],
)
def test_settings_that_cannot_be_trained_with_are_refused(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    write_idx_folder(tmp_path, train=60, test=10)

    with pytest.raises(BadRecipe, match=message):
        train.main(["--data", str(tmp_path), "--out", str(tmp_path / "store"), *arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--image-size", "7"], "'7': expected 8 to 512"),
        (["--image-size", "64", "--from", "bundled"], "leave out --image-size and --colour"),
        (["--colour", "--photos", "photos"], "--photos are learnt at 28 x 28 grey alone"),
    ],
)
def test_a_size_or_colour_that_cannot_be_learnt_is_wrong_usage(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        train.main(["--data", str(tmp_path), "--out", str(tmp_path / "store"), *arguments])

    assert message in capsys.readouterr().err


def test_size_and_colour_are_said_and_need_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_idx_folder(tmp_path, train=60, test=10)

    with pytest.raises(BadPictures, match=r"is to read 64 rows of 64 times 3 .* Name pictures with"):
        train.main(["--data", str(tmp_path), "--out", str(tmp_path / "store"), "--colour"])

    assert "The model reads 64 x 64 pixels in colour, framing whole." in capsys.readouterr().out


def test_another_input_gets_the_network_that_takes_any() -> None:
    data = LabelledData(striped_pictures(20), striped_pictures(20))

    assert network_recipe(None, data).network == "compact32"
    assert network_recipe(None, replace(data, reads=whole_pictures(64, 3))).network == "compact_any"


def test_progress_is_a_plain_line_per_epoch_where_nobody_watches() -> None:
    written = io.StringIO()

    with EpochLines(Console(file=written, width=120), epochs=20) as lines:
        lines.step(3, 1, 10)
        lines.epoch(
            Epoch(epoch=3, loss=0.5, accuracy=0.8, val_loss=0.41, val_accuracy=0.86, seconds=30.0),
            best_epoch=3,
        )

    assert HEADINGS.split() == ["epoch", "loss", "accuracy", "val", "loss", "val", "acc.", "seconds", "left"]
    assert written.getvalue().split() == ["3/20", "0.5000", "0.8000", "0.4100", "0.8600*", "30.0", "8:30"]
