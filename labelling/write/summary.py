"""Make the summary of a table, `labels.csv.summary.json`, from the counts of its rows, and read it again.

{"table": "labels.csv", "rows": 48, "accepted": 34, "review_share": 0.13, ...}
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from inference.contract import LABEL
from inference.reasons import Reason
from inference.words.language_files import LANGUAGE_OFF
from labelling.decide.category_questions import CategoryQuestions
from labelling.decide.decisions import RunDecisions
from labelling.decide.product_answers import make_products_path
from labelling.journal.journal_file import Journal
from labelling.rows import Category
from labelling.run_settings import RunSettings
from labelling.write.counts import RowCounts
from labelling.write.denied_words import ContradictedCategories
from labelling.write.summary_notes import describe_list, describe_titles

CUT_CELLS_NOTE: Final = (
    "{}: {:,} cells of more than 32,767 characters are cut to that, as Excel has no room for them."
)


@dataclass(frozen=True, kw_only=True)
class TableSummary:
    """The figures of a table, as in the file `TABLE.summary.json` and in the output of `label --json`.

    Attributes:
        table: the path of the table of photos.
        source: the address of the source.
        version: the version of the release.
        is_complete: whether there is a row for each picture of the source.
        rows: the number of rows of the table of photos.
        rows_before: the number of these rows whose pictures earlier runs had labelled.
        answers_recovered: the number of people's answers from a journal of version 2.0.0.
        errors: the number of pictures that could not be read.
        rows_without_picture: the number of rows of the list that name no picture.
        first_error: the first picture with an error, and the error; empty without errors.
        decided_by_person: the number of rows whose label people gave; the other figures are about the model's
            answers.
        accepted: the number of accepted answers about the class.
        accepted_by_list: the number of accepted answers that title and photo accepted together.
        checked: the number of accepted answers that people answered too.
        checked_right: the number of accepted answers to which people gave the same label.
        seconds: the seconds that all runs took to label.
        review_share: the share of the answers about the class that need a person, 0 to 1.
        labels: the number of pictures with each outcome, for each class: {"Dress": {"accept": 34, ...}}.
        columns: the names of the list's columns in the table, by their names in the list.
        categories: the id and name of a sales platform's category for each class; empty for none.
        attributes: the number of pictures with each decision, for each label of each attribute.
        products: such figures for the table of products, and the number of photos without a product; None
            without products.
        notes: sentences about the list and the table that a person should know.
        category_questions: the number of categories that a sheet asks about, and of the rows in them that
            need a person; None if answers about categories would decide nothing.
        words: the figures of titles: their language, for how many products or pictures they name a kind of
            garment, and how many answers agree with them; None if titles are not read.
    """

    table: str
    source: str
    version: str
    is_complete: bool
    rows: int
    rows_before: int
    answers_recovered: int
    errors: int
    rows_without_picture: int
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

    @property
    def has_answers(self) -> bool:
        """Whether some picture could be read and has an answer."""
        return self.rows > self.errors + self.rows_without_picture


def write_summary(file: Path, summary: TableSummary) -> None:
    """Write a summary into a file: a JSON object with its fields."""
    file.write_text(json.dumps(asdict(summary), indent=1) + "\n", "utf-8")


@dataclass(frozen=True, kw_only=True)
class TableCounts:
    """The counts of the tables of one run, made while their rows were written.

    Attributes:
        photos: the counts of the table of photos.
        products: the counts of the table of products; None without such a table.
        category_questions: the questions that a sheet would ask about the shop's categories; None if their
            answers would change no decision.
        denied_words: the categories whose word people contradict.
        cut_cells: the number of cells that were cut because Excel has no room for them.
    """

    photos: RowCounts
    products: RowCounts | None
    category_questions: CategoryQuestions | None
    denied_words: ContradictedCategories
    cut_cells: int

    @property
    def decision_counts(self) -> RowCounts:
        """The counts of products, or of photos in a table without products."""
        return self.products or self.photos


def make_summary(
    table: Path, decisions: RunDecisions, counts: TableCounts, *, is_complete: bool, kept_count: int
) -> TableSummary:
    """Return the summary of a table from the counts of its rows."""
    run = decisions.settings
    photos = counts.photos
    errors = photos.count_without_answer() - photos.rows_without_picture
    answers = photos.rows - errors - photos.rows_without_picture
    questions = counts.category_questions
    notes = [
        *run.notes,
        *describe_list(decisions, counts.decision_counts, counts.products),
        *counts.denied_words.describe(),
    ]
    if counts.cut_cells:
        notes.append(CUT_CELLS_NOTE.format(table, counts.cut_cells))
    return TableSummary(
        table=str(table),
        source=run.source,
        version=run.version,
        is_complete=is_complete,
        rows=photos.rows,
        rows_before=kept_count,
        answers_recovered=decisions.journal.recovered_count or 0,
        errors=errors,
        rows_without_picture=photos.rows_without_picture,
        # Rows without a picture are usual in lists. They are shown as the error only if nothing has an
        # answer.
        first_error=photos.first_error or ("" if answers else photos.first_missing_picture),
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
        products=_make_product_figures(table, run, photos, counts.products) if counts.products else None,
        notes=tuple(notes),
        words=_make_word_figures(decisions, counts.decision_counts),
        category_questions=questions.count_questions() if questions else None,
    )


def _make_word_figures(decisions: RunDecisions, counts: RowCounts) -> Mapping[str, Any] | None:
    """Return the figures of a summary about the titles of the list; None if titles are not read."""
    words = decisions.list_words
    if words.language == LANGUAGE_OFF:
        return None
    second_language = {"second_language": words.second_language} if words.second_language else {}
    few_letters = {"has_few_letters": True} if words.has_few_letters else {}
    title = describe_titles(decisions)
    return {"title": title, **second_language, **few_letters, **counts.count_title_kinds(words.language)}


def _make_product_figures(
    table: Path, run: RunSettings, photos: RowCounts, products: RowCounts
) -> Mapping[str, Any]:
    """Return the figures of a summary about the table of products."""
    grouping = run.by
    return {
        "table": str(make_products_path(table)),
        "column": run.further.get(grouping.column, grouping.column) if grouping else "",
        "products": products.rows,
        "accepted": products.accepted,
        "accepted_by_list": products.accepted_by_list,
        "reviewed": products.count_reviews(),
        "without_answer": products.count_without_answer(Reason.NO_PHOTO),
        "decided_by_person": products.decided_by_person,
        "decided_beside_accepted": products.decided_beside_accepted,
        "decided_beside_list": products.decided_beside_list,
        "checked": products.checked_answers.total(),
        "checked_right": products.checked_answers[True],
        "photos_of_none": photos.rows_without_product,
    }


def find_products_without_photo(journal: Journal, limit: int) -> list[str]:
    """Return the names of up to `limit` products without a readable photo, in the order of the source."""
    return [product for (product,) in journal.query(_PRODUCTS_WITHOUT_PHOTO, limit)]


_PRODUCTS_WITHOUT_PHOTO: Final = """
SELECT product FROM current JOIN photos USING (path, stamp) WHERE product <> ''
GROUP BY product HAVING min(error) <> '' ORDER BY min(number) LIMIT ?
"""


def read_accepted_count(table: Path) -> int | None:
    """Return how many products (or pictures, without products) the summary of a table counts as accepted.

    None stands for a table that does not exist, or has no complete summary.
    """
    if not is_table_complete(table):
        return None
    document = json.loads(make_summary_path(table).read_bytes())
    counts = document.get("products") or document
    accepted = counts.get("accepted") if isinstance(counts, dict) else None
    return accepted if isinstance(accepted, int) else None


def make_summary_path(table: Path) -> Path:
    """Return the path of the summary beside a table: `labels.csv.summary.json` for `labels.csv`."""
    return table.with_name(f"{table.name}.summary.json")


def is_table_complete(table: Path) -> bool:
    """Return whether a table exists, and its summary says that it has a row for each picture."""
    try:
        return table.exists() and json.loads(make_summary_path(table).read_bytes())["is_complete"] is True
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # it is no summary
        return False
