"""Errors in a folder of pictures are found: by `wardrobe data`, and by the labels that a training doubts."""

import csv
import json
from functools import partial
from pathlib import Path

import cv2
import pytest

from scripts.doubted import TABLE
from tests.commands import wardrobe
from tests.planted_errors import BROKEN, plant
from tests.system_parts import require_system_part
from training.data.fashion import SYSTEM_FOLDER, from_idx

check = partial(wardrobe, "data")
train = partial(wardrobe, "train")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_fits")]

CLASSES = ("Trouser", "Dress", "Sandal", "Bag", "Ankle boot")
EACH = 60
"""Pictures of a class: 300 in all, of which 15 get a wrong label."""

EDGE = 112
"""Pixels, four times those of the data set, so that a copy may lose two per cent of them."""


@pytest.fixture(scope="module")
def sorted_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per class with training pictures of Fashion-MNIST."""
    require_system_part("dataset-fashion-mnist", SYSTEM_FOLDER.is_dir(), "its pictures get the errors")
    data, folder = from_idx(SYSTEM_FOLDER), tmp_path_factory.mktemp("planted") / "sorted"
    for label in CLASSES:
        (folder / label).mkdir(parents=True)
        chosen = data.train.images[data.train.classes == data.labels.index(label)][:EACH]
        for number, image in enumerate(chosen):
            large = cv2.resize(image.reshape(28, 28), (EDGE, EDGE), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(f"{folder}/{label}/{number}.png", large)
    return folder


def test_planted_errors_are_found(
    sorted_pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, run = tmp_path / "pictures", tmp_path / "run"
    wrong, copies = plant(sorted_pictures, folder)

    check([str(folder), "--json"])
    checked = json.loads(capsys.readouterr().out)
    train(
        [
            "--data",
            str(folder),
            "--skip-unreadable",
            "--run",
            str(run),
            "--out",
            str(tmp_path / "store"),
            "--fast",
        ]
    )
    with (run / TABLE).open(encoding="utf-8", newline="") as file:
        doubted = [row["path"] for row in csv.DictReader(file)]

    groups = [set(group) for group in checked["near"]]
    missed = {
        change for copy, (change, of) in copies.items() if not any({copy, of} <= group for group in groups)
    }

    assert len(wrong) == 15
    assert missed <= {"cropped by 2% each edge"}
    assert any(note.startswith(f"skipped {len(BROKEN)} of") for note in checked["notes"])
    assert len(wrong & set(doubted)) >= 10
    assert len(wrong & set(doubted[: len(wrong)])) >= 7
