"""Write the table and its summary from a journal, in one pass over its rows, and the table of products.

On the way each row is counted as the model answered it, and gets people's answers and the platform's
categories.
"""

import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from inference.contract import LABEL
from labelling.columns import columns, product_columns
from labelling.decided import PERSON, by_holder, decided
from labelling.errors import TableUnusable
from labelling.journal import Journal, journal_of
from labelling.list_check import LIST, SHARED, ListCheck, list_check
from labelling.list_words import OFF, ListWords, word_columns
from labelling.products import ProductSummary, as_fed, products_of, row_of_product
from labelling.row import ACCEPT, REVIEW, Category, Row
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
    """

    language: str
    named: int
    agreeing: int
    contradicting: int


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
        accepted: answers about the class that the model accepted.
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


def export(table: Path, journal: Journal, *, is_complete: bool) -> Summary:
    """Write the table and its summary, unless the same are there already or there is no row yet.

    A complete table stays until there is another complete one: what lacks rows stands beside it meanwhile,
    and products wait for all of their photos.

    Args:
        table: where the table goes.
        journal: of this table; its rows and people's answers.
        is_complete: there is a row for each picture of the source.

    Raises:
        TableUnusable: they cannot be written.
    """
    journal.commit()
    beside = partial_of(table)
    if not is_complete and _stands_complete(table):
        table = beside
    check = check_of(journal)
    place, photos = summary_of(table), _Counts(journal, check)
    products = _Counts(journal, check) if is_complete and journal.run.by else None
    written = [table, place, *([products_of(table)] if products else [])]
    is_there = not journal.has_changed and all(map(Path.exists, written))
    if is_there or not (is_complete or journal.row_count()):
        deque(chain(photos.of(journal.rows()), products.of(_products(journal)) if products else ()), maxlen=0)
        return _summary(table, journal, photos, products, is_complete=is_complete)
    try:
        place.unlink(missing_ok=True)  # what is there is of the table before
        run, with_people = journal.run, has_people(journal)
        write_table(table, columns(run, with_people=with_people), photos.of(journal.rows()))
        if products:
            of_products = product_columns(run, with_people=with_people)
            write_table(products_of(table), of_products, products.of(_products(journal)))
        summary = _summary(table, journal, photos, products, is_complete=is_complete)
        write_whole(place, (json.dumps(asdict(summary), indent=1) + "\n").encode())
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


def photo_rows(journal: Journal) -> Iterator[Row]:
    """The rows of the table of photos, with people's answers and categories."""
    return _Counts(journal, check_of(journal)).of(journal.rows())


def product_rows(journal: Journal, feed: str = "") -> Iterator[Row]:
    """The same of the table of products; none without products.

    Args:
        journal: of the table.
        feed: the head of which likely answers are accepted, too (`as_fed`); empty for none.
    """
    rows, by = _products(journal), journal.run.by
    fed = (as_fed(row, feed, by) for row in rows) if feed and by else rows
    return _Counts(journal, check_of(journal)).of(fed)


def check_of(journal: Journal) -> ListCheck:
    """What the answers to the pictures of a journal are held against."""
    run = journal.run
    columns = ListWords() if run.words == OFF else word_columns(run.further)
    words = columns.in_language(run.words, (cells for _, cells in journal.cells(columns.columns)))
    listed = journal.cells(columns.columns) if run.by and words.is_read else ()
    shared = journal.shared() if run.by else {}
    doubtful = {product for products in shared.values() for product in products}
    photos = chain.from_iterable(map(journal.photos_of, doubtful))
    return list_check(words, run.heads[LABEL], listed, photos, shared)


def has_people(journal: Journal) -> bool:
    """Whether tables say who decided: people answered something about photos, or about their products."""
    return any(journal.run.by or not question.product for question in journal.answers())


def _products(journal: Journal) -> Iterator[Row]:
    return (row_of_product(photos, journal.run) for photos in journal.products())


