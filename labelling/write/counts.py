"""Count the pictures of a table, or its products: how many are accepted, and why the others need a person.

`RowCounts` counts rows while they are written. Its methods return the figures as `labels.csv.summary.json`
has them, such as {"Dress": {"accept": 34, "ambiguous": 5, ...}}.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from inference.contract import LABEL
from inference.decision import ACCEPT, REVIEW
from inference.reasons import DecidedBy, Reason, ReasonPlace, find_reasons
from inference.release_labels import NONE
from inference.text.plain_text import shorten_text
from inference.words.kinds import KIND
from labelling.lists.customer_columns import Topic
from labelling.rows import CustomerValue, HeadDecision, PhotoRecord, Record, TableRow
from labelling.run_settings import RunSettings

OUTCOMES: Final[tuple[Reason | None, ...]] = (None, *find_reasons([ReasonPlace.PICTURE]))
"""The possible outcomes for the class of a picture, in the order of a summary: None for an accepted answer,
and each reason for a review."""

MAX_WHOLE_PATH: Final = 255
"""Longest path of a picture, in characters, that a message shows whole. Names of files can have this
length."""


CustomerSource: TypeAlias = Literal["list", "option", "nothing"]
"""The source of a product's gender or age group in a summary."""

CUSTOMER_SOURCES: Final[tuple[CustomerSource, ...]] = ("list", "option", "nothing")


