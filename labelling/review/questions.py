"""The questions of a review sheet: one about the class and one about each attribute, of pictures or products.

A product is asked about once, whatever the number of its photos. All rows of a table are given to a
`HeadQuestions` once. It keeps only those that come first: the most doubtful ones, those of the feed, and a
random sample for an audit.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

from inference.contract import LABEL
from inference.reasons import DecidedBy, Reason
from labelling.decide.decisions import RunDecisions
from labelling.review.audit import MAX_SAMPLE_ROWS, choose_sample_size, make_sample_rank
from labelling.review.page import PageTranslations
from labelling.rows import HeadAnswers, HeadDecision, PhotoRecord, Record, TableRow
from reports.product_rule import COLOUR_ATTRIBUTES

MAX_PHOTOS_ON_CARD: Final = 6
"""Largest number of photos of a product on its card."""

REASON_ORDER: Final[Mapping[str, int]] = {Reason.TITLE_CONFLICT: 0, Reason.UNFAMILIAR: 1}
"""The order of the reasons whose questions come first on a review sheet. All other reasons follow
together."""

MIN_PHRASE_PRODUCTS: Final = 3
"""Smallest number of products whose photos contradict a phrase of their titles, so that one question is asked
for all of them."""

NO_ANSWER_RANK: Final = 2
"""The sort key of photos without an answer. Familiar photos have 0, and unfamiliar photos 1."""


class SheetSettings(NamedTuple):
    """The settings of a review page, as a person chose them on the command line.

    Attributes:
        page_path: the path of the page, which is replaced if it exists.
        question_limit: the largest number of doubtful pictures on the page, for the class and for each
            attribute.
        audit_size: the number of accepted rows to draw at random, whatever people answered; None for as many
            as the table can pay for. They come last, in random order, without the answer of the model. Each
            has a card for the class and for each attribute.
        attributes: the attributes that are asked for beside the class.
        feed_attribute: the attribute of a feed, whose missing values have a screen of their own; empty for
            none.
        translations: the texts of the page in other languages.
        command: the command that applies the exported file.
    """

    page_path: Path
    question_limit: int
    audit_size: int | None
    attributes: tuple[str, ...]
    feed_attribute: str
    translations: PageTranslations
    command: str

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads that the page asks about: the class (LABEL) first, then the names of attributes."""
        return tuple(dict.fromkeys(filter(None, (LABEL, *self.attributes, self.feed_attribute))))


class SheetQuestion(NamedTuple):
    """A question on a review sheet, about the class or one attribute of a picture or product.

    Attributes:
        row: the decided row of the picture or the product.
        head: the class (LABEL), or the name of the attribute that is asked about.
        reason: the reason why a person should look; None if the answer was accepted.
        copy_count: the number of further rows with the same picture, which get the same answer.
    """

    row: TableRow
    head: str
    reason: str | None
    copy_count: int = 0

    @property
    def decision(self) -> HeadDecision:
        """The decision of the table about the head that is asked about."""
        return self.row.find_decision(self.head)


class SmallestRows:
    """A collection that keeps only the rows with the smallest keys among all rows that are added.

    Attributes:
        rows: the rows that are kept, sorted by key. Of equal keys, the first row that was added comes first.
        copy_counts: the number of rows that were added later with the content of a kept row, by the content.
    """

    def __init__(self, most: int) -> None:
        """Create an empty collection.

        Args:
            most: the largest number of rows that are kept.
        """
        self._most = most
        self._keys = list[Any]()
        self._contents = list[str]()
        self.rows = list[TableRow]()
        self.copy_counts = Counter[str]()

    def add_row(self, key: object, row: TableRow, content: str = "") -> None:
        """Add a row if its key is among the smallest so far; the row with the largest key is then dropped.

        Args:
            key: the sort key, which can be compared with all other keys.
            content: the content that an answer to the row is about. Later rows with this content are only
                counted. Empty for a row that is kept in any case.
        """
        if content and content in self.copy_counts:
            self.copy_counts[content] += 1
            return
        place = bisect_right(self._keys, key)
        if place < self._most:
            self._keys.insert(place, key)
            self._contents.insert(place, content)
            self.rows.insert(place, row)
            self.copy_counts[content] = 0
            for dropped in self._contents[self._most :]:
                del self.copy_counts[dropped]
            del self._keys[self._most :], self._contents[self._most :], self.rows[self._most :]