class _Counts:
    """What the rows of one table are, counted as they come.

    Attributes:
        outcomes: by label and reason, without people's answers.
        of_attributes: by attribute, label and decision.
        decided_by_person: whose label people gave.
        checked: accepted answers that people answered, too, by whether these agree.
        first_error: the first row that has one, and what it is; empty without errors.
        named: of how many rows the list names a kind.
        words: whether it admits what was answered; None where one of the two says nothing of a kind.
    """

    def __init__(self, journal: Journal, check: ListCheck) -> None:
        self.outcomes = Counter[tuple[str | None, str | None]]()
        self.of_attributes = Counter[tuple[str, str | None, str | None]]()
        self.words, self.named = Counter[bool | None](), 0
        self.decided_by_person, self.first_error, self._check = 0, "", check
        self.checked = Counter[bool]()
        self._answers, self._categories = by_holder(journal.answers()), journal.run.categories

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, held against the list, with people's answers and categories."""
        for row in map(self._check.checked, rows):
            self.named += bool(row.listed)
            self.words[self._check.agrees(row)] += 1
            self.outcomes[row.label.label, row.label.reason] += 1
            self.first_error = self.first_error or (f"{row.path}: {row.error}" if row.error else "")
            self.of_attributes.update(
                (head, answer.label, answer.decision) for head, answer in row.heads.items() if head != LABEL
            )
            after = decided(row, self._answers, self._categories)
            self.decided_by_person += after.label.decided_by == PERSON
            if row.label.decision == ACCEPT and after.label.decided_by == PERSON and after.label.label:
                self.checked[after.label.label == row.label.label] += 1
            yield after

    def words_summary(self) -> WordsSummary | None:
        """What the rows were, by the list's words."""
        if self._check.words.language == OFF:
            return None
        language, counts = self._check.words.language, self.words
        return WordsSummary(
            language=language, named=self.named, agreeing=counts[True], contradicting=counts[False]
        )


def _summary(
    table: Path, journal: Journal, photos: _Counts, products: _Counts | None, *, is_complete: bool
) -> Summary:
    """What the rows were; when all have come, those of products too."""
    run = journal.run
    labels: dict[str, dict[str, int]] = {
        label: {reason or ACCEPT: photos.outcomes[label, reason] for reason in OUTCOMES}
        for label in run.heads[LABEL]
    }
    answers = sum(sum(counts.values()) for counts in labels.values())
    accepted = sum(counts[ACCEPT] for counts in labels.values())
    errors = photos.outcomes[None, None]
    return Summary(
        table=str(table),
        source=run.source,
        version=run.version,
        is_complete=is_complete,
        rows=answers + errors,
        rows_before=journal.kept,
        answers_recovered=journal.recovered,
        errors=errors,
        first_error=photos.first_error,
        decided_by_person=photos.decided_by_person,
        accepted=accepted,
        checked=photos.checked.total(),
        checked_right=photos.checked[True],
        seconds=journal.seconds,
        review_share=1 - accepted / answers if answers else 0.0,
        labels=labels,
        columns=dict(run.further),
        categories=run.categories.get(LABEL, {}),
        attributes={
            head: {
                label: {each: photos.of_attributes[head, label, each] for each in (ACCEPT, REVIEW)}
                for label in names
            }
            for head, names in run.attributes.items()
        },
        products=_product_summary(table, journal, products) if products else None,
        notes=run.notes,
        words=(products or photos).words_summary(),
    )


def _product_summary(table: Path, journal: Journal, products: _Counts) -> ProductSummary:
    by, run = journal.run.by, journal.run
    reasons = Counter[str | None]()
    for (label, reason), count in products.outcomes.items():
        if label is not None:
            reasons[reason] += count
    return ProductSummary(
        table=str(products_of(table)),
        column=run.further.get(by.column, by.column) if by else "",
        products=products.outcomes.total(),
        accepted=reasons.pop(None, 0),
        reviewed={str(reason): count for reason, count in sorted(reasons.items(), key=str)},
        without_answer=products.outcomes[None, None],
        decided_by_person=products.decided_by_person,
        checked=products.checked.total(),
        checked_right=products.checked[True],
        photos_of_none=journal.photos_of_none(),
    )


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
    except (OSError, ValueError, KeyError):
        return False
