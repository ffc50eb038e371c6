"""What `scripts.train` and `scripts.evaluate` are told, before anything heavy is loaded."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from model_store.report import Epoch
from scripts import train
from scripts.epoch_lines import EpochLines
from tests.fashion import write_idx_folder
from training.errors import BadRecipe, DataSetMissing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--train", "a.csv"], "--train and --test belong together"),
        (["--test", "a.csv"], "--train and --test belong together"),
        (["--data", "d", "--train", "a.csv", "--test", "b.csv"], "give one of the two"),
        (["--network", "vgg19"], "invalid choice: 'vgg19'"),
        (["--network", "conv3", "--recipe", "bundled"], "not allowed with"),
        (["--out", "a", "--publish", "b"], "not allowed with"),
        (["--epochs", "many"], "invalid int value: 'many'"),
    ],
)
def test_wrong_usage_ends_with_the_reason(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        train.main(arguments)

    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_folder_without_a_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataSetMissing, match=str(tmp_path)):
        train.main(["--data", str(tmp_path), "--out", str(tmp_path / "store")])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "epochs 0: expected 1 or more"),
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

    headings, line = written.getvalue().splitlines()
    assert headings.split() == ["epoch", "loss", "accuracy", "val", "loss", "val", "acc.", "seconds", "left"]
    assert line.split() == ["3/20", "0.5000", "0.8000", "0.4100", "0.8600*", "30.0", "8:30"]
