"""Write the table of photos, the table of products and their summary from the journal of a run.

A run writes, for example, `labels.csv` (a row for each picture), `labels-products.csv` (a row for each
product, if photos are grouped) and `labels.csv.summary.json` (figures). Each row is decided once, and counted
while it is written. The summary is made of the counts.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import TypeAdapter

from inference.reasons import ReasonPlace
from labelling.decide.category_questions import CategoryQuestions
from labelling.decide.decisions import RunDecisions
from labelling.decide.product_answers import make_products_path
from labelling.errors import TableUnusable
from labelling.journal.journal_file import Journal
from labelling.journal.journal_format import EXPORTED
from labelling.journal.journal_rows import RunListing
from labelling.rows import TableRow
from labelling.write.columns import TableColumn, make_photo_columns, make_product_columns
from labelling.write.counts import RowCounts
from labelling.write.denied_words import ContradictedCategories
from labelling.write.outputs import replace_files
from labelling.write.row_collectors import NO_COLLECTORS, RowCollectors
from labelling.write.summary import (
    TableCounts,
    TableSummary,
    is_table_complete,
    make_summary,
    make_summary_path,
    write_summary,
)
from labelling.write.table import choose_table_format, write_table

RowsCounter: TypeAlias = CategoryQuestions | ContradictedCategories
"""A counter of the sentences in the summary, which reads all rows of one table."""

ROWS_PER_COUNT: Final = 64
"""Number of rows that are decided and counted together, before they are written."""


def write_tables(
    table: Path,
    decisions: RunDecisions,
    *,
    kept_count: int = 0,
    collectors: RowCollectors = NO_COLLECTORS,
) -> TableSummary:
    """Write the tables of a finished run and their summary, and return the summary.

    If the files exist and no answer has changed since they were written, they are not written again.

    Args:
        table: the path of the table of photos.
        decisions: the decided rows of its journal, which has an answer for each picture of the source.
        kept_count: the number of rows whose pictures earlier runs had labelled.
        collectors: the collectors of further outputs, which read each row whether it is written or not.

    Raises:
        TableUnusable: the files cannot be written.
    """
    journal = decisions.journal
    has_products = journal.settings.by is not None
    files = list_table_files(table, has_products=has_products)
    if journal.state == EXPORTED and all(map(Path.exists, files)):
        collectors.read_rows(decisions)
        summary = TypeAdapter(TableSummary).validate_python(json.loads(files[-1].read_bytes()))
        return replace(summary, table=str(table), rows_before=kept_count, answers_recovered=0)
    try:
        with replace_files(journal, files) as new:
            counts = _write_counted_tables(
                table, new, decisions, has_products=has_products, collectors=collectors
            )
            summary = make_summary(table, decisions, counts, is_complete=True, kept_count=kept_count)
            write_summary(new[-1], summary)
    except OSError as error:
        raise _make_write_error(table, error) from error
    journal.mark_tables_written()
    return summary


def write_unfinished_tables(table: Path, listing: RunListing, journal: Journal) -> None:
    """Write the table and summary of the rows so far, for a run that ends early.

    Nothing is written if there is a complete table of an earlier run, or if no row is finished.

    Args:
        table: the path of the table of photos.
        listing: the rows of the run so far.
        journal: the open journal of the table.

    Raises:
        TableUnusable: the files cannot be written.
    """
    if is_table_complete(table) or not listing.done_count:
        return
    try:
        with (
            replace_files(journal, list_table_files(table, has_products=False)) as new,
            listing.use_unfinished_listing(),
        ):
            decisions = RunDecisions(journal)
            counts = _write_counted_tables(table, new, decisions, has_products=False)
            kept_count = listing.kept_count
            summary = make_summary(table, decisions, counts, is_complete=False, kept_count=kept_count)
            write_summary(new[-1], summary)
    except OSError as error:
        raise _make_write_error(table, error) from error


def list_table_files(table: Path, *, has_products: bool) -> list[Path]:
    """Return the paths of the table of photos, the table of products and the summary.

    Args:
        table: the path of the table of photos.
        has_products: whether the run groups photos into products; otherwise there is no table of products.
    """
    tables = [table, make_products_path(table)] if has_products else [table]
    return [*tables, make_summary_path(table)]


def _make_write_error(table: Path, error: OSError) -> TableUnusable:
    """Return the error for a file that cannot be written, such as on a full disk."""
    file = error.filename2 or table
    return TableUnusable(
        f"{file}: cannot be written ({error.strerror}). Every row is kept: the same command resumes."
    )


def _write_counted_tables(
    table: Path,
    new_files: Sequence[Path],
    decisions: RunDecisions,
    *,
    has_products: bool,
    collectors: RowCollectors = NO_COLLECTORS,
) -> TableCounts:
    """Write the table of photos and, if asked for, the table of products, and count the rows on the way."""
    form = choose_table_format(table)
    questions = decisions.start_category_questions()
    denied_words = ContradictedCategories(decisions.context)
    counters = list[RowsCounter]()
    # Without answers of people no word can be contradicted, and looking at each row would be wasted.
    if decisions.context.human_answers.labels_by_subject:
        counters.append(denied_words)
    if questions:
        counters.append(questions)
    photos = RowCounts(ReasonPlace.PICTURE)
    products = RowCounts(ReasonPlace.PRODUCT) if has_products else None
    # A category is named with the number of its products, so its rows are counted in one of the tables only.
    rows = _count_rows(
        decisions.read_photo_rows(), photos, [] if products else counters, collectors.add_photo_row
    )
    cut_cells = write_table(new_files[0], form, _make_columns(make_photo_columns, decisions), rows)
    if products:
        rows = _count_rows(decisions.read_product_rows(), products, counters, collectors.add_product_row)
        cut_cells += write_table(new_files[1], form, _make_columns(make_product_columns, decisions), rows)
    return TableCounts(
        photos=photos,
        products=products,
        category_questions=questions,
        denied_words=denied_words,
        cut_cells=cut_cells,
    )


def _make_columns(
    make_columns: Callable[..., list[TableColumn]], decisions: RunDecisions
) -> list[TableColumn]:
    return make_columns(
        decisions.settings,
        has_human_answers=bool(decisions.context.human_answers.labels_by_subject),
        has_shop_words=decisions.list_reader.has_words,
        reader=decisions.list_reader,
    )


def _count_rows(
    rows: Iterator[TableRow],
    counts: RowCounts,
    counters: Sequence[RowsCounter],
    collect_row: Callable[[TableRow], None],
) -> Iterator[TableRow]:
    """Yield the rows of a table, each after it was counted and collected for the other outputs.

    A table may have millions of rows, so they are neither held in memory together nor decided twice.
    """
    while counted_rows := counts.observe_rows(islice(rows, ROWS_PER_COUNT)):
        for counter in counters:
            counter.add_rows(counted_rows)
        for row in counted_rows:
            collect_row(row)
        yield from counted_rows
