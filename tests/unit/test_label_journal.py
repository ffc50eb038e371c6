"""What a kill left half written is undone, committed rows are kept, changed pictures are labelled again."""

import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from inference.file_names import is_picture_name
from labelling.decided import HumanAnswer, Question
from labelling.errors import OtherRun, TableUnusable
from labelling.items import UNREAD, Item
from labelling.journal import Journal, journal_of
from labelling.row import HeadAnswer, Row, Run

TABLE = "table.csv"


RUN = Run(source="here", version="20261120T101500Z-3f9a1c2e", heads={"label": ("Shirt", "Bag")})


def journal(folder: Path, *, restart: bool = False) -> Journal:
    return Journal(folder / TABLE, RUN, restart=restart)


def an_item(number: int, name: str, stamp: str = "v1") -> Item:
    return Item(name, name, stamp, 1, number)


def a_row(
    name: str, reason: str | None = None, confidence: float = 0.5, familiarity: float = 0.5, stamp: str = "v1"
) -> Row:
    answer = HeadAnswer(label="Shirt", confidence=confidence, reason=reason)
    return Row(path=name, sha256=f"of {name}", stamp=stamp, familiarity=familiarity, heads={"label": answer})


def append(opened: Journal, *names: str, start: int = 0, stamp: str = "v1") -> None:
    items = [an_item(number, name, stamp) for number, name in enumerate(names, start)]
    opened.append(items, [a_row(name, stamp=stamp) for name in names])


def write(folder: Path, *names: str) -> None:
    with journal(folder) as opened:
        append(opened, *names)


def rows_in(folder: Path) -> str:
    """The names of all rows, in order, as a journal that is opened there has them."""
    with journal(folder) as opened:
        return "".join(row.path for row in opened.rows())


