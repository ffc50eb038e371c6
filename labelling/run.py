"""One run of `wardrobe label`, from a source of pictures to its outputs.

`run_labelling` does these steps. Each can be repeated after an interruption:

1. Take over changes in a file of the shop's own words (`Gömlek`: shirt), if the command names one.
2. List the pictures of the source in the journal, an SQLite file beside the table.
3. Let workers answer the pictures that have no answer yet, and keep the answers in the journal.
4. Store the answers of people, if there are corrections.
5. Decide each row once, by photo, list and people. Write the tables and their summary, and collect what the
   other outputs need.
6. Write the other outputs: the shop's words, the review sheet, sorted folders, and the feed (the file that a
   sales platform imports).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from inference.text.plain_text import format_count
from inference.words.language_files import LANGUAGE_OFF, get_language_name
from labelling.decide.decisions import RunDecisions
from labelling.decide.valid_answers import count_outdated_answers
from labelling.errors import LabellingError, OutputUnusable, SourceUnusable, TableUnusable
from labelling.job import LabellingJob
from labelling.journal.journal_file import Journal, make_journal_path
from labelling.journal.journal_format import EXPORTED
from labelling.journal.journal_rows import RunListing
from labelling.lists.words_file import make_shop_words_path
from labelling.review.correction_intake import CorrectionEffect, import_corrections
from labelling.review.sheet import WrittenSheet, write_sheet
from labelling.review.sheet_rows import SheetRows
from labelling.review.words_intake import import_shop_words
from labelling.sources.items import PictureItem
from labelling.workers.labeller import Say, WorkerSetup
from labelling.write.feed_files import make_feed_path, mention_earlier_feed
from labelling.write.feeds import FeedResult, FeedRows, write_feed
from labelling.write.outputs import check_no_file_exists, check_not_edited, record_file_hashes
from labelling.write.own_words_file import write_shop_words
from labelling.write.row_collectors import RowCollectors
from labelling.write.run_tables import write_tables, write_unfinished_tables
from labelling.write.sorted_folders import (
    PictureLabels,
    SortingResult,
    copy_pictures_into_folders,
    describe_half_filled_folder,
)
from labelling.write.summary import TableSummary, find_products_without_photo, read_accepted_count
from labelling.write.table import choose_table_format
from model_store.errors import StoreError

RESUME_LABELLING_ADVICE: Final = "Nothing is lost: the same command goes on where it was."
"""Sentence that the user sees after Ctrl-C while pictures are labelled or tables are written."""

RESUME_OUTPUTS_ADVICE: Final = "The tables are written, and the same command writes the rest."
"""Sentence that the user sees after Ctrl-C while the sheet, the folders or the feed are written."""

MAX_REPORTED_PRODUCTS: Final = 6
"""Largest number of products without a readable photo that a message names."""

Output = TypeVar("Output")

Show: TypeAlias = Callable[[TableSummary, Sequence[str], CorrectionEffect | None], None]
"""Function that shows the summary, the names of the first products without a readable photo, and the effect
of corrections (None without a file of them)."""


@dataclass(frozen=True, kw_only=True)
class LabellingOutcome:
    """The results of a labelling run: a summary, and the outputs that were written beside the table.

    Attributes:
        summary: the summary of the tables.
        correction_effect: the effect of corrections; None without them.
        words_file: the file that explains the shop's own words, for its next list; None without corrections,
            or without such words.
        sheet: the review sheet; None if none was asked for, or it could not be written.
        sorted_pictures: the pictures in folders; None if none were asked for, or they could not be written.
        feed: the import file for a platform; None if none was asked for, or it could not be written.
        errors: the errors of the file of words, sheet, folders and feed, in this order.
    """

    summary: TableSummary
    correction_effect: CorrectionEffect | None
    words_file: Path | None
    sheet: WrittenSheet | None
    sorted_pictures: SortingResult | None
    feed: FeedResult | None
    errors: tuple[Exception, ...]


def run_labelling(
    job: LabellingJob, report_progress: Callable[[int, int], None], say: Say, show_summary: Show
) -> LabellingOutcome:
    """Label the pictures that have no answer yet, write the tables, and then sheet, folders and feed.

    Every step can be repeated: after an interruption at any point, the same call resumes. If an error ends
    the labelling, the table gets the rows so far. An error of sheet, folders or feed hides no other output.

    Args:
        report_progress: called a few times a second with two numbers: rows that have an answer, and among
            them the rows that had one before this run.
        say: called with each sentence for the user, such as one about a worker process that ended.
        show_summary: called as soon as the tables are written.

    Raises:
        LabellingError: a step failed. Finished work stays for the next run.
        SourceUnusable: the source lists no picture. The journal and the table are not touched.
        StoreError: the source is in a store that does not answer.
        KeyboardInterrupt: a person stopped the run. The message says how to continue.
    """
    choose_table_format(job.table)
    if not make_journal_path(job.table).exists():
        check_no_file_exists(job.table, job.output_paths)
    _check_lists_pictures(job)
    with Journal(job.table, job.settings, is_restart=job.is_restart) as journal:
        with _advise_after_stop(RESUME_LABELLING_ADVICE):
            # Read now, since the summary of the last run will be overwritten.
            accepted_before = read_accepted_count(job.table)
            if job.words_file and (
                sentence := import_shop_words(job.words_file, job.own_words, journal, job.table)
            ):
                say(sentence)
            kept_count = _label_pictures(job, journal, report_progress, say)
            correction_effect = None
            if job.corrections is not None:
                effect = import_corrections(job.corrections, journal, job.table)
                correction_effect = effect._replace(accepted_before=accepted_before)
            decisions = RunDecisions(journal)
            _report_title_language(decisions, say)
            _report_outdated_answers(journal, say)
            rows = _RowsOfOutputs(job, decisions)
            summary = write_tables(
                job.table, decisions, kept_count=kept_count, collectors=rows.make_collectors()
            )
        show_summary(summary, _name_products_without_photo(journal, summary), correction_effect)
        return _write_outputs(job, decisions, rows, summary, correction_effect, say)


def _label_pictures(job: LabellingJob, journal: Journal, watch: Callable[[int, int], None], say: Say) -> int:
    """Label the pictures without an answer, and return the number of those that had one."""
    # Files of a run that is discarded, or of version 2.0.0, which kept no hashes, may be replaced.
    if job.is_restart or journal.known_hashes is None:
        record_file_hashes(journal, job.output_paths if job.is_restart else job.table_paths)
    # `replace_files` checks this again. Here it saves hours of labelling for a table that cannot be written.
    check_not_edited(journal, job.output_paths)
    journal.keep_options(job.options)
    _report_earlier_answers(journal, job, say)
    listing = RunListing(journal, job.settings)
    try:
        _label_new_pictures(job, listing, watch, say)
    except BaseException:
        with suppress(TableUnusable, OutputUnusable):  # the reason why it ended matters more
            write_unfinished_tables(job.table, listing, journal)
        raise
    listing.make_listing_current()
    return listing.kept_count


@contextmanager
def _advise_after_stop(sentence: str) -> Iterator[None]:
    """Add a sentence on how to go on to the KeyboardInterrupt that Ctrl-C raises in a `with` block."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"stopped. {sentence}") from stop


