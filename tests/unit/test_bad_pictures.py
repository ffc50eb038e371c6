"""What someone's first folder of photos may hold: a sentence says what to do, before TensorFlow is loaded."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import wardrobe
from tests.own_pictures import write_class_folders
from training.errors import DataError


def _one_class(folder: Path) -> None:
    write_class_folders(folder, 4, ["Ball"])


def _two_pictures(folder: Path) -> None:
    write_class_folders(folder, 2)


def _twice(folder: Path) -> None:
    write_class_folders(folder, 4)
    (folder / "Box" / "again.png").write_bytes((folder / "Ball" / "000.png").read_bytes())


def _empty_file(folder: Path) -> None:
    write_class_folders(folder, 4)
    (folder / "Ball" / "cut off.jpg").write_bytes(b"")


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (_one_class, r"only one class \(Ball\)\. 2 to 256 can be separated: one sub-folder each"),
        (_two_pictures, r"0 labels have enough pictures, .*'Ball' \(2 pictures, and needs 3\); 'Box'"),
        (_twice, r"000\.png \(Ball\) and .*again\.png \(Box\) are the same picture\. Keep one"),
        (_empty_file, r"1 of 13 files cannot be read\. .*cut off\.jpg: the file is empty\. Copy it again"),
    ],
)
def test_a_folder_that_cannot_be_learnt_is_refused_at_once(
    write: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    write(tmp_path / "things")
    loaded = "tensorflow" in sys.modules

    with pytest.raises(DataError, match=said):
        wardrobe("train", ["--data", str(tmp_path / "things"), "--out", str(tmp_path / "store")])

    assert ("tensorflow" in sys.modules) is loaded
    assert not (tmp_path / "store").exists()
