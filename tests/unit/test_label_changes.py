"""In which order the answers that two releases differ in are listed."""

import csv
import io
import re
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from inference.contract import Head, InputContract, ModelContract
from inference.networks import Networks
from inference.sessions.session import Scores
from inference.text.spreadsheets import FORMULA_BEGINNING_PATTERN
from labelling.review.changes import (
    ReleaseComparison,
    compare_releases,
    make_changes_page,
    make_changes_table,
)
from labelling.sources.source_opening import open_source
from tests.review_sheets import a_change
from tests.uploads import png

CONTRACT = ModelContract.make_class_contract(
    Head(labels=("Bag", "Coat"), temperature=1.0, confidence=0.7), InputContract(), None
)


class SaysBags:
    """A session that is so sure of a bag as the list says at the number in a picture's first pixel."""

    outputs: ClassVar = {"label": 2}

    def __init__(self, *sure: float) -> None:
        self._sure = np.array(sure, np.float32)

    def run(self, pixels: PixelsBatch) -> Scores:
        bag = self._sure[pixels[:, 0, 0]]
        return Scores.make_class_scores(np.stack([bag, 1 - bag], axis=1), None)


@pytest.fixture
def pictures(tmp_path: Path) -> str:
    """Four pictures, which are told apart by their first pixels."""
    for number in range(4):
        picture = np.zeros((28, 28), np.uint8)
        picture[4:24, 4:24] = 200
        picture[0, 0] = number
        (tmp_path / f"{number}.png").write_bytes(png(picture))
    return str(tmp_path)


def test_another_label_comes_before_another_decision_alone_and_the_surest_first(pictures: str) -> None:
    before, after = SaysBags(0.6, 0.9, 0.9, 0.9), SaysBags(0.99, 0.4, 0.1, 0.9)

    found = compare_releases(
        open_source(pictures),
        Networks.wrap_classifier(Classifier(before, CONTRACT)),
        Networks.wrap_classifier(Classifier(after, CONTRACT)),
        lambda done, of: None,
        has_thumbnails=False,
    )

    assert [Path(one.path).name for one in found.changes] == ["2.png", "1.png", "0.png"]
    assert found.accepted_counts == (3, 3)


def test_a_table_of_changes_has_no_cell_that_a_spreadsheet_runs() -> None:
    change = a_change("./=1.png", first="=1+1", second="@a")

    [_, cells] = csv.reader(io.StringIO(make_changes_table([change]).decode(), newline=""))

    assert not any(re.match(FORMULA_BEGINNING_PATTERN, cell) for cell in cells)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ([("1.png", ""), ("2.png", "")], "Of 9 pictures 2 have another answer;"),
        ([("1.png", ""), ("1.png", "colour"), ("2.png", "")], "Of 9 pictures 2 have 3 other answers;"),
    ],
    ids=["one question", "several questions"],
)
def test_the_page_counts_pictures_apart_from_answers(changed: list[tuple[str, str]], said: str) -> None:
    changes = tuple(a_change(path, attribute) for path, attribute in changed)

    page = make_changes_page(ReleaseComparison(9, changes, (), (9, 9), {}), ("first", "second")).decode()

    assert said in page
