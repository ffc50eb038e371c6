"""Write the table and its summary from a journal, in one pass over its rows, and the table of products.

On the way each row is counted as the model answered it, and gets people's answers and the platform's
categories.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from inference.contract import LABEL
from inference.listed import LIST, NONE
from inference.words import KIND
from labelling.columns import columns, product_columns
from labelling.decide import NO_PHOTO, Decisions
from labelling.decided import PERSON
from labelling.errors import TableUnusable
from labelling.journal import EXPORTED, Journal
from labelling.list_check import SHARED
from labelling.list_words import OFF, ListWords
from labelling.listing import Listing
from labelling.outputs import replaced
from labelling.products import ProductSummary, products_of
from labelling.row import ACCEPT, NO_ANSWER, REVIEW, Category, HeadAnswer, Row, Run
from labelling.table import check_form, write_table

CUT: Final = "{}: {:,} cells of more than 32,767 characters are cut to that, as Excel has no room for them."

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
        notes: what a person should know of the list and of the table, a sentence each.
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
    notes: tuple[str, ...]
    products: ProductSummary | None = None
    words: WordsSummary | None = None


def export(table: Path, decisions: Decisions, *, kept: int = 0) -> Summary:
    """Write the tables and their summary, unless the same are there already: these are not decided again.

    Args:
        table: where the table goes.
        decisions: of its journal, which has an answer for each picture of the source.
        kept: rows that earlier runs had made.

    Raises:
        TableUnusable: they cannot be written.
    """
    journal = decisions.journal
    files = tables_of(table, has_products=journal.run.by is not None)
    if journal.state == EXPORTED and all(map(Path.exists, files)):
        summary = TypeAdapter(Summary).validate_json(files[-1].read_bytes())
        return replace(summary, table=str(table), rows_before=kept, answers_recovered=0)
    try:
        with replaced(journal, files) as new:
            summary = _write(table, new, decisions, is_complete=True, kept=kept)
    except OSError as error:
        raise _not_written(table, error) from error
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
            _write(table, new, Decisions(journal), is_complete=False, kept=listing.kept)
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


def _write(
    table: Path, new: Sequence[Path], decisions: Decisions, *, is_complete: bool, kept: int
) -> Summary:
    """Write `tables_of` a table into new files, and count what is in them."""
    run, with_people, form = decisions.run, bool(decisions.answers), check_form(table)
    photos, products = _Counts(), _Counts()
    cut = write_table(new[0], form, columns(run, with_people=with_people), photos.counted(decisions.photos()))
    if has_products := len(new) > 2:
        rows = products.counted(decisions.products())
        cut += write_table(new[1], form, product_columns(run, with_people=with_people), rows)
    summary = _summary(table, decisions, photos, products if has_products else None)
    notes = (*run.notes, *([CUT.format(table, cut)] if cut else []))
    summary = replace(summary, is_complete=is_complete, rows_before=kept, notes=notes)
    new[-1].write_text(json.dumps(asdict(summary), indent=1) + "\n", "utf-8")
    return summary


def _summary(table: Path, decisions: Decisions, photos: "_Counts", products: "_Counts | None") -> Summary:
    """What is to be said of a table."""
    run, journal, counts = decisions.run, decisions.journal, photos.counts
    labels: dict[str, dict[str, int]] = {
        label: {reason or ACCEPT: counts[LABEL, label, reason] for reason in OUTCOMES}
        for label in (*run.heads[LABEL], *([NONE] if photos.has(NONE) else []))
    }
    errors = counts[LABEL, None, None]
    answers = photos.rows - errors
    return Summary(
        table=str(table),
        source=run.source,
        version=run.version,
        is_complete=True,
        rows=photos.rows,
        rows_before=0,
        answers_recovered=journal.recovered or 0,
        errors=errors,
        first_error=photos.first_error,
        decided_by_person=photos.decided_by_person,
        accepted=photos.accepted,
        accepted_by_list=photos.by_list,
        checked=photos.checked.total(),
        checked_right=photos.checked[True],
        seconds=journal.seconds,
        review_share=1 - photos.accepted / answers if answers else 0.0,
        labels=labels,
        columns=dict(run.further),
        categories=run.categories.get(LABEL, {}),
        attributes={
            head: {label: photos.decisions(head, label) for label in names}
            for head, names in run.attributes.items()
        },
        products=_product_summary(table, run, photos, products) if products else None,
        notes=run.notes,
        words=_words_summary(decisions.words, products or photos),
    )


class _Counts:
    """What was decided of pictures, or of products.

    Attributes:
        counts: by head, label and reason, without people's answers.
        rows: how many there are.
        accepted: answers about the class that are accepted.
        by_list: of these, by the list's words and the photo together.
        decided_by_person: rows whose class people gave.
        checked: accepted answers that people answered, too, by whether these agree.
        first_error: the first row that has one, and what it is; empty without errors.
        of_none: rows of no product.
        named: rows of which the list names a kind.
        admitted: of these, answers by whether they are of that kind.
    """

    def __init__(self) -> None:
        self.counts = Counter[tuple[str, str | None, str | None]]()
        self.checked, self.admitted = Counter[bool](), Counter[bool | None]()
        self.rows = self.accepted = self.by_list = self.decided_by_person = self.of_none = self.named = 0
        self.first_error = ""

    def counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, counted as they pass."""
        for row in rows:
            for head, answer in row.heads.items():
                self.counts[head, answer.predicted, answer.reason] += 1
            self._add(row, row.label, is_accepted=row.label.decision == ACCEPT)
            self.admitted[_is_admitted(row)] += 1
            self.first_error = self.first_error or (f"{row.path}: {row.error}" if row.error else "")
            yield row

    def _add(self, row: Row, answer: HeadAnswer, *, is_accepted: bool) -> None:
        by_person = answer.decided_by == PERSON
        self.rows += 1
        self.accepted += is_accepted
        self.by_list += is_accepted and answer.predicted_by == LIST
        self.decided_by_person += by_person
        self.of_none += not row.product
        self.named += bool(row.listed)
        if is_accepted and by_person and answer.label:
            self.checked[answer.label == answer.predicted] += 1

    def has(self, label: str) -> bool:
        """Whether a class was answered so."""
        return any(count for (head, of, _), count in self.counts.items() if (head, of) == (LABEL, label))

    def decisions(self, head: str, label: str) -> dict[str, int]:
        """How many answers of an attribute were accepted, and how many need a review."""
        every = sum(count for key, count in self.counts.items() if key[:2] == (head, label))
        accepted = self.counts[head, label, None]
        return {ACCEPT: accepted, REVIEW: every - accepted}


