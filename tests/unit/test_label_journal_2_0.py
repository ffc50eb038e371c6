"""Journals as version 2.0 left them: every row, answer and product comes over, whatever ends that."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from labelling.decided import HumanAnswer, Question
from labelling.errors import TableUnusable
from labelling.form_3 import row_of_form_3
from labelling.items import Item
from labelling.journal import Journal, journal_of
from labelling.row import By, HeadAnswer, Row, Run

TABLE = "table.csv"

LIST = Run(
    source="list.csv",
    version="20261120T101500Z-3f9a1c2e",
    heads={"label": ("Shirt", "Bag"), "colour": ("red", "blue")},
    further={"label": "list_label", "sku": "sku"},
)
PHOTO = Row(
    path="0",
    sha256="ab" * 32,
    stamp="v1",
    familiarity=0.5,
    heads={
        "label": HeadAnswer(label="Bag", confidence=0.7, decision="accept", probabilities=(0.3, 0.7)),
        "colour": HeadAnswer(
            label="red",
            confidence=0.612345,
            decision="review",
            reason="ambiguous",
            also=("blue",),
            probabilities=(0.61235, 0.38765),
        ),
    },
    further={"label": "of the list", "sku": " A  1 "},
    product="A 1",
)
"""As this version keeps what `CELLS` are of."""

OF_PHOTO = ["Bag", 0.7, "accept", None, 0.5, 0.3, 0.7, "red", 0.612345, "review", "blue"]
AFTER = [LIST.version, "ab" * 32, None, "of the list", " A  1 ", [[0.61235, 0.38765], 0, "ambiguous"]]
BROKEN = [None] * 11 + [LIST.version, "cd" * 32, "It is broken.", "", "", None]


def of_version_2_0(folder: Path, rows: int, padding: str = "") -> Path:
    """The journal of a list as version 2.0 left it; its last row has an error."""
    folder.mkdir()
    run: dict[str, object] = {"source": "list.csv", "version": LIST.version, "labels": ["Shirt", "Bag"]}
    run |= {
        "columns of the list": LIST.further,
        "attributes": {"colour": ["red", "blue"]},
        "notes": ["a note"],
    }
    run |= {"by": {"column": "sku", "folder": None, "proven": [""]}}
    run |= {"categories": {"": {"Shirt": [None, None], "Bag": ["7", "Bags"]}}}
    with closing(sqlite3.connect(journal_of(folder / TABLE))) as older:
        older.execute("CREATE TABLE run (fingerprint TEXT, seconds REAL, has_changed INTEGER)")
        older.execute("INSERT INTO run VALUES (?, 7.0, 0)", (json.dumps(run),))
        older.execute(
            "CREATE TABLE rows (number INTEGER, path TEXT, stamp TEXT, label TEXT, confidence REAL, "
            "reason TEXT, familiarity REAL, cells TEXT)"
        )
        older.execute("CREATE INDEX rows_by_path ON rows (path)")
        for number in range(rows):
            photo = json.dumps([f"{number}{padding}", *OF_PHOTO, *AFTER])
            older.execute(
                "INSERT INTO rows VALUES (?, ?, 'v1', 'Bag', 0.7, NULL, 0.5, ?)", (number, str(number), photo)
            )
        broken = json.dumps(["broken", *BROKEN])
        older.execute(
            "INSERT INTO rows VALUES (?, 'broken', 'v1', NULL, NULL, NULL, NULL, ?)", (rows, broken)
        )
        older.execute(
            "CREATE TABLE answers (sha256 TEXT, attribute TEXT, product TEXT, label TEXT NOT NULL, "
            "at TEXT NOT NULL, PRIMARY KEY (sha256, attribute, product))"
        )
        older.execute("INSERT INTO answers VALUES (?, '', 'A 1', 'Shirt', '2026')", ("ab" * 32,))
        older.execute("INSERT INTO answers VALUES (?, 'colour', '', 'blue', '2026')", ("ab" * 32,))
        older.execute("PRAGMA user_version = 3")
        older.commit()
    return folder


def test_a_journal_of_version_2_0_is_carried_over_and_nothing_is_labelled_again(tmp_path: Path) -> None:
    folder = of_version_2_0(tmp_path / "old", 2)

    with Journal(folder / TABLE, LIST) as opened:
        held = [opened.holds(Item(name, name, "v1", 1, n)) for n, name in enumerate(("0", "1", "broken"))]
        rows, products, answers = list(opened.rows()), list(opened.products()), opened.answers()

    assert (held, opened.kept_as) == ([True] * 3, None)
    assert rows[:2] == [PHOTO, replace(PHOTO, path="1", number=1)]
    no_cells = {"label": "", "sku": ""}
    assert rows[2] == Row(
        path="broken", sha256="cd" * 32, stamp="v1", error="It is broken.", further=no_cells, number=2
    )
    assert products == [rows[:2]]
    written_again = opened.has_changed, opened.is_complete  # as this version may decide otherwise
    assert (opened.seconds, *written_again) == (7.0, True, True)
    assert opened.run.by == By(column="sku", folder=None, proven=("label",))
    assert opened.run.categories == {"label": {"Shirt": (None, None), "Bag": ("7", "Bags")}}
    assert answers == {
        Question("ab" * 32, "label", "A 1"): HumanAnswer("Shirt", "2026"),
        Question("ab" * 32, "colour"): HumanAnswer("blue", "2026"),
    }


@pytest.mark.parametrize("at", [1, 9, 20])
def test_a_journal_of_version_2_0_that_is_killed_while_it_is_carried_over_is_carried_over_by_the_next_run(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, numbers = of_version_2_0(tmp_path / "old", 20, "x" * 300_000), count(1)

    def copied(text: str, stamp: str, run: Run) -> Row:
        if next(numbers) == at:
            shutil.copytree(folder, tmp_path / "left")
        return row_of_form_3(text, stamp, run)

    monkeypatch.setattr("labelling.journal.row_of_form_3", copied)
    with Journal(folder / TABLE, LIST) as opened:
        whole = list(opened.rows())
    with Journal(tmp_path / "left" / TABLE, LIST) as opened:
        assert opened.kept_as is None
        assert list(opened.rows()) == whole
        assert len(opened.answers()) == 2


def test_a_damaged_row_of_version_2_0_is_named_and_a_restart_keeps_the_answers(tmp_path: Path) -> None:
    path = journal_of(of_version_2_0(tmp_path / "old", 1) / TABLE)
    path.write_bytes(path.read_bytes().replace(b'["0"', b'["0 '))

    with pytest.raises(TableUnusable, match="--restart labels everything again"):
        Journal(tmp_path / "old" / TABLE, LIST).__enter__()
    with Journal(tmp_path / "old" / TABLE, LIST, restart=True) as opened:
        assert (list(opened.rows()), opened.answer_count()) == ([], 2)
        assert opened.superseded is not None


def test_products_are_found_anew_where_another_column_names_them(tmp_path: Path) -> None:
    folder = of_version_2_0(tmp_path / "old", 2)

    with Journal(folder / TABLE, LIST) as opened:
        by = By(column="label", folder=None, proven=())
        opened.amend(by=by, categories={}, notes=())
        names = opened.product_names()
        opened.amend(by=None, categories={}, notes=())
        assert (names, opened.product_names()) == (["of the list"], [])
