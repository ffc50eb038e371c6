"""What `scripts.train` and `scripts.evaluate` are told, before anything heavy is loaded."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from model_store.report import Epoch
from scripts import train
from scripts.fitting import HEADINGS, EpochLines
from tests.fashion import write_idx_folder
from tests.uploads import a_garment, png
from training.data.splitting import doubt_of
from training.errors import BadRecipe, DataSetMissing


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