def crashed(folder: Path, to: Path) -> Path:
    """What a crash at this moment would leave on the disk."""
    to.mkdir()
    for file in folder.glob(f"{TABLE}.sqlite*"):
        shutil.copy(file, to)
    return to


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder with the journal of two pictures, `a` and `b`."""
    write(tmp_path / "two", "a", "b")
    return tmp_path / "two"


def test_a_crash_costs_a_seconds_work_and_no_more(tmp_path: Path) -> None:
    now = 0.0
    with Journal(tmp_path / TABLE, RUN, clock=lambda: now) as opened:
        now = 0.9
        append(opened, "a")
        too_early = crashed(tmp_path, tmp_path / "too early")
        now = 1.0
        append(opened, "b", start=1)
        in_time = crashed(tmp_path, tmp_path / "in time")

    assert (rows_in(too_early), rows_in(in_time)) == ("", "ab")
    assert (opened.kept_as, opened.recovered) == (None, 0)


def test_rows_that_a_crash_left_half_written_are_undone(two: Path, tmp_path: Path) -> None:
    large = Row(path="b", error="x" * 10_000_000)  # more than SQLite holds in memory
    with Journal(two / TABLE, RUN, clock=lambda: 0.0) as opened:  # no commit is due
        opened.append([an_item(1, "b", "v2"), an_item(2, "c")], [large, large])
        left = crashed(two, tmp_path / "left")

    size = journal_of(left / TABLE).stat().st_size
    assert size > 10_000_000
    assert rows_in(left) == "ab"


@pytest.mark.parametrize(
    ("found", "kept", "left"),
    [
        ([("a", "v1"), ("b", "v1")], [True, True], "ab"),
        ([("a", "v2"), ("b", "v1")], [False, True], "b"),
        ([("z", "v1"), ("b", "v1")], [False, True], "b"),
        ([("z", "v1"), ("a", "v1"), ("b", "v1")], [False, True, True], "ab"),
        ([("b", "v1"), ("a", "v1")], [True, True], "ba"),
        ([("a", "v1"), ("a", "v1"), ("b", "v1")], [True, False, True], "ab"),
        ([("a", "v1"), ("b", "v1"), ("c", "v1")], [True, True, False], "ab"),
        ([("a", "v1")], [True], "a"),
    ],
    ids=["unchanged", "overwritten", "renamed", "added in front", "moved", "named twice", "added", "removed"],
)
def test_a_picture_is_labelled_again_where_it_is_new_or_changed_and_wherever_it_lies_now(
    found: list[tuple[str, str]], kept: list[bool], left: str, two: Path
) -> None:
    with journal(two) as opened:
        seen = [opened.holds(an_item(number, *one)) for number, one in enumerate(found)]
        opened.forget_unlisted()

    assert (seen, rows_in(two)) == (kept, left)


def test_a_picture_that_could_not_be_read_is_taken_up_again_and_one_that_is_broken_is_not(
    tmp_path: Path,
) -> None:
    unread = Row(path="unread", stamp=UNREAD, error="It is no file.")
    broken, twice = (Row(path=name, stamp="v1", error="It is broken.") for name in ("broken", "twice"))
    items = [an_item(number, name) for number, name in enumerate(("unread", "broken", "twice", "twice"))]
    with journal(tmp_path) as opened:
        opened.append(items, [unread, broken, twice, a_row("twice")])

    with journal(tmp_path) as again:
        held = [again.holds(item) for item in items[:3]]
        again.forget_unlisted()
        append(again, "unread")

    assert held == [False, True, True]
    with journal(tmp_path) as opened:
        paths = [(row.path, row.label.label) for row in opened.rows()]
    assert paths == [("unread", "Shirt"), ("broken", None), ("twice", "Shirt")], "of two rows, the answer"


def test_rows_that_were_added_are_to_be_exported_though_none_has_gone(two: Path) -> None:
    with journal(two) as opened:
        opened.exported()

    with Journal(two / TABLE, RUN, clock=lambda: 0.0) as opened:  # no commit is due
        assert [opened.holds(an_item(number, name)) for number, name in enumerate("ab")] == [True, True]
        append(opened, "c", start=2)
        opened.forget_unlisted()
        opened.commit()

        assert opened.has_changed


def test_the_row_of_an_overwritten_picture_is_replaced_before_all_are_listed(two: Path) -> None:
    with journal(two) as opened:
        opened.append([an_item(0, "a", "v2")], [a_row("a", confidence=0.9, stamp="v2")])

    with journal(two) as opened:
        assert [(row.path, row.label.confidence) for row in opened.rows()] == [("a", 0.9), ("b", 0.5)]


def test_rows_come_in_the_order_of_the_source_whichever_is_done_first(tmp_path: Path) -> None:
    with journal(tmp_path) as opened:
        append(opened, "b", "a", start=2)
        append(opened, "d", "c")

    assert rows_in(tmp_path) == "dcba"


@pytest.mark.parametrize("restart", [False, True])
def test_two_runs_at_once_on_one_table_are_refused_and_the_first_loses_nothing(
    restart: bool, two: Path
) -> None:
    at_work = pytest.raises(TableUnusable, match="another run is at work on this table")
    with journal(two), at_work:
        journal(two, restart=restart).__enter__()

    assert rows_in(two) == "ab"


@pytest.mark.parametrize(
    ("version", "is_later"),
    [
        ("20261121T000000Z-00000000", True),
        ("20261120T101500Z-ffffffff", False),
        ("20261119T235959Z-ffffffff", False),
        ("made by hand", False),
    ],
    ids=["later", "of the same second", "earlier", "without a time"],
)
def test_rows_are_replaced_by_those_of_a_release_that_was_made_later(
    version: str, is_later: bool, two: Path
) -> None:
    refused = nullcontext() if is_later else pytest.raises(OtherRun, match="was begun with version")

    with refused, Journal(two / TABLE, replace(RUN, version=version)) as opened:
        assert (opened.superseded, list(opened.rows())) == (RUN, [])


NAMES = [f"picture {number}" for number in range(400)]
ANSWERS = {
    Question(f"{number:064x}", attribute): HumanAnswer("Bag", "2026")
    for number in range(60)
    for attribute in ("label", "of it")
}


def damaged(folder: Path, how: str) -> None:
    """A journal with many rows and answers, of which something is lost."""
    write(folder, *NAMES)
    with journal(folder) as opened:
        opened.answer(ANSWERS)
    path = journal_of(folder / TABLE)
    data = bytearray(path.read_bytes())
    if how == "no database":
        data[:] = b"no database" * 100
    elif how == "a page":
        data[-4096:] = b"\xff" * 4096
    elif how == "a name":
        data = data.replace(b"CREATE TABLE rows", b"CREATE \xcd\xcdBLE rows")
    elif how.isdecimal():
        del data[-int(how) :]
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("how", "least"), [("no database", 0), ("a name", 0), ("a page", 60), ("5000", 60), ("20000", 40)]
)
def test_of_a_damaged_journal_peoples_answers_come_over_and_the_file_is_kept(
    how: str, least: int, tmp_path: Path
) -> None:
    damaged(tmp_path, how)
    path = journal_of(tmp_path / TABLE)
    before = path.read_bytes()

    with journal(tmp_path) as opened:
        found = opened.answers()
        assert opened.kept_as is not None
        assert opened.kept_as.read_bytes() == before
        assert list(opened.rows()) == []
        append(opened, *NAMES)

    assert opened.recovered == len(found) >= least
    assert found.items() <= ANSWERS.items()
    with journal(tmp_path) as again:
        assert (again.kept_as, again.recovered, again.answers()) == (None, 0, found)
        assert again.row_count() == len(NAMES)


def test_a_journal_that_is_damaged_again_is_kept_under_another_name(tmp_path: Path) -> None:
    for _ in range(2):
        journal_of(tmp_path / TABLE).write_bytes(b"no database" * 100)
        journal(tmp_path).__enter__().__exit__(None, None, None)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "table.csv.sqlite",
        "table.csv.sqlite.damaged",
        "table.csv.sqlite.damaged-2",
    ]
    assert not is_picture_name("table.csv.sqlite.damaged-2")


def test_of_a_journal_of_an_earlier_version_peoples_answers_come_over(tmp_path: Path) -> None:
    with closing(sqlite3.connect(journal_of(tmp_path / TABLE))) as older:
        older.execute("CREATE TABLE run (fingerprint TEXT, seconds REAL, has_changed INTEGER, rows INTEGER)")
        older.execute("CREATE TABLE rows (number INTEGER, path TEXT, stamp TEXT, label TEXT, line BLOB)")
        older.execute("CREATE TABLE answers (sha256 TEXT PRIMARY KEY, label TEXT NOT NULL, at TEXT NOT NULL)")
        given = [
            (f"{of.sha256} of it" if of.attribute == "of it" else of.sha256, *answer)
            for of, answer in ANSWERS.items()
        ]
        older.executemany("INSERT INTO answers VALUES (?, ?, ?)", given)
        older.execute("PRAGMA user_version = 1")
        older.commit()

    with journal(tmp_path) as opened:
        assert opened.answers() == ANSWERS
        assert opened.recovered == len(ANSWERS)


def test_a_row_that_a_disk_has_changed_names_what_labels_again_and_keeps_the_answers(two: Path) -> None:
    with journal(two) as opened:
        opened.answer(ANSWERS)
    path = journal_of(two / TABLE)
    path.write_bytes(path.read_bytes().replace(b'["of a",', b'["of a" '))

    with (
        journal(two) as opened,
        pytest.raises(TableUnusable, match="--restart labels everything again, and keeps"),
    ):
        list(opened.rows())


def test_so_does_a_row_of_which_the_words_of_the_list_alone_are_read(tmp_path: Path) -> None:
    run, row = replace(RUN, further={"Title": "Title"}), replace(a_row("a"), further={"Title": "Dress"})
    with Journal(tmp_path / TABLE, run) as opened:
        opened.append([an_item(0, "a")], [row])
        assert list(opened.cells(["Title"])) == [("", {"Title": "Dress"})]
    path = journal_of(tmp_path / TABLE)
    path.write_bytes(path.read_bytes().replace(b'["Dress"]', b'["Dress" '))

    with (
        Journal(tmp_path / TABLE, run) as opened,
        pytest.raises(TableUnusable, match="--restart labels everything again, and keeps"),
    ):
        list(opened.cells(["Title"]))


@pytest.fixture
def little_room() -> Iterator[Callable[[int], None]]:
    """Sets how many bytes a file may have; SQLite sees a disk that takes no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_journal_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    journal_of(tmp_path / TABLE).mkdir()

    with pytest.raises(TableUnusable, match=r"\.sqlite: cannot be written \(unable to open database file\)"):
        journal(tmp_path).__enter__()


def test_a_full_disk_keeps_what_was_committed(little_room: Callable[[int], None], two: Path) -> None:
    with pytest.raises(TableUnusable, match="What was labelled before is kept"), journal(two) as opened:
        little_room(20_000)
        append(opened, *map(str, range(2000)), start=2)
    little_room(resource.RLIM_INFINITY)

    assert rows_in(two) == "ab"
