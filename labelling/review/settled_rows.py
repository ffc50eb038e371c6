"""The settled rows of a review sheet: what people answered, and what model and list accepted.

A person can look at these answers and change them. The sheet has two closed parts for them:

    Answered by people (12)    the latest answer first
    Accepted (230)             the least certain answer first

Each part has at most MAX_SETTLED_ROWS products, or pictures in a table without products. All others are
changed by a row of a corrections file. Rows of an audit are left out, since the audit hides the answers.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.reasons import DecidedBy
from inference.release_labels import NONE
from inference.words.kinds import KIND
from labelling.decide.row_decision import DecisionContext
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.review.audit import MAX_SAMPLE_ROWS
from labelling.review.cards import (
    ACCEPTED_CLASS_NOTE,
    ANSWERED_ATTRIBUTE_NOTE,
    ANSWERED_CLASS_NOTE,
    ANSWERED_SCREEN,
    FOUND_NOTES,
    LEFT_OUT_TEXT,
    ReviewCard,
    ReviewSection,
)
from labelling.review.questions import SheetQuestion, SheetSettings, SmallestRows, find_content
from labelling.rows import NO_DECISION, TableRow
from reports.product_rule import COLOUR_ATTRIBUTES

MAX_SETTLED_ROWS: Final = 500
"""Largest number of rows in each of the two parts. A thousand thumbnails are about ten megabytes."""


class SettledQuestion(NamedTuple):
    """An answer that a person can look at and change.

    Attributes:
        question: the question that was answered.
        answered_at: the time of the person's answer in UTC; empty if model and list accepted it.
    """

    question: SheetQuestion
    answered_at: str = ""


class SettledRows:
    """A collector of the settled rows of a table, to which every row is given once.

    Attributes:
        answered_count: the number of rows so far about which people answered.
        accepted_count: the number of rows so far whose class model and list accepted.
    """

    def __init__(
        self,
        human_answers: Mapping[AnswerSubject, HumanAnswer],
        sheet: SheetSettings,
        context: DecisionContext,
    ) -> None:
        """Create a collector without rows.

        Args:
            human_answers: all answers of people, by question.
            sheet: the settings of the review page.
            context: the facts about the whole table.
        """
        self.answered_count = 0
        self.accepted_count = 0
        self._sheet = sheet
        self._context = context
        self._answered = SmallestRows(MAX_SETTLED_ROWS)
        # Some of them may be in the audit, which is complete only after the last row.
        audit_size = MAX_SAMPLE_ROWS if sheet.audit_size is None else sheet.audit_size
        self._accepted = SmallestRows(MAX_SETTLED_ROWS + audit_size)
        self._times = defaultdict[tuple[str, str], dict[str, str]](dict)
        for subject, answer in sorted(human_answers.items(), key=lambda item: item[1].answered_at):
            key = ("", subject.product) if subject.product else (subject.sha256, "")
            self._times[key][subject.attribute] = answer.answered_at

    def add_row(self, row: TableRow) -> None:
        """Add a row if people answered about it, or if its class is accepted."""
        times = self._find_answer_times(row)
        decision = row.class_decision
        if times:
            self.answered_count += 1
            # The latest time first: its characters in reverse order.
            rank = tuple(-ord(sign) for sign in max(times.values()))
            self._answered.add_row(rank, row, find_content(row.record))
        if decision.is_accepted and decision.answer and LABEL not in times:
            self.accepted_count += 1
            confidence = decision.answer.confidence or 0.0
            self._accepted.add_row((confidence, row.record.number), row, find_content(row.record))

    def _find_answer_times(self, row: TableRow) -> dict[str, str]:
        """Return when people last answered about a row, by head, for the heads that they decided."""
        record = row.record
        keys = [(photo.sha256, "") for photo in record.photos]
        if record.product:
            keys.append(("", record.product))
        times = dict[str, str]()
        for key in keys:
            for head, answered_at in self._times.get(key, {}).items():
                decision = row.find_decision(head)
                if decision.decided_by == DecidedBy.PERSON and decision.question_reason is None:
                    times[head] = max(answered_at, times.get(head, ""))
        return times

    def make_questions(
        self, audit_names: Mapping[str, Collection[str]], feed_names: Collection[str]
    ) -> tuple[list[SettledQuestion], list[SettledQuestion]]:
        """Return the questions of the two parts: those that people answered, and the accepted ones.

        Args:
            audit_names: the names of the rows in the audit, by head.
            feed_names: the names of the rows whose colour is in the part about colours of the feed.
        """
        audited_classes = audit_names.get(LABEL, ())
        accepted_rows = (row for row in self._accepted.rows if row.record.name not in audited_classes)
        answered = [question for row in self._answered.rows for question in self._ask_answered(row)]
        accepted = [
            SettledQuestion(SheetQuestion(row, head, None, self._count_copies(self._accepted, row)))
            for row in islice(accepted_rows, MAX_SETTLED_ROWS)
            for head in self._list_accepted_heads(row)
            if head not in COLOUR_ATTRIBUTES or row.record.name not in feed_names
        ]

        def is_shown(settled: SettledQuestion) -> bool:
            return settled.question.row.record.name not in audit_names.get(settled.question.head, ())

        return list(filter(is_shown, answered)), list(filter(is_shown, accepted))

    def _count_copies(self, rows: SmallestRows, row: TableRow) -> int:
        return rows.copy_counts[find_content(row.record)]

    def _ask_answered(self, row: TableRow) -> Iterator[SettledQuestion]:
        """Yield the questions about a row that people answered; one card is about class and kind."""
        times = self._find_answer_times(row)
        if KIND in times and not self._needs_kind_card(row):
            times[LABEL] = max(times.pop(KIND), times.get(LABEL, ""))
        for head in sorted(times, key=lambda head: (head != LABEL, head)):
            if row.find_decision(head).answer is not None:
                copy_count = self._count_copies(self._answered, row)
                yield SettledQuestion(SheetQuestion(row, head, None, copy_count), times[head])

    def _list_accepted_heads(self, row: TableRow) -> list[str]:
        """Return the class and the further heads of an accepted row that have a card."""
        times = self._find_answer_times(row)
        kinds = [KIND] if self._needs_kind_card(row) else []
        heads = dict.fromkeys([*kinds, *self._sheet.attributes, self._context.colour_head])
        further = [head for head in heads if head not in times and self._is_accepted(row, head)]
        return [LABEL, *further]

    def _is_accepted(self, row: TableRow, head: str) -> bool:
        decision = row.find_decision(head)
        is_without_colour = row.is_sold_in_several_colours and head in COLOUR_ATTRIBUTES
        is_asked = decision.decided_by == DecidedBy.PERSON or decision.question_reason is not None
        return decision.is_accepted and not is_asked and not is_without_colour

    def _needs_kind_card(self, row: TableRow) -> bool:
        """Return whether the kind has a card of its own, since the card about the class does not show it."""
        decision = row.class_decision
        if not decision.is_settled or not self._context.has_kinds:
            return True
        return decision.label != NONE and len(self._context.class_kinds.get(decision.label or "", ())) != 1


def show_settled_answer(card: ReviewCard, settled: SettledQuestion, screen: ReviewSection) -> ReviewCard:
    """Return the card of a settled row, which shows the answer and one photo.

    Args:
        card: a card about the row without the answer of a person.
        screen: the part of the page, ANSWERED_SCREEN or ACCEPTED_SCREEN.
    """
    row = settled.question.row
    decision = settled.question.decision
    kind = row.find_decision(KIND) if card.attribute == LABEL and decision.label == NONE else NO_DECISION
    guess_kind = (kind.label or "") if kind.is_settled and kind.label in card.further_kinds else ""
    values: dict[str, str | float] = {"label": guess_kind or decision.label or LEFT_OUT_TEXT}
    note = card.note
    if screen == ANSWERED_SCREEN:
        note = ANSWERED_CLASS_NOTE if card.attribute == LABEL else ANSWERED_ATTRIBUTE_NOTE
    elif card.attribute == LABEL:
        note = ACCEPTED_CLASS_NOTE
        if decision.answer and (place := decision.answer.found_in):
            note = FOUND_NOTES[place.part]
            values["number"] = str([photo.path for photo in row.record.photos].index(place.path) + 1)
    return card._replace(
        note=note,
        note_values={**card.note_values, **values},
        guess=decision.label or "",
        guess_kind=guess_kind,
        button="" if screen == ANSWERED_SCREEN else card.button,
        screen=screen,
        more=card.more + len(card.photos),
        shows_first_photo=True,
        answered_at=settled.answered_at,
    )
