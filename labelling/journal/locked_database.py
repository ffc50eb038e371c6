"""An SQLite file that one process uses at a time, with errors that name the file.

    with LockedDatabase(Path("labels.csv.sqlite"), known_versions={13}) as database:
        database.execute("INSERT INTO answers VALUES (?, ?)", "9f86...", "Dress")

SQLite itself undoes half-written changes when the file is opened after a kill. What this file adds: a second
process is refused at once in place of waiting, a damaged file is found before it is used, and each error of
SQLite becomes a sentence for the user.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from labelling.errors import TableUnusable

DAMAGE_ADVICE: Final = (
    "is damaged, or of another version. Name another table with --out, or add --restart and give people's "
    "corrections again."
)
"""End of an error message about a file whose content cannot be used."""

_DAMAGE_CODES: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class LockedDatabase(AbstractContextManager["LockedDatabase"]):
    """An SQLite file that is locked for one process, as a context manager.

    Changes are committed at the end of the `with` block, and by `commit`.

    Attributes:
        path: the path of the SQLite file.
    """

    def __init__(
        self, path: Path, *, known_versions: Collection[int], can_replace_damaged: bool = False
    ) -> None:
        """Keep the path. The file is opened by `with`.

        Args:
            known_versions: the format versions (SQLite's `user_version`) that the caller can read.
            can_replace_damaged: whether a damaged file is deleted and begun anew, in place of an error.
        """
        self.path = path
        self._known_versions = known_versions
        self._can_replace_damaged = can_replace_damaged

    def __enter__(self) -> Self:
        """Open the file, or create it, and lock it.

        Raises:
            TableUnusable: the file cannot be written, is damaged, or is in use by another process.
        """
        with ExitStack() as undo, self.convert_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=0)
            # By name: a damaged file is replaced by a new connection, which has to be closed instead.
            undo.callback(self._close_connection)
            if not self._is_sound_after_lock():
                self._replace_damaged()
            self._prepare_tables()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit all changes, also after an error in the block, and close the file."""
        try:
            # If the disk is full, the error that ended the block says so already.
            with suppress(TableUnusable) if error else ExitStack():
                self.commit()
        finally:
            self._close_connection()

    def _prepare_tables(self) -> None:
        """Create or check the tables of the file, for a subclass that has some."""

    def _close_connection(self) -> None:
        self._db.close()

    def _is_sound_after_lock(self) -> bool:
        """Lock the file, which undoes half-written changes, and return whether its content can be used."""
        try:
            self._lock_file()
            (pages,), (page_size,), (version,) = (
                self._db.execute(f"PRAGMA {pragma}").fetchone()
                for pragma in ("page_count", "page_size", "user_version")
            )
            problems = self._db.execute("PRAGMA integrity_check(1)").fetchall()
        except UnicodeDecodeError:  # SQLite's report quotes damaged text
            return False
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) not in _DAMAGE_CODES:
                raise
            return False
        size_on_disk = self.path.stat().st_size
        if size_on_disk == 0:  # a new file, until its first commit
            return True
        # The header says how many pages the file should have, which shows that it was cut off.
        is_whole = size_on_disk >= pages * page_size
        return problems == [("ok",)] and version in self._known_versions and is_whole

    def _lock_file(self) -> None:
        # SQLite would give the lock back after each commit, and a second run could begin in between.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("BEGIN EXCLUSIVE")

    def _replace_damaged(self) -> None:
        if not self._can_replace_damaged:
            raise TableUnusable(f"{self.path}: {DAMAGE_ADVICE}")
        self._db.close()
        # SQLite's own file of half-written changes belongs to the damaged file.
        for file in (self.path, self.path.with_name(f"{self.path.name}-journal")):
            file.unlink(missing_ok=True)
        self._db = sqlite3.connect(self.path, timeout=0)
        self._lock_file()

    def query(self, sql: str, *values: str | int) -> Iterator[tuple[Any, ...]]:
        """Run an SQL query, and yield its rows while they are read.

        Args:
            sql: the query, with a question mark for each value.

        Raises:
            TableUnusable: SQLite reports an error.
        """
        with self.convert_errors():
            yield from self._db.execute(sql, values)

    def query_value(self, sql: str, *values: str | int) -> Any:  # noqa: ANN401 - of any type of SQLite
        """Run an SQL query whose result is one cell, such as `SELECT count(*) FROM photos`, and return it.

        Args:
            sql: the query, with a question mark for each value.

        Raises:
            TableUnusable: SQLite reports an error.
        """
        [(cell,)] = self.query(sql, *values)
        return cell

    def execute(self, sql: str, *values: str | int | float | None) -> int:
        """Run an SQL statement without a commit, and return how many rows it changed.

        Args:
            sql: the statement, with a question mark for each value.

        Raises:
            TableUnusable: SQLite reports an error.
        """
        with self.convert_errors():
            return self._db.execute(sql, values).rowcount

    def execute_many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> int:
        """Run an SQL statement for each row of values, without a commit; return how many rows it changed.

        Args:
            sql: the statement, with a question mark for each value of a row.

        Raises:
            TableUnusable: SQLite reports an error.
        """
        with self.convert_errors():
            return self._db.executemany(sql, rows).rowcount

    def commit(self) -> None:
        """Commit all changes, and wait until they are on the disk.

        Raises:
            TableUnusable: the disk is full; changes since the last commit are lost.
        """
        with self.convert_errors():
            self._db.commit()

    @contextmanager
    def convert_errors(self) -> Iterator[None]:
        """Turn errors of SQLite and of the system in a `with` block into TableUnusable, naming the file."""
        try:
            yield
        except sqlite3.Error as error:
            raise TableUnusable(f"{self.path}: {_explain_sqlite_error(error)}") from error
        except OSError as error:
            raise TableUnusable(f"{self.path}: cannot be written ({error.strerror}).") from error

    @contextmanager
    def convert_damage_errors(self) -> Iterator[None]:
        """Turn errors in a `with` block that parses stored texts into TableUnusable, also a ValueError.

        SQLite does not notice if a disk changed the letters of a text, but its JSON can then not be parsed.
        """
        try:
            with self.convert_errors():
                yield
        except ValueError as error:
            raise TableUnusable(f"{self.path}: {DAMAGE_ADVICE}") from error


def _explain_sqlite_error(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorcode", None):  # errors of Python's module itself have no code
        case sqlite3.SQLITE_BUSY:
            return "another run is at work on this table."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"cannot be read ({error}). It {DAMAGE_ADVICE}"
        case sqlite3.SQLITE_ERROR:  # our statements are right, so a stored text is no valid JSON
            return DAMAGE_ADVICE
    return f"cannot be written ({error}). What was labelled before is kept."
