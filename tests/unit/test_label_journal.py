"""What a kill leaves behind is cut off, and what was promised before it is kept."""

import resource
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from labelling.errors import OtherRun, TableUnusable
from labelling.journal import Journal

HEAD = b"path\n"


def journal(folder: Path, *, restart: bool = False, **fingerprint: str) -> Journal:
    return Journal(folder / "table.csv", ".csv", {"source": "here", **fingerprint}, restart=restart)


def one(name: str) -> tuple[bytes, int]:
    """A chunk of one row."""
    return f"{name}\n".encode(), 1


def write(folder: Path, *names: str) -> None:
    with journal(folder) as opened:
        opened.begin(HEAD)
        for name in names:
            opened.append(*one(name))


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """The folder of a table that was begun with the rows `a` and `b`."""
    write(tmp_path, "a", "b")
    return tmp_path / "table.csv.parts"


def recovered(folder: Path) -> tuple[int, bytes]:
    """How many rows a journal counts when it is opened again, and what the file of rows then holds."""
    with journal(folder) as again:
        again.begin(HEAD)
        return again.done.rows, again.rows.read_bytes()


def test_rows_that_no_commit_speaks_of_are_cut_off(parts: Path) -> None:
    with (parts / "rows.csv").open("ab") as file:
        file.write(b"c\nd")

    assert recovered(parts.parent) == (2, b"path\na\nb\n")


def test_a_journal_that_was_torn_within_a_line_is_read_up_to_it_and_goes_on_after_it(parts: Path) -> None:
    path = parts / "journal.jsonl"
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:2]) + whole[2][: len(whole[2]) // 2])

    assert recovered(parts.parent) == (1, b"path\na\n")
    assert path.read_bytes().startswith(b"".join(whole[:2]) + b'{"rows": 1,')


def test_a_journal_that_was_torn_within_its_first_line_begins_again(tmp_path: Path) -> None:
    (tmp_path / "table.csv.parts").mkdir()
    (tmp_path / "table.csv.parts" / "journal.jsonl").write_bytes(b'{"source": "he')

    write(tmp_path, "a")

    assert recovered(tmp_path)[0] == 1


def test_another_command_is_refused_with_what_differs(parts: Path) -> None:
    with pytest.raises(
        OtherRun, match=r"begun with source 'here' \(now 'there'\). --restart labels everything again"
    ):
        journal(parts.parent, source="there").__enter__()


@pytest.mark.parametrize("restart", [False, True])
def test_two_runs_at_once_on_one_table_are_refused_and_the_first_loses_nothing(
    restart: bool, parts: Path
) -> None:
    at_work = pytest.raises(TableUnusable, match="another run is at work on this table")
    with journal(parts.parent), at_work:
        journal(parts.parent, restart=restart).__enter__()

    assert recovered(parts.parent) == (2, b"path\na\nb\n")


def test_a_restart_forgets_the_rows_of_whatever_command_began_the_table(parts: Path) -> None:
    with journal(parts.parent, restart=True, source="there") as again:
        again.begin(HEAD)

    assert (parts / "rows.csv").read_bytes() == HEAD


def test_rows_that_are_gone_are_missed(parts: Path) -> None:
    (parts / "rows.csv").write_bytes(b"")

    with pytest.raises(TableUnusable, match="shorter than its journal says"):
        recovered(parts.parent)


def test_a_complete_table_stays_complete_when_the_end_fails(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt), journal(tmp_path) as opened:
        opened.begin(HEAD)
        opened.append(*one("a"))
        opened.commit(is_complete=True)
        raise KeyboardInterrupt

    with journal(tmp_path) as again:
        assert again.done.is_complete


@pytest.fixture
def little_room() -> Iterator[Callable[[int], None]]:
    """Sets how many bytes a file may have; a full disk looks the same, half a row written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_half_a_row_on_a_full_disk_is_cut_off(little_room: Callable[[int], None], tmp_path: Path) -> None:
    long = b"b\n" * 500, 500
    write(tmp_path, "a")
    with journal(tmp_path) as opened, pytest.raises(TableUnusable, match="What was labelled before is kept"):
        opened.begin(HEAD)
        little_room(1000)
        opened.append(*long)
    half = (tmp_path / "table.csv.parts" / "rows.csv").stat().st_size
    little_room(resource.RLIM_INFINITY)

    with journal(tmp_path) as again:
        again.begin(HEAD)
        again.append(*long)

    assert half == 1000
    assert (again.done.rows, again.rows.read_bytes()) == (501, b"path\na\n" + b"b\n" * 500)
