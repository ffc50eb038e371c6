"""`wardrobe data` and `wardrobe train` say the same of one place: what is learnt, tested and left out.

Made-up tables and folders have copies, near copies, rare labels, pictures of two products, broken files and
pictures of none of the classes.
"""

import csv
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.lists import Reading
from scripts.data import learnt
from tests.own_pictures import see_nothing
from training.data.named import Named, load
from training.data.pictures import Pictures
from training.errors import TrainingError
from training.progress import Lines

DIFFERENT, NEAR = 16, 4
BROKEN = ("empty.png", "text.png", "missing.png")
LABELS = ("hat", "scarf", "glove", "none of these")


@dataclass(frozen=True)
class Row:
    """A picture of the pool under a label."""

    picture: str
    label: str
    product: str
    colour: str
    part: str


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Different pictures, near copies of some, and files that are none."""
    folder, random = tmp_path_factory.mktemp("pool"), np.random.default_rng(0)
    for number in range(DIFFERENT):
        blocks = random.integers(0, 256, (6, 6, 3)).astype(np.uint8)
        picture = cv2.resize(blocks, (48, 48), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
        if number < NEAR:
            cv2.imwrite(str(folder / f"near {number}.png"), cv2.convertScaleAbs(picture, beta=6))
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("no picture")
    return folder


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Rows whose pictures have one label each, but for a few slips."""
    numbers = draw(st.lists(st.integers(0, DIFFERENT + NEAR - 1), min_size=8, max_size=40))
    slips = draw(st.sets(st.integers(0, 39), max_size=1))
    return [
        Row(
            f"{number}.png" if number < DIFFERENT else f"near {number - DIFFERENT}.png",
            draw(st.sampled_from(LABELS)) if place in slips else LABELS[number % NEAR % 3],
            draw(st.sampled_from(("", "1", "2", "3"))) if place in slips else f"of {number}",
            ("", "-", "red", "blue", "red/blue")[number % 5],
            "test" if number // 4 % 2 else "train",
        )
        for place, number in enumerate(numbers)
    ]


@st.composite
def broken_rows(draw: st.DrawFn) -> list[Row]:
    names = draw(st.sets(st.sampled_from(BROKEN), max_size=2))
    return [Row(name, draw(st.sampled_from(LABELS)), "", "red", "train") for name in sorted(names)]


@st.composite
def shared_rows(draw: st.DrawFn) -> list[Row]:
    """Pictures that lie under two products of two labels; none is wrong."""
    numbers = draw(st.sets(st.integers(0, DIFFERENT - 1), max_size=2))
    return [
        Row(f"{number}.png", LABELS[(number % NEAR + other) % 3], f"{other} of {number}", "", "train")
        for number in sorted(numbers)
        for other in (0, 1)
    ]


@given(rows(), shared_rows(), broken_rows())
def test_of_a_table_both_say_the_same(
    pool: Path, sound: list[Row], shared: list[Row], broken: list[Row]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "list.csv")
        with table.open("w", encoding="utf-8", newline="") as file:
            cells = [
                (pool / row.picture, row.label, row.product, row.colour) for row in [*sound, *shared, *broken]
            ]
            csv.writer(file).writerows([("path", "label", "article", "colour"), *cells])

        assert said_by_data(table, ["colour"]) == said_by_train(table, ["colour"])


@given(rows(), st.booleans())
def test_of_a_folder_both_say_the_same(pool: Path, sound: list[Row], divided: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, row in enumerate(sound):
            place = Path(folder, *([row.part] if divided else []), row.label)
            place.mkdir(parents=True, exist_ok=True)
            os.link(pool / row.picture, place / f"{number}.png")

        assert said_by_data(Path(folder), []) == said_by_train(Path(folder), [])


def said_by_data(place: Path, attributes: Sequence[str]) -> object:
    """What `wardrobe data` says of what can be read; `refused` where it says that nothing can be learnt."""
    progress = Listener()
    try:
        parts, _ = learnt(named(place, attributes), progress)
    except TrainingError:
        return "refused"
    return said(parts, progress)


def said_by_train(place: Path, attributes: Sequence[str]) -> object:
    """What `wardrobe train --skip-unreadable` learns; `refused` where it does not train."""
    progress = Listener()
    try:
        named(place, attributes).check(Lines().warn)
        data = load(named(place, attributes), progress, see=see_nothing)
    except TrainingError:
        return "refused"
    return said([part for part in (data.train, data.test) if part], progress)


def named(place: Path, attributes: Sequence[str]) -> Named:
    return Named(
        place=str(place),
        skip_unreadable=True,
        attributes=tuple(attributes),
        reading=Reading(by="article" if place.is_file() else ""),
    )


def said(parts: Sequence[Pictures], progress: "Listener") -> object:
    return {
        # The pictures that a sentence names are in the order in which they were read.
        "notes": sorted(
            sorted(re.split("[,;]? ", line.removesuffix(".")))
            for line in progress.warnings
            if not line.startswith("Held-out pictures")
        ),
        "learnt": {
            sha256: (place, *(int(labels.main[row]) for labels in part.labels.values()))
            for place, part in enumerate(parts)
            for row, sha256 in enumerate(part.sha256.tolist())
        },
    }


class Listener(Lines):
    """Keeps warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def warn(self, line: str) -> None:
        self.warnings.append(line)
