"""What a review sheet asks of each picture, or each product: one question for the class and each attribute.

A product is asked about once, whatever the number of its photos. Rows pass, and what is asked about is kept.
"""

from bisect import bisect_right
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

from inference.contract import LABEL
from inference.reasons import DecidedBy, Reason
from labelling.decisions import Decisions
from labelling.review.audit import DRAWN, rank, usual_size
from labelling.review.page import Texts
from labelling.row import Answers, Decision, Photo, Row, Subject

SHOWN: Final = 6
"""Photos of a product on its card."""

FIRST_DOUBTS: Final[Mapping[str, int]] = {Reason.TITLE_CONFLICT: 0, Reason.UNFAMILIAR: 1}
"""The order of the doubts that come first on a sheet; all others follow together."""

NO_ANSWER: Final = 2
"""The place of photos without an answer, after familiar and unfamiliar ones."""


class Review(NamedTuple):
    """The page that a person asks for.

    Attributes:
        page: the file to write; an existing one is replaced.
        limit: the most doubtful pictures on the page, of the class and of each attribute.
        audited: rows to be drawn at random of those that are accepted, whatever people answered; None for
            what the table can pay for. They come last, in random order, without what the model answered. Each
            has a card for the class and each attribute.
        attributes: that are asked for beside the class.
        feed: the attribute that a feed has; products without it are seen together. Empty for none.
        texts: of the page in other languages.
        command: see Frame.
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


class Asked(NamedTuple):
    """A question on a sheet.

    Attributes:
        row: of a picture, or of a product.
        head: that it is about.
        reason: why a person should look; None where model or list decided.
    """

    row: Row
    head: str
    reason: str | None

    @property
    def decided(self) -> Decision:
        """What the table says."""
        return self.row.of(self.head)


class Least:
    """The rows of the least keys among those that pass, in their order; of equal keys the first."""

    def __init__(self, most: int) -> None:
        """At most so many are kept."""
        self._most, self._keys, self.rows = most, list[Any](), list[Row]()

    def add(self, key: object, row: Row) -> None:
        """Keep a row, if its key is among the least by now."""
        place = bisect_right(self._keys, key)
        if place < self._most:
            self._keys.insert(place, key)
            self.rows.insert(place, row)
            del self._keys[self._most :], self.rows[self._most :]


class Choice:
    """What a sheet asks about one head, chosen as rows pass.

    Attributes:
        accepted: rows that an audit is drawn from.
        is_fed: whether a feed has the head.
    """

    def __init__(self, head: str, review: Review, version: str) -> None:
        """Begin one, about the class or an attribute, of rows by a release."""
        self.head, self.accepted, self.is_fed = head, 0, head == review.feed
        self._audited, self._version = review.audited, version
        self._is_asked = head in {LABEL, *review.attributes}  # else products that a feed lacks, nothing else
        self._doubtful, self._fed = Least(review.limit), Least(review.limit)
        self._drawn = Least(DRAWN if review.audited is None else review.audited)

    def take(self, row: Row) -> None:
        """Look at a row, and keep it if it is to be asked about by now."""
        decided, subject = row.of(self.head), row.subject
        if decided.answer is None:
            return
        if self._is_asked and decided.reason is None:
            self.accepted += 1
            self._drawn.add(rank(subject.name, self._version), row)
        is_lacking = bool(subject.product) and (not row.colours or decided.doubt == Reason.TITLE_CONFLICT)
        if decided.doubt and (self._is_asked or is_lacking):
            self._doubtful.add(_order(subject, decided), row)
        if (
            self.is_fed
            and row.colours
            and decided.by != DecidedBy.PERSON
            and decided.doubt != Reason.TITLE_CONFLICT
        ):
            self._fed.add(subject.number, row)

    @property
    def drawn(self) -> list[Asked]:
        """The audit: rows in random order, of which nobody sees what was answered."""
        size = usual_size(self.accepted) if self._audited is None else self._audited
        return [Asked(row, self.head, None) for row in self._drawn.rows[:size]]

    @property
    def doubtful(self) -> list[Asked]:
        """What a person has to answer: what the list contradicts, what is unfamiliar, then the least sure."""
        drawn = {asked.row.subject.name for asked in self.drawn}
        rows = (row for row in self._doubtful.rows if row.subject.name not in drawn)
        return [Asked(row, self.head, row.of(self.head).doubt) for row in rows]

    @property
    def fed(self) -> list[Asked]:
        """Products whose colour a feed took, in the order of the table, of which nothing else is asked."""
        there = {asked.row.subject.name for asked in (*self.drawn, *self.doubtful)}
        rows = (row for row in self._fed.rows if row.subject.name not in there)
        return [Asked(row, self.head, row.of(self.head).reason) for row in rows]

    @property
    def asked(self) -> list[Asked]:
        """All of these."""
        return [*self.doubtful, *self.fed, *self.drawn]


def _order(subject: Subject, decided: Decision) -> tuple[object, ...]:
    """Within each doubt, the measure that decided is compared first, then the other one, then the place."""
    first, second = decided.answer and decided.answer.confidence, subject.familiarity
    if decided.doubt == Reason.UNFAMILIAR and second is not None:  # a product has none of its own
        first, second = second, first
    measures = ((measure is not None, measure or 0.0) for measure in (first, second))
    place = FIRST_DOUBTS.get(decided.doubt or "", len(FIRST_DOUBTS))
    return place, *measures, not subject.product, subject.number


def on_card(row: Row, decisions: Decisions) -> list[Photo]:
    """The photos of a row that could be read: familiar ones first, before all one of this product alone.

    What people answer to a product is kept with its first photo, and holds where that is one of it.
    """
    places = ((_place(decisions.beside_list(photo)), photo) for photo in row.subject.photos if photo.sha256)
    by_path = {photo.path: (place, photo) for place, photo in sorted(places, key=itemgetter(0))}
    photos, shared = [photo for _, photo in by_path.values()], decisions.known.shared.under
    answered = (photo for place, photo in by_path.values() if place < NO_ANSWER)
    own = next((photo for photo in answered if photo.sha256 not in shared), None)
    return [own, *(photo for photo in photos if photo is not own)] if own else photos


def _place(answers: Answers) -> int:
    """Familiar photos come before others, and these before those without an answer."""
    return int(answers[LABEL].reason == Reason.UNFAMILIAR) if LABEL in answers else NO_ANSWER