def _name_products_without_photo(journal: Journal, summary: TableSummary) -> list[str]:
    has_products_without_answer = summary.products and summary.products["without_answer"]
    return find_products_without_photo(journal, MAX_REPORTED_PRODUCTS) if has_products_without_answer else []


class _RowsOfOutputs:
    """The collectors of the rows that sheet, folders and feed need; None for an output that is not asked for.

    The rows are collected while the tables are written, so that each of them is decided once.
    """

    def __init__(self, job: LabellingJob, decisions: RunDecisions) -> None:
        """Create the collectors of the outputs that the job asks for."""
        self.sheet = SheetRows(decisions, job.sheet_settings) if job.sheet_settings else None
        self.pictures = PictureLabels() if job.sorted_folder is not None else None
        self.feed = FeedRows(job.feed_platform, decisions) if job.feed_platform else None

    def make_collectors(self) -> RowCollectors:
        """Return the collectors, in a group for each sort of rows that they read."""
        return RowCollectors(
            photos=[self.pictures] if self.pictures else [],
            products=[self.feed] if self.feed else [],
            reviewable=[self.sheet] if self.sheet else [],
        )


def _write_outputs(  # noqa: PLR0913, PLR0917 - the run, and what its earlier steps found
    job: LabellingJob,
    decisions: RunDecisions,
    rows: _RowsOfOutputs,
    summary: TableSummary,
    correction_effect: CorrectionEffect | None,
    say: Say,
) -> LabellingOutcome:
    """Write the file of words, the sheet, the folders and the feed; if one fails, write the others."""
    errors = list[Exception]()
    has_rows = summary.has_answers
    words_file = _write_output(lambda: _write_words(job, decisions), errors)
    sheet = _write_output(lambda: _write_sheet(job, decisions, rows.sheet), errors)
    pictures = _write_output(lambda: _sort_pictures(job, rows.pictures), errors)
    # The advice for an empty feed names the review sheet, which does not exist if writing it failed.
    has_failed_sheet = job.sheet_settings is not None and sheet is None
    advice = "" if has_failed_sheet else job.feed_advice
    feed = _write_output(lambda: _write_feed(job, decisions, rows.feed, advice), errors) if has_rows else None
    if not has_rows and job.feed_platform and (file := make_feed_path(job.table, job.feed_platform)).exists():
        say(f"No feed is written: {file} is still the one of an earlier run.")
    return LabellingOutcome(
        summary=summary,
        correction_effect=correction_effect,
        words_file=words_file,
        sheet=sheet,
        sorted_pictures=pictures,
        feed=feed,
        errors=tuple(errors),
    )


