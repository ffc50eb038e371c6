"""Write the table and its summary from a journal, in one pass over its rows, and the table of products.

On the way each row is counted as the model answered it, and gets people's answers and the platform's
categories.
"""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Final, TypeAlias

from inference.decision import Reason
from labelling.errors import TableUnusable
from labelling.journal import Journal
from labelling.products import REASON, By, ProductRows, ProductSummary, products_of, said_of_photos
from labelling.review.corrections import Answer
from labelling.table import (
    ALSO,
    DECISION,
    Categories,
    Cells,
    Form,
    category_columns,
    decided_columns,
    form_of,
)
from model_store.files import write_whole
from reports.answers import CLASS
from reports.products import CONTRADICTING

ACCEPT: Final = "accept"
REVIEW: Final = "review"
OUTCOMES: Final[tuple[Reason | None, ...]] = (None, "ambiguous", "unproven", "unfamiliar")
"""The reasons for a review; None is ACCEPT."""

CATEGORIES: Final = "categories"
"""What a journal calls those of the last run. Other ones change the table, and label nothing again."""

BY: Final = "by"
"""The same of what says which photos show one product: a By, or nothing."""

NOTES: Final = "notes"
"""The same of what a person should know of the list."""


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
        seconds: that all runs took to label.
        review_share: of the answers, how many need a person.
        labels: for each label, in index order, the pictures with each outcome.
        columns: what the table calls the columns of the list, by their names there.
        categories: id and name of the platform's category, by label; empty for none.
        attributes: for each label of each attribute, the pictures with each decision.
        products: of the table of products; None without one.
        notes: what a person should know of the list, a sentence each.
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
    seconds: float
    review_share: float
    labels: dict[str, dict[str, int]]
    columns: dict[str, str]
    categories: Mapping[str, Sequence[str | None]]
    attributes: dict[str, dict[str, dict[str, int]]]
    notes: Sequence[str]
    products: ProductSummary | None = None


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
    place, rows = summary_of(table), _Pass(table, journal)
    products = _Products(rows, rows.by) if is_complete and rows.by else None
    written = [table, place, *([products.table] if products else [])]
    if (not journal.has_changed and all(map(Path.exists, written))) or not (
        is_complete or journal.row_count()
    ):
        deque(chain(rows, products or ()), maxlen=0)
        return rows.summary(products, is_complete=is_complete)
    try:
        place.unlink(missing_ok=True)  # what is there is of the table before
        rows.form.write(table, rows, rows.more)
        if products:
            products.write()
        summary = rows.summary(products, is_complete=is_complete)
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


class _Pass:
    """One pass over the rows of a journal.

    Attributes:
        table: where it goes.
        form: how it is written.
        journal: whose rows they are.
        heads: see `heads_of`.
        by: what says which photos show one product; None without products.
        more: its columns of people's answers and of categories.
    """

    def __init__(self, table: Path, journal: Journal) -> None:
        self.table, self.form, self.journal = table, form_of_journal(table, journal), journal
        self.heads, self.by, self._categories = heads_of(journal), by_of(journal), categories_of(journal)
        self._answers = _by_holder(journal) if self.by else _of_photos(journal)
        named = [head for head in self.heads if self._categories.get(head)]
        self.more = (*(decided_columns(self.heads) if self._answers else ()), *category_columns(named))
        self._outcomes = Counter[tuple[str | None, str | None]]()
        self._of_attributes = Counter[tuple[str, str, str]]()
        self._decided, self._first_error = 0, ""

    def __iter__(self) -> Iterator[Cells]:
        """The rows as the table has them; each is counted as it comes."""
        for values in self.journal.rows():
            row = self.form.cells(values)
            self._count(row)
            self._decided += self.complete(row, [row["sha256"]], self.by.product_of(row) if self.by else "")
            yield row

    def complete(self, row: Cells, photos: Iterable[str | None], product: str) -> bool:
        """Put what people answered, and categories, into a row; whether its class is a person's.

        Args:
            row: of a photo, or of a product.
            photos: the sha256 of each that it is about; None where it could not be read.
            product: for which people may have answered; empty for none.
        """
        of_photos = [self._answers.get((one, ""), {}) for one in photos]
        of_product = self._answers.get((None, product), {})
        given = dict[str, str]()
        for head in self.heads:
            labels = [found[head].label if head in found else None for found in of_photos]
            said = {of_product[head].label} if head in of_product else said_of_photos(labels)
            if len(said) > 1:
                row |= {head + DECISION if head else "decision": REVIEW}
                row |= {head + REASON if head else "reason": CONTRADICTING}
            elif said:
                given[head] = said.pop()
            _complete(row, head, given.get(head), self._categories)
        return CLASS in given

    def _count(self, row: Cells) -> None:
        self._outcomes[row["label"], row["reason"]] += 1
        if row["error"] is not None and not self._first_error:
            self._first_error = f"{row['path']}: {row['error']}"
        for head in self.form.attributes:
            if row[head] is not None:
                self._of_attributes[head, row[head], row[head + DECISION]] += 1

    def summary(self, products: "_Products | None", *, is_complete: bool) -> Summary:
        """What the rows were; call it when all have come, those of products too."""
        heads, journal = dict(self.heads), self.journal
        outcomes: dict[str, dict[str, int]] = {
            label: {reason or ACCEPT: self._outcomes[label, reason] for reason in OUTCOMES}
            for label in heads.pop(CLASS)
        }
        answers = sum(sum(counted.values()) for counted in outcomes.values())
        accepted = sum(counted[ACCEPT] for counted in outcomes.values())
        errors = self._outcomes[None, None]
        return Summary(
            table=str(self.table),
            source=journal.begun["source"],
            version=journal.begun["version"],
            is_complete=is_complete,
            rows=answers + errors,
            rows_before=journal.kept,
            answers_recovered=journal.recovered,
            errors=errors,
            first_error=self._first_error,
            decided_by_person=self._decided,
            seconds=journal.seconds,
            review_share=1 - accepted / answers if answers else 0.0,
            labels=outcomes,
            columns=journal.begun["columns of the list"],
            categories=self._categories.get(CLASS, {}),
            attributes={
                head: {
                    one: {each: self._of_attributes[head, one, each] for each in (ACCEPT, REVIEW)}
                    for one in labels
                }
                for head, labels in heads.items()
            },
            products=products.summary(answers + errors) if products else None,
            notes=journal.begun.get(NOTES, []),
        )


