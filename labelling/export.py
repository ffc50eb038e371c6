"""Write the table and its summary from a journal, in one pass over its rows.

On the way each row is counted as the model answered it, and gets people's answers and the platform's
categories.
"""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from inference.decision import Reason
from labelling.errors import TableUnusable
from labelling.journal import Journal
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

ACCEPT: Final = "accept"
REVIEW: Final = "review"
OUTCOMES: Final[tuple[Reason | None, ...]] = (None, "ambiguous", "unproven", "unfamiliar")
"""The reasons for a review; None is ACCEPT."""

CATEGORIES: Final = "categories"
"""What a journal calls those of the last run. Other ones change the table, and label nothing again."""


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


def export(table: Path, journal: Journal, *, is_complete: bool) -> Summary:
    """Write the table and its summary, unless the same are there already or there is no row yet.

    A complete table stays until there is another complete one: what lacks rows stands beside it meanwhile.

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
    is_gone = not table.exists() or not place.exists()
    if not (journal.has_changed or is_gone) or not (is_complete or journal.row_count()):
        deque(rows, maxlen=0)
        return rows.summary(is_complete=is_complete)
    try:
        place.unlink(missing_ok=True)  # what is there is of the table before
        rows.form.write(table, rows, rows.more)
        summary = rows.summary(is_complete=is_complete)
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
        form: how the table is written.
        more: its columns of people's answers and of categories.
    """

    def __init__(self, table: Path, journal: Journal) -> None:
        self.form = form_of_journal(table, journal)
        self._table, self._journal = table, journal
        self._heads, self._categories = heads_of(journal), categories_of(journal)
        self._answers: dict[str, dict[str, str]] = defaultdict(dict)
        for (sha256, head), answer in journal.answers().items():
            self._answers[sha256][head] = answer.label
        named = [head for head in self._heads if self._categories.get(head)]
        self.more = (*(decided_columns(self._heads) if self._answers else ()), *category_columns(named))
        self._outcomes = Counter[tuple[str | None, str | None]]()
        self._of_attributes = Counter[tuple[str, str, str]]()
        self._decided, self._first_error = 0, ""

    def __iter__(self) -> Iterator[Cells]:
        """The rows as the table has them; each is counted as it comes."""
        for values in self._journal.rows():
            row = self.form.cells(values)
            self._count(row)
            given = self._answers.get(row["sha256"], {})
            self._decided += CLASS in given
            for head in self._heads:
                _complete(row, head, given.get(head), self._categories)
            yield row

    def _count(self, row: Cells) -> None:
        self._outcomes[row["label"], row["reason"]] += 1
        if row["error"] is not None and not self._first_error:
            self._first_error = f"{row['path']}: {row['error']}"
        for head in self.form.attributes:
            if row[head] is not None:
                self._of_attributes[head, row[head], row[head + DECISION]] += 1

    def summary(self, *, is_complete: bool) -> Summary:
        """What the rows were; call it when all have come."""
        heads, journal = dict(self._heads), self._journal
        outcomes: dict[str, dict[str, int]] = {
            label: {reason or ACCEPT: self._outcomes[label, reason] for reason in OUTCOMES}
            for label in heads.pop(CLASS)
        }
        answers = sum(sum(counted.values()) for counted in outcomes.values())
        accepted = sum(counted[ACCEPT] for counted in outcomes.values())
        errors = self._outcomes[None, None]
        return Summary(
            table=str(self._table),
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
        )


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