class HeadQuestions:
    """A collector of a review sheet's questions about one head, which reads the rows of a table once.

    A head is the class or an attribute.

    Attributes:
        head: the class (LABEL), or the name of the attribute.
        answered_count: the number of rows so far that have an answer of the head.
        accepted_count: the number of accepted rows so far, from which an audit is drawn.
        doubtful_count: the number of doubtful rows so far, also of those that get no question.
        is_feed_attribute: whether the head is the attribute that a feed needs.
    """

    def __init__(self, head: str, review: SheetSettings, version: str) -> None:
        """Create a collector without questions.

        Args:
            head: the class (LABEL), or the name of an attribute.
            review: the settings of the review page, with the numbers of questions.
            version: the version of the release that answered the rows.
        """
        self.head = head
        self.answered_count = 0
        self.accepted_count = 0
        self.doubtful_count = 0
        self.is_feed_attribute = head == review.feed_attribute
        self._audited = review.audit_size
        self._version = version
        # A head that only the feed needs is asked about for products that the feed lacks, and is not audited.
        self._is_asked = head in {LABEL, *review.attributes}
        self._doubtful = SmallestRows(review.question_limit)
        self._fed = SmallestRows(review.question_limit)
        self._drawn = SmallestRows(MAX_SAMPLE_ROWS if review.audit_size is None else review.audit_size)
        self._phrases = Counter[str]()
        self._contradicted_phrases = Counter[str]()

    def add_row(self, row: TableRow) -> None:
        """Add a row to the doubtful, feed or audit questions if it belongs there.

        Only the rows that come first in these lists are kept. A row without an answer of the head is ignored,
        and so is the colour of a product that is sold in several colours.
        """
        decision = row.find_decision(self.head)
        subject = row.record
        if decision.answer is None or (row.is_sold_in_several_colours and self.head in COLOUR_ATTRIBUTES):
            return
        self.answered_count += 1
        if self.head in COLOUR_ATTRIBUTES:
            self._count_phrases(row)
        if self._is_asked and decision.reason is None:
            self.accepted_count += 1
            self._drawn.add_row(make_sample_rank(subject.name, self._version), row)
        is_lacking = bool(subject.product) and (
            not row.feed_colours or decision.question_reason == Reason.TITLE_CONFLICT
        )
        if decision.question_reason and (self._is_asked or is_lacking):
            self.doubtful_count += 1
            self._doubtful.add_row(_make_sort_key(subject, decision), row, find_content(subject))
        if (
            self.is_feed_attribute
            and row.feed_colours
            and decision.decided_by != DecidedBy.PERSON
            and decision.question_reason != Reason.TITLE_CONFLICT
            # Without a label for the title's colour, the group of the photos' colour would be a wrong one.
            and (not row.title_colour_phrases or decision.decided_by == DecidedBy.LIST)
        ):
            self._fed.add_row(subject.number, row)

    def _count_phrases(self, row: TableRow) -> None:
        """Count the phrases by which the title of a row names its colour."""
        answer = row.find_decision(self.head).answer
        self._phrases.update(row.title_colour_phrases)
        if answer and answer.reason == Reason.TITLE_CONFLICT:
            self._contradicted_phrases.update(row.title_colour_phrases)

    def find_doubtful_phrase(self, row: TableRow) -> str:
        """Return the phrase of a title that may be a name, because the photos of most such titles deny it.

        Returns:
            The phrase, such as "golden hour"; empty if it names the colour in most titles, or in too few to
            tell.
        """
        return next(
            (
                phrase
                for phrase in row.title_colour_phrases
                if self._contradicted_phrases[phrase] >= MIN_PHRASE_PRODUCTS
                and 2 * self._contradicted_phrases[phrase] > self._phrases[phrase]
            ),
            "",
        )

    @property
    def audit_questions(self) -> list[SheetQuestion]:
        """The questions of the audit: a random sample of accepted rows, shown without the model's answer."""
        size = choose_sample_size(self.accepted_count) if self._audited is None else self._audited
        return [SheetQuestion(row, self.head, None) for row in self._drawn.rows[:size]]

    @property
    def doubtful_questions(self) -> list[SheetQuestion]:
        """The questions about doubtful rows that are not in the audit.

        Pictures with the most copies come first. Then come contradictions of title and photo, then unfamiliar
        photos, then the least certain answers.
        """
        audit_names = {question.row.record.name for question in self.audit_questions}
        rows = (row for row in self._doubtful.rows if row.record.name not in audit_names)
        questions = [
            SheetQuestion(
                row,
                self.head,
                row.find_decision(self.head).question_reason,
                self._doubtful.copy_counts[find_content(row.record)],
            )
            for row in rows
        ]
        return sorted(questions, key=lambda question: -question.copy_count)

    @property
    def feed_questions(self) -> list[SheetQuestion]:
        """The questions about products whose colour is in the feed, in the order of the table.

        Products with a question in the audit or about a doubtful answer are left out.
        """
        asked_names = {
            question.row.record.name for question in (*self.audit_questions, *self.doubtful_questions)
        }
        rows = (row for row in self._fed.rows if row.record.name not in asked_names)
        return [SheetQuestion(row, self.head, row.find_decision(self.head).reason) for row in rows]

    @property
    def all_questions(self) -> list[SheetQuestion]:
        """All questions: the doubtful ones, those about colours of the feed, and those of the audit."""
        return [*self.doubtful_questions, *self.feed_questions, *self.audit_questions]


