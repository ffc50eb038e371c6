"""Killed at every write of a run, of people's answers and of the taking over: each rerun gives the same."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelling.decide.decisions import RunDecisions
from labelling.errors import RunMismatch
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal, make_journal_path
from labelling.journal.journal_rows import RunListing
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.outputs import record_file_hashes
from labelling.write.run_tables import list_table_files, write_tables
from tests.journals import an_item

TABLE = "table.csv"
RUN = RunSettings(
    source="list.csv",
    version="20261120T101500Z-3f9a1c2e",
    heads={"label": ("Shirt", "Bag")},
    further={"sku": "sku"},
    by=ProductGrouping(column="sku", folder=None, proven=()),
)
SHA256 = "ab" * 32
SAID = {
    AnswerSubject(SHA256): HumanAnswer("Bag", "2026"),
    AnswerSubject(SHA256, "label", "A 1"): HumanAnswer("Shirt", "2026"),
}


def a_row(name: str, sku: str) -> PhotoRecord:
    answer = HeadAnswer(label="Bag", confidence=0.75, probabilities=(0.25, 0.75))
    sha256 = SHA256 if name == "a" else name.encode().hex() * 32
    return PhotoRecord(path=name, sha256=sha256, answers={"label": answer}, cells={"sku": sku})


SPRING = [a_row("a", "A 1"), a_row("b", "A 1"), a_row("c", "2")]
AUTUMN = [a_row("c", "2"), a_row("d", "3"), a_row("a", "A 1"), a_row("a", "4")]


def a_run(
    folder: Path, rows: list[PhotoRecord] = SPRING, answers: dict[AnswerSubject, HumanAnswer] | None = None
) -> None:
    """A run as a command makes it, a picture at a time, each committed."""
    with Journal(folder / TABLE, RUN) as journal:
        listing = RunListing(journal, RUN)
        for item in listing.add_and_yield_unanswered(an_item(row, RUN) for row in rows):
            listing.keep_answers([item], [row for row in rows if row.path == item.name][:1])
            journal.commit()
        listing.make_listing_current()
        if answers:
            journal.keep_human_answers(answers)
        if journal.known_hashes is None:
            record_file_hashes(journal, list_table_files(folder / TABLE, has_products=True))
        write_tables(folder / TABLE, RunDecisions(journal))


def tables_in(folder: Path) -> dict[str, str]:
    """All that a run leaves, without the seconds that it took."""
    summary = json.loads((folder / f"{TABLE}.summary.json").read_bytes())
    names = (TABLE, "table-products.csv")
    told = {
        key: summary[key]
        for key in summary
        if key not in {"seconds", "table", "products", "answers_recovered"}
    }
    return {name: (folder / name).read_text("utf-8") for name in names} | {"summary": json.dumps(told)}


@contextmanager
def killed_at_every_write(folder: Path, into: Path) -> Iterator[list[Path]]:
    """Keep what a kill would leave on the disk, before each statement that SQLite runs and at the end."""
    states, connect = dict[str, Path](), sqlite3.connect

    def keep(_: str = "") -> None:
        files = sorted(file for file in folder.iterdir() if file.is_file())
        digest = hashlib.sha256(
            b"".join(f"{file}".encode() + file.read_bytes() for file in files)
        ).hexdigest()
        if digest not in states:
            states[digest] = into / str(len(states))
            shutil.copytree(folder, states[digest])

    def traced(*words: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*words, **named)
        connection.set_trace_callback(keep)
        return connection

    kept: list[Path] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", traced)
        yield kept
    keep()
    kept += states.values()


def test_a_first_run_that_is_killed_anywhere_gives_the_same_tables_when_it_is_repeated(
    tmp_path: Path,
) -> None:
    (folder := tmp_path / "shop").mkdir()
    with killed_at_every_write(folder, tmp_path) as kept:
        a_run(folder)

    for state in kept:
        a_run(state)

    assert len(kept) > 10
    assert {json.dumps(tables_in(state)) for state in kept} == {json.dumps(tables_in(folder))}


def test_another_listing_that_is_killed_anywhere_gives_the_same_tables_when_it_is_repeated(
    tmp_path: Path,
) -> None:
    (folder := tmp_path / "shop").mkdir()
    a_run(folder, SPRING, SAID)
    with killed_at_every_write(folder, tmp_path) as kept:
        a_run(folder, AUTUMN)

    before = [paths_left(state) for state in kept]
    for state in kept:
        a_run(state, AUTUMN)

    assert {*before} == {"abc", "cdaa"}, "the listing before, or the new one, and nothing between"
    assert {json.dumps(tables_in(state)) for state in kept} == {json.dumps(tables_in(folder))}
    assert "A 1,Shirt" in tables_in(folder)["table-products.csv"]


def paths_left(state: Path) -> str:
    """The pictures of the listing that a kill has left."""
    left = Path(shutil.copytree(state, f"{state}.left"))
    with closing(sqlite3.connect(make_journal_path(left / TABLE))) as db:
        return "".join(path for (path,) in db.execute("SELECT path FROM current ORDER BY number"))


def test_answers_that_are_killed_anywhere_give_the_same_tables_when_they_are_given_again(
    tmp_path: Path,
) -> None:
    (folder := tmp_path / "shop").mkdir()
    a_run(folder)
    with killed_at_every_write(folder, tmp_path) as kept:
        answer(folder)

    for state in kept:
        answer(state)

    assert {json.dumps(tables_in(state)) for state in kept} == {json.dumps(tables_in(folder))}


def answer(folder: Path) -> None:
    with Journal(folder / TABLE) as journal:
        journal.keep_human_answers(SAID)
        write_tables(folder / TABLE, RunDecisions(journal))


def of_2(db: sqlite3.Connection) -> None:
    """A journal as version 2.0.0 left it."""
    db.execute("CREATE TABLE run (fingerprint TEXT, seconds REAL, has_changed INTEGER)")
    db.execute("INSERT INTO run VALUES (?, 7.0, 0)", (json.dumps({"source": "list.csv", "version": "v1"}),))
    db.execute(
        "CREATE TABLE rows (number INTEGER, path TEXT, stamp TEXT, label TEXT, confidence REAL, reason TEXT, "
        "familiarity REAL, cells TEXT)"
    )
    db.execute("CREATE INDEX rows_by_path ON rows (path)")
    db.execute("INSERT INTO rows (path, stamp) VALUES ('a', 'v1')")
    db.execute(
        "CREATE TABLE answers (sha256 TEXT, attribute TEXT, product TEXT, label TEXT NOT NULL, "
        "at TEXT NOT NULL, PRIMARY KEY (sha256, attribute, product))"
    )
    db.execute("INSERT INTO answers VALUES (?, '', '', 'Bag', '2026')", (SHA256,))
    db.execute("INSERT INTO answers VALUES (?, '', 'A 1', 'Shirt', '2026')", (SHA256,))
    db.execute("PRAGMA user_version = 3")


def begun_by_2(folder: Path) -> Path:
    """The folder of a table of version 2.0.0."""
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(make_journal_path(folder / TABLE))) as earlier:
        of_2(earlier)
        earlier.commit()
    for name in (TABLE, f"{TABLE}.summary.json", "table-products.csv"):
        (folder / name).write_text('{"is_complete": true}', "utf-8")
    return folder


def test_a_journal_of_version_2_gives_peoples_answers_and_a_kill_anywhere_loses_none(tmp_path: Path) -> None:
    folder = begun_by_2(tmp_path / "shop")

    with killed_at_every_write(folder, tmp_path) as kept, Journal(folder / TABLE, RUN) as journal:
        assert (journal.recovered_count, journal.known_hashes, journal.read_human_answers()) == (
            len(SAID),
            None,
            SAID,
        )
    a_run(folder)

    for state in kept:
        a_run(state)
        with Journal(state / TABLE) as journal:
            assert journal.read_human_answers() == SAID
    assert {json.dumps(tables_in(state)) for state in kept} == {json.dumps(tables_in(folder))}


def test_version_2_finds_all_answers_where_it_looks_for_them(tmp_path: Path) -> None:
    a_run(begun_by_2(tmp_path), answers={AnswerSubject("cd" * 32, "colour"): HumanAnswer("red", "2027")})

    with closing(sqlite3.connect(make_journal_path(tmp_path / TABLE))) as db:
        answers = db.execute("SELECT * FROM answers ORDER BY rowid").fetchall()

    assert answers == [
        (SHA256, "", "", "Bag", "2026"),
        (SHA256, "", "A 1", "Shirt", "2026"),
        ("cd" * 32, "colour", "", "red", "2027"),
    ]


def test_of_two_products_that_are_one_by_now_the_latest_answer_comes_over(tmp_path: Path) -> None:
    given = [
        *(("1001", "Shirt", "2026-02"), ("1001\u200b", "Bag", "2026-03"), ('="1001"', "Coat", "2026-01")),
        *(("nan", "Dress", "2026-04"), ("#N/A", "Sandal", "2026-05")),
    ]
    with closing(sqlite3.connect(make_journal_path(begun_by_2(tmp_path) / TABLE))) as earlier:
        earlier.execute("DELETE FROM answers")
        rows = [(SHA256, "", *answer) for answer in given]
        earlier.executemany("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", rows)
        earlier.commit()

    with Journal(tmp_path / TABLE, RUN) as journal:
        assert journal.read_human_answers() == {
            AnswerSubject(SHA256, "label", "1001"): HumanAnswer("Bag", "2026-03")
        }


@pytest.mark.parametrize("run", [replace(RUN, source="other.csv"), None], ids=["another", "none"])
def test_a_journal_of_version_2_and_another_source_is_refused_and_left_alone(
    run: RunSettings | None, tmp_path: Path
) -> None:
    path = make_journal_path(begun_by_2(tmp_path) / TABLE)
    before = path.read_bytes()

    with pytest.raises(RunMismatch, match=r"of version 2\.0\.0 and of source 'list\.csv'. Name that SOURCE"):
        Journal(tmp_path / TABLE, run).__enter__()

    assert path.read_bytes() == before
