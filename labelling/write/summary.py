"""Write the table and its summary from a journal, in one pass over its rows, and the table of products.

On the way each row is counted as the model answered it, and gets people's answers and the platform's
categories.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from inference.contract import LABEL
from inference.plain_text import join_first_items
from inference.reasons import Place, Reason
from labelling.decide.decisions import Decisions
from labelling.decide.product_answers import products_path
from labelling.errors import TableUnusable
from labelling.journal.journal_file import EXPORTED, Journal
from labelling.journal.journal_rows import RunListing
from labelling.lists.titles import LANGUAGE_OFF, describe_title_column
from labelling.rows import Category
from labelling.run_settings import RunSettings
from labelling.write.columns import make_photo_columns, make_product_columns
from labelling.write.counts import RowCounts
from labelling.write.outputs import replace_files
from labelling.write.table import check_form, write_table

CUT_CELLS_NOTE: Final = (
    "{}: {:,} cells of more than 32,767 characters are cut to that, as Excel has no room for them."
)

MAX_NAMED_PRODUCTS: Final = 3
"""Largest number of products with contradicting titles that a sentence names."""

MAX_NAMED_CELLS: Final = 3
"""Largest number of cells without a colour that a sentence names."""

MAX_CONTRADICTING_SHARE: Final = 0.2
"""Share of products with contradicting titles above which the user is asked whether --by names the right
column."""

FOLDERS_READ_NOTE: Final = "The names of folders are read as categories. --language none turns this off."


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The figures of a table, as in the file `TABLE.summary.json` and in the output of `label --json`.

    Attributes:
        source: the address of the source.
        version: the version of the release.
        is_complete: whether there is a row for each picture of the source.
        rows_before: the number of rows of earlier runs.
        answers_recovered: the number of people's answers from a journal of version 2.0.0.
        first_error: the first picture with an error, and the error; empty without errors.
        decided_by_person: the number of rows whose label people gave; the other figures are about the model's
            answers.
        accepted: the number of accepted answers about the class.
        accepted_by_list: the number of accepted answers that title and photo accepted together.
        checked: the number of accepted answers that people answered too.
        checked_right: the number of accepted answers to which people gave the same label.
        seconds: the seconds that all runs took to label.
        review_share: the share of the answers that need a person.
        labels: the number of pictures with each outcome, for each label in order.
        columns: the names of the list's columns in the table, by their names in the list.
        categories: the id and name of the platform's category, by label; empty for none.
        attributes: the number of pictures with each decision, for each label of each attribute.
        products: the same figures for the table of products, and the photos without a product; None without
            it.
        notes: sentences about the list and the table that a person should know.
        category_questions: the number of categories that a sheet asks about, and of the rows in them that
            need a person; None if answers about categories would decide nothing.
        words: the figures of titles: their language, how many products or pictures they name a kind for, and
            how many answers agree; None without titles.
    """

    table: str
    source: str
    version: str
    is_complete: bool
    rows: int
    rows_before: int
    answers_recovered: int
    errors: int
    first_error: str
    decided_by_person: int
    accepted: int
    accepted_by_list: int
    checked: int
    checked_right: int
    seconds: float
    review_share: float
    labels: dict[str, dict[str, int]]
    columns: dict[str, str]
    categories: Mapping[str, Category]
    attributes: dict[str, dict[str, dict[str, int]]]
    notes: tuple[str, ...]
    products: Mapping[str, Any] | None = None
    words: Mapping[str, Any] | None = None
    category_questions: Mapping[str, int] | None = None


