"""The records that a table has rows of, and what is decided about each. Plain values; no input or output.

    PictureAnswers what the model answers to one picture
    PhotoRecord    one picture of the catalogue: its answers, its place in the source and its list
    ProductRecord  the photos that share an article, answered together
    HeadAnswer     the answer of one head before people: a label, its confidence, the reason of a review
    HeadDecision   what the table shows of one head: the label, and who decided it
    TableRow       a photo or a product with its decisions

row_decision.py makes a TableRow of a record; columns.py has the cells of a table.
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
    """What photos, or photos and list together, say of one head.

    Attributes:
        confidence: 0..1, of the label; None where the photos give it none.
        reason: why a person should look; None where it is accepted.
        also: further labels of an attribute.
        probabilities: (C,), in the order of the head's labels.
        decided_by: who answered; no person.
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
"""By head, LABEL first; without those that do not apply to the class."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureAnswers:
    """What the model answers to one picture, whatever a list says of it.

    Attributes:
        sha256: of its bytes, hexadecimal; empty if they could not be read.
        error: why there is no answer; empty if there is one.
        familiarity: 0..1; None if it was not measured.
        answers: by head; none if there is an error.
    """

    sha256: str = ""
    error: str = ""
    familiarity: float | None = None
    answers: HeadAnswers = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhotoRecord(PictureAnswers):
    """A picture of a catalogue, as the model answered it.

    Attributes:
        path: in the table.
        cells: of the list that names it, by the list's own names.
        product: that it shows; empty for none.
        number: its place in the source, from 0.
    """

    path: str
    cells: Mapping[str, str] = field(default_factory=dict)
    product: str = ""
    number: int = 0

    @property
    def name(self) -> str:
        """What a table and a sheet call it."""
        return self.path

    @property
    def photos(self) -> "tuple[PhotoRecord, ...]":
        """Itself."""
        return (self,)

    def probabilities_of(self, head: str) -> Sequence[float]:
        """What it gives to each label of a head."""
        return self.answers[head].probabilities if head in self.answers else ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductRecord:
    """The photos of one product, in the order of the source, and what they answer together.

    Attributes:
        product: its name.
        distinct_photos: its photos of different content: of copies the first.
        deciding_photos: the paths of the photos that the answer of each head is made of.
        cells: by column the first one of its photos that is not empty.
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
        """What a table and a sheet call it."""
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
        """What all its photos give to each label of a head, unfamiliar ones too."""
        return mean_of(
            [photo.answers[head].probabilities for photo in self.distinct_photos if head in photo.answers]
        )


Record: TypeAlias = PhotoRecord | ProductRecord
"""What a row is about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadDecision:
    """What a table says of one head of a photo or a product.

    Attributes:
        answer: before people; None where there is none.
        label: that counts; None where there is none, or a person left it out.
        decided_by: who decided the label; None where nobody did.
        reason: why the answer is not accepted; None where it is.
        category: of the platform, of the label.
        is_admitted: whether the list's words admit the answer; None where one of the two says nothing of a
            kind.
        doubt: why a card asks about it; None where it need not.
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
    """A photo or a product, and what is decided of it.

    Attributes:
        decisions: by head, LABEL first.
        title_kinds: the kinds that the words of its list admit.
        feed_colours: of a product that a feed sends, the main one first; none where they are doubtful.
        is_likely: whether photos alone show these, less surely than a table accepts.
    """

    record: Record
    decisions: Mapping[str, HeadDecision]
    title_kinds: frozenset[str] = frozenset()
    feed_colours: tuple[str, ...] = ()
    is_likely: bool = False

    @property
    def class_decision(self) -> HeadDecision:
        """What is decided about the class."""
        return self.decision_on(LABEL)

    @property
    def is_of_product(self) -> bool:
        """Whether it is about a photo, of which its product's row asks people."""
        return isinstance(self.record, PhotoRecord) and bool(self.record.product)

    def decision_on(self, head: str) -> HeadDecision:
        """What is decided about a head."""
        return self.decisions.get(head, NO_DECISION)


def make_table_path(name: str) -> str:
    """A picture's name as the table has it.

    Bytes that are no UTF-8, carriage returns and NULs are escaped with a backslash: CSV readers take a
    carriage return for the end of a row. A name that a cell cannot hold is cut, and ends in a hash of the
    whole, so that two of these never become one.
    """
    text = name.encode("utf-8", "backslashreplace").decode()
    path = escape_path(text.replace("\r", r"\r").replace("\0", r"\0"))
    units = path.encode("utf-16-le")
    if len(units) <= 2 * MAX_PATH_CHARACTERS:
        return path
    end = f"-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return units[: 2 * (MAX_PATH_CHARACTERS - len(end))].decode("utf-16-le", "ignore") + end
