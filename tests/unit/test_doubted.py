"""Which labels are doubted after a training, in which order, and what is written of them."""

import csv
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.sessions.session import Scores
from inference.text.spreadsheets import FORMULA_BEGINNING_PATTERN
from reports.answers import NO_ANSWERS, NO_CLASS
from scripts.doubted_labels import (
    DOUBTS_PAGE_NAME,
    DOUBTS_TABLE_NAME,
    MAX_PICTURES_SHOWN,
    write_doubted_labels,
)
from tests.answers import asked
from tests.review_sheets import cards_of, shown_on
from tests.uploads import a_garment, png
from training.data.correction_files import read_correction_files
from training.data.pictures import Pictures
from training.evaluation.evaluate import make_answers
from training.release.doubts import (
    DoubtedLabel,
    find_doubted_labels,
    join_file_answers,
    make_doubted_labels_csv,
)

NAMES = ("Shirt", "Bag", "Boot")


def says(label: int, count: int) -> Scores:
    """The same answer, given so often."""
    probabilities = np.full((count, len(NAMES)), 0.1, np.float32)
    probabilities[:, label] = 0.8
    return Scores.make_class_scores(probabilities, None)


def pictures(names: str) -> Pictures:
    """Pictures of bags with one-letter names."""
    images, labels = np.zeros((len(names), 28, 28), np.uint8), np.ones(len(names), np.uint8)
    return replace(Pictures.make_from_pixels(images, labels), files=tuple(map(Path, names)))


def one(name: str, label: int, *probabilities: float) -> tuple[Path, int, tuple[float, ...]]:
    return Path("/shop") / name, label, probabilities


def test_the_label_that_is_least_likely_beside_a_likely_one_comes_first() -> None:
    pictures = (
        one("right", 0, 0.5, 0.3, 0.2),
        one("close", 0, 0.4, 0.5, 0.1),
        one("clear", 0, 0.01, 0.04, 0.95),
        one("sure, and the label not excluded", 0, 0.3, 0.7, 0.0),
    )

    found = find_doubted_labels(asked(*pictures), NAMES)

    assert [Path(one.path).name for one in found] == ["clear", "sure, and the label not excluded", "close"]
    assert (found[0].label, found[0].predicted) == ("Shirt", "Boot")


def test_only_answers_to_pictures_with_files_are_listed_each_beside_its_file() -> None:
    without_files = Pictures.make_from_pixels(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
    held_out, not_asked, learnt = pictures("ab"), pictures("c"), pictures("d")

    answers, files = join_file_answers(
        (held_out, make_answers(says(0, 2), held_out)),
        (without_files, make_answers(says(1, 1), without_files)),
        (not_asked, NO_ANSWERS),
        (learnt, make_answers(says(2, 1), learnt)),
    )

    labels = [NAMES[label] for label in answers.predicted]
    assert [*zip(map(str, files), labels, strict=True)] == [("a", "Shirt"), ("b", "Shirt"), ("d", "Boot")]


def test_what_shows_none_of_the_classes_has_no_label_to_doubt() -> None:
    answers, files = asked(one("hat", 0, 0.1, 0.1, 0.8), one("bag", 1, 0.1, 0.1, 0.8))

    found = find_doubted_labels((replace(answers, truth=np.array([NO_CLASS, 1])), files), NAMES)

    assert [Path(one.path).name for one in found] == ["bag"]


def test_all_doubted_labels_are_in_the_table_and_the_first_on_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "0.png").write_bytes(png(a_garment()))
    wrong = [(tmp_path / f"{n}.png", 0, (0.1, 0.9)) for n in range(MAX_PICTURES_SHOWN + 1)]

    write_doubted_labels(tmp_path, asked(*wrong, *[one("right", 0, 0.9, 0.1)] * 1200), NAMES[:2])

    rows = list(csv.DictReader((tmp_path / DOUBTS_TABLE_NAME).read_text("utf-8").splitlines()))
    cards = cards_of(tmp_path / DOUBTS_PAGE_NAME)
    assert rows[0] == {
        "path": str(tmp_path / "0.png"),
        "label": "Shirt",
        "predicted": "Bag",
        "probability": "0.9000",
        "label_probability": "0.1000",
    }
    assert (len(rows), len(cards)) == (MAX_PICTURES_SHOWN + 1, MAX_PICTURES_SHOWN)
    assert [card["name"] for card in cards if card["picture"]] == [str(tmp_path / "0.png")]
    shown = shown_on(tmp_path / DOUBTS_PAGE_NAME)
    assert shown["export"] == "corrections-doubted.csv"
    assert " … --corrections corrections-doubted.csv" in shown["command"]
    said = " ".join(capsys.readouterr().out.split())
    assert "201 of 1,401 labels are doubted" in said
    assert said.endswith("add --corrections corrections-doubted.csv to the same command.")