def write_tables(table: Path, decisions: Decisions, *, kept_count: int = 0) -> Summary:
    """Write the tables of a finished run and their summary, and return the summary.

    If the files already exist and the journal has not changed since, they are not written again.

    Args:
        table: the path of the table of photos.
        decisions: the decided rows of its journal, which has an answer for each picture of the source.
        kept_count: the number of rows that earlier runs had made.

    Raises:
        TableUnusable: the files cannot be written.
    """
    journal = decisions.journal
    files = table_files(table, has_products=journal.settings.by is not None)
    if journal.state == EXPORTED and all(map(Path.exists, files)):
        summary = TypeAdapter(Summary).validate_python(json.loads(files[-1].read_bytes()))
        return replace(summary, table=str(table), rows_before=kept_count, answers_recovered=0)
    try:
        with replace_files(journal, files) as new:
            summary = _write(table, new, decisions, is_complete=True, kept_count=kept_count)
    except OSError as error:
        raise _not_written(table, error) from error
    journal.mark_exported()
    return summary


def write_unfinished_tables(table: Path, listing: RunListing, journal: Journal) -> None:
    """Write a table of the rows that are finished, for a run that ends early, with its summary.

    Nothing is written if there is a complete table of an earlier run, or if no row is finished.

    Args:
        table: the path of the table of photos.
        listing: the rows of the run so far.
        journal: the open journal of the table.

    Raises:
        TableUnusable: the files cannot be written.
    """
    if _stands_complete(table) or not listing.done_count:
        return
    try:
        with replace_files(journal, table_files(table, has_products=False)) as new, listing.show_unfinished():
            _write(table, new, Decisions(journal), is_complete=False, kept_count=listing.kept_count)
    except OSError as error:
        raise _not_written(table, error) from error


def table_files(table: Path, *, has_products: bool) -> list[Path]:
    """Return the paths of the files that a run writes: the table, that of products, and the summary.

    Args:
        table: the path of the table of photos.
        has_products: whether the run groups photos into products; otherwise there is no table of products.
    """
    return [table, *([products_path(table)] if has_products else []), summary_path(table)]


def _not_written(table: Path, error: OSError) -> TableUnusable:
    file = error.filename2 or table
    return TableUnusable(
        f"{file}: cannot be written ({error.strerror}). Every row is kept: the same command resumes."
    )


def _write(
    table: Path, new: Sequence[Path], decisions: Decisions, *, is_complete: bool, kept_count: int
) -> Summary:
    """Write the files of `table_files` as new files, and count their content."""
    run, form = decisions.settings, check_form(table)
    has_human_answers = bool(decisions.context.human_answers.labels_by_subject)
    has_own_words = decisions.list_reader.has_words
    photos, products, category_questions = (
        RowCounts(Place.PICTURE),
        RowCounts(Place.PRODUCT),
        decisions.start_category_questions(),
    )
    has_products, rows = len(new) > 2, photos.count_rows(decisions.read_photo_rows())
    if category_questions and not has_products:
        rows = category_questions.collect_rows(rows)
    cut = write_table(
        new[0],
        form,
        make_photo_columns(run, has_human_answers=has_human_answers, has_own_words=has_own_words),
        rows,
    )
    if has_products:
        rows = products.count_rows(decisions.read_product_rows())
        rows = category_questions.collect_rows(rows) if category_questions else rows
        cut += write_table(
            new[1],
            form,
            make_product_columns(run, has_human_answers=has_human_answers, has_own_words=has_own_words),
            rows,
        )
    summary = _summary(table, decisions, photos, products if has_products else None)
    summary = replace(
        summary, category_questions=category_questions.count_questions() if category_questions else None
    )
    notes = (*summary.notes, *([CUT_CELLS_NOTE.format(table, cut)] if cut else []))
    summary = replace(summary, is_complete=is_complete, rows_before=kept_count, notes=notes)
    new[-1].write_text(json.dumps(asdict(summary), indent=1) + "\n", "utf-8")
    return summary


