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
from labelling.journal import EXPORTED, Journal, journal_of
from labelling.list_check import SHARED
from labelling.list_words import OFF
from labelling.products import ProductSummary, products_of
from labelling.row import ACCEPT, REVIEW, Category
from labelling.rows import photo_rows, product_rows
from labelling.table import being_written, write_table
from model_store.files import write_whole

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
        answers_recovered: people's answers that came over from a damaged journal, or one of an earlier form.
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

    A complete table stays until there is another complete one: what lacks rows stands beside it meanwhile,
    and products wait for all of their photos.

    Args:
        table: where the table goes.
        journal: of this table.
        is_complete: there is an answer for each picture of the source.
        kept: rows that earlier runs had made.

    Raises:
        TableUnusable: they cannot be written.
    """
    beside = partial_of(table)
    if not is_complete and _stands_complete(table):
        table = beside
    has_products = is_complete and journal.run.by is not None
    written = [table, summary_of(table), *([products_of(table)] if has_products else [])]
    if journal.state == EXPORTED and all(map(Path.exists, written)):
        return summary_in(table, journal, is_complete=is_complete, kept=kept)
    decide(journal)
    summary = summary_in(table, journal, is_complete=is_complete, kept=kept)
    if not (is_complete or summary.rows):
        return summary
    try:
        _write(table, journal, summary)
    except OSError as error:
        file = error.filename2 or error.filename or table
        raise TableUnusable(
            f"{file}: cannot be written ({error.strerror}). Every row is kept: the same command resumes."
        ) from error
    if is_complete:
        journal.exported()
        for gone in (beside, summary_of(beside)):
            gone.unlink(missing_ok=True)
    return summary


def _write(table: Path, journal: Journal, summary: Summary) -> None:
    place = summary_of(table)
    place.unlink(missing_ok=True)  # what is there is of the table before
    run, with_people = journal.run, has_people(journal)
    write_table(table, columns(run, with_people=with_people), photo_rows(journal))
    if summary.products:
        write_table(products_of(table), product_columns(run, with_people=with_people), product_rows(journal))
    write_whole(place, (json.dumps(asdict(summary), indent=1) + "\n").encode())


def has_people(journal: Journal) -> bool:
    """Whether tables say who decided: people answered something that holds for a picture or product."""
    return bool(journal.value(_HAS_PEOPLE))


_HAS_PEOPLE: Final = """
SELECT EXISTS(SELECT 1 FROM people WHERE product = '') OR EXISTS(
    SELECT 1 FROM people JOIN current USING (product) JOIN photos USING (path, stamp, sha256)
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
        answers_recovered=journal.recovered,
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


def kept_beside(table: Path) -> list[Path]:
    """What stands beside a table, or does for a time while it is written."""
    journal = journal_of(table)
    return [journal, journal.with_name(f"{journal.name}-journal"), summary_of(table), being_written(table)]


def partial_of(table: Path) -> Path:
    """Where the rows so far go while a complete table stands."""
    return table.with_stem(f"{table.stem}.unfinished")


def _stands_complete(table: Path) -> bool:
    try:
        return table.exists() and json.loads(summary_of(table).read_bytes())["is_complete"] is True
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # it is no summary
        return False
