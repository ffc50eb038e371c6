"""What survives a kill: an SQLite file beside the table, committed once a second.

`TABLE.sqlite` keeps four things apart: what the model answered to the photos, what the source lists, what
people say, and what is decided of these. Listing and labelling are in listing.py, deciding in decide.py,
and rows.py reads what is decided. SQLite's rollback journal undoes what a kill left half written, and its
exclusive lock keeps a second run out. Of a file that a disk has damaged, and of one in an earlier form,
people's answers are carried over (carried.py).
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from labelling.carried import carry_over, replace_damaged, source_of_earlier
from labelling.decided import HumanAnswer, Question
from labelling.errors import OtherRun, TableUnusable
from labelling.row import Run

COMMIT_SECONDS: Final = 1.0
"""How much work a kill may cost; each commit waits for the disk."""

RESTART: Final = (
    "Name another table with --out, or add --restart: it labels everything again, and keeps what people "
    "answered."
)

DAMAGED: Final = "is damaged. --restart labels everything again, and keeps what people answered."

FORM: Final = 5
"""Of the file, in its user_version; those of earlier versions are lower."""

UNFINISHED, CHANGED, EXPORTED = range(3)
"""States: answers are missing or of a listing that is not whole; all are there; the tables have them, too."""

SCHEMA: Final = (
    f"PRAGMA user_version = {FORM}",
    "CREATE TABLE run (run TEXT, listing INTEGER, seconds REAL, state INTEGER)",
    "CREATE TABLE photos (path TEXT, stamp TEXT, sha256 TEXT, error TEXT, familiarity REAL, heads TEXT, "
    "PRIMARY KEY (path, stamp))",
    "CREATE TABLE listed (listing INTEGER, number INTEGER, path TEXT, stamp TEXT, product TEXT, cells TEXT, "
    "PRIMARY KEY (listing, number)) WITHOUT ROWID",
    "CREATE INDEX listed_by_product ON listed (listing, product)",
    "CREATE VIEW current AS SELECT number, path, stamp, product, cells FROM listed "
    "WHERE listing = (SELECT max(listing, 1) FROM run)",
    "CREATE TABLE people (sha256 TEXT, head TEXT, product TEXT, label TEXT NOT NULL, at TEXT NOT NULL, "
    "PRIMARY KEY (sha256, head, product))",
    "CREATE TABLE decided (number INTEGER, product TEXT, head TEXT, label TEXT, also TEXT, confidence REAL, "
    "decision TEXT, reason TEXT, decided_by TEXT, predicted TEXT, predicted_by TEXT, rests_on TEXT, "
    "category TEXT, fed TEXT, listed_as TEXT, admits INTEGER, suggested TEXT, doubt TEXT, "
    "PRIMARY KEY (number, product, head)) WITHOUT ROWID",
)
"""`run.listing` is the listing that is whole, 0 before there is one; the first one counts while it is filled.
`decided` has a row for each head of a picture, with product '', and of a product, at its first number."""

_OF_TABLES: Final = ("run", "photos", "listed", "decided")


class Journal(AbstractContextManager["Journal"]):
    """The file of one table; a context that keeps a second run out.

    Attributes:
        path: of the SQLite file.
        kept_as: where the file is that was damaged; None if it was sound.
        recovered: people's answers that came over from that file, or from one of an earlier form.
        is_of_earlier_form: it was.
        before: the run whose answers were there when the file was opened; None where there were none.
        superseded: they are discarded, as this run is of a later release.
        seconds: that labelling took, all runs together.
        state: UNFINISHED, CHANGED or EXPORTED.
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
            restart: discard the answers of earlier runs.
            clock: seconds, of which only differences count.
        """
        self.path = journal_of(table)
        self.recovered = 0
        self.kept_as: Path | None = None
        self.is_of_earlier_form = self.superseded = False
        self.before: Run | None = None
        self.seconds, self.state = 0.0, UNFINISHED
        self._run: Run | None = None
        self._begins = run
        self._committed, self._is_dirty = 0.0, False
        self._restart = restart
        self._clock = clock

    def __enter__(self) -> Self:
        """Open or make the file.

        Raises:
            TableUnusable: it cannot be written, or another run is at work.
            OtherRun: it belongs to another command.
        """
        with ExitStack() as undo, self.errors_named():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=0)
            undo.callback(self._close)
            if not self._is_taken_whole():
                self._db.close()
                self.kept_as, self.recovered = replace_damaged(self.path, SCHEMA)
                self._db = sqlite3.connect(self.path, timeout=0)
                self._take()
            self._begin()
            undo.pop_all()
        return self

    def _close(self) -> None:
        self._db.close()

    def _is_taken_whole(self) -> bool:
        """Take the file, which undoes what a kill left, and look whether a version of this left it so."""
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
        is_sound = problems == [("ok",)] and 0 < form <= FORM and there >= pages * size
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

    def _begin(self) -> None:
        """Make the tables, or check whose they are.

        Raises:
            OtherRun: another command's.
        """
        (form,) = self._db.execute("PRAGMA user_version").fetchone()
        if 0 < form < FORM:
            self._check_source(source_of_earlier(self._db))
            self.recovered, self.is_of_earlier_form = carry_over(self._db, SCHEMA), True
        elif form == 0:
            for statement in SCHEMA:
                self._db.execute(statement)
        self._take_run()
        self._db.commit()
        self._committed = self._clock()

    def _check_source(self, source: str) -> None:
        """Refuse a file of an earlier form that is of another source."""
        if source and self._begins and not self._restart and source != self._begins.source:
            raise OtherRun(
                f"{self.path}: was begun with source {source!r} (now {self._begins.source!r}). {RESTART}"
            )

    def _take_run(self) -> None:
        """Go on with the run that is there, or begin one in its place.

        Raises:
            OtherRun: it is another one.
        """
        kept = self._db.execute("SELECT run, seconds, state FROM run").fetchone()
        with suppress(ValueError) if self._restart else ExitStack():  # a restart discards a damaged one, too
            self.before = Run.from_json(kept[0]) if kept else None
        now = self._begins
        if self.before and now and not self._restart and (others := self.before.differences(now)):
            if not self.before.is_superseded_by(now):
                raise OtherRun(f"{self.path}: was begun with {others}. {RESTART}")
            self.superseded = True
        if kept and not (self._restart or self.superseded):
            self._run, (_, self.seconds, self.state) = self.before, kept
        elif now:
            for table in _OF_TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
            self._db.execute("INSERT INTO run VALUES (?, 0, 0.0, ?)", (now.as_json(), UNFINISHED))
            self._run = now

    @property
    def run(self) -> Run:
        """What the current listing is of.

        Raises:
            TableUnusable: there is none.
        """
        if self._run is None:
            raise TableUnusable(
                f"{self.path}: has no rows. Label the source first; what people answered stays."
            )
        return self._run

    @property
    def is_complete(self) -> bool:
        """Whether there is an answer, or an error, for each picture of a listing that is whole."""
        return self.state != UNFINISHED

    def query(self, sql: str, *values: str | int) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, as they are read."""
        with self.errors_named():
            yield from self._db.execute(sql, values)

    def value(self, sql: str, *values: str | int) -> Any:  # noqa: ANN401 - of any type of SQLite
        """The only cell of a query's row."""
        [(cell,)] = self.query(sql, *values)
        return cell

    def change(self, sql: str, *values: str | int | float | None) -> int:
        """Change rows within the transaction; how many they were."""
        with self.errors_named():
            return self._db.execute(sql, values).rowcount

    def change_many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> int:
        """Change some rows within the transaction; how many they were."""
        with self.errors_named():
            return self._db.executemany(sql, rows).rowcount

    def is_labelling(self) -> None:
        """Keep in mind that answers have changed, and commit what is older than COMMIT_SECONDS."""
        self._is_dirty = True
        if self._clock() - self._committed >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Wait until all rows are on the disk.

        Raises:
            TableUnusable: it is full; the rows since the last commit are lost.
        """
        now = self._clock()
        if self._is_dirty:
            self.seconds, self.state = self.seconds + now - self._committed, UNFINISHED
            self.change("UPDATE run SET seconds = ?, state = ?", self.seconds, UNFINISHED)
        with self.errors_named():
            self._db.commit()
        self._committed, self._is_dirty = now, False

    def become(self, run: Run, listing: int) -> None:
        """Make a listing the current one, whole: all queries see it from now on."""
        self.commit()
        self.change("UPDATE run SET run = ?, listing = ?, state = ?", run.as_json(), listing, CHANGED)
        self._run, self.state = run, CHANGED

    def keep(self, run: Run) -> None:
        """Keep what was found of the current listing beside what a run was told."""
        self.change("UPDATE run SET run = ?", run.as_json())
        self._run = run

    def table_changes(self) -> None:
        """Keep in mind that the tables have to be written once more, though no picture was labelled."""
        if self.state == EXPORTED:
            self.change("UPDATE run SET state = ?", CHANGED)
            self.state = CHANGED
        self.commit()

    def exported(self) -> None:
        """Keep in mind that the tables have these rows."""
        self.change("UPDATE run SET state = ?", EXPORTED)
        self.state = EXPORTED
        self.commit()

    @contextmanager
    def taken_for_current(self, run: Run, listing: int) -> Iterator[None]:
        """Look at a listing that is not whole as if it were the current one; what changes is undone."""
        self.commit()
        before, self._run = self._run, run
        try:
            self.change("UPDATE run SET listing = ?", listing)
            yield
        finally:
            self._run = before
            with self.errors_named():
                self._db.rollback()

    def answers(self) -> dict[Question, HumanAnswer]:
        """What people said, whether it holds for a picture of this table or not."""
        rows = self.query("SELECT sha256, head, product, label, at FROM people")
        return {Question(*question): HumanAnswer(label, at) for *question, label, at in rows}

    def answer(self, answers: Mapping[Question, HumanAnswer]) -> None:
        """Add or replace what people said, all of it or nothing.

        Raises:
            TableUnusable: the disk is full.
        """
        rows = ((*question, *answer) for question, answer in answers.items())
        self.change_many("INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?, ?)", rows)
        self.table_changes()

    @contextmanager
    def errors_named(self) -> Iterator[None]:
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


_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _explained(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorcode", None):  # errors of the module itself have none
        case sqlite3.SQLITE_BUSY:
            return "another run is at work on this table."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"cannot be read ({error}). The same command keeps what people answered and labels again."
        case sqlite3.SQLITE_ERROR:  # of JSON: the statements are ours
            return DAMAGED
    return f"cannot be written ({error}). What was labelled before is kept."