def _summary(table: Path, decisions: Decisions, photos: RowCounts, products: RowCounts | None) -> Summary:
    """Return the summary of a table from the counts of its rows."""
    run, errors, language = decisions.settings, photos.count_without_answer(), decisions.list_words.language
    title = (
        ""
        if run.language == LANGUAGE_OFF
        else describe_title_column(decisions.list_words, run.further, run.title)
    )
    answers = photos.rows - errors
    return Summary(
        table=str(table),
        source=run.source,
        version=run.version,
        is_complete=True,
        rows=photos.rows,
        rows_before=0,
        answers_recovered=decisions.journal.recovered_count or 0,
        errors=errors,
        first_error=photos.first_error,
        decided_by_person=photos.decided_by_person,
        accepted=photos.accepted,
        accepted_by_list=photos.accepted_by_list,
        checked=photos.checked_answers.total(),
        checked_right=photos.checked_answers[True],
        seconds=decisions.journal.seconds,
        review_share=sum(photos.count_reviews().values()) / answers if answers else 0.0,
        labels=photos.count_labels(run),
        columns=dict(run.further),
        categories=run.categories.get(LABEL, {}),
        attributes=photos.count_attributes(run),
        products=_make_product_figures(table, run, photos, products) if products else None,
        notes=(
            *run.notes,
            *([title] if title and language == LANGUAGE_OFF else []),
            *([FOLDERS_READ_NOTE] if decisions.list_reader.folder_categories.names_by_depth else []),
            *_name_contradicting(decisions, products.rows if products else 0),
            *_name_cells_without_colour(decisions, products or photos),
        ),
        words=None
        if language == LANGUAGE_OFF
        else {"title": title, **_second_language(decisions)}
        | (products or photos).count_title_kinds(language),
    )


def _name_contradicting(decisions: Decisions, products: int) -> list[str]:
    """Name products whose titles contradict each other, in a sentence; empty without such products."""
    names = decisions.context.titles.contradicting_products
    if not names or not products or decisions.settings.by is None:
        return []
    shown = join_first_items([f"`{name}`" for name in names], MAX_NAMED_PRODUCTS)
    note = f"{len(names):,} of {products:,} products have titles that name different garments: {shown}."
    is_often = len(names) > MAX_CONTRADICTING_SHARE * products
    return [note + (f" Does --by {decisions.settings.by.column} name the right column?" if is_often else "")]


def _name_cells_without_colour(decisions: Decisions, rows: RowCounts) -> list[str]:
    """Count cells of colours that name no colour, in a sentence; empty without such cells."""
    cells = rows.cells_without_colour
    if not cells or not decisions.context.colour_head:
        return []
    shown = join_first_items([f"`{cell}`" for cell in cells], MAX_NAMED_CELLS)
    return [f"{cells.total():,} cells for the colour name no colour ({shown}), so the photos decide."]


def _second_language(decisions: Decisions) -> dict[str, str]:
    second = decisions.list_words.second
    return {"second_language": second} if second else {}


def _make_product_figures(
    table: Path, run: RunSettings, photos: RowCounts, products: RowCounts
) -> Mapping[str, Any]:
    grouping = run.by
    return {
        "table": str(products_path(table)),
        "column": run.further.get(grouping.column, grouping.column) if grouping else "",
        "products": products.rows,
        "accepted": products.accepted,
        "accepted_by_list": products.accepted_by_list,
        "reviewed": products.count_reviews(),
        "without_answer": products.count_without_answer(Reason.NO_PHOTO),
        "decided_by_person": products.decided_by_person,
        "checked": products.checked_answers.total(),
        "checked_right": products.checked_answers[True],
        "photos_of_none": photos.rows_without_product,
    }


def find_products_without_photo(journal: Journal, limit: int) -> list[str]:
    """Return the names of the first products, up to `limit`, that have no readable photo."""
    return [product for (product,) in journal.query(_WITHOUT_PHOTO, limit)]


_WITHOUT_PHOTO: Final = """
SELECT product FROM current JOIN photos USING (path, stamp) WHERE product <> ''
GROUP BY product HAVING min(error) <> '' ORDER BY min(number) LIMIT ?
"""


def summary_path(table: Path) -> Path:
    """Return the path of the summary beside a table: `TABLE.summary.json`."""
    return table.with_name(f"{table.name}.summary.json")


def _stands_complete(table: Path) -> bool:
    try:
        return table.exists() and json.loads(summary_path(table).read_bytes())["is_complete"] is True
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # it is no summary
        return False