class _Products:
    """One pass over the products of a journal.

    Attributes:
        table: where their table goes.
    """

    def __init__(self, photos: _Pass, by: By) -> None:
        self.table = products_of(photos.table)
        self._photos, self._rows = photos, ProductRows(photos.form, photos.heads, by)
        self._decided = 0

    def __iter__(self) -> Iterator[Cells]:
        """The rows as their table has them."""
        for photos in self._photos.journal.rows_together(self._rows.key):
            row = self._rows.row(photos)
            sha256s = [self._photos.form.cells(one)["sha256"] for one in photos]
            self._decided += self._photos.complete(row, sha256s, row[self._rows.name])
            yield row

    def write(self) -> None:
        """Write the table, as Form.write does."""
        names = self._rows.columns(self._photos.more)
        self._photos.form.write_columns(self.table, names, self, self._rows.numbers)

    def summary(self, photos: int) -> ProductSummary:
        """What they were, where the table of photos has so many rows; call it when all have come."""
        return self._rows.summary(self.table, photos, self._decided)


_Answers: TypeAlias = dict[tuple[str | None, str], dict[str, Answer]]
"""What people answered by attribute, and by what that holds for: a picture (its sha256), or no sha256
and a product."""


def _by_holder(journal: Journal) -> _Answers:
    """All answers. Of several to a product the latest counts."""
    found: _Answers = defaultdict(dict)
    for asked, answer in sorted(journal.answers().items(), key=lambda one: one[1].at):
        found[None if asked.product else asked.sha256, asked.product][asked.attribute] = answer
    return found


def _of_photos(journal: Journal) -> _Answers:
    """Those that hold for a picture."""
    return {key: answers for key, answers in _by_holder(journal).items() if not key[1]}


def _complete(row: Cells, head: str, given: str | None, categories: Categories) -> None:
    """Put what a person answered, and the platform's category, into a row.

    Args:
        row: as the model answered.
        head: the attribute, CLASS for the class.
        given: the label that a person gave; empty for none of them, None without an answer.
        categories: of the platform.
    """
    label, (decided_by, predicted) = head or "label", decided_columns([head])
    row[predicted] = row[label]
    row[decided_by] = "person" if given is not None else "model" if row[label] else None
    if given is not None:
        row[label] = given or None
        row |= {head + ALSO: None} if head else {}
    category: Sequence[str | None] = categories.get(head, {}).get(row[label] or "", (None, None))
    row |= zip(category_columns([head]), category, strict=True)


def heads_of(journal: Journal) -> dict[str, tuple[str, ...]]:
    """The labels of the release that made a journal's rows, by attribute; CLASS, the class, comes first."""
    heads: Mapping[str, Sequence[str]] = {CLASS: journal.begun["labels"], **journal.begun["attributes"]}
    return {head: tuple(labels) for head, labels in heads.items()}


def form_of_journal(table: Path, journal: Journal) -> Form:
    """How the table of a journal is written."""
    heads = heads_of(journal)
    return form_of(table, heads.pop(CLASS), journal.begun["columns of the list"].values(), heads)


def categories_of(journal: Journal) -> Categories:
    """The platform's categories of a journal's labels, empty for none."""
    found: Categories = journal.begun.get(CATEGORIES, {})
    return found


def by_of(journal: Journal) -> By | None:
    """What says which photos of a journal show one product; None without products."""
    found = journal.begun.get(BY)
    return By(**found) if found else None


def summary_of(table: Path) -> Path:
    """Where the summary of a table is."""
    return table.with_name(f"{table.name}.summary.json")


def partial_of(table: Path) -> Path:
    """Where the rows so far go while a complete table stands."""
    return table.with_stem(f"{table.stem}.unfinished")


def _stands_complete(table: Path) -> bool:
    try:
        return table.exists() and json.loads(summary_of(table).read_bytes())["is_complete"] is True
    except (OSError, ValueError, KeyError):
        return False
