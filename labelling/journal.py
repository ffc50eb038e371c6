"""What survives a kill: an SQLite file with a row for each labelled picture, committed once a second.

`TABLE.sqlite` stays beside the table, which export.py writes from it at the end and at each pause. The key
of a row is the path of its picture and a stamp of its content, so that a row is kept wherever its picture
moves in the source. What people say of pictures is kept by the hash of their content, also by `--restart` and
for another release. SQLite's rollback journal undoes what a kill left half written, and its exclusive lock
keeps a second run out. Of a file that a disk has damaged, and of one in an earlier form, people's answers are
carried over, and the file is kept as `TABLE.sqlite.damaged`.
"""

import json
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from itertools import count, groupby
from operator import itemgetter
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

FORM: Final = 3
"""Of the file, in its user_version; those of earlier versions are lower."""

_SCHEMA: Final = (
    f"PRAGMA user_version = {FORM}",
    "CREATE TABLE IF NOT EXISTS run (fingerprint TEXT, seconds REAL, has_changed INTEGER)",
    "CREATE TABLE IF NOT EXISTS rows (number INTEGER, path TEXT, stamp TEXT, label TEXT, confidence REAL, "
    "reason TEXT, familiarity REAL, cells TEXT)",
    "CREATE INDEX IF NOT EXISTS rows_by_path ON rows (path)",
    "CREATE TABLE IF NOT EXISTS answers (sha256 TEXT, attribute TEXT, product TEXT, label TEXT NOT NULL, "
    "at TEXT NOT NULL, PRIMARY KEY (sha256, attribute, product))",
)

SHA256: Final = re.compile("[0-9a-f]{64}")

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

_ADDED: Final = "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

_OUTDATED: Final = """
DELETE FROM rows WHERE path = ? AND (stamp <> ? OR label IS NULL) AND rowid NOT IN (SELECT row FROM seen)
"""

_DOUBTFUL: Final = """
SELECT path, label, confidence, reason, familiarity, cells FROM rows WHERE reason IS NOT NULL
ORDER BY reason <> 'unfamiliar', iif(reason = 'unfamiliar', familiarity, confidence),
         iif(reason = 'unfamiliar', confidence, familiarity), number
"""


_TOGETHER: Final = """
SELECT key, cells FROM (SELECT key_of(cells) AS key, cells, number FROM rows) WHERE key <> ''
ORDER BY min(number) OVER (PARTITION BY key), number
"""

_ANSWERED: Final = """
SELECT path, label, confidence, reason, familiarity, cells FROM rows WHERE label IS NOT NULL
"""


class Labelled(NamedTuple):
    """A row with an answer of the model.

    Attributes:
        path, label, confidence, reason, familiarity: as in the table.
        cells: all values of the row, in the order of the table's columns.
    """

    path: str
    label: str
    confidence: float
    reason: str | None
    familiarity: float | None
    cells: list[Any]


