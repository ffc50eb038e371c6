"""Wrong labels in a folder of pictures are among the labels that a training doubts."""

import csv
from pathlib import Path

import cv2
import pytest

from scripts.doubted_labels import DOUBTS_TABLE_NAME
from tests.commands import wardrobe
from tests.system_parts import require_system_part
from training.data.pixel_data_sets import FASHION_MNIST_FOLDER, read_idx_folder

CLASSES = ("Trouser", "Dress", "Sandal", "Bag", "Ankle boot")
EACH = 60
"""Pictures of a class: 300 in all, of which one in twenty gets the label of the next class."""

EDGE = 112
"""Pixels, four times those of the data set."""


@pytest.mark.slow
@pytest.mark.usefixtures("short_fits")
def test_planted_errors_are_found(tmp_path: Path) -> None:
    require_system_part("dataset-fashion-mnist", FASHION_MNIST_FOLDER.is_dir(), "its pictures get the errors")
    data, folder, run = read_idx_folder(FASHION_MNIST_FOLDER), tmp_path / "pictures", tmp_path / "run"
    wrong = set[str]()
    for place, label in enumerate(CLASSES):
        chosen = data.train.images[data.train.classes == data.labels.index(label)][:EACH]
        for number, image in enumerate(chosen):
            given = CLASSES[(place + 1) % len(CLASSES)] if number % 20 == 0 else label
            file = folder / given / f"{label} {number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(file), cv2.resize(image, (EDGE, EDGE), interpolation=cv2.INTER_CUBIC))
            if given != label:
                wrong.add(str(file))

    words = ["--data", str(folder), "--run", str(run), "--out", str(tmp_path / "store"), "--fast"]
    assert wardrobe("train", words) == 0

    with (run / DOUBTS_TABLE_NAME).open(encoding="utf-8", newline="") as table:
        doubted = [row["path"] for row in csv.DictReader(table)]
    assert len(wrong) == 15
    assert len(wrong & set(doubted)) >= 10
    assert len(wrong & set(doubted[: len(wrong)])) >= 7
