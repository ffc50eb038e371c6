"""Answers about categories: how corrections have them, which one is used, and that a journal keeps them."""

from pathlib import Path

import pytest

from inference.release_labels import NONE
from labelling.errors import CorrectionsUnusable
from labelling.journal.journal_file import Journal
from labelling.lists.own_words import CategoryAnswer
from labelling.review.category_answers import merge_category_answers
from labelling.review.correction_intake import import_corrections
from labelling.review.corrections import read_all_corrections, read_corrections
from labelling.run_settings import RunSettings
from tests.tables import write_csv

HEADER = "path,label,sha256,at,attribute,product,category\n"
FIRST, SECOND = "2026-11-30T03:00:00.000+00:00", "2026-11-30T04:00:00.000+00:00"
ONE = f",top|shirt,,{FIRST},kind,,Blusas\n"
PICTURE = f"a.jpg,Shirt,,{FIRST},,,\n"


def written(folder: Path, rows: str, name: str = "corrections.csv") -> Path:
    file = folder / name
    file.write_text(HEADER + rows, "utf-8")
    return file


def answers_in(*files: Path) -> list[CategoryAnswer]:
    return read_all_corrections(files, ["Shirt"], {}).categories


def answer(category: str, *kinds: str, at: str = FIRST) -> CategoryAnswer:
    return CategoryAnswer(category, frozenset(kinds), at)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (ONE, answer("Blusas", "top", "shirt")),
        (f",none of these,,{FIRST},kind,,Parfüm\n", answer("Parfüm", NONE)),
        (f",,,{FIRST},kind,,Sale\n", answer("Sale")),
        (f", ,,{FIRST},kind,,Sale\n", answer("Sale")),
        (f",shirt,,{FIRST},kind,,'=1+a\n", answer("=1+a", "shirt")),
    ],
)
def test_a_row_with_a_category_says_which_kinds_it_means(
    row: str, expected: CategoryAnswer, tmp_path: Path
) -> None:
    assert answers_in(written(tmp_path, row)) == [expected]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (f"a.jpg,top,,{FIRST},kind,,Blusas\n", "names the category 'Blusas' and a path, too"),
        (f",top,{'0' * 64},{FIRST},kind,,Blusas\n", "and a sha256, too"),
        (f",top,,{FIRST},kind,7,Blusas\n", "and a product, too"),
        (f",blue,,{FIRST},colour,,Blusas\n", "'kind' in the column `attribute`, and this one has 'colour'"),
        (f",blouse,,{FIRST},kind,,Blusas\n", "'blouse' is no kind. It can be kinds"),
        (f",top,,{FIRST},kind,,2024\n", "the category '2024' has no letters"),
        (f",top,,{FIRST},kind,,\u200b\n", "has no letters"),
        (f",top,,{FIRST},kind,, > / 12\n", "has no letters"),
        (",top,,yesterday,kind,,Blusas\n", "'yesterday' is no time"),
        (f",top,,{FIRST},kind,,\n", "names no picture"),
    ],
)
def test_a_row_about_a_category_that_makes_no_sense_is_refused(
    row: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(CorrectionsUnusable, match=sentence):
        answers_in(written(tmp_path, row))


@pytest.mark.parametrize(
    ("new", "kept", "latest", "differing"),
    [
        ([answer("Üst", "top")], [], "top", 0),
        ([answer("Üst", "top"), answer("ÜST", "shirt")], [], "shirt", 1),  # the same time: the later row
        ([answer("Üst", "top", at=SECOND), answer("Üst", "shirt")], [], "top", 1),
        ([answer("Üst", "top")], [answer("Üst", "shirt", at=SECOND)], "shirt", 1),
        ([answer("Üst", "top", at=SECOND)], [answer("Üst", "top")], "top", 0),
    ],
)
def test_the_latest_answer_about_a_category_is_used(
    new: list[CategoryAnswer], kept: list[CategoryAnswer], latest: str, differing: int
) -> None:
    answers, count = merge_category_answers(new, kept)

    assert (answers["üst"].meaning, count) == (frozenset({latest}), differing)


def test_a_journal_keeps_answers_about_categories_also_those_that_its_list_lacks(tmp_path: Path) -> None:
    settings = RunSettings(source="list.csv", version="1", heads={"label": ("Shirt",)})
    file, table = written(tmp_path, ONE + f",,,{SECOND},kind,,Sale\n"), tmp_path / "table.csv"
    with Journal(table, settings) as journal:
        taken = import_corrections(read_all_corrections([file], ["Shirt"], {}), journal, table)

    with Journal(table) as journal:
        kept = journal.read_category_answers()

    assert (taken.categories, taken.category_disagreements) == (2, 0)
    assert kept == [answer("Blusas", "top", "shirt"), answer("Sale", at=SECOND)]


def test_a_restart_keeps_answers_about_categories(tmp_path: Path) -> None:
    settings = RunSettings(source="list.csv", version="1", heads={"label": ("Shirt",)})
    with Journal(tmp_path / "table.csv", settings) as journal:
        journal.keep_category_answers({"üst": answer("Üst", "top")})

    with Journal(tmp_path / "table.csv", settings, is_restart=True) as journal:
        assert journal.read_category_answers() == [answer("Üst", "top")]


def test_training_leaves_rows_about_categories_out_and_says_how_many(tmp_path: Path) -> None:
    said = list[str]()

    corrections = read_corrections([written(tmp_path, PICTURE + ONE + ONE)], None, say=said.append)

    assert [correction.path for correction in corrections] == ["a.jpg"]
    assert said == [f"{tmp_path}/corrections.csv: 2 rows are about categories, and left out here."]


def test_training_refuses_files_that_are_about_categories_alone(tmp_path: Path) -> None:
    with pytest.raises(
        CorrectionsUnusable, match=r"none of 1 row is about a picture\. All are about categories"
    ):
        read_corrections([written(tmp_path, ONE, "a.csv"), written(tmp_path, ONE, "b.csv")], None)


def test_exports_of_several_days_are_read_together_whatever_columns_each_has(tmp_path: Path) -> None:
    days = {
        "1.csv": [{"path": "", "label": "top", "attribute": "kind", "product": "", "category": "Blusas"}],
        "2.csv": [{"path": "a.jpg", "label": "Shirt", "sha256": "ab", "audit": "9", "version": "1"}],
        "3.csv": [{"product": "7", "path": "b.jpg", "label": "blue", "attribute": "colour", "category": ""}],
    }
    said = list[str]()

    found = read_corrections(
        [write_csv(tmp_path / name, rows) for name, rows in days.items()], None, say=said.append
    )

    assert said == [f"{tmp_path}/1.csv: 1 row is about categories, and left out here."]
    assert [(one.path, one.label, one.attribute, one.sha256) for one in found] == [
        ("a.jpg", "Shirt", "label", "ab"),
        ("b.jpg", "blue", "colour", ""),
    ]
    assert [(one.product, one.audit, one.version) for one in found] == [("", 9, "1"), ("7", 0, "")]