class Journal(AbstractContextManager["Journal"]):
    """The rows of one table; a context that keeps a second run out.

    Attributes:
        path: of the SQLite file.
        kept: pictures that `holds` has found labelled already.
        added: rows that `append` has taken.
        kept_as: where the file is that was damaged or of an earlier form; None if it was sound.
        recovered: people's answers that came over from that file.
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
        self.kept = self.added = self.recovered = 0
        self.kept_as: Path | None = None
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
            if not self._is_taken_whole():
                self._db.close()
                self.kept_as, self.recovered = _replace(self.path)
                self._db = sqlite3.connect(self.path, timeout=0)
                self._take()
            self._begin()
            undo.pop_all()
        return self

    def _close(self) -> None:
        self._db.close()

    def _is_taken_whole(self) -> bool:
        """Take the file, which undoes what a kill left, and look whether it is as this version left it."""
        try:
            self._take()
            (pages,), (size,), (form,) = (
                self._db.execute(f"PRAGMA {what}").fetchone()
                for what in ("page_count", "page_size", "user_version")
            )
            found = self._db.execute("PRAGMA integrity_check(1)").fetchall()
        except UnicodeDecodeError:  # SQLite quotes what is damaged
            return False
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) not in _DAMAGED:
                raise
            return False
        there = self.path.stat().st_size
        is_sound = found == [("ok",)] and form == FORM and there >= pages * size
        return is_sound or there == 0  # until the first commit

    def _take(self) -> None:
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
            self._db.executemany(_OUTDATED, of_items)
            self._db.executemany(_ADDED, numbered)
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
                state = self.seconds, _ROWS_CHANGED
                self._db.execute("UPDATE run SET seconds = ?, has_changed = ?", state)
            self._db.commit()
        self._committed, self._is_dirty = now, False

    def exported(self) -> None:
        """Keep in mind that the table has these rows."""
        with self._errors_named():
            self._db.execute("UPDATE run SET has_changed = ?", (_EXPORTED,))
            self._db.commit()
        self.has_changed, self.is_complete = False, True

    def row_count(self) -> int:
        """How many rows there are."""
        (found,) = self._db.execute("SELECT count(*) FROM rows").fetchone()
        return int(found)

    def rows(self) -> Iterator[list[Any]]:
        """The cells of each row, as the model answered, in the order of the source."""
        with self._errors_named():
            for (cells,) in self._db.execute("SELECT cells FROM rows ORDER BY number"):
                yield json.loads(cells)

    def rows_together(self, key: Callable[[list[Any]], str]) -> Iterator[list[list[Any]]]:
        """The cells of rows that share a key, in the order of their first; none of rows with an empty key.

        Args:
            key: of the cells of a row.
        """
        with self._errors_named():
            self._db.create_function("key_of", 1, lambda cells: key(json.loads(cells)), deterministic=True)
            for _, rows in groupby(self._db.execute(_TOGETHER), itemgetter(0)):
                yield [json.loads(cells) for _, cells in rows]

    def answers(self) -> dict[Question, Answer]:
        """What people said."""
        with self._errors_named():
            found = self._db.execute("SELECT sha256, attribute, product, label, at FROM answers").fetchall()
        return {Question(*question): Answer(label, at) for *question, label, at in found}

    def answer(self, answers: Mapping[Question, Answer]) -> None:
        """Add or replace what people said, all of it or nothing.

        Raises:
            TableUnusable: the disk is full.
        """
        with self._errors_named():
            self._db.executemany(_ANSWER, [(*of, *answer) for of, answer in answers.items()])
            self._table_changes()

    def _table_changes(self) -> None:
        """Keep in mind that the table has other columns than the rows, and none is to be labelled."""
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
            self._table_changes()

    def doubtful(self) -> Iterator[Labelled]:
        """The rows that need review, most doubtful first.

        Unfamiliar pictures come before the others. Within each, the measure that decided is compared
        first, the other one on ties, then the order of the table.
        """
        return self._labelled(_DOUBTFUL)

    def labelled(self) -> Iterator[Labelled]:
        """The rows with an answer, in any order."""
        return self._labelled(_ANSWERED)

    def _labelled(self, query: str) -> Iterator[Labelled]:
        with self._errors_named():
            for path, label, confidence, reason, familiarity, cells in self._db.execute(query):
                yield Labelled(path, label, confidence, reason, familiarity, json.loads(cells))

    def _begin(self) -> None:
        """Make the tables, or check whose they are.

        Raises:
            OtherRun: another command's.
        """
        if self._is_superseded() or self._restart:
            self._db.execute("DROP TABLE IF EXISTS rows")
            self._db.execute("DROP TABLE IF EXISTS run")
        for statement in (*_SCHEMA, *_SEEN):
            self._db.execute(statement)
        found = self._db.execute("SELECT fingerprint, seconds, has_changed FROM run").fetchone()
        if found is None:
            found = json.dumps(self._fingerprint), 0.0, _ROWS_CHANGED
            if self._fingerprint:
                self._db.execute("INSERT INTO run VALUES (?, ?, ?)", found)
        self.begun = json.loads(found[0])
        if others := _differences(self.begun, self._fingerprint):
            raise OtherRun(f"{self.path}: was begun with {others}. {RESTART}")
        self._db.commit()
        self.seconds, self.has_changed = float(found[1]), found[2] != _EXPORTED
        self.is_complete = found[2] != _ROWS_CHANGED
        self._committed = self._clock()

    def _is_superseded(self) -> bool:
        if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'run'").fetchone() is None:
            return False
        (found,) = self._db.execute("SELECT fingerprint FROM run").fetchone() or ("{}",)
        with suppress(ValueError) if self._restart else ExitStack():  # a restart discards a damaged one, too
            begun = json.loads(found)
            if begun and (self._restart or self._supersedes(begun, self._fingerprint)):
                self.superseded = begun
        return bool(self.superseded)

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        """Turn errors of SQLite and of the system into sentences that name the file."""
        try:
            yield
        except sqlite3.Error as error:
            raise TableUnusable(f"{self.path}: {_explained(error)}") from error
        except ValueError as error:  # of JSON, or of text that is none
            raise TableUnusable(
                f"{self.path}: is damaged. --restart labels everything again, and keeps what people answered."
            ) from error
        except OSError as error:
            raise TableUnusable(f"{self.path}: cannot be written ({error.strerror}).") from error


def journal_of(table: Path) -> Path:
    """Where the rows of a table are kept."""
    return table.with_name(f"{table.name}.sqlite")


_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_ANSWER: Final = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)"


def _replace(path: Path) -> tuple[Path, int]:
    """Put a new file in the place of a damaged one, with people's answers.

    Returns:
        where the damaged one is kept, and how many answers came over.
    """
    names = (path.with_name(f"{path.name}.damaged{f'-{number}' * (number > 1)}") for number in count(1))
    kept, new = next(name for name in names if not name.exists()), path.with_name(f"{path.name}.new")
    shutil.copyfile(path, kept)
    answers = _answers_in(kept)
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)) as db:
        for statement in _SCHEMA:
            db.execute(statement)
        db.executemany(_ANSWER, answers)
        db.commit()
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # SQLite has tried it on the damaged one
    new.replace(path)
    return kept, len(answers)


def _answers_in(path: Path) -> set[tuple[str, ...]]:
    """People's answers in a file that may be damaged, or of an earlier form, read from both of its ends."""
    found = set[tuple[str, ...]]()
    with closing(sqlite3.connect(path)) as old:
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.DatabaseError, ValueError):
                old.execute("PRAGMA writable_schema = ON")  # without it, SQLite reads nothing of a short file
                for *key, label, at in old.execute(f"SELECT * FROM answers ORDER BY rowid {order}"):  # noqa: S608
                    # Version 1 had the attribute behind the hash.
                    question = key if len(key) == 3 else (*str(key[0]).partition(" ")[::2], "")
                    answer = (*question, label, at)
                    if all(isinstance(one, str) for one in answer) and SHA256.fullmatch(question[0]):
                        found.add(answer)
    return found


def _explained(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorcode", None):  # errors of the module itself have none
        case sqlite3.SQLITE_BUSY:
            return "another run is at work on this table."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"cannot be read ({error}). The same command keeps what people answered and labels again."
    return f"cannot be written ({error}). What was labelled before is kept."


def _differences(begun: Fingerprint, now: Fingerprint) -> str:
    """In words, what is not as it was; empty when everything is."""
    return ", ".join(
        f"{name} {begun.get(name)!r} (now {value!r})" if isinstance(value, str | int) else f"other {name}"
        for name, value in now.items()
        if begun.get(name) != value
    )
