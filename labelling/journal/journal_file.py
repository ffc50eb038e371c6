"""The journal: an SQLite file beside the table that survives a kill, since it is committed once a second.

The journal of `labels.csv` is `labels.csv.sqlite`. It keeps three things apart: the answers of the model to
photos, the listing of the source (which pictures there are, in which order), and the answers of people.
SQLite's rollback journal undoes half-written changes after a kill, and its exclusive lock keeps a second run
out. From a file of version 2.0.0, people's answers are kept. A damaged file is refused.
"""

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, TypeAlias

from inference.contract import LABEL
from labelling.errors import RunMismatch, TableUnusable
from labelling.journal.human_answer import HumanAnswer, Question
from labelling.lists.identifiers import read_identifier
from labelling.lists.own_words import CategoryAnswer, format_meaning, parse_meaning
from labelling.run_settings import RunSettings

COMMIT_SECONDS: Final = 1.0
"""Seconds of work that a kill may cost. Each commit waits for the disk."""

RESTART_ADVICE: Final = (
    "Name another table with --out, or add --restart: it labels everything again, and keeps what people "
    "answered."
)

DAMAGE_ADVICE: Final = (
    "is damaged, or of another version. Name another table with --out, or add --restart and give people's "
    "corrections again."
)

FORMAT_VERSION: Final = 13
"""Version of the journal file's format, which the file has in SQLite's `user_version`."""

FORMAT_OF_VERSION_2: Final = 3
"""Format version of journal files that release 2.0.0 of this software wrote."""

UNFINISHED, CHANGED, EXPORTED = range(3)
"""States of a journal: some pictures have no answer; all have one; the tables show all answers, too."""

SCHEMA_SQL: Final = (
    f"PRAGMA user_version = {FORMAT_VERSION}",
    "CREATE TABLE run (run TEXT, listing INTEGER, seconds REAL, state INTEGER, written TEXT, options TEXT)",
    "CREATE TABLE photos (path TEXT, stamp TEXT, sha256 TEXT, error TEXT, familiarity REAL, heads TEXT, "
    "PRIMARY KEY (path, stamp))",
    "CREATE TABLE listed (listing INTEGER, number INTEGER, path TEXT, stamp TEXT, product TEXT, cells TEXT, "
    "PRIMARY KEY (listing, number)) WITHOUT ROWID",
    "CREATE INDEX listed_by_product ON listed (listing, product)",
    "CREATE VIEW current AS SELECT number, path, stamp, product, cells FROM listed "
    "WHERE listing = (SELECT max(listing, 1) FROM run)",
    "CREATE TABLE answers (sha256 TEXT, attribute TEXT, product TEXT, label TEXT NOT NULL, at TEXT NOT NULL, "
    "PRIMARY KEY (sha256, attribute, product))",
    "CREATE TABLE seen_photos (sha256 TEXT, attribute TEXT, product TEXT, photo TEXT, "
    "PRIMARY KEY (sha256, attribute, product, photo)) WITHOUT ROWID",
    "CREATE TABLE category_answers (key TEXT PRIMARY KEY, category TEXT NOT NULL, label TEXT NOT NULL, "
    "at TEXT NOT NULL)",
)
"""Tables of the file. `run.listing` is the listing that is complete, and 0 before there is one; the first one
is used while it is filled. `run.written` is JSON with the sha256 of the files beside the journal, or NULL if
they are not known. `run.options` is JSON with the options of the command line. Version 2.0.0 can also read
`answers` of a later file: the class is ''. `seen_photos` has, for each answer about a product, the sha256 of
the photos that the person saw. `category_answers` has the answers of people about categories, by
`make_category_key`."""

_ADD_ANSWER: Final = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)"

_TABLES_OF_RUN: Final = ("run", "photos", "listed")

_PHOTOS_OF_PRODUCTS: Final = """
SELECT DISTINCT product, sha256 FROM current JOIN photos USING (path, stamp)
WHERE error = '' AND product IN (SELECT value FROM json_each(?))
"""

_ANSWERS_WITHOUT_SEEN_PHOTOS: Final = """
SELECT sha256, attribute, product FROM answers WHERE product <> '' AND NOT EXISTS (
    SELECT 1 FROM seen_photos AS seen WHERE seen.sha256 = answers.sha256
    AND seen.attribute = answers.attribute AND seen.product = answers.product
)
"""

