"""What survives a kill: an SQLite file with a row for each labelled picture, committed once a second.

`TABLE.sqlite` stays beside the table, which run.py writes from it at the end and at each pause. The key of a
row is the path of its picture and a stamp of its content, so that a row is kept wherever its picture moves in
the source. What people say of pictures is kept by the hash of their content, also by `--restart` and for
another release. SQLite's rollback journal undoes what a kill left half written, and its exclusive lock keeps
a second run out. Rows carry a checksum; where a disk has damaged the file, what can be read of it is kept.
"""

import json
import shutil
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeAlias

from labelling.errors import OtherRun, TableUnusable
from labelling.items import UNREAD, UNSEEN, Item
from labelling.review.corrections import Answer, Question
from labelling.table import Row, path_in_table

Fingerprint: TypeAlias = dict[str, Any]

COMMIT_SECONDS: Final = 1.0
"""How much work a kill may cost; each commit waits for the disk."""

RESTART: Final = (
    "Name another table with --out, or add --restart: it labels everything again, and keeps what people "
    "answered."
)

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS run (fingerprint TEXT, seconds REAL, has_changed INTEGER, rows INTEGER)",
    "CREATE TABLE IF NOT EXISTS rows (number INTEGER, path TEXT, stamp TEXT, label TEXT, confidence REAL, "
    "reason TEXT, familiarity REAL, line BLOB, checksum INTEGER)",
    "CREATE INDEX IF NOT EXISTS rows_by_path ON rows (path)",
    "CREATE TABLE IF NOT EXISTS answers (sha256 TEXT PRIMARY KEY, label TEXT NOT NULL, at TEXT NOT NULL)",
)

_DAMAGED: Final = """
DELETE FROM rows WHERE (checksum NOT NULL OR (SELECT user_version FROM pragma_user_version) > 0) AND
checksum IS NOT checksum(CAST(path AS BLOB), CAST(stamp AS BLOB), CAST(label AS BLOB), confidence,
                         CAST(reason AS BLOB), familiarity, line)
"""
"""Journals from before there were checksums have the user_version 0; their rows stay as they are."""

IN_CHECKSUM: Final = "user-defined function raised exception"
"""What SQLite makes of a Ctrl-C that Python notices within `_checksum`, its only function of ours."""

_EXPORTED, _ROWS_CHANGED, _ANSWERS_CHANGED = range(3)
"""What `run.has_changed` holds: whether the table has all rows, lacks some, or lacks answers of people or
categories."""

_SEEN: Final = (
    "CREATE TEMP TABLE seen (row INTEGER PRIMARY KEY)",
    "CREATE TEMP TRIGGER appended AFTER INSERT ON main.rows BEGIN INSERT INTO seen VALUES (new.rowid); END",
)
"""Which rows belong to a picture that this run has listed: a list may name a picture twice."""

_HELD: Final = """
SELECT rowid, number, label FROM rows WHERE path = ? AND stamp = ? AND rowid NOT IN (SELECT row FROM seen)
ORDER BY label IS NULL, number LIMIT 1
"""

_ADDED: Final = """
INSERT INTO rows SELECT *, checksum(CAST(path AS BLOB), CAST(stamp AS BLOB), CAST(label AS BLOB), confidence,
                                    CAST(reason AS BLOB), familiarity, line)
FROM (SELECT ? number, ? path, ? stamp, ? label, CAST(? AS REAL) confidence, ? reason,
             CAST(? AS REAL) familiarity, ? line)
"""

_OUTDATED: Final = """
DELETE FROM rows WHERE path = ? AND (stamp <> ? OR label IS NULL) AND rowid NOT IN (SELECT row FROM seen)
"""

_DOUBTFUL: Final = """
SELECT path, label, confidence, reason, familiarity, line FROM rows WHERE reason IS NOT NULL
ORDER BY reason <> 'unfamiliar', iif(reason = 'unfamiliar', familiarity, confidence),
         iif(reason = 'unfamiliar', confidence, familiarity), number
"""


_ANSWERED: Final = """
SELECT path, label, confidence, reason, familiarity, line FROM rows WHERE label IS NOT NULL
"""


class Labelled(NamedTuple):
    """A row with an answer of the model.

    Attributes:
        path, label, confidence, reason, familiarity: as in the table.
        line: the row.
    """

    path: str
    label: str
    confidence: float
    reason: str | None
    familiarity: float | None
    line: bytes