class RowCounts:
    """Counts of the rows of one table, by what model and list decided about them.

    Attributes:
        outcomes: counts of rows by three values: the head (LABEL for the class, or an attribute), the label
            before people answered, and the reason why a person is asked, or None if nobody is asked.
        rows: the number of rows.
        accepted: the number of accepted answers about the class.
        accepted_by_list: the number of accepted answers that title and photo accepted together.
        decided_by_person: the number of rows whose class people gave.
        decided_beside_accepted: the number of accepted answers about the class beside which people gave one.
        decided_beside_list: the number of these that title and photo accepted together.
        checked_answers: counts of accepted answers for which people gave a class too, by whether it is the
            same.
        rows_without_picture: the number of rows that name no picture, as many about variants do.
        first_error: the path of the first picture with an error, and the error; empty without errors.
        first_missing_picture: the error of the first row that names no picture; empty without such rows.
        cells_without_colour: cells of colour columns that name no colour, by their text.
        unknown_colours: colours of the list that no language file knows, by their text.
        customer_sources: counts of products by "gender" or "age_group" and by what says it: the list, an
            option, or nothing.
        contradicting_customers: the number of products whose list contradicts itself about gender or age.
        first_contradiction: the name of the first of these, and its contradicting words; empty without one.
        rows_without_product: the number of rows without a product.
        rows_with_title_kinds: the number of rows for which the list names a kind.
        admitted_answers: counts of rows by whether the title allows the answer; None if the title or the
            answer names no kind.
    """

    def __init__(self, place: ReasonPlace) -> None:
        """Create counts of zero.

        Args:
            place: whether the table has rows of pictures or of products (PICTURE or PRODUCT), which decides
                the possible reasons for a review of the class.
        """
        self._reasons = frozenset[Reason | None]([None, *find_reasons([place])])
        self.outcomes = Counter[tuple[str, str | None, Reason | None]]()
        self.checked_answers = Counter[bool]()
        self.admitted_answers = Counter[bool | None]()
        self.cells_without_colour = Counter[str]()
        self.unknown_colours = Counter[str]()
        self.customer_sources = Counter[tuple[Topic, CustomerSource]]()
        self.contradicting_customers = 0
        self.first_contradiction = ("", "")
        self.rows = 0
        self.accepted = 0
        self.accepted_by_list = 0
        self.decided_by_person = 0
        self.decided_beside_accepted = 0
        self.decided_beside_list = 0
        self.rows_without_product = 0
        self.rows_with_title_kinds = 0
        self.rows_without_picture = 0
        self.first_error = ""
        self.first_missing_picture = ""

    def observe_rows(self, rows: Iterable[TableRow]) -> list[TableRow]:
        """Count some rows, and return them as a list.

        Raises:
            ValueError: a row has a reason for a review that a summary has no place for.
        """
        counted_rows = list(rows)
        for row in counted_rows:
            self._count_row(row)
        return counted_rows

    def _count_row(self, row: TableRow) -> None:
        decision = row.class_decision
        # A summary has a place for each reason that may occur. A row with another one would be in no sum.
        if decision.reason not in self._reasons:
            raise ValueError(
                f"{row.record.name}: a summary has no place for the reason {decision.reason!r}; "
                "inference/reasons.py says where each reason may occur."
            )
        for head, decided in row.decisions.items():
            # An answer that nobody is asked about any more counts as accepted.
            reason = decided.reason if decided.answer is None or _is_asked(row, decided) else None
            self.outcomes[head, decided.predicted_label, reason] += 1
        self.rows += 1
        self.rows_without_product += not row.record.product
        self.rows_with_title_kinds += bool(row.title_kinds)
        is_admitted = _is_admitted(row)
        # Nobody is asked any more about a contradiction that a person has decided.
        if is_admitted is not False or _is_asked(row, row.class_decision):
            self.admitted_answers[is_admitted] += 1
        if row.cell_without_colour:
            self.cells_without_colour[row.cell_without_colour] += 1
        if row.unknown_colour:
            self.unknown_colours[row.unknown_colour] += 1
        self._count_customers(row)
        self._count_error(row.record)
        self._count_class_decision(decision)

    def _count_customers(self, row: TableRow) -> None:
        customers = row.customers
        values: tuple[tuple[Topic, CustomerValue], ...] = (
            ("gender", customers.gender),
            ("age_group", customers.age_group),
        )
        for topic, value in values:
            source: CustomerSource = (
                "nothing" if not value.value else "option" if value.source == "option" else "list"
            )
            self.customer_sources[topic, source] += 1
        if customers.contradiction:
            self.contradicting_customers += 1
            if not self.first_contradiction[1]:
                self.first_contradiction = (row.record.name, customers.contradiction)

    def _count_error(self, record: Record) -> None:
        if isinstance(record, PhotoRecord) and not record.has_picture:
            self.rows_without_picture += 1
            self.first_missing_picture = self.first_missing_picture or record.error
        elif record.error and not self.first_error:
            # A person has to find the picture, so its path stays whole. A longer text is no path of a
            # usual file, but base64 in the column of paths, for example.
            is_path = len(record.name) <= MAX_WHOLE_PATH
            name = record.name if is_path else shorten_text(record.name)
            self.first_error = f"{name}: {record.error}"

    def _count_class_decision(self, decision: HeadDecision) -> None:
        is_by_person = decision.decided_by == DecidedBy.PERSON
        self.decided_by_person += is_by_person
        if decision.answer and decision.is_accepted:
            self.accepted += 1
            is_by_list = decision.answer.decided_by == DecidedBy.LIST
            self.accepted_by_list += is_by_list
            self.decided_beside_accepted += is_by_person
            self.decided_beside_list += is_by_person and is_by_list
            if is_by_person and decision.label:
                self.checked_answers[decision.label == decision.predicted_label] += 1

    def count_without_answer(self, reason: Reason | None = None) -> int:
        """Return the number of rows without an answer about the class.

        Args:
            reason: the reason of the rows that are counted; None for rows that have no reason.
        """
        return self.outcomes[LABEL, None, reason]

    def count_reviews(self) -> dict[Reason, int]:
        """Return how many rows need a review of their class, for each reason, such as {"ambiguous": 5}.

        Rows without an answer about the class are not counted.
        """
        reasons = Counter[Reason]()
        for (head, label, reason), count in self.outcomes.items():
            if head == LABEL and label is not None and reason:
                reasons[reason] += count
        return dict(sorted(reasons.items()))

    def count_labels(self, settings: RunSettings) -> dict[str, dict[str, int]]:
        """Return for each class how many rows have each outcome: {"Dress": {"accept": 34, "ambiguous": 5}}.

        The classes are in the order of the release. NONE ("none of these") follows if it was answered.
        """
        labels = list(settings.heads[LABEL])
        if any(self.outcomes[LABEL, NONE, reason] for reason in OUTCOMES):
            labels.append(NONE)
        return {
            label: {reason or ACCEPT: self.outcomes[LABEL, label, reason] for reason in OUTCOMES}
            for label in labels
        }

    def count_attributes(self, settings: RunSettings) -> dict[str, dict[str, dict[str, int]]]:
        """Return the counts for attributes: {"colour": {"blue": {"accept": 30, "review": 9}, ...}}."""
        every = Counter[tuple[str, str | None]]()
        for (head, label, _), count in self.outcomes.items():
            every[head, label] += count
        return {
            head: {label: self._count_decisions(head, label, every[head, label]) for label in labels}
            for head, labels in settings.attributes.items()
        }

    def _count_decisions(self, head: str, label: str, every: int) -> dict[str, int]:
        accepted = self.outcomes[head, label, None]
        return {ACCEPT: accepted, REVIEW: every - accepted}

    def count_title_kinds(self, language: str) -> dict[str, str | int]:
        """Return the figures of a summary about the titles of the list.

        Args:
            language: the language of the titles, which is one of the figures.

        Returns:
            The language (`language`); the number of rows for which the list names a kind (`named`); how many
            answers agree with the list (`agreeing`) or not (`contradicting`); and the number of answers that
            title and photo accepted together (`by_list`).
        """
        agreeing_count = self.admitted_answers[True]
        contradicting_count = self.admitted_answers[False]
        title_counts = {
            "named": self.rows_with_title_kinds,
            "agreeing": agreeing_count,
            "contradicting": contradicting_count,
        }
        return {"language": language, **title_counts, "by_list": self.accepted_by_list}


def _is_asked(row: TableRow, decision: HeadDecision) -> bool:
    """Return whether a row waits for a person: nobody answered, and a card of a review sheet would ask.

    For a photo of a product, the card is the product's, so its own row counts as asked.
    """
    return decision.decided_by != DecidedBy.PERSON and (
        decision.question_reason is not None or row.is_photo_of_product
    )


def _is_admitted(row: TableRow) -> bool | None:
    """Return whether the title allows the answer: an accepted kind, whatever the class is, or the class.

    None stands for a row that counts neither way: the title or the answer names no kind of garment, or the
    answer was accepted although the title does not allow it, because the category outweighed the title.
    """
    kind = row.find_decision(KIND)
    if kind.is_accepted and kind.is_allowed_by_title:
        return True
    decision = row.class_decision
    return decision.is_allowed_by_title or (None if decision.is_accepted else decision.is_allowed_by_title)
