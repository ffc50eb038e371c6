"""The questions of a review sheet: one about the class and one about each attribute, of pictures or products.

A product is asked about once, whatever the number of its photos. Rows pass by, and only those for questions
are kept.
"""

from bisect import bisect_right
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

from inference.contract import LABEL
from inference.reasons import DecidedBy, Reason
from labelling.decide.decisions import Decisions
from labelling.review.audit import MAX_SAMPLE_ROWS, default_sample_size, sample_rank
from labelling.review.page import Texts
from labelling.rows import HeadAnswers, HeadDecision, PhotoRecord, Record, TableRow

MAX_PHOTOS_ON_CARD: Final = 6
"""Photos of a product on its card."""

FIRST_DOUBTS: Final[Mapping[str, int]] = {Reason.TITLE_CONFLICT: 0, Reason.UNFAMILIAR: 1}
"""The order of the doubts that come first on a sheet; all others follow together."""

NO_ANSWER_PLACE: Final = 2
"""The place of photos without an answer, after familiar and unfamiliar ones."""


class Review(NamedTuple):
    """The review page that a person asks for.

    Attributes:
        page: the file, which is replaced if it exists.
        limit: the largest number of doubtful pictures on the page, for the class and for each attribute.
        audited: the number of accepted rows to draw at random, whatever people answered; None for as many as
            the table can pay for. They come last, in random order, without the answer of the model. Each has
            a card for the class and for each attribute.
        attributes: the attributes that are asked for beside the class.
        feed: the attribute of a feed, whose missing values have a screen of their own; empty for none.
        texts: the texts of the page in other languages.
        command: the command that applies the exported file, as in Frame.
    """

    page: Path
    limit: int
    audited: int | None
    attributes: tuple[str, ...]
    feed: str
    texts: Texts
    command: str

    @property
    def heads(self) -> tuple[str, ...]:
        """All that the page asks for, the class first."""
        return tuple(dict.fromkeys(filter(None, (LABEL, *self.attributes, self.feed))))


class SheetQuestion(NamedTuple):
    """A question on a sheet.

    Attributes:
        row: the picture or the product.
        head: the head that is asked about.
        reason: why a person should look; None if model or list decided.
    """

    row: TableRow
    head: str
    reason: str | None

    @property
    def decision(self) -> HeadDecision:
        """The decision of the table."""
        return self.row.decision_on(self.head)


class LeastRows:
    """The rows of the least keys among those that pass, in their order; of equal keys the first."""

    def __init__(self, most: int) -> None:
        """At most so many are kept."""
        self._most, self._keys, self.rows = most, list[Any](), list[TableRow]()

    def add(self, key: object, row: TableRow) -> None:
        """Keep a row, if its key is among the least by now."""
        place = bisect_right(self._keys, key)
        if place < self._most:
            self._keys.insert(place, key)
            self.rows.insert(place, row)
            del self._keys[self._most :], self.rows[self._most :]


class HeadQuestions:
    """The questions of a sheet about one head, which are chosen while rows pass by.

    Attributes:
        accepted: the number of rows that an audit is drawn from.
        is_fed: whether a feed needs the head.
    """

    def __init__(self, head: str, review: Review, version: str) -> None:
        """Begin one, about the class or an attribute, of rows by a release."""
        self.head, self.accepted, self.is_fed = head, 0, head == review.feed
        self._audited, self._version = review.audited, version
        self._is_asked = head in {LABEL, *review.attributes}  # else products that a feed lacks, nothing else
        self._doubtful, self._fed = LeastRows(review.limit), LeastRows(review.limit)
        self._drawn = LeastRows(MAX_SAMPLE_ROWS if review.audited is None else review.audited)

    def add_row(self, row: TableRow) -> None:
        """Look at a row, and keep it if it is to be asked about by now."""
        decided, subject = row.decision_on(self.head), row.record
        if decided.answer is None:
            return
        if self._is_asked and decided.reason is None:
            self.accepted += 1
            self._drawn.add(sample_rank(subject.name, self._version), row)
        is_lacking = bool(subject.product) and (
            not row.feed_colours or decided.doubt == Reason.TITLE_CONFLICT
        )
        if decided.doubt and (self._is_asked or is_lacking):
            self._doubtful.add(_order(subject, decided), row)
        if (
            self.is_fed
            and row.feed_colours
            and decided.decided_by != DecidedBy.PERSON
            and decided.doubt != Reason.TITLE_CONFLICT
        ):
            self._fed.add(subject.number, row)

    @property
    def audit_questions(self) -> list[SheetQuestion]:
        """The audit: rows in random order, whose answers nobody sees."""
        size = default_sample_size(self.accepted) if self._audited is None else self._audited
        return [SheetQuestion(row, self.head, None) for row in self._drawn.rows[:size]]

    @property
    def doubtful_questions(self) -> list[SheetQuestion]:
        """The questions that a person has to answer: contradictions, unfamiliar ones, then the least sure."""
        drawn = {asked.row.record.name for asked in self.audit_questions}
        rows = (row for row in self._doubtful.rows if row.record.name not in drawn)
        return [SheetQuestion(row, self.head, row.decision_on(self.head).doubt) for row in rows]

    @property
    def feed_questions(self) -> list[SheetQuestion]:
        """Products whose colour a feed took, in the order of the table, of which nothing else is asked."""
        there = {asked.row.record.name for asked in (*self.audit_questions, *self.doubtful_questions)}
        rows = (row for row in self._fed.rows if row.record.name not in there)
        return [SheetQuestion(row, self.head, row.decision_on(self.head).reason) for row in rows]

    @property
    def all_questions(self) -> list[SheetQuestion]:
        """All of these."""
        return [*self.doubtful_questions, *self.feed_questions, *self.audit_questions]


def _order(subject: Record, decided: HeadDecision) -> tuple[object, ...]:
    """Return a sort key: for each reason, first its own measure, then the other one, then the place."""
    first, second = decided.answer and decided.answer.confidence, subject.familiarity
    if decided.doubt == Reason.UNFAMILIAR and second is not None:  # a product has none of its own
        first, second = second, first
    measures = ((measure is not None, measure or 0.0) for measure in (first, second))
    place = FIRST_DOUBTS.get(decided.doubt or "", len(FIRST_DOUBTS))
    return place, *measures, not subject.product, subject.number


def choose_photos(row: TableRow, decisions: Decisions) -> list[PhotoRecord]:
    """Return the readable photos of a row: familiar ones first, and in front one of this product alone.

    A person's answer to a product is kept with its first photo, and is valid as long as the product has it.
    """
    places = (
        (_place(decisions.answers_before_people(photo)), photo) for photo in row.record.photos if photo.sha256
    )
    by_path = {photo.path: (place, photo) for place, photo in sorted(places, key=itemgetter(0))}
    photos, shared = (
        [photo for _, photo in by_path.values()],
        decisions.context.shared_photos.products_of_photos,
    )
    answered = (photo for place, photo in by_path.values() if place < NO_ANSWER_PLACE)
    own = next((photo for photo in answered if photo.sha256 not in shared), None)
    return [own, *(photo for photo in photos if photo is not own)] if own else photos


def _place(answers: HeadAnswers) -> int:
    """Return a sort key that puts familiar photos first, and photos without an answer last."""
    return int(answers[LABEL].reason == Reason.UNFAMILIAR) if LABEL in answers else NO_ANSWER_PLACE