class Journal(AbstractContextManager["Journal"]):
    """The rows of one table; a context that keeps a second run out.

    Attributes:
        path: of the SQLite file.
        kept: pictures that `holds` has found labelled already.
        added: rows that `append` has taken.
        damaged: rows that the file had lost, so that their pictures are labelled again.
        seconds: that labelling them took, all runs together.
        has_changed: the rows or people's answers are others than those that were exported last.
        is_complete: the rows are not; they are those of a run that ended.
        begun: the fingerprint of the run that made the rows, and what `keep` was given.
        superseded: that of rows which the run of this journal discards; empty where there are none.
    """

    def __init__(
        self,
        table: Path,
        fingerprint: Fingerprint,
        *,
        restart: bool = False,
        supersedes: Callable[[Fingerprint, Fingerprint], bool] = lambda begun, now: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is touched yet.

        Args:
            table: where the table goes.
            fingerprint: what must be the same for its rows to be kept; plain JSON.
            restart: discard the rows of earlier runs.
            supersedes: whether to discard those of a run with another fingerprint in place of refusing.
            clock: seconds, of which only differences count.
        """
        self.path = journal_of(table)
        self.kept = self.added = self.damaged = self._rows = 0
        self.seconds, self.has_changed, self.is_complete = 0.0, True, False
        self.begun, self.superseded = fingerprint, Fingerprint()
        self._supersedes = supersedes
        self._committed, self._is_dirty = 0.0, False
        self._fingerprint = fingerprint
        self._restart = restart
        self._clock = clock

    def __enter__(self) -> Self:
        """Open or make the file.

        Raises:
            TableUnusable: it cannot be written, or another run is at work.
            OtherRun: it belongs to another command.
        """
        with ExitStack() as undo, self._errors_named():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=0)
            undo.callback(self._close)
            if not self._opened_whole():
                self._db.close()
                _mend(self.path)
                self._db = sqlite3.connect(self.path, timeout=0)
                self._take()
            self._begin()
            undo.pop_all()
        return self

    def _close(self) -> None:
        self._db.close()

    def _opened_whole(self) -> bool:
        """Take the file, which undoes what a kill left, and look whether it is as SQLite left it."""
        try:
            self._take()
            (pages,), (size,) = (
                self._db.execute(f"PRAGMA page_{what}").fetchone() for what in ("count", "size")
            )
            found = self._db.execute("PRAGMA integrity_check(1)").fetchall()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_CORRUPT:
                raise
            return False
        there = self.path.stat().st_size
        return found == [("ok",)] and (there == 0 or there >= pages * size)  # it is empty until a commit

    def _take(self) -> None:
        self._db.create_function("checksum", -1, _checksum, deterministic=True)
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")  # held between transactions, too
        self._db.execute("BEGIN EXCLUSIVE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with suppress(TableUnusable) if error else ExitStack():  # a full disk was reported already
                self.commit()
        finally:
            self._db.close()

    def holds(self, item: Item) -> bool:
        """Whether this picture has a row already, made of the content that it still has.

        Moving within the source costs nothing: the row gets the picture's number.
        """
        with self._errors_named():
            found = self._db.execute(_HELD, (path_in_table(item.name), item.stamp)).fetchone()
        if found is None or (item.stamp.startswith(UNSEEN) and found[2] is None):
            return False  # what could not be fetched yesterday may be there today
        row, number, _ = found
        with self._errors_named():
            self._db.execute("INSERT INTO seen VALUES (?)", (row,))
            if number != item.number:
                self._db.execute("UPDATE rows SET number = ? WHERE rowid = ?", (item.number, row))
                self._is_dirty = True
        self.kept += 1
        return True

    def append(self, items: Sequence[Item], rows: Sequence[Row]) -> None:
        """Add the rows of some pictures in place of outdated ones; they are safe from the next commit on.

        Raises:
            TableUnusable: the disk is full.
        """
        of_items = [(path_in_table(item.name), item.stamp) for item in items]
        numbered = [
            (item.number, path, stamp if row.was_read else UNREAD, *row[:-1])
            for item, (path, stamp), row in zip(items, of_items, rows, strict=True)
        ]
        with self._errors_named():
            gone = self._db.executemany(_OUTDATED, of_items).rowcount
            self._db.executemany(_ADDED, numbered)
        self._rows += len(numbered) - max(gone, 0)
        self._is_dirty = True
        self.added += len(numbered)
        if self._clock() - self._committed >= COMMIT_SECONDS:
            self.commit()

    def forget_unlisted(self) -> None:
        """Remove the rows of pictures that this run has not listed; call it when all are."""
        with self._errors_named():
            gone = self._db.execute("DELETE FROM rows WHERE rowid NOT IN (SELECT row FROM seen)").rowcount
        self._rows -= gone
        self._is_dirty |= gone > 0

    def commit(self) -> None:
        """Wait until all rows are on the disk.

        Raises:
            TableUnusable: it is full; the rows since the last commit are lost.
        """
        now = self._clock()
        with self._errors_named():
            if self._is_dirty:
                self.has_changed, self.is_complete = True, False
                self.seconds += now - self._committed
                state = self.seconds, _ROWS_CHANGED, self._rows
                self._db.execute("UPDATE run SET seconds = ?, has_changed = ?, rows = ?", state)
            self._db.commit()
        self._committed, self._is_dirty = now, False

    def exported(self) -> None:
        """Keep in mind that the table has these rows."""
        with self._errors_named():
            self._db.execute("UPDATE run SET has_changed = ?", (_EXPORTED,))
            self._db.commit()
        self.has_changed, self.is_complete = False, True

    def lines(self) -> Iterator[bytes]:
        """The lines of the table, as the model answered, in the order of the source."""
        with self._errors_named():
            yield from (line for (line,) in self._db.execute("SELECT line FROM rows ORDER BY number"))

    def answers(self) -> dict[Question, Answer]:
        """What people said, by the sha256 of the pictures and the attribute, CLASS for the class."""
        with self._errors_named():
            found = self._db.execute("SELECT sha256, label, at FROM answers").fetchall()
        parted = ((*of.partition(" ")[::2], label, at) for of, label, at in found)
        return {(sha256, attribute): Answer(label, at) for sha256, attribute, label, at in parted}

    def answer(self, answers: Mapping[Question, Answer]) -> None:
        """Add or replace what people said, all of it or nothing.

        Raises:
            TableUnusable: the disk is full.
        """
        # An attribute follows the hash, so that journals from before there were attributes are as they were.
        rows = [(" ".join(filter(None, of)), *answer) for of, answer in answers.items()]
        with self._errors_named():
            self._db.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)
            state = (_ANSWERS_CHANGED, _EXPORTED)
            self._db.execute("UPDATE run SET has_changed = ? WHERE has_changed = ?", state)
            self._db.commit()
        self.has_changed = True

    def keep(self, name: str, value: object) -> None:
        """Keep something of the run that changes the table alone; see `begun`.

        Raises:
            TableUnusable: the disk is full.
        """
        if self.begun.get(name, {}) == value:
            return
        self.begun = {**self.begun, name: value}
        with self._errors_named():
            self._db.execute("UPDATE run SET fingerprint = ?", (json.dumps(self.begun),))
            state = (_ANSWERS_CHANGED, _EXPORTED)
            self._db.execute("UPDATE run SET has_changed = ? WHERE has_changed = ?", state)
            self._db.commit()
        self.has_changed = True

    def counts(self) -> dict[tuple[str | None, str | None], int]:
        """How many rows have each label and reason; the label of an error is None."""
        found = self._db.execute("SELECT label, reason, count(*) FROM rows GROUP BY label, reason")
        return {(label, reason): count for label, reason, count in found}

    def first_error(self) -> bytes:
        """The first line of the table without an answer; there has to be one."""
        with self._errors_named():
            (line,) = self._db.execute("SELECT line FROM rows WHERE label IS NULL ORDER BY number").fetchone()
        return bytes(line)

    def doubtful(self) -> Iterator[Labelled]:
        """The rows that need review, most doubtful first.

        Unfamiliar pictures come before the others. Within each, the measure that decided is compared
        first, the other one on ties, then the order of the table.
        """
        return (Labelled(*row) for row in self._db.execute(_DOUBTFUL))

    def labelled(self) -> Iterator[Labelled]:
        """The rows with an answer, in any order."""
        return (Labelled(*row) for row in self._db.execute(_ANSWERED))

    def _begin(self) -> None:
        """Make the tables, or check whose they are.

        Raises:
            OtherRun: another command's.
        """
        if self._restart or self._is_superseded():
            self._db.execute("DROP TABLE IF EXISTS rows")
            self._db.execute("DROP TABLE IF EXISTS run")
        is_new = not self._columns("rows")
        for statement in (*_SCHEMA, *_SEEN):
            self._db.execute(statement)
        if is_new:
            self._db.execute("PRAGMA user_version = 1")  # every row has a checksum
        for table, column in (("rows", "checksum"), ("run", "rows")):  # older journals have none
            if column not in self._columns(table):
                self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER")
        found = self._db.execute("SELECT fingerprint, seconds, has_changed FROM run").fetchone()
        if found is not None and not _is_fingerprint(found[0]):  # damaged: whose the rows are is lost
            for table in ("rows", "run"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            found = None
        if found is None:
            found = json.dumps(self._fingerprint), 0.0, _ROWS_CHANGED
            self._db.execute("INSERT INTO run VALUES (?, ?, ?, NULL)", found)
        self.begun = json.loads(found[0])
        if others := _differences(self.begun, self._fingerprint):
            raise OtherRun(f"{self.path}: was begun with {others}. {RESTART}")
        self._drop_damaged()
        self._db.commit()
        self.seconds, self.has_changed = float(found[1]), found[2] != _EXPORTED
        self.is_complete = found[2] != _ROWS_CHANGED
        self._committed = self._clock()

    def _is_superseded(self) -> bool:
        if "fingerprint" not in self._columns("run"):
            return False
        (found,) = self._db.execute("SELECT fingerprint FROM run").fetchone() or ("",)
        begun = json.loads(found) if _is_fingerprint(found) else {}
        if begun and self._supersedes(begun, self._fingerprint):
            self.superseded = begun
        return bool(self.superseded)

    def _columns(self, table: str) -> list[str]:
        return [name for (name,) in self._db.execute("SELECT name FROM pragma_table_info(?)", (table,))]

    def _drop_damaged(self) -> None:
        """Remove the rows that are not as they were written, and count these and those that are gone."""
        dropped = self._db.execute(_DAMAGED).rowcount
        (self._rows,) = self._db.execute("SELECT count(*) FROM rows").fetchone()
        (before,) = self._db.execute("SELECT rows FROM run").fetchone()
        self.damaged = dropped if before is None else max(dropped, before - self._rows)
        self._is_dirty = self.damaged > 0

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        """Turn errors of SQLite and of the system into sentences that name the file."""
        try:
            yield
        except sqlite3.Error as error:
            if str(error) == IN_CHECKSUM:
                raise KeyboardInterrupt from error
            raise TableUnusable(f"{self.path}: {_explained(error)}") from error
        except UnicodeDecodeError as error:  # SQLite quotes what is damaged
            raise TableUnusable(
                f"{self.path}: cannot be read (damaged). Remove it, and everything is labelled again."
            ) from error
        except OSError as error:
            raise TableUnusable(f"{self.path}: cannot be written ({error.strerror}).") from error


def journal_of(table: Path) -> Path:
    """Where the rows of a table are kept."""
    return table.with_name(f"{table.name}.sqlite")


def _is_fingerprint(text: object) -> bool:
    try:
        return isinstance(json.loads(str(text)), dict)
    except ValueError:
        return False


def _checksum(*values: object) -> int:
    """Of a row as SQLite returns it."""
    return zlib.crc32(repr(values).encode())


def _pages(path: Path) -> tuple[int, int]:
    """How many pages the header of a file names, and their size in bytes (SQLite's file format, 1.3)."""
    with path.open("rb") as file:
        header = file.read(100)
    size = int.from_bytes(header[16:18])
    return int.from_bytes(header[28:32]), 1 << 16 if size == 1 else size


def _mend(path: Path) -> None:
    """Replace a damaged file by one with what can be read of it, which may be nothing; it stays beside it."""
    damaged, mended = (path.with_name(f"{path.name}.{end}") for end in ("damaged", "mended"))
    shutil.copyfile(path, damaged)
    pages, size = _pages(damaged)
    with damaged.open("r+b") as file:  # SQLite reads nothing of a file that is too short
        file.truncate(max(damaged.stat().st_size, pages * size))
    mended.unlink(missing_ok=True)
    with closing(sqlite3.connect(damaged)) as old, closing(sqlite3.connect(mended)) as new:
        old.text_factory = lambda text: text.decode("utf-8", "replace")  # its checksum drops such a row
        (version,) = old.execute("PRAGMA user_version").fetchone()
        new.execute(f"PRAGMA user_version = {version}")
        for statement in _SCHEMA:
            new.execute(statement)
        for table in ("run", "answers", "rows"):
            _copy(table, old, new)
        with suppress(sqlite3.DatabaseError):  # an index may know of more rows
            (count,) = old.execute("SELECT count(*) FROM rows").fetchone()
            new.execute("UPDATE run SET rows = ? WHERE rows IS NULL", (count,))
        if not new.execute("SELECT 1 FROM run").fetchone():
            new.execute("DELETE FROM rows")  # whose rows they are is lost
        new.commit()
    mended.replace(path)


def _copy(table: str, old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Copy the rows of a table from both ends, each as far as it can be read."""
    names = ["rowid", *(name for (name,) in new.execute("SELECT name FROM pragma_table_info(?)", (table,)))]
    marks = ", ".join("?" * len(names))
    into = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.DatabaseError):
            for row in old.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid {order}"):  # noqa: S608
                new.execute(into, (*row, *[None] * (len(names) - len(row))))  # older journals have fewer


def _explained(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorcode", None):  # errors of the module itself have none
        case sqlite3.SQLITE_BUSY:
            return "another run is at work on this table."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"cannot be read ({error}). Remove it, and everything is labelled again."
    return f"cannot be written ({error}). What was labelled before is kept."


def _differences(begun: Fingerprint, now: Fingerprint) -> str:
    """In words, what is not as it was; empty when everything is."""
    return ", ".join(
        f"{name} {begun.get(name)!r} (now {value!r})" if isinstance(value, str | int) else f"other {name}"
        for name, value in now.items()
        if begun.get(name, {}) != value  # earlier versions wrote nothing of columns
    )
