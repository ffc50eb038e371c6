"""The journal of a table: an SQLite file that keeps all answers, so that a killed run can go on.

The journal of `labels.csv` is `labels.csv.sqlite`. It keeps three things apart: the answers of the model to
photos, the listing of the source (which pictures there are, in which order), and the answers of people. The
tables are written from it. A kill costs at most the last second of work, and a second run is refused while
one is at work. From a file of version 2.0.0, people's answers are taken over. A damaged file is refused.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from inference.contract import LABEL
from labelling.errors import RunMismatch, TableUnusable
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_format import (
    CHANGED,
    EXPORTED,
    FORMAT_OF_VERSION_2,
    FORMAT_VERSION,
    SCHEMA_SQL,
    UNFINISHED,
    AnswerOfVersion2,
    read_sources_of_version_2,
    remove_tables_of_version_2,
)
from labelling.journal.locked_database import LockedDatabase
from labelling.journal.seen_photos import AnswerKey, complete_seen_photos, keep_seen_photos
from labelling.lists.own_words import CategoryAnswer, format_meaning, parse_meaning
from labelling.run_settings import RunSettings

COMMIT_SECONDS: Final = 1.0
"""Seconds of work that a kill may cost. A commit after each picture would wait for the disk each time."""

RESTART_ADVICE: Final = (
    "Name another table with --out, or add --restart: it labels everything again, and keeps what people "
    "answered."
)
"""End of an error message about a table that was begun in another way."""

_ADD_ANSWER: Final = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)"

_TABLES_OF_RUN: Final = ("run", "photos", "listed")


class Journal(LockedDatabase):
    """The journal of a table: an SQLite file with the answers of model and people, which survives a kill.

        with Journal(Path("labels.csv"), settings) as journal:
            journal.keep_human_answers({Question("9f86..."): HumanAnswer("Dress", "2026-11-30T03:00Z")})

    The file is locked inside the block, so that no second run can use it.

    Attributes:
        table: the path of the table, such as `labels.csv`.
        path: the path of the SQLite file, such as `labels.csv.sqlite`.
        recovered_count: the number of people's answers from a file of version 2.0.0; None for another file.
        earlier_settings: the settings of the run whose answers the file had when it was opened; None without
            one.
        options: the options of the command line of that run, or of this run once they are kept.
        is_superseded: whether the answers of the earlier run are discarded, because this run has a later
            release.
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
            is_restart: whether the model's answers of earlier runs are discarded. Those of people stay.
            clock: returns seconds, of which only differences are used.
        """
        versions = {FORMAT_OF_VERSION_2, FORMAT_VERSION}
        super().__init__(make_journal_path(table), known_versions=versions, can_replace_damaged=is_restart)
        self.table = table
        self.recovered_count: int | None = None
        self.is_superseded = False
        self.earlier_settings: RunSettings | None = None
        self.options: Mapping[str, Any] = {}
        self.seconds = 0.0
        self.state = UNFINISHED
        self._settings: RunSettings | None = None
        self._new_settings = settings
        self._committed_at = 0.0
        self._is_dirty = False
        self._is_restart = is_restart
        self._clock = clock

    def _prepare_tables(self) -> None:
        """Create the tables of the file, or check that they belong to this run.

        Raises:
            RunMismatch: they belong to a run with another source, release or labels.
        """
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        answers = self._take_answers_of_version_2() if version == FORMAT_OF_VERSION_2 else None
        if version != FORMAT_VERSION:
            for statement in SCHEMA_SQL:
                self._db.execute(statement)
        self._continue_or_begin_run()
        if answers is not None:
            # 2.0.0 kept no hashes of the tables, so whatever lies beside the journal counts as its own.
            self._db.execute("UPDATE run SET written = NULL")
            # In the order of time: if two products of 2.0.0 have one name by now, the latest answer stays.
            self._db.executemany(_ADD_ANSWER, answers)
            self.recovered_count = len(answers)
        self._db.commit()
        self._committed_at = self._clock()

    def _take_answers_of_version_2(self) -> list[AnswerOfVersion2]:
        """Remove the tables of version 2.0.0, and return the answers of people.

        Raises:
            RunMismatch: the file belongs to another source, or no source is given.
        """
        with self.convert_damage_errors():
            sources = list(read_sources_of_version_2(self._db))
        expected = self._new_settings.source if self._new_settings else None
        for source in sources:
            if source != expected and not self._is_restart:
                raise RunMismatch(
                    f"{self.path}: is of version 2.0.0 and of source {source!r}. Name that SOURCE again. "
                    f"{RESTART_ADVICE}"
                )
        return remove_tables_of_version_2(self._db)

    def _continue_or_begin_run(self) -> None:
        """Continue the run that the file has, or begin a new one in its place.

        Raises:
            RunMismatch: the run in the file has another source, release or labels.
        """
        stored_run = self._db.execute("SELECT run, seconds, state, written, options FROM run").fetchone()
        # A restart discards the settings, so it need not be able to read them.
        with suppress(ValueError) if self._is_restart else self.convert_damage_errors():
            self.earlier_settings = RunSettings.parse_json(stored_run[0]) if stored_run else None
            self.options = json.loads(stored_run[4] or "{}") if stored_run else {}
        now = self._new_settings
        if self.earlier_settings and now and not self._is_restart:
            self.is_superseded = self._has_later_release(self.earlier_settings, now)
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

    def _has_later_release(self, earlier: RunSettings, now: RunSettings) -> bool:
        """Return whether a run has a later release than the one before, so that it labels everything again.

        Raises:
            RunMismatch: the settings differ in another way that would change rows of the table.
        """
        differences = earlier.describe_differences(now)
        if differences and not earlier.is_superseded_by(now):
            raise RunMismatch(f"{self.path}: was begun with {differences}. {RESTART_ADVICE}")
        return bool(differences)

    @property
    def settings(self) -> RunSettings:
        """The settings of the run whose rows the journal has.

        Raises:
            TableUnusable: the journal has no run yet, such as one that was taken over from version 2.0.0.
        """
        if self._settings is None:
            raise TableUnusable(
                f"{self.path}: has no rows. Label the source first; what people answered stays."
            )
        return self._settings

    @property
    def known_hashes(self) -> dict[str, list[str]] | None:
        """The SHA-256 that the table and the files beside it had when a run wrote them, by file name.

        A file with another hash was edited by somebody. A name has two hashes while its file is replaced: the
        old one and the new one. For a file of the shop's own words there is a second name, with the hashes of
        its rows. The value is None for a journal of version 2.0.0, which kept no hashes.
        """
        text = self.query_value("SELECT max(written) FROM run")
        with self.convert_damage_errors():
            return json.loads(text) if text else None

    def keep_hashes(self, hashes: Mapping[str, Iterable[str | None]]) -> None:
        """Keep the SHA-256 of files beside the journal, so that later runs know which ones they may replace.

        Args:
            hashes: the hashes of each file in hexadecimal, by file name; None if a file does not exist.
        """
        self._replace_hashes(hashes)
        self.commit()

    def _replace_hashes(self, hashes: Mapping[str, Iterable[str | None]]) -> None:
        hashes_by_name = {name: list(filter(None, file_hashes)) for name, file_hashes in hashes.items()}
        self.execute("UPDATE run SET written = ?", json.dumps((self.known_hashes or {}) | hashes_by_name))

    def keep_options(self, options: Mapping[str, object]) -> None:
        """Keep the options of this run's command line, for a later command that names no source."""
        self.options = options
        self.execute("UPDATE run SET options = ?", json.dumps(options, default=str))
        self.commit()

    @property
    def is_complete(self) -> bool:
        """Whether all pictures of the source are listed, and each has an answer or an error."""
        return self.state != UNFINISHED

    def mark_tables_incomplete(self) -> None:
        """Note that a run has new answers that the tables do not show; call this after each few pictures.

        The changes are committed if the last commit was at least COMMIT_SECONDS ago.
        """
        self._is_dirty = True
        if self._clock() - self._committed_at >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Commit all changes, and wait until they are on the disk.

        Raises:
            TableUnusable: the disk is full; changes since the last commit are lost.
        """
        now = self._clock()
        if self._is_dirty:
            self.seconds = self.seconds + now - self._committed_at
            self.state = UNFINISHED
            self.execute("UPDATE run SET seconds = ?, state = ?", self.seconds, UNFINISHED)
        super().commit()
        self._committed_at = now
        self._is_dirty = False

    def make_listing_current(self, settings: RunSettings, listing_number: int) -> None:
        """Make a complete listing (the pictures of the source, in order) the one that all queries read.

        Args:
            settings: the settings of the run that made the listing.
            listing_number: the number of the listing in the file.
        """
        self.commit()
        self.execute(
            "UPDATE run SET run = ?, listing = ?, state = ?", settings.format_json(), listing_number, CHANGED
        )
        complete_seen_photos(self)
        self._settings = settings
        self.state = CHANGED

    def keep_settings(self, settings: RunSettings) -> None:
        """Replace the settings of the current run, for example when the language of titles was found."""
        self.execute("UPDATE run SET run = ?", settings.format_json())
        self._settings = settings

    def mark_tables_outdated(self) -> None:
        """Note that the tables have to be written again, for example after an answer of a person."""
        if self.state == EXPORTED:
            self.execute("UPDATE run SET state = ?", CHANGED)
            self.state = CHANGED
        self.commit()

    def mark_tables_written(self) -> None:
        """Note that the tables on the disk have all rows, so that they need not be written again."""
        self.execute("UPDATE run SET state = ?", EXPORTED)
        self.state = EXPORTED
        self.commit()

    @contextmanager
    def use_unfinished_listing(self, settings: RunSettings, listing_number: int) -> Iterator[None]:
        """Let all queries read an incomplete listing during a `with` block, for a table of the rows so far.

        Changes that are made within the block are undone at its end.

        Args:
            settings: the settings of the run that makes the listing.
            listing_number: the number of the listing in the file.
        """
        self.commit()
        before = self._settings
        self._settings = settings
        try:
            self.execute("UPDATE run SET listing = ?", listing_number)
            yield
        finally:
            self._settings = before
            with self.convert_errors():
                self._db.rollback()

    def read_human_answers(self) -> dict[AnswerSubject, HumanAnswer]:
        """Return the answers of people by question, also about pictures that are not in this table."""
        rows = self.query("SELECT sha256, attribute, product, label, at FROM answers")
        return {
            AnswerSubject(sha256, attribute or LABEL, product): HumanAnswer(label, at)
            for sha256, attribute, product, label, at in rows
        }

    def keep_human_answers(
        self,
        answers: Mapping[AnswerSubject, HumanAnswer],
        card_photos: Mapping[AnswerSubject, Set[str]] = MappingProxyType({}),
    ) -> None:
        """Add answers of people, or replace earlier answers to the same questions; all are kept, or none.

        Args:
            card_photos: the sha256 of the photos on the review sheet's card of a question about a product, as
                far as they are known.

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
        keep_seen_photos(self, cards)
        self.mark_tables_outdated()

    def read_category_answers(self) -> list[CategoryAnswer]:
        """Return what people said about categories, such as `Bluza`: sweater, the earliest answer first.

        Categories that the current list lacks are included, since the next list may have them.
        """
        rows = self.query("SELECT category, label, at FROM category_answers ORDER BY at, rowid")
        return [CategoryAnswer(category, parse_meaning(label), at) for category, label, at in rows]

    def keep_category_answers(
        self,
        answers: Mapping[str, CategoryAnswer],
        hashes: Mapping[str, Iterable[str | None]] = MappingProxyType({}),
    ) -> None:
        """Add answers of people about categories, or replace earlier ones; all are kept, or none.

        Args:
            answers: the answers by category, in the spelling that `make_category_key` makes for comparisons.
            hashes: the hashes of the file that the answers come from, which `keep_hashes` describes.

        Raises:
            TableUnusable: the disk is full.
        """
        rows = (
            (key, answer.category, format_meaning(answer.meaning), answer.answered_at)
            for key, answer in answers.items()
        )
        self.execute_many("INSERT OR REPLACE INTO category_answers VALUES (?, ?, ?, ?)", rows)
        if hashes:
            self._replace_hashes(hashes)
        if answers:
            self.mark_tables_outdated()
        self.commit()


def make_journal_path(table: Path) -> Path:
    """Return the path of a table's journal: `labels.csv.sqlite` for the table `labels.csv`."""
    return table.with_name(f"{table.name}.sqlite")