def find_content(subject: Record) -> str:
    """Return the hash of a picture, whose copies get the same answer; empty for a product."""
    return "" if subject.product else subject.photos[0].sha256


def _make_sort_key(subject: Record, decision: HeadDecision) -> tuple[object, ...]:
    """Return a sort key: for each reason, first its own measure, then the other one, then the place."""
    first = decision.answer and decision.answer.confidence
    second = subject.familiarity
    # Unfamiliar photos are sorted by familiarity first. A product has no familiarity of its own.
    if decision.question_reason == Reason.UNFAMILIAR and second is not None:
        first, second = second, first
    # False sorts before True, so rows without a measure come first: of them least is known.
    measures = ((measure is not None, measure or 0.0) for measure in (first, second))
    place = REASON_ORDER.get(decision.question_reason or "", len(REASON_ORDER))
    return place, *measures, not subject.product, subject.number


def choose_photos(row: TableRow, decisions: RunDecisions) -> list[PhotoRecord]:
    """Return the readable photos of a row in the order in which a card shows them.

    If possible, the first photo has an answer and is listed under this product alone. It is the one in which
    the garment was found, if only a part of it shows the garment clearly. Familiar photos follow, and photos
    without an answer come last. A person's answer to a product is stored with the first photo, and is valid
    as long as the product has this photo.

    Args:
        row: the decided row of a picture or product.
        decisions: the decided rows of the table.
    """
    readable_photos = [photo for photo in row.record.photos if photo.sha256]
    if len(readable_photos) < 2:
        return readable_photos  # no photo needs to be decided to put one in order
    places = (
        (_make_familiarity_key(decisions.answer_without_people(photo)), photo) for photo in readable_photos
    )
    photos_by_path = {photo.path: (place, photo) for place, photo in sorted(places, key=itemgetter(0))}
    photos = [photo for _, photo in photos_by_path.values()]
    answer = row.class_decision.answer
    if answer and (found := answer.found_in):
        photos.sort(key=lambda photo: photo.path != found.path)
    shared_hashes = decisions.context.shared_photos.products_by_photo
    answered_photos = (photo for photo in photos if photos_by_path[photo.path][0] < NO_ANSWER_RANK)
    unshared_photo = next((photo for photo in answered_photos if photo.sha256 not in shared_hashes), None)
    if unshared_photo:
        photos.sort(key=lambda photo: photo is not unshared_photo)
    return photos


def _make_familiarity_key(answers: HeadAnswers) -> int:
    """Return a sort key that puts familiar photos first, and photos without an answer last."""
    return int(answers[LABEL].reason == Reason.UNFAMILIAR) if LABEL in answers else NO_ANSWER_RANK
