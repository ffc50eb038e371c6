"""Write the table and its summary from a journal, in one pass over its rows, and the table of products.

On the way each row is counted as the model answered it, and gets people's answers and the platform's
categories.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from inference.contract import LABEL
from inference.listed import LIST, NONE
from inference.words import KIND
from labelling.columns import columns, product_columns
from labelling.decide import NO_PHOTO, decide, words_of
from labelling.errors import TableUnusable
from labelling.journal import EXPORTED, Journal
from labelling.list_check import SHARED
from labelling.list_words import OFF
from labelling.listing import Listing
from labelling.outputs import replaced
from labelling.products import ProductSummary, products_of
from labelling.row import ACCEPT, REVIEW, Category
from labelling.rows import photo_rows, product_rows
from labelling.table import check_form, write_table

OF_TABLES: Final = (LIST, SHARED)
"""The reasons that tables alone have."""

OUTCOMES: Final[tuple[str | None, ...]] = (None, "ambiguous", "unproven", "unfamiliar", *OF_TABLES)
"""The reasons for a review; None is ACCEPT."""


@dataclass(frozen=True, kw_only=True)
class WordsSummary:
    """What the summary says of the list's words: about products, or about pictures where there are none.

    Attributes:
        language: of the words; where the table of words lacks it, none is read.
        named: of how many the list names a kind.
        agreeing: of these, answers of that kind: an accepted attribute `kind`, else the class.
        contradicting: answers of another kind.
        by_list: accepted ones that list and photo decided together.
    """

    language: str
    named: int
    agreeing: int
    contradicting: int
    by_list: int = 0


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What `TABLE.summary.json` and `--json` say of a table.

    Attributes:
        source: its address.
        version: of the release.
        is_complete: it has a row for each picture of the source.
        rows_before: those that earlier runs had made.
        answers_recovered: people's answers that came over from a journal of version 2.0.0.
        first_error: the first picture that has one, and what it is; empty without errors.
        decided_by_person: those whose label people gave; the other figures are of the model's answers.
        accepted: answers about the class that are accepted.
        accepted_by_list: of these, by the list's words and the photo together.
        checked: of these, those that people answered, too.
        checked_right: of these, those where people gave the same label.
        seconds: that all runs took to label.
        review_share: of the answers, how many need a person.
        labels: for each label, in index order, the pictures with each outcome.
        columns: what the table calls the columns of the list, by their names there.
        categories: id and name of the platform's category, by label; empty for none.
        attributes: for each label of each attribute, the pictures with each decision.
        products: of the table of products; None without one.
        notes: what a person should know of the list, a sentence each.
        words: of the list; None where it has none, or they are not read.
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
    notes: Sequence[str]
    products: ProductSummary | None = None
    words: WordsSummary | None = None


def export(table: Path, journal: Journal, *, is_complete: bool, kept: int = 0) -> Summary:
    """Decide, and write the table and its summary, unless the same are there already or there is no row yet.

    Products wait for all of their photos.

    Args:
        table: where the table goes.
        journal: of this table.
        is_complete: there is an answer for each picture of the source.
        kept: rows that earlier runs had made.

    Raises:
        TableUnusable: they cannot be written.
    """
    files = tables_of(table, has_products=is_complete and journal.run.by is not None)
    if journal.state == EXPORTED and all(map(Path.exists, files)):
        return summary_in(table, journal, is_complete=is_complete, kept=kept)
    try:
        with replaced(journal, files) as new:
            summary = _write(table, new, journal, is_complete=is_complete, kept=kept)
    except OSError as error:
        raise _not_written(table, error) from error
    if is_complete:
        journal.exported()
    return summary


def export_so_far(table: Path, listing: Listing, journal: Journal) -> None:
    """Write the rows of a run that ends early, unless a complete table stands there, or there is no row.

    Raises:
        TableUnusable: they cannot be written.
    """
    if _stands_complete(table) or not listing.done:
        return
    try:
        with replaced(journal, tables_of(table, has_products=False)) as new, listing.so_far():
            _write(table, new, journal, is_complete=False, kept=listing.kept)
    except OSError as error:
        raise _not_written(table, error) from error


def tables_of(table: Path, *, has_products: bool) -> list[Path]:
    """The files that a run writes of each table: the table, that of products, and the summary."""
    return [table, *([products_of(table)] if has_products else []), summary_of(table)]


def _not_written(table: Path, error: OSError) -> TableUnusable:
    file = error.filename2 or error.filename or table
    return TableUnusable(
        f"{file}: cannot be written ({error.strerror}). Every row is kept: the same command resumes."
    )


def _write(table: Path, new: Sequence[Path], journal: Journal, *, is_complete: bool, kept: int) -> Summary:
    """Decide, and write `tables_of` a table into new files."""
    decide(journal)
    run, with_people, form = journal.run, has_people(journal), check_form(table)
    write_table(new[0], form, columns(run, with_people=with_people), photo_rows(journal))
    if len(new) > 2:
        write_table(new[1], form, product_columns(run, with_people=with_people), product_rows(journal))
    summary = summary_in(table, journal, is_complete=is_complete, kept=kept)
    new[-1].write_text(json.dumps(asdict(summary), indent=1) + "\n", "utf-8")
    return summary


def has_people(journal: Journal) -> bool:
    """Whether tables say who decided: people answered something that holds for a picture or product."""
    return bool(journal.value(_HAS_PEOPLE))


_HAS_PEOPLE: Final = """
SELECT EXISTS(SELECT 1 FROM answers WHERE product = '') OR EXISTS(
    SELECT 1 FROM answers JOIN current USING (product) JOIN photos USING (path, stamp, sha256)
    WHERE product <> ''
)
"""


def summary_in(table: Path, journal: Journal, *, is_complete: bool, kept: int = 0) -> Summary:
    """What is to be said of a table, by what was decided of its rows."""
    run, of_pictures = journal.run, _Counts(journal, of_products=False)
    of_products = _Counts(journal, of_products=True) if is_complete and run.by else None
    labels: dict[str, dict[str, int]] = {
        label: {reason or ACCEPT: of_pictures.outcomes[LABEL, label, reason] for reason in OUTCOMES}
        for label in (*run.heads[LABEL], *([NONE] if of_pictures.has(NONE) else []))
    }
    answers = of_pictures.rows - of_pictures.outcomes[LABEL, None, None]
    first_error = next(journal.query(_FIRST_ERROR), ("",))
    return Summary(
        table=str(table),
        source=run.source,
        version=run.version,
        is_complete=is_complete,
        rows=of_pictures.rows,
        rows_before=kept,
        answers_recovered=journal.recovered or 0,
        errors=of_pictures.outcomes[LABEL, None, None],
        first_error=first_error[0],
        decided_by_person=of_pictures.decided_by_person,
        accepted=of_pictures.accepted,
        accepted_by_list=of_pictures.by_list,
        checked=of_pictures.checked.total(),
        checked_right=of_pictures.checked[True],
        seconds=journal.seconds,
        review_share=1 - of_pictures.accepted / answers if answers else 0.0,
        labels=labels,
        columns=dict(run.further),
        categories=run.categories.get(LABEL, {}),
        attributes={
            head: {label: of_pictures.decisions(head, label) for label in names}
            for head, names in run.attributes.items()
        },
        products=_product_summary(table, journal, of_products) if of_products else None,
        notes=run.notes,
        words=_words_summary(journal, of_products=of_products is not None),
    )


class _Counts:
    """What was decided of pictures, or of products.

    Attributes:
        outcomes: by head, label and reason, without people's answers.
        rows: how many there are.
        accepted: answers about the class that are accepted.
        by_list: of these, by the list's words and the photo together.
        decided_by_person: rows whose class people gave.
        checked: accepted answers that people answered, too, by whether these agree.
    """

    def __init__(self, journal: Journal, *, of_products: bool) -> None:
        self.outcomes = Counter[tuple[str, str | None, str | None]]()
        self.checked = Counter[bool]()
        self.rows = self.accepted = self.by_list = self.decided_by_person = 0
        for head, predicted, decision, reason, by_list, by_person, label, count in journal.query(
            _OUTCOMES, of_products
        ):
            self.outcomes[head, predicted, reason] += count
            if head == LABEL:
                self.rows += count
                self.accepted += count * (decision == ACCEPT)
                self.by_list += count * (decision == ACCEPT and by_list)
                self.decided_by_person += count * by_person
                if decision == ACCEPT and by_person and label:
                    self.checked[label == predicted] += count

    def has(self, label: str) -> bool:
        """Whether a class was answered so."""
        return any(count for (head, of, _), count in self.outcomes.items() if (head, of) == (LABEL, label))

    def decisions(self, head: str, label: str) -> dict[str, int]:
        """How many answers of an attribute were accepted, and how many need a review."""
        every = sum(count for key, count in self.outcomes.items() if key[:2] == (head, label))
        accepted = self.outcomes[head, label, None]
        return {ACCEPT: accepted, REVIEW: every - accepted}


_OUTCOMES: Final = """
SELECT head, predicted, decision, reason, predicted_by IS 'list', decided_by IS 'person', label, count(*)
FROM decided WHERE (product <> '') = ? GROUP BY 1, 2, 3, 4, 5, 6, 7
"""

_FIRST_ERROR: Final = """
SELECT path || ': ' || error FROM current JOIN photos USING (path, stamp) WHERE error <> ''
ORDER BY number LIMIT 1
"""


def without_photo(journal: Journal, limit: int) -> list[str]:
    """The first products of which no photo can be read."""
    return [product for (product,) in journal.query(_WITHOUT_PHOTO, LABEL, NO_PHOTO, limit)]


_WITHOUT_PHOTO: Final = """
SELECT product FROM decided WHERE product <> '' AND head = ? AND predicted IS NULL AND reason = ?
ORDER BY number LIMIT ?
"""


def _product_summary(table: Path, journal: Journal, counts: _Counts) -> ProductSummary:
    by, run = journal.run.by, journal.run
    reasons = Counter[str]()
    for (head, label, reason), count in counts.outcomes.items():
        if head == LABEL and label is not None and reason:
            reasons[reason] += count
    return ProductSummary(
        table=str(products_of(table)),
        column=run.further.get(by.column, by.column) if by else "",
        products=counts.rows,
        accepted=counts.accepted,
        accepted_by_list=counts.by_list,
        reviewed=dict(sorted(reasons.items())),
        without_answer=counts.outcomes[LABEL, None, NO_PHOTO],
        decided_by_person=counts.decided_by_person,
        checked=counts.checked.total(),
        checked_right=counts.checked[True],
        photos_of_none=journal.value("SELECT count(*) FROM current WHERE product = ''"),
    )


def _words_summary(journal: Journal, *, of_products: bool) -> WordsSummary | None:
    """What was decided beside the list's words."""
    words = words_of(journal)
    if words.language == OFF:
        return None
    counts = dict(journal.query(_AGREEING, KIND, LABEL, of_products))
    return WordsSummary(
        language=words.language,
        named=journal.value(_NAMED, of_products),
        agreeing=counts.get(1, 0),
        contradicting=counts.get(0, 0),
        by_list=journal.value(_BY_LIST, LABEL, of_products),
    )


_NAMED: Final = "SELECT count(*) FROM decided WHERE listed_as IS NOT NULL AND (product <> '') = ?"

_BY_LIST: Final = """
SELECT count(*) FROM decided WHERE head = ? AND predicted_by = 'list' AND decision = 'accept'
AND (product <> '') = ?
"""

_AGREEING: Final = """
SELECT agrees, count(*) FROM (
    SELECT coalesce(
        max(iif(head = ? AND decision = 'accept' AND admits, 1, NULL)), max(iif(head = ?, admits, NULL))
    ) AS agrees
    FROM decided WHERE (product <> '') = ? GROUP BY number, product
) GROUP BY agrees
"""
"""An accepted kind that the words admit agrees, whatever the class is."""


def summary_of(table: Path) -> Path:
    """Where the summary of a table is."""
    return table.with_name(f"{table.name}.summary.json")


def _stands_complete(table: Path) -> bool:
    try:
        return table.exists() and json.loads(summary_of(table).read_bytes())["is_complete"] is True
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # it is no summary
        return False