def _is_admitted(row: Row) -> bool | None:
    """Whether the words admit the answer to a row: an accepted kind, whatever the class is, or the class."""
    kind = row.heads.get(KIND, NO_ANSWER)
    return True if kind.decision == ACCEPT and kind.admits else row.label.admits


def without_photo(journal: Journal, limit: int) -> list[str]:
    """The first products of which no photo can be read."""
    return [product for (product,) in journal.query(_WITHOUT_PHOTO, limit)]


_WITHOUT_PHOTO: Final = """
SELECT product FROM current JOIN photos USING (path, stamp) WHERE product <> ''
GROUP BY product HAVING min(error) <> '' ORDER BY min(number) LIMIT ?
"""


def _product_summary(table: Path, run: Run, photos: _Counts, products: _Counts) -> ProductSummary:
    by, reasons = run.by, Counter[str]()
    for (head, label, reason), count in products.counts.items():
        if head == LABEL and label is not None and reason:
            reasons[reason] += count
    return ProductSummary(
        table=str(products_of(table)),
        column=run.further.get(by.column, by.column) if by else "",
        products=products.rows,
        accepted=products.accepted,
        accepted_by_list=products.by_list,
        reviewed=dict(sorted(reasons.items())),
        without_answer=products.counts[LABEL, None, NO_PHOTO],
        decided_by_person=products.decided_by_person,
        checked=products.checked.total(),
        checked_right=products.checked[True],
        photos_of_none=photos.of_none,
    )


def _words_summary(words: ListWords, counts: _Counts) -> WordsSummary | None:
    """What was decided beside the list's words."""
    if words.language == OFF:
        return None
    return WordsSummary(
        language=words.language,
        named=counts.named,
        agreeing=counts.admitted[True],
        contradicting=counts.admitted[False],
        by_list=counts.by_list,
    )


def summary_of(table: Path) -> Path:
    """Where the summary of a table is."""
    return table.with_name(f"{table.name}.summary.json")


def _stands_complete(table: Path) -> bool:
    try:
        return table.exists() and json.loads(summary_of(table).read_bytes())["is_complete"] is True
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # it is no summary
        return False
