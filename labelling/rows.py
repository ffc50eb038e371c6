"""The records that a table has rows of, and the decisions about each. These are plain values.

    PictureAnswers what the model answers to one picture
    PhotoRecord    one picture of the catalogue: its answers, its place in the source and its list
    ProductRecord  the photos that share an article, answered together
    HeadAnswer     the answer of one head before people: a label, its confidence, the reason of a review
    HeadDecision   what the table shows of one head: the label, and who decided it
    TableRow       a photo or a product with its decisions

row_decision.py makes a TableRow from a record, and columns.py has the cells of a table.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from inference.contract import LABEL
from inference.reasons import DecidedBy, Reason
from inference.spreadsheets import escape_path
from reports.products import mean_of

ACCEPT: Final = "accept"
REVIEW: Final = "review"

MAX_PATH_CHARACTERS: Final = 32_767
"""Characters that a cell of a spreadsheet holds, those beyond 16 bits twice; Python's own reader of CSV takes
four times as many."""

Category: TypeAlias = tuple[str | None, str | None]
"""Id and name of a category of the platform."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadAnswer:
    """The answer of photos, or of photos and list together, about one head.

    Attributes:
        confidence: the probability of the label, 0 to 1; None if the photos give it none.
        reason: why a person should look; None if the answer is accepted.
        also: further labels of an attribute.
        probabilities: the probabilities (C,), in the order of the head's labels.
        decided_by: the model or the list, never a person.
        suggested_label: the other label that a card shows beside it; None for none.
    """

    label: str
    confidence: float | None = None
    reason: Reason | None = None
    also: tuple[str, ...] = ()
    probabilities: Sequence[float] = ()
    decided_by: DecidedBy = DecidedBy.MODEL
    suggested_label: str | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether no person need look at it."""
        return self.reason is None


HeadAnswers: TypeAlias = Mapping[str, HeadAnswer]
"""Answers by head, LABEL first, without attributes that do not apply to the class."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureAnswers:
    """The answers of the model to one picture, whatever its list says.

    Attributes:
        sha256: the hash of its bytes in hexadecimal; empty if they could not be read.
        error: why there is no answer; empty if there is one.
        familiarity: the familiarity, 0 to 1; None if it was not measured.
        answers: the answers by head; empty if there is an error.
    """

    sha256: str = ""
    error: str = ""
    familiarity: float | None = None
    answers: HeadAnswers = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhotoRecord(PictureAnswers):
    """A picture of a catalogue, with the answers of the model.

    Attributes:
        path: the path in the table.
        cells: the cells of the list that names it, by the list's own names.
        product: the product that it shows; empty for none.
        number: its place in the source, from 0.
    """

    path: str
    cells: Mapping[str, str] = field(default_factory=dict)
    product: str = ""
    number: int = 0

    @property
    def name(self) -> str:
        """The name in tables and on sheets."""
        return self.path

    @property
    def photos(self) -> "tuple[PhotoRecord, ...]":
        """Itself."""
        return (self,)

    def probabilities_of(self, head: str) -> Sequence[float]:
        """Return the probability of each label of a head."""
        return self.answers[head].probabilities if head in self.answers else ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductRecord:
    """The photos of one product, in the order of the source, with their combined answers.

    Attributes:
        product: the name of the product.
        distinct_photos: its photos of different content; of copies, the first one.
        deciding_photos: the paths of the photos that the answer of each head is based on.
        cells: the first cell of its photos that is not empty, by column.
    """

    product: str
    photos: tuple[PhotoRecord, ...]
    distinct_photos: tuple[PhotoRecord, ...]
    answers: HeadAnswers = field(default_factory=dict)
    deciding_photos: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)

    sha256 = ""
    familiarity = None

    @property
    def name(self) -> str:
        """The name in tables and on sheets."""
        return self.product

    @property
    def number(self) -> int:
        """The place of its first photo."""
        return self.photos[0].number

    @property
    def error(self) -> str:
        """Why there is no answer; empty where there is one."""
        return (
            ""
            if LABEL in self.answers
            else f"No photo of it has an answer. The first: {self.photos[0].error}"
        )

    def probabilities_of(self, head: str) -> Sequence[float]:
        """Return the probability that all its photos, even unfamiliar ones, give to each label of a head."""
        return mean_of(
            [photo.answers[head].probabilities for photo in self.distinct_photos if head in photo.answers]
        )


Record: TypeAlias = PhotoRecord | ProductRecord
"""The subject of a row: a photo or a product."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadDecision:
    """The decision of a table about one head of a photo or a product.

    Attributes:
        answer: the answer before people; None without one.
        label: the label in the table; None without one, or if a person left it out.
        decided_by: who decided the label; None if nobody did.
        reason: why the answer is not accepted; None if it is.
        category: the platform's category of the label.
        is_admitted: whether the title allows the answer; None if one of the two names no kind.
        doubt: why a card asks about it; None if there is no need.
    """

    answer: HeadAnswer | None = None
    label: str | None = None
    decided_by: DecidedBy | None = None
    reason: Reason | None = None
    category: Category = (None, None)
    is_admitted: bool | None = None
    doubt: str | None = None

    @property
    def predicted_label(self) -> str | None:
        """The label before people."""
        return self.answer.label if self.answer else None

    @property
    def is_accepted(self) -> bool:
        """Whether model or list decided, whatever people say."""
        return self.answer is not None and self.reason is None

    @property
    def is_settled(self) -> bool:
        """Whether no person need look any more."""
        return self.decided_by == DecidedBy.PERSON or self.is_accepted


NO_DECISION: Final = HeadDecision()


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRow:
    """A photo or a product, with the decisions about it.

    Attributes:
        decisions: the decisions by head, LABEL first.
        title_kinds: the kinds that the titles of its list allow.
        feed_colours: the colours of a product for a feed, the main one first; empty if they are doubtful.
        is_likely: whether only photos show these colours, less certainly than a table requires.
    """

    record: Record
    decisions: Mapping[str, HeadDecision]
    title_kinds: frozenset[str] = frozenset()
    feed_colours: tuple[str, ...] = ()
    is_likely: bool = False

    @property
    def class_decision(self) -> HeadDecision:
        """The decision about the class."""
        return self.decision_on(LABEL)

    @property
    def is_of_product(self) -> bool:
        """Whether it is about a photo, of which its product's row asks people."""
        return isinstance(self.record, PhotoRecord) and bool(self.record.product)

    def decision_on(self, head: str) -> HeadDecision:
        """Return the decision about a head."""
        return self.decisions.get(head, NO_DECISION)


def make_table_path(name: str) -> str:
    """Return the name of a picture as it is written in the table.

    Bytes that are not UTF-8, carriage returns and NULs are escaped with a backslash, because CSV readers take
    a carriage return for the end of a row. A name that is too long for a cell is cut and ends with a hash of
    the whole name, so that two such names stay different.
    """
    text = name.encode("utf-8", "backslashreplace").decode()
    path = escape_path(text.replace("\r", r"\r").replace("\0", r"\0"))
    units = path.encode("utf-16-le")
    if len(units) <= 2 * MAX_PATH_CHARACTERS:
        return path
    end = f"-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return units[: 2 * (MAX_PATH_CHARACTERS - len(end))].decode("utf-16-le", "ignore") + end