@pytest.mark.parametrize(
    ("options", "said", "on_page"),
    [
        (
            {"has_named_folder": True},
            "to the same command. Name another folder with --run, or move {folder}/release away first.",
            " … --corrections corrections-doubted.csv",
        ),
        (
            {"next_command": "wardrobe improve corrections-doubted.csv", "has_named_folder": True},
            "To learn what it exports: wardrobe improve corrections-doubted.csv",
            "wardrobe improve corrections-doubted.csv",
        ),
    ],
    ids=["the same command in a folder that was named", "another command"],
)
def test_the_command_that_learns_the_export_is_printed_and_shown_on_the_page(
    options: dict[str, Any], said: str, on_page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [one("wrong", 0, 0.1, 0.9), *[one("right", 0, 0.9, 0.1)] * 20]

    write_doubted_labels(tmp_path, asked(*answers), NAMES[:2], **options)

    assert " ".join(capsys.readouterr().out.split()).endswith(said.format(folder=tmp_path))
    assert shown_on(tmp_path / DOUBTS_PAGE_NAME)["command"].endswith(on_page)


@pytest.mark.parametrize(("wrong", "listed"), [(3, True), (4, False)])
def test_labels_are_listed_while_the_network_contradicts_at_most_15_in_100(
    wrong: int, listed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / DOUBTS_TABLE_NAME).write_text("of an earlier training")
    answers = [one("wrong", 0, 0.1, 0.9)] * wrong + [one("right", 0, 0.9, 0.1)] * (20 - wrong)

    write_doubted_labels(tmp_path, asked(*answers), NAMES[:2])

    said = " ".join(capsys.readouterr().out.split())
    assert {(tmp_path / name).exists() for name in (DOUBTS_TABLE_NAME, DOUBTS_PAGE_NAME)} == {listed}
    assert said.startswith("3 of 20" if listed else "No list of doubted labels: the network, which did not")


def test_where_no_label_is_doubted_there_is_no_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / DOUBTS_PAGE_NAME).write_text("of an earlier training", "utf-8")

    write_doubted_labels(tmp_path, asked(*[one("right", 0, 0.9, 0.1)] * 9), NAMES[:2])

    assert "None of 9 labels is doubted" in capsys.readouterr().out
    assert not (tmp_path / DOUBTS_PAGE_NAME).exists()
    assert len((tmp_path / DOUBTS_TABLE_NAME).read_text("utf-8").splitlines()) == 1


@pytest.mark.parametrize("wrong", [0, 1, 9])
def test_files_that_have_the_names_already_are_kept(wrong: int, tmp_path: Path) -> None:
    for name in (DOUBTS_TABLE_NAME, DOUBTS_PAGE_NAME):
        (tmp_path / name).write_text(f"{name} of the owner", "utf-8")
        (tmp_path / name.replace(".", "-1.")).write_text("earlier", "utf-8")
    answers = [one("wrong", 0, 0.1, 0.9)] * wrong + [one("right", 0, 0.9, 0.1)] * 9

    write_doubted_labels(tmp_path, asked(*answers), NAMES[:2])

    for name in (DOUBTS_TABLE_NAME, DOUBTS_PAGE_NAME):
        assert (tmp_path / name.replace(".", "-2.")).read_text("utf-8") == f"{name} of the owner"
        assert (tmp_path / name.replace(".", "-1.")).read_text("utf-8") == "earlier"


@pytest.mark.parametrize("name", [DOUBTS_TABLE_NAME, DOUBTS_PAGE_NAME])
def test_doubted_labels_that_cannot_be_written_are_a_complaint_and_keep_no_release_back(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).mkdir()

    right = [one("right.png", 0, 0.9, 0.1)] * 6
    write_doubted_labels(tmp_path, asked(one("own.png", 0, 0.1, 0.9), *right), NAMES[:2])

    err = capsys.readouterr().err
    assert "the release is made, but its doubted labels cannot be written" in err
    assert str(tmp_path / name) in err


@pytest.mark.parametrize("label", ["=1+1", "+size", "-40 boots", "@home", "'=1+1", "it's", "'Boot"])
def test_the_table_runs_no_formula_and_gives_corrections_the_labels_and_paths_that_it_was_made_of(
    label: str, tmp_path: Path
) -> None:
    file = tmp_path / label / "=a\rb.png"
    file.parent.mkdir()
    file.write_bytes(png(a_garment()))
    (tmp_path / DOUBTS_TABLE_NAME).write_bytes(
        make_doubted_labels_csv([DoubtedLabel(str(file), label, label, 0.9, 0.1)]).encode()
    )

    with (tmp_path / DOUBTS_TABLE_NAME).open(encoding="utf-8", newline="") as table:
        _, cells = csv.reader(table)
    assert not any(re.match(FORMULA_BEGINNING_PATTERN, cell) for cell in cells)
    assert [(row.path, row.label) for row in read_correction_files([tmp_path / DOUBTS_TABLE_NAME])] == [
        (str(file), label)
    ]
