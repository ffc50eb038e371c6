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
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from inference.contract import LABEL
from labelling.decided import HumanAnswer, Question
from labelling.errors import OtherRun, TableUnusable
from labelling.form_3 import FORM_3, row_of_form_3, run_of_form_3
from labelling.items import UNSEEN, Item
from labelling.row import By, Categories, Row, Run, path_in_table, row_from

COMMIT_SECONDS: Final = 1.0
"""How much work a kill may cost; each commit waits for the disk."""

RESTART: Final = (
    "Name another table with --out, or add --restart: it labels everything again, and keeps what people "
    "answered."
)

DAMAGED: Final = "is damaged. --restart labels everything again, and keeps what people answered."

FORM: Final = 4
"""Of the file, in its user_version; those of earlier versions are lower."""

_SCHEMA: Final = (
    f"PRAGMA user_version = {FORM}",
    "CREATE TABLE IF NOT EXISTS run (run TEXT, seconds REAL, has_changed INTEGER)",
    "CREATE TABLE IF NOT EXISTS rows (number INTEGER, path TEXT, stamp TEXT, label TEXT, confidence REAL, "
    "reason TEXT, familiarity REAL, product TEXT, row TEXT)",
    "CREATE INDEX IF NOT EXISTS rows_by_path ON rows (path)",
    "CREATE INDEX IF NOT EXISTS rows_by_product ON rows (product, number)",
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

_ADDED: Final = "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

_OUTDATED: Final = """
DELETE FROM rows WHERE path = ? AND (stamp <> ? OR label IS NULL) AND rowid NOT IN (SELECT row FROM seen)
"""

_PRODUCTS: Final = "SELECT product FROM rows WHERE product <> '' GROUP BY product ORDER BY min(number)"

_SHARED: Final = """
SELECT sha256, json_group_array(DISTINCT product)
FROM (SELECT json_extract(row, '$[0]') AS sha256, product FROM rows WHERE product <> '' AND label IS NOT NULL)
GROUP BY sha256 HAVING count(DISTINCT product) > 1
"""

_HOLDING: Final = """
SELECT sha256, attribute, product, label, at FROM answers WHERE product = '' OR EXISTS (
    SELECT 1 FROM rows WHERE rows.product = answers.product AND json_extract(row, '$[0]') = answers.sha256
)
"""

_PRODUCT: Final = "UPDATE rows SET product = ? WHERE rowid = ?"

_CELLS: Final = "SELECT product{} FROM rows ORDER BY number"

_CELL: Final = ", json_extract(row, '$[3][{}]')"
"""A cell of the list, by its place in `Run.further`; SQLite reads no more of the row's JSON than that."""

_ROW: Final = "SELECT row, path, stamp, familiarity, product, number FROM rows"

_PHOTOS: Final = f"{_ROW} WHERE product = ? ORDER BY number"

_PICTURE: Final = f"{_ROW} WHERE product = '' AND number = ?"

_NUMBERED: Final = "SELECT rowid, row, path, stamp, familiarity, product, number FROM rows"


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
        superseded: the run whose rows the run of this journal discards; None where there are none.
    """

    def __init__(
        self,
        table: Path,
        run: Run | None = None,
        *,
        restart: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is touched yet.

        Args:
            table: where the table goes.
            run: that goes on, or begins; None to take the rows that are there, of whatever run.
            restart: discard the rows of earlier runs.
            clock: seconds, of which only differences count.
        """
        self.path = journal_of(table)
        self.kept = self.added = self.recovered = 0
        self.kept_as: Path | None = None
        self.seconds, self.has_changed, self.is_complete = 0.0, True, False
        self.superseded: Run | None = None
        self._run = self._begins = run
        self._committed, self._is_dirty = 0.0, False
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
            problems = self._db.execute("PRAGMA integrity_check(1)").fetchall()
        except UnicodeDecodeError:  # SQLite quotes what is damaged
            return False
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) not in _DAMAGED:
                raise
            return False
        there = self.path.stat().st_size
        is_sound = problems == [("ok",)] and form in {FORM, FORM_3} and there >= pages * size
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
            held = self._db.execute(_HELD, (path_in_table(item.name), item.stamp)).fetchone()
        if held is None or (item.stamp.startswith(UNSEEN) and held[2] is None):
            return False  # what could not be fetched yesterday may be there today
        row, number, _ = held
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
        outdated = [(path_in_table(item.name), item.stamp) for item in items]
        added = [_values(item.number, row, self.run) for item, row in zip(items, rows, strict=True)]
        with self._errors_named():
            self._db.executemany(_OUTDATED, outdated)
            self._db.executemany(_ADDED, added)
        self._is_dirty = True
        self.added += len(added)
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

    @property
    def run(self) -> Run:
        """What the rows are of.

        Raises:
            TableUnusable: there are none.
        """
        if self._run is None:
            raise TableUnusable(
                f"{self.path}: has no rows. Label the source first; what people answered stays."
            )
        return self._run

    def row_count(self) -> int:
        """How many rows there are."""
        (count,) = self._db.execute("SELECT count(*) FROM rows").fetchone()
        return int(count)

    def rows(self) -> Iterator[Row]:
        """Each row, as the model answered, in the order of the source."""
        return self._rows(f"{_ROW} ORDER BY number")

    def products(self) -> Iterator[list[Row]]:
        """The rows of each product, in the order of the source, by the first row of each."""
        return map(self.photos_of, self.product_names())

    def photos_of(self, product: str) -> list[Row]:
        """The rows of one product, in the order of the source."""
        return list(self._rows(_PHOTOS, product))

    def picture(self, number: int) -> Row:
        """The row of a picture without a product, by its place in the source."""
        return next(self._rows(_PICTURE, number))

    def product_names(self) -> list[str]:
        """The products, by the first row of each."""
        with self._errors_named():
            return [product for (product,) in self._db.execute(_PRODUCTS)]

    def shared(self) -> dict[str, frozenset[str]]:
        """The products under which a picture lies, by its sha256, where there are several."""
        with self._errors_named():
            return {sha256: frozenset(json.loads(names)) for sha256, names in self._db.execute(_SHARED)}

    def cells(self, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
        """The product of each row and its cells in some columns of the list, in the order of the source."""
        places = [list(self.run.further).index(name) for name in columns]
        query = _CELLS.format("".join(map(_CELL.format, places)))
        with self._errors_named():
            for product, *cells in self._db.execute(query):
                yield product, dict(zip(columns, cells, strict=True))

    def photos_of_none(self) -> int:
        """How many rows are of no product."""
        (count,) = self._db.execute("SELECT count(*) FROM rows WHERE product = ''").fetchone()
        return int(count)

    def answers(self) -> dict[Question, HumanAnswer]:
        """What people said of pictures, and of the products that still have the photo which they answered."""
        with self._errors_named():
            rows = self._db.execute(_HOLDING).fetchall()
        return {Question(*question): HumanAnswer(label, at) for *question, label, at in rows}

    def answer_count(self) -> int:
        """How many answers of people there are, those included that hold for no product of the table."""
        (count,) = self._db.execute("SELECT count(*) FROM answers").fetchone()
        return int(count)

    def answer(self, answers: Mapping[Question, HumanAnswer]) -> None:
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

    def amend(self, *, by: By | None, categories: Categories, notes: Sequence[str], words: str = "") -> None:
        """Keep what changes the table alone; no picture is labelled again.

        Raises:
            TableUnusable: the disk is full.
        """
        before = self.run
        after = replace(before, by=by, categories=categories, notes=tuple(notes), words=words)
        if before == after:
            return
        with self._errors_named():
            if before.by != by:
                self._db.executemany(_PRODUCT, self._products_by(by))
            self._db.execute("UPDATE run SET run = ?", (after.as_json(),))
            self._table_changes()
        self._run = after

    def _products_by(self, by: By | None) -> Iterator[tuple[str, int]]:
        """The product of each row, and its number in the file."""
        for rowid, *kept in self._db.execute(_NUMBERED):
            yield by.product_of(row_from(tuple(kept), self.run.further)) if by else "", rowid

    def _rows(self, query: str, *values: str | int) -> Iterator[Row]:
        columns = self.run.further
        with self._errors_named():
            for kept in self._db.execute(query, values):
                yield row_from(kept, columns)

    def _begin(self) -> None:
        """Make the tables, or check whose they are.

        Raises:
            OtherRun: another command's.
        """
        if self._form() == FORM_3:
            _convert(self._db, with_rows=not self._restart)
        self.superseded = self._superseded()
        if self.superseded or self._restart:
            self._db.execute("DROP TABLE IF EXISTS rows")
            self._db.execute("DROP TABLE IF EXISTS run")
        for statement in (*_SCHEMA, *_SEEN):
            self._db.execute(statement)
        kept = self._db.execute("SELECT run, seconds, has_changed FROM run").fetchone()
        if kept:
            self._go_on(Run.from_json(kept[0]))
        elif self._begins:
            # Of products those that a table may be there of; `amend` has what this run says.
            by = self.superseded.by if self.superseded else None
            self._run = replace(self._begins, by=by, categories={}, notes=(), words="")
            kept = self._run.as_json(), 0.0, _ROWS_CHANGED
            self._db.execute("INSERT INTO run VALUES (?, ?, ?)", kept)
        self._db.commit()
        _, seconds, changed = kept or ("", 0.0, _ROWS_CHANGED)
        self.seconds, self.has_changed = float(seconds), changed != _EXPORTED
        self.is_complete = changed != _ROWS_CHANGED
        self._committed = self._clock()

    def _go_on(self, kept: Run) -> None:
        """Take the rows of a run that was begun before.

        Raises:
            OtherRun: it is another one.
        """
        if self._begins and (others := kept.differences(self._begins)):
            raise OtherRun(f"{self.path}: was begun with {others}. {RESTART}")
        self._run = kept

    def _superseded(self) -> Run | None:
        """The run whose rows are to be discarded; None where they stay, or there are none."""
        if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'run'").fetchone() is None:
            return None
        kept = self._db.execute("SELECT run FROM run").fetchone()
        with suppress(ValueError) if self._restart else ExitStack():  # a restart discards a damaged one, too
            run = Run.from_json(kept[0]) if kept else None
            if run and (self._restart or (self._begins and run.is_superseded_by(self._begins))):
                return run
        return None

    def _form(self) -> int:
        (form,) = self._db.execute("PRAGMA user_version").fetchone()
        return int(form)

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        """Turn errors of SQLite and of the system into sentences that name the file."""
        try:
            yield
        except sqlite3.Error as error:
            raise TableUnusable(f"{self.path}: {_explained(error)}") from error
        except ValueError as error:  # of JSON, or of text that is none
            raise TableUnusable(f"{self.path}: {DAMAGED}") from error
        except OSError as error:
            raise TableUnusable(f"{self.path}: cannot be written ({error.strerror}).") from error


def journal_of(table: Path) -> Path:
    """Where the rows of a table are kept."""
    return table.with_name(f"{table.name}.sqlite")


def _values(number: int, row: Row, run: Run) -> tuple[object, ...]:
    """A row as `_ADDED` takes it."""
    answer, product = row.label, run.by.product_of(row) if run.by else ""
    ordered_by = answer.label, answer.confidence, answer.reason, row.familiarity
    return (number, row.path, row.stamp, *ordered_by, product, row.as_json(run.further))


def _convert(db: sqlite3.Connection, *, with_rows: bool) -> None:
    """Put what a journal of form 3 keeps into the tables of this form; takes part in a transaction.

    Args:
        db: the file.
        with_rows: whether its rows are to stay; else a damaged one does no harm.
    """
    db.execute("DROP INDEX rows_by_path")
    for table in ("run", "rows"):
        db.execute(f"ALTER TABLE {table} RENAME TO {table}_of_form_3")
    for statement in _SCHEMA:
        db.execute(statement)
    db.execute("UPDATE answers SET attribute = ? WHERE attribute = ''", (LABEL,))
    with ExitStack() if with_rows else suppress(ValueError):
        for fingerprint, seconds, state in db.execute("SELECT * FROM run_of_form_3").fetchall():
            run = run_of_form_3(fingerprint)
            changed = _ANSWERS_CHANGED if state == _EXPORTED else state  # this version may decide otherwise
            db.execute("INSERT INTO run VALUES (?, ?, ?)", (run.as_json(), seconds, changed))
            if with_rows:
                cells = db.execute("SELECT number, cells, stamp FROM rows_of_form_3")
                rows = ((number, row_of_form_3(text, stamp, run)) for number, text, stamp in cells)
                db.executemany(_ADDED, (_values(number, row, run) for number, row in rows))
    for table in ("run", "rows"):
        db.execute(f"DROP TABLE {table}_of_form_3")


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
    answers = set[tuple[str, ...]]()
    with closing(sqlite3.connect(path)) as old:
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.DatabaseError, ValueError):
                old.execute("PRAGMA writable_schema = ON")  # without it, SQLite reads nothing of a short file
                for *key, label, at in old.execute(f"SELECT * FROM answers ORDER BY rowid {order}"):  # noqa: S608
                    # Version 1 had the attribute behind the hash; until form 3, that of the class was empty.
                    question = key if len(key) == 3 else (*str(key[0]).partition(" ")[::2], "")
                    answer = (question[0], question[1] or LABEL, question[2], label, at)
                    if all(isinstance(cell, str) for cell in answer) and SHA256.fullmatch(question[0]):
                        answers.add(answer)
    return answers


def _explained(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorcode", None):  # errors of the module itself have none
        case sqlite3.SQLITE_BUSY:
            return "another run is at work on this table."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"cannot be read ({error}). The same command keeps what people answered and labels again."
        case sqlite3.SQLITE_ERROR:  # of JSON: the statements are ours
            return DAMAGED
    return f"cannot be written ({error}). What was labelled before is kept."