def _write_output(write: Callable[[], Output | None], errors: list[Exception]) -> Output | None:
    """Write one output and return its result; if it fails, add the error to `errors` and return None."""
    try:
        return write()
    except (LabellingError, StoreError, OSError) as error:
        errors.append(error)
        return None


def _write_words(job: LabellingJob, decisions: RunDecisions) -> Path | None:
    words = decisions.list_reader.own_words.make_rows()
    if job.corrections is None or not words:
        return None
    with _advise_after_stop(RESUME_OUTPUTS_ADVICE):
        return write_shop_words(job.table, words, decisions.journal)


def _write_sheet(job: LabellingJob, decisions: RunDecisions, rows: SheetRows | None) -> WrittenSheet | None:
    if rows is None or (settings := job.sheet_settings) is None:
        return None
    with _advise_after_stop(RESUME_OUTPUTS_ADVICE):
        return write_sheet(job.source, decisions, settings, rows)


def _sort_pictures(job: LabellingJob, pictures: PictureLabels | None) -> SortingResult | None:
    if job.sorted_folder is None or pictures is None:
        return None
    with _advise_after_stop(describe_half_filled_folder(job.sorted_folder)):
        return copy_pictures_into_folders(job.sorted_folder, job.source, pictures.labels)


def _write_feed(
    job: LabellingJob, decisions: RunDecisions, rows: FeedRows | None, advice: str
) -> FeedResult | None:
    if rows is None:
        return None
    with _advise_after_stop(RESUME_OUTPUTS_ADVICE), mention_earlier_feed(job.table, job.feed_platform):
        return write_feed(rows, job.table, decisions, advice)


