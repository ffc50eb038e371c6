"""What `scripts.adopt` is told, before anything heavy is loaded."""

from pathlib import Path

import pytest

from inference.errors import ModelUnreadable
from scripts import adopt
from training.errors import DataSetMissing


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "mine.keras"

    with pytest.raises(ModelUnreadable, match=rf"{missing}: No such file or directory"):
        adopt.main([str(missing), "--out", str(tmp_path / "store")])


def test_a_folder_without_a_data_set_is_named(tmp_path: Path) -> None:
    model = tmp_path / "mine.keras"
    model.write_bytes(b"keras")

    with pytest.raises(DataSetMissing, match=str(tmp_path)):
        adopt.main([str(model), "--data", str(tmp_path), "--out", str(tmp_path / "store")])