_FORGET_SEEN_PHOTOS: Final = "DELETE FROM seen_photos WHERE sha256 = ? AND attribute = ? AND product = ?"


AnswerKey: TypeAlias = tuple[str, str, str]
"""The key of a row of `answers`: the sha256 of a photo, the attribute ("" for the class), and the product."""


class Journal(AbstractContextManager["Journal"]):
    """The journal of one table: an SQLite file with the answers of model and people, which survives a kill.

    Use it as a context manager. The file is locked inside the block, so that no second run can use it.

    Attributes:
        table: the path of the table, such as `labels.csv`.
        path: the path of the SQLite file, such as `labels.csv.sqlite`.
        recovered_count: the number of people's answers from a file of version 2.0.0; None for another file.
        earlier_settings: the settings of the run whose answers the file had when it was opened; None without
            one.
        options: the options of the command line of that run, or of this run once they are kept.
        is_superseded: whether its answers are discarded, because this run has a later release.
        seconds: the seconds that labelling took in all runs.
        state: UNFINISHED, CHANGED or EXPORTED.
    """

    def __init__(
        self,
        table: Path,
        settings: RunSettings | None = None,
        *,
        is_restart: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create a journal without touching any file.

        Args:
            settings: the settings of the run that continues or begins; None to use the existing rows of any
                run.
            is_restart: whether the answers of earlier runs are discarded.
            clock: returns seconds, of which only differences are used.
        """
        self.table = table
        self.path = make_journal_path(table)
        self.recovered_count: int | None = None
        self.is_superseded = False
        self.earlier_settings: RunSettings | None = None
        self.options: Mapping[str, Any] = {}
        self.seconds = 0.0
        self.state = UNFINISHED
        self._settings: RunSettings | None = None
        self._new_settings = settings
        self._committed = 0.0
        self._is_dirty = False
        self._is_restart = is_restart
        self._clock = clock

    def __enter__(self) -> Self:
        """Open the journal file, or create it, and lock it.

        Raises:
            TableUnusable: the file cannot be written, is damaged, or is in use by another run.
            RunMismatch: the file belongs to a run with another source, release or labels.
        """
        with ExitStack() as undo, self.convert_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=0)
            undo.callback(self._close_database)
            if not self._is_file_sound():
                self._replace_damaged()
            self._create_tables()
            undo.pop_all()
        return self

    def _close_database(self) -> None:
        self._db.close()

    def _replace_damaged(self) -> None:
        if not self._is_restart:
            raise TableUnusable(f"{self.path}: {DAMAGE_ADVICE}")
        self._db.close()
        for file in (self.path, self.path.with_name(f"{self.path.name}-journal")):
            file.unlink(missing_ok=True)
        self._db = sqlite3.connect(self.path, timeout=0)
        self._lock_file()

    def _is_file_sound(self) -> bool:
        """Open the file, which undoes half-written changes; return whether it is sound and its form known."""
        try:
            self._lock_file()
            (pages,), (size,), (form,) = (
                self._db.execute(f"PRAGMA {pragma}").fetchone()
                for pragma in ("page_count", "page_size", "user_version")
            )
            problems = self._db.execute("PRAGMA integrity_check(1)").fetchall()
        except UnicodeDecodeError:  # SQLite quotes what is damaged
            return False
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) not in _DAMAGE_CODES:
                raise
            return False
        there = self.path.stat().st_size
        is_sound = (
            problems == [("ok",)] and form in {FORMAT_OF_VERSION_2, FORMAT_VERSION} and there >= pages * size
        )
        return is_sound or there == 0  # until the first commit

    def _lock_file(self) -> None:
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

    def _create_tables(self) -> None:
        """Create the tables of the file, or check that they belong to this run.

        Raises:
            RunMismatch: they belong to a run with another source, release or labels.
        """
        (form,) = self._db.execute("PRAGMA user_version").fetchone()
        answers = self._take_answers_of_version_2() if form == FORMAT_OF_VERSION_2 else None
        if form != FORMAT_VERSION:
            for statement in SCHEMA_SQL:
                self._db.execute(statement)
        self._continue_or_begin_run()
        if answers is not None:
            self._db.execute("UPDATE run SET written = NULL")
            self._db.executemany(_ADD_ANSWER, answers)
            self.recovered_count = len(answers)
        self._db.commit()
        self._committed = self._clock()

    def _take_answers_of_version_2(self) -> list[tuple[str, ...]]:
        """Return people's answers from a file of version 2.0.0, by time, and remove its tables.

        If two products of that file are one by now, the latest answer is used. An answer to the product `nan`
        belongs to no product.

        Raises:
            RunMismatch: the file belongs to another source, or no source is given.
        """
        rows = self._db.execute(
            "SELECT sha256, attribute, product, label, at FROM answers ORDER BY at"
        ).fetchall()
        for (text,) in self._db.execute("SELECT fingerprint FROM run").fetchall():
            with self.convert_damage_errors():
                source = json.loads(text)["source"]
            if not self._is_restart and (self._new_settings is None or self._new_settings.source != source):
                why = f"is of version 2.0.0 and of source {source!r}. Name that SOURCE again."
                raise RunMismatch(f"{self.path}: {why} {RESTART_ADVICE}")
        for name in ("run", "rows", "answers"):
            self._db.execute(f"DROP TABLE {name}")  # with its indices
        return [
            (sha256, attribute, read_identifier(product), *answer)
            for sha256, attribute, product, *answer in rows
            if read_identifier(product) or not product
        ]

    def _continue_or_begin_run(self) -> None:
        """Continue the run that the file has, or begin a new one in its place.

        Raises:
            RunMismatch: the run in the file has another source, release or labels.
        """
        stored_run = self._db.execute("SELECT run, seconds, state, written, options FROM run").fetchone()
        # A restart discards a damaged one, too.
        with suppress(ValueError) if self._is_restart else self.convert_damage_errors():
            self.earlier_settings = RunSettings.parse_json(stored_run[0]) if stored_run else None
            self.options = json.loads(stored_run[4] or "{}") if stored_run else {}
        now = self._new_settings
        if (
            self.earlier_settings
            and now
            and not self._is_restart
            and (others := self.earlier_settings.describe_differences(now))
        ):
            if not self.earlier_settings.is_superseded_by(now):
                raise RunMismatch(f"{self.path}: was begun with {others}. {RESTART_ADVICE}")
            self.is_superseded = True
        if stored_run and not (self._is_restart or self.is_superseded):
            self._settings = self.earlier_settings
            _, self.seconds, self.state, *_ = stored_run
        elif now:
            for table in _TABLES_OF_RUN:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
            # The hashes stay: files of the discarded run still lie there, and this run may replace them.
            known_hashes = stored_run[3] if stored_run else "{}"
            row = now.format_json(), UNFINISHED, known_hashes
            self._db.execute("INSERT INTO run VALUES (?, 0, 0.0, ?, ?, NULL)", row)
            self._settings = now

    @property
    def settings(self) -> RunSettings:
        """The settings of the run whose rows the journal has.

        Raises:
            TableUnusable: the journal has no rows yet.
        """
        if self._settings is None:
            raise TableUnusable(
                f"{self.path}: has no rows. Label the source first; what people answered stays."
            )
        return self._settings

    @property
    def known_hashes(self) -> dict[str, list[str]] | None:
        """The SHA-256 of the table and of each file written beside it, by file name; None if not known.

        A name has two hashes while its file is replaced: the old one and the new one.
        """
        text = self.query_value("SELECT max(written) FROM run")
        with self.convert_damage_errors():
            return json.loads(text) if text else None

    def keep_hashes(self, hashes: Mapping[str, Iterable[str | None]]) -> None:
        """Keep the SHA-256 of files beside the journal, so that later runs recognise them as their own.

        Args:
            hashes: the hashes of each file in hexadecimal, by file name; None if a file does not exist.
        """
        hashes_by_name = {name: list(filter(None, file_hashes)) for name, file_hashes in hashes.items()}
        self.execute("UPDATE run SET written = ?", json.dumps((self.known_hashes or {}) | hashes_by_name))
        self.commit()

    def keep_options(self, options: Mapping[str, object]) -> None:
        """Keep the options of this run's command line in the journal, for a later command to read."""
        self.options = options
        self.execute("UPDATE run SET options = ?", json.dumps(options, default=str))
        self.commit()

    @property
    def is_complete(self) -> bool:
        """Whether all pictures of the source are listed, and each has an answer or an error."""
        return self.state != UNFINISHED

    def query(self, sql: str, *values: str | int) -> Iterator[tuple[Any, ...]]:
        """Run an SQL query on the journal file, and yield its rows while they are read.

        Args:
            sql: the query, with a question mark for each value.
            *values: the values of the question marks.

        Raises:
            TableUnusable: SQLite reports an error.
        """
        with self.convert_errors():
            yield from self._db.execute(sql, values)

    def query_value(self, sql: str, *values: str | int) -> Any:  # noqa: ANN401 - of any type of SQLite
        """Run an SQL query that has one row with one cell, and return the cell.

        Args:
            sql: the query, with a question mark for each value.
            *values: the values of the question marks.

        Raises:
            TableUnusable: SQLite reports an error.
        """
        [(cell,)] = self.query(sql, *values)
        return cell

    def execute(self, sql: str, *values: str | int | float | None) -> int:
        """Run an SQL statement without a commit, and return how many rows it changed.

        Args:
            sql: the statement, with a question mark for each value.
            *values: the values of the question marks.

        Raises:
            TableUnusable: SQLite reports an error.
        """
        with self.convert_errors():
            return self._db.execute(sql, values).rowcount

    def execute_many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> int:
        """Run an SQL statement for each row of values, without a commit; return how many rows it changed.

        Args:
            sql: the statement, with a question mark for each value.
            rows: the values of the question marks, for each run of the statement.

        Raises:
            TableUnusable: SQLite reports an error.
        """
        with self.convert_errors():
            return self._db.executemany(sql, rows).rowcount

    def mark_unfinished(self) -> None:
        """Note that answers have changed, so that the tables are no longer complete.

        The changes are committed if the last commit was at least COMMIT_SECONDS ago.
        """
        self._is_dirty = True
        if self._clock() - self._committed >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Commit all changes, and wait until they are on the disk.

        Raises:
            TableUnusable: the disk is full; changes since the last commit are lost.
        """
        now = self._clock()
        if self._is_dirty:
            self.seconds = self.seconds + now - self._committed
            self.state = UNFINISHED
            self.execute("UPDATE run SET seconds = ?, state = ?", self.seconds, UNFINISHED)
        with self.convert_errors():
            self._db.commit()
        self._committed = now
        self._is_dirty = False

    def make_current(self, run: RunSettings, listing: int) -> None:
        """Make a complete listing of the source's pictures the current one, which all queries then read.

        Args:
            run: the settings of the run that made the listing.
            listing: the number of the listing in the file.
        """
        self.commit()
        self.execute("UPDATE run SET run = ?, listing = ?, state = ?", run.format_json(), listing, CHANGED)
        # Answers from version 2.0.0 do not say which photos the person saw.
        self._keep_seen_photos({key: frozenset() for key in self.query(_ANSWERS_WITHOUT_SEEN_PHOTOS)})
        self._settings = run
        self.state = CHANGED

    def keep_settings(self, run: RunSettings) -> None:
        """Replace the settings in the journal file, for example when the language of titles was found.

        Args:
            run: the settings of the current run, with the facts that were found.
        """
        self.execute("UPDATE run SET run = ?", run.format_json())
        self._settings = run

    def mark_changed(self) -> None:
        """Note in the journal that the tables have to be written again, though no picture was labelled."""
        if self.state == EXPORTED:
            self.execute("UPDATE run SET state = ?", CHANGED)
            self.state = CHANGED
        self.commit()

    def mark_exported(self) -> None:
        """Note in the journal that the tables have been written with all its rows."""
        self.execute("UPDATE run SET state = ?", EXPORTED)
        self.state = EXPORTED
        self.commit()

    @contextmanager
    def show_as_current(self, run: RunSettings, listing: int) -> Iterator[None]:
        """Use an incomplete listing of the source's pictures as the current one during a `with` block.

        Changes that are made within the block are undone at its end.

        Args:
            run: the settings of the run that makes the listing.
            listing: the number of the listing in the file.
        """
        self.commit()
        before = self._settings
        self._settings = run
        try:
            self.execute("UPDATE run SET listing = ?", listing)
            yield
        finally:
            self._settings = before
            with self.convert_errors():
                self._db.rollback()

    def read_human_answers(self) -> dict[Question, HumanAnswer]:
        """Return the answers of people by question, also about pictures that are not in this table."""
        rows = self.query("SELECT sha256, attribute, product, label, at FROM answers")
        return {
            Question(sha256, attribute or LABEL, product): HumanAnswer(label, at)
            for sha256, attribute, product, label, at in rows
        }

    def keep_human_answers(
        self,
        answers: Mapping[Question, HumanAnswer],
        card_photos: Mapping[Question, Set[str]] = MappingProxyType({}),
    ) -> None:
        """Add answers of people to the journal, or replace earlier answers; all are written, or none.

        Args:
            card_photos: the sha256 of the photos on the card of a question about a product, as far as its
                file of corrections names them.

        Raises:
            TableUnusable: the disk is full.
        """
        earlier_answers = self.read_human_answers()
        cards = dict[AnswerKey, Set[str]]()
        for question, answer in answers.items():
            # The same answer given again is about the photos that the person saw then, not about today's.
            if earlier_answers.get(question) == answer:
                continue
            attribute = "" if question.attribute == LABEL else question.attribute
            key = question.sha256, attribute, question.product
            self.execute(_ADD_ANSWER, *key, *answer)
            if question.product:
                cards[key] = card_photos.get(question, frozenset())
        self._keep_seen_photos(cards)
        self.mark_changed()

    def _keep_seen_photos(self, cards: Mapping[AnswerKey, Set[str]]) -> None:
        """Keep which photos a person saw for each answer about a product.

        Args:
            cards: the sha256 of the photos on the card that are known, by the key of the answer.
        """
        present_photos = defaultdict[str, set[str]](set)
        products = json.dumps(list({product for *_, product in cards}))
        for product, sha256 in self.query(_PHOTOS_OF_PRODUCTS, products) if cards else ():
            present_photos[product].add(sha256)
        for key, card_photos in cards.items():
            sha256, _, product = key
            seen = {sha256, *card_photos}
            # A card shows only the first photos of a product, so the others count as seen, too. But if a
            # photo of the card is gone, the product has photos by now that nobody saw.
            if seen <= present_photos[product]:
                seen |= present_photos[product]
            self.execute(_FORGET_SEEN_PHOTOS, *key)
            self.execute_many(
                "INSERT INTO seen_photos VALUES (?, ?, ?, ?)", [(*key, photo) for photo in seen]
            )

    def read_category_answers(self) -> list[CategoryAnswer]:
        """Return the answers of people about categories, including categories that the current list lacks."""
        rows = self.query("SELECT category, label, at FROM category_answers ORDER BY at, rowid")
        return [CategoryAnswer(category, parse_meaning(label), at) for category, label, at in rows]

    def keep_category_answers(self, answers: Mapping[str, CategoryAnswer]) -> None:
        """Add answers of people about categories, or replace earlier ones; all are written, or none.

        Args:
            answers: the answers by the key of the category level (`make_category_key`).

        Raises:
            TableUnusable: the disk is full.
        """
        rows = (
            (key, answer.category, format_meaning(answer.meaning), answer.answered_at)
            for key, answer in answers.items()
        )
        self.execute_many("INSERT OR REPLACE INTO category_answers VALUES (?, ?, ?, ?)", rows)
        self.mark_changed()

    @contextmanager
    def convert_errors(self) -> Iterator[None]:
        """Turn errors of SQLite and of the system within a `with` block into TableUnusable, naming the file.

        A ValueError about a text passes through; `convert_damage_errors` turns such errors about stored
        texts.
        """
        try:
            yield
        except sqlite3.Error as error:
            raise TableUnusable(f"{self.path}: {_explain_sqlite_error(error)}") from error
        except OSError as error:
            raise TableUnusable(f"{self.path}: cannot be written ({error.strerror}).") from error

    @contextmanager
    def convert_damage_errors(self) -> Iterator[None]:
        """Turn errors in a `with` block that reads rows into TableUnusable, also those of damaged text."""
        try:
            with self.convert_errors():
                yield
        except ValueError as error:  # of JSON, or of text that is none
            raise TableUnusable(f"{self.path}: {DAMAGE_ADVICE}") from error


def make_journal_path(table: Path) -> Path:
    """Return the path of a table's journal, the SQLite file beside the table that survives a kill.

    Args:
        table: the path of the table, such as `labels.csv`, whose journal is `labels.csv.sqlite`.
    """
    return table.with_name(f"{table.name}.sqlite")


_DAMAGE_CODES: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _explain_sqlite_error(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorcode", None):  # errors of the module itself have none
        case sqlite3.SQLITE_BUSY:
            return "another run is at work on this table."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"cannot be read ({error}). It {DAMAGE_ADVICE}"
        case sqlite3.SQLITE_ERROR:  # of JSON: the statements are ours
            return DAMAGE_ADVICE
    return f"cannot be written ({error}). What was labelled before is kept."
