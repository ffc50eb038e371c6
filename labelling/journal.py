"""What survives a kill: an SQLite file with a row for each labelled picture, committed once a second.

`TABLE.sqlite` stays beside the table, which run.py writes from it at the end and at each pause. The key of a
row is the path of its picture and a stamp of its content, so that a row is kept wherever its picture moves in
the source. What people say of pictures is kept by the hash of their content, also by `--restart` and for
another release. SQLite's rollback journal undoes what a kill left half written, and its exclusive lock keeps
a second run out.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from labelling.errors import OtherRun, TableUnusable
from labelling.items import UNREAD, UNSEEN, Item
from labelling.review.corrections import Answer
from labelling.table import Row, path_in_table

COMMIT_SECONDS: Final = 1.0
"""How much work a kill may cost; each commit waits for the disk."""

RESTART: Final = "--restart labels everything again."

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS run (fingerprint TEXT, seconds REAL, has_changed INTEGER)",
    "CREATE TABLE IF NOT EXISTS rows (number INTEGER, path TEXT, stamp TEXT, label TEXT, confidence REAL, "
    "reason TEXT, familiarity REAL, line BLOB)",
    "CREATE INDEX IF NOT EXISTS rows_by_path ON rows (path)",
    "CREATE TABLE IF NOT EXISTS answers (sha256 TEXT PRIMARY KEY, label TEXT NOT NULL, at TEXT NOT NULL)",
)

_EXPORTED, _ROWS_CHANGED, _ANSWERS_CHANGED = range(3)
"""What `run.has_changed` holds: whether the table has all rows, lacks some, or lacks answers of people."""

_SEEN: Final = (
    "CREATE TEMP TABLE seen (row INTEGER PRIMARY KEY)",
    "CREATE TEMP TRIGGER appended AFTER INSERT ON main.rows BEGIN INSERT INTO seen VALUES (new.rowid); END",
)
"""Which rows belong to a picture that this run has listed: a list may name a picture twice."""

_HELD: Final = """
SELECT rowid, number, label FROM rows WHERE path = ? AND stamp = ? AND rowid NOT IN (SELECT row FROM seen)
ORDER BY label IS NULL, number LIMIT 1
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
        seconds: that labelling them took, all runs together.
        has_changed: the rows or people's answers are others than those that were exported last.
        is_complete: the rows are not; they are those of a run that ended.
        begun: the fingerprint of the run that made the rows.
    """

    def __init__(
        self,
        table: Path,
        fingerprint: dict[str, Any],
        *,
        restart: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is touched yet.

        Args:
            table: where the table goes.
            fingerprint: what must be the same for its rows to be kept; plain JSON.
            restart: discard the rows of earlier runs.
            clock: seconds, of which only differences count.
        """
        self.path = journal_of(table)
        self.kept = self.added = 0
        self.seconds, self.has_changed, self.is_complete = 0.0, True, False
        self.begun = fingerprint
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
            undo.callback(self._db.close)
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")  # held between transactions, too
            self._db.execute("BEGIN EXCLUSIVE")
            self._begin()
            undo.pop_all()
        return self

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
        found = self._db.execute(_HELD, (path_in_table(item.name), item.stamp)).fetchone()
        if found is None or (item.stamp == UNSEEN and found[2] is None):
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
            self._db.executemany(_OUTDATED, of_items)
            self._db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)", numbered)
        self._is_dirty = True
        self.added += len(numbered)
        if self._clock() - self._committed >= COMMIT_SECONDS:
            self.commit()

    def forget_unlisted(self) -> None:
        """Remove the rows of pictures that this run has not listed; call it when all are."""
        with self._errors_named():
            gone = self._db.execute("DELETE FROM rows WHERE rowid NOT IN (SELECT row FROM seen)").rowcount
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
                self._db.execute("UPDATE run SET seconds = ?, has_changed = ?", (self.seconds, _ROWS_CHANGED))
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

    def answers(self) -> dict[str, Answer]:
        """What people said, by the sha256 of the pictures."""
        with self._errors_named():
            found = self._db.execute("SELECT sha256, label, at FROM answers").fetchall()
        return {sha256: Answer(label, at) for sha256, label, at in found}

    def answer(self, answers: Mapping[str, Answer]) -> None:
        """Add or replace what people said, all of it or nothing.

        Raises:
            TableUnusable: the disk is full.
        """
        rows = [(sha256, *answer) for sha256, answer in answers.items()]
        with self._errors_named():
            self._db.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)
            state = (_ANSWERS_CHANGED, _EXPORTED)
            self._db.execute("UPDATE run SET has_changed = ? WHERE has_changed = ?", state)
            self._db.commit()
        self.has_changed = True

    def counts(self) -> dict[tuple[str | None, str | None], int]:
        """How many rows have each label and reason; the label of an error is None."""
        found = self._db.execute("SELECT label, reason, count(*) FROM rows GROUP BY label, reason")
        return {(label, reason): count for label, reason, count in found}

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
        if self._restart:
            self._db.execute("DROP TABLE IF EXISTS rows")
            self._db.execute("DROP TABLE IF EXISTS run")
        for statement in (*_SCHEMA, *_SEEN):
            self._db.execute(statement)
        found = self._db.execute("SELECT fingerprint, seconds, has_changed FROM run").fetchone()
        if found is None:
            found = json.dumps(self._fingerprint), 0.0, _ROWS_CHANGED
            self._db.execute("INSERT INTO run VALUES (?, ?, ?)", found)
        self.begun = json.loads(found[0])
        if others := _differences(self.begun, self._fingerprint):
            raise OtherRun(f"{self.path}: was begun with {others}. {RESTART}")
        self._db.commit()
        self.seconds, self.has_changed = float(found[1]), found[2] != _EXPORTED
        self.is_complete = found[2] != _ROWS_CHANGED
        self._committed = self._clock()

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        """Turn errors of SQLite and of the system into sentences that name the file."""
        try:
            yield
        except sqlite3.Error as error:
            raise TableUnusable(f"{self.path}: {_explained(error)}") from error
        except OSError as error:
            raise TableUnusable(f"{self.path}: cannot be written ({error.strerror}).") from error


def journal_of(table: Path) -> Path:
    """Where the rows of a table are kept."""
    return table.with_name(f"{table.name}.sqlite")


def _explained(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorcode", None):  # errors of the module itself have none
        case sqlite3.SQLITE_BUSY:
            return "another run is at work on this table."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"cannot be read ({error}). Remove it, and everything is labelled again."
    return f"cannot be written ({error}). What was labelled before is kept."


def _differences(begun: dict[str, Any], now: dict[str, Any]) -> str:
    """In words, what is not as it was; empty when everything is."""
    return ", ".join(
        f"{name} {begun.get(name)!r} (now {value!r})"
        for name, value in now.items()
        if begun.get(name) != value
    )