def _check_lists_pictures(job: LabellingJob) -> None:
    """Refuse a source without pictures, such as a folder that is not mounted, before the journal is opened.

    Raises:
        SourceUnusable: the source lists no picture.
    """
    if next(job.source.iterate_pictures(), None) is None:
        stays = f" {job.table} stays as it was." if job.table.exists() else ""
        raise SourceUnusable(f"{job.source.source_word} lists no picture.{stays}")


def _report_earlier_answers(journal: Journal, job: LabellingJob, say: Say) -> None:
    """Tell the user what was taken over from version 2.0.0, or discarded because the release is newer."""
    if journal.recovered_count is not None:
        say(
            f"{journal.path} is of version 2.0.0: "
            f"{format_count(journal.recovered_count, 'answer', 'answers')} of people came over, and its "
            "pictures are labelled once more."
        )
        if (words_file := make_shop_words_path(job.table)).exists() and not job.own_words:
            say(
                f"Answers about categories are lost from {journal.path}, as version 2.0.0 keeps none. They "
                f"are still in {words_file}: the same command with --words {words_file} takes them."
            )
    if journal.is_superseded and journal.earlier_settings:
        stay = format_count(
            len(journal.read_human_answers()), "answer of people stays", "answers of people stay"
        )
        say(
            f"{job.table} is of release {journal.earlier_settings.version}: everything is labelled again by "
            f"{job.release.version}. {stay}."
        )


def _report_title_language(decisions: RunDecisions, say: Say) -> None:
    """Tell the user if titles are read in another way than in the last run, and keep how they are read."""
    journal = decisions.journal
    now = decisions.list_words
    if journal.state == EXPORTED:
        return
    before = journal.earlier_settings.list_words if journal.earlier_settings else None
    if before and now.titles != before.titles:
        names, earlier = (", ".join(words.titles) or "none" for words in (now, before))
        say(f"The column of titles is {names}, and was {earlier} before.")
    if before and now.language != before.language and LANGUAGE_OFF not in {now.language, before.language}:
        names, earlier = (get_language_name(words.language) for words in (now, before))
        language_advice = (
            f" --language {before.language} reads them as before."
            if before.is_readable and now.is_readable
            else ""
        )
        say(f"The titles of the list are read as {names}, and were as {earlier} before.{language_advice}")
    journal.keep_settings(decisions.settings)


def _report_outdated_answers(journal: Journal, say: Say) -> None:
    """Tell the user how many answers of people are about photos that their products no longer have."""
    if journal.settings.by and (gone := count_outdated_answers(journal)):
        answers = format_count(gone, "answer of people is", "answers of people are")
        say(
            f"{answers} to photos that are gone from their products, and not used. A sheet asks about these "
            "products again."
        )


def _label_new_pictures(
    job: LabellingJob, listing: RunListing, watch: Callable[[int, int], None], say: Say
) -> None:
    """List the pictures of the source, and let workers answer those that have no answer yet.

    Raises:
        SourceUnusable, StoreError: the source could not be listed to its end.
    """
    ended_by = list[SourceUnusable | StoreError]()
    new_items = _end_at_error(listing.add_and_yield_unanswered(job.source.iterate_pictures()), ended_by)
    # Workers are started only if there is a picture for them, since each of them loads the networks.
    if (first := next(new_items, None)) is not None:
        setup = WorkerSetup(job.source, job.release.folder)
        with closing(job.engine(setup, chain([first], new_items), job.worker_count, say)) as answers:
            for chunk, rows in answers:
                listing.keep_answers(chunk, rows)
                watch(listing.done_count, listing.kept_count)
    # Only now, so that the pictures that were listed before the error have their answers kept.
    for error in ended_by:
        raise error


def _end_at_error(
    items: Iterator[PictureItem], ended_by: list[SourceUnusable | StoreError]
) -> Iterator[PictureItem]:
    """Yield the items of a source; an error that ends it early is added to `ended_by` and not raised.

    Raised here, it would also end the workers, which still have pictures that were listed before it.
    """
    try:
        yield from items
    except (SourceUnusable, StoreError) as error:
        ended_by.append(error)
