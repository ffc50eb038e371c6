"""The photos and products of a table, the answers to them, and the decisions about them, as plain values.

A head is one question that a release answers: the class of the garment ("label"), or an attribute such as
`colour`. An answer is accepted, or has a reason why a person should look.

    PictureAnswers what the model answers to one picture
    PhotoRecord    one picture of the catalogue: its answers, its place in the source and its list
    ProductRecord  the photos that share an article, answered together
    HeadAnswer     the answer of one head before people: a label, its confidence, the reason of a review
    HeadDecision   what the table shows of one head: the label, and who decided it
    TableRow       a photo or a product with its decisions
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from inference.contract import LABEL
from inference.reasons import DecidedBy, Reason
from inference.text.spreadsheets import escape_spreadsheet_path

MAX_PATH_CHARACTERS: Final = 32_767
"""Longest path in a table, in UTF-16 code units (an emoji has two): the limit of a cell in Excel."""

Category: TypeAlias = tuple[str | None, str | None]
"""The id and the name of a category of a sales platform, such as Google's ("1581", "Skirts"). (None, None)
stands for no category."""


class FoundPlace(NamedTuple):
    """The photo and the part of it in which a garment was found that the whole photos do not show clearly.

    Attributes:
        path: the path of the photo.
        part: the name of the part, such as `upper`; empty if the whole photo shows the garment best.
    """

    path: str
    part: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadAnswer:
    """The answer about one head: the class of a garment, or an attribute such as `colour`.

    The answer comes from photos alone, or from photos and the shop's list together.

    Attributes:
        label: the label that is the answer, such as `Dress` or `blue`.
        confidence: the probability of the label, 0 to 1; None if the photos give it none.
        reason: why a person should look; None if the answer is accepted.
        also: further labels of an attribute that are true as well, such as a second colour.
        probabilities: the probabilities (C,), in the order of the head's labels.
        decided_by: the model or the list, never a person.
        suggested_label: another label that the review sheet, on which people answer, suggests; None for none.
        parts: the probabilities (C,) by the parts of the photo, as `Prediction.parts` has them; for `kind`
            alone.
        found_in: the place of the garment, if only parts of the photos show it clearly; None otherwise.
        has_unfamiliar_picture: whether the picture is unfamiliar although `reason` is another one.
    """

    label: str
    confidence: float | None = None
    reason: Reason | None = None
    also: tuple[str, ...] = ()
    probabilities: Sequence[float] = ()
    decided_by: DecidedBy = DecidedBy.MODEL
    suggested_label: str | None = None
    parts: Mapping[str, Sequence[float]] = field(default_factory=dict)
    found_in: FoundPlace | None = None
    has_unfamiliar_picture: bool = False

    @property
    def is_unfamiliar(self) -> bool:
        """Whether the picture is too unlike the training pictures, so that it has no vote in its product."""
        return self.has_unfamiliar_picture or self.reason == Reason.UNFAMILIAR

    @property
    def is_accepted(self) -> bool:
        """Whether the answer can be used without a review by a person."""
        return self.reason is None


HeadAnswers: TypeAlias = Mapping[str, HeadAnswer]
"""The answers by head: the class (LABEL) first, then the attributes that apply to that class. A shoe has no
length of sleeves, for example."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureAnswers:
    """The answers of the model to one picture, without the words of a list.

    Attributes:
        sha256: the SHA-256 of the picture's bytes in hexadecimal; empty if they could not be read.
        error: why there is no answer; empty if there is one.
        familiarity: the likeness to the training pictures, 0 to 1; None if the network does not measure it.
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
        path: the path of the picture, as the table has it; empty for a row of a list that names none.
        cells: the cells of the picture's row in a list, by the list's names of columns.
        product: the name of the product that the picture shows, such as `A-17`; empty for none.
        number: the position of the picture in the source, counted from 0.
    """

    path: str
    cells: Mapping[str, str] = field(default_factory=dict)
    product: str = ""
    number: int = 0

    @property
    def name(self) -> str:
        """The path of the picture, which is its name in tables and on review sheets."""
        return self.path

    @property
    def has_picture(self) -> bool:
        """Whether the row names a picture. A list's row for one size of a product often names none."""
        return bool(self.path)

    @property
    def photos(self) -> "tuple[PhotoRecord, ...]":
        """A tuple of this record alone, so that a photo can be read like a product with its photos."""
        return (self,)

    @property
    def distinct_photos(self) -> "tuple[PhotoRecord, ...]":
        """A tuple of this record alone: a photo differs from no other one of its row."""
        return self.photos

    def find_probabilities(self, head: str) -> Sequence[float]:
        """Return the probability of each label of a head, in the order of the head's labels.

        The result is empty if the picture has no answer for that head.

        Args:
            head: the name of the head: LABEL for the class, or an attribute such as `colour`.
        """
        return self.answers[head].probabilities if head in self.answers else ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductRecord:
    """The photos of one product, in the order of the source, with their combined answers.

    Attributes:
        product: the name of the product.
        photos: all photos of the product.
        distinct_photos: the photos that differ in content; if several are copies, the first one.
        answers: the answers by head, from all photos together; empty if no photo has an answer.
        mean_probabilities: the mean probability of each label, by head, over all distinct photos with an
            answer. They may be more photos than those that decided, because unfamiliar ones are included.
        deciding_photos: the paths of the photos that the answer of each head is based on.
        cells: the first cell of its photos that is not empty, by column.
    """

    product: str
    photos: tuple[PhotoRecord, ...]
    distinct_photos: tuple[PhotoRecord, ...]
    answers: HeadAnswers = field(default_factory=dict)
    mean_probabilities: Mapping[str, Sequence[float]] = field(default_factory=dict)
    deciding_photos: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)

    # Fields of a photo that the row of a product leaves empty.
    sha256 = ""
    familiarity = None

    @property
    def name(self) -> str:
        """The name of the product in tables and on review sheets."""
        return self.product

    @property
    def number(self) -> int:
        """The position of the product's first photo in the source, counted from 0."""
        return self.photos[0].number

    @property
    def error(self) -> str:
        """The sentence that says why the product has no answer about its class; empty if it has one."""
        return (
            ""
            if LABEL in self.answers
            else f"No photo of it has an answer. The first: {self._first_picture.error}"
        )

    @property
    def _first_picture(self) -> PhotoRecord:
        return next((photo for photo in self.photos if photo.has_picture), self.photos[0])

    def find_probabilities(self, head: str) -> Sequence[float]:
        """Return the mean probability of each label of a head over the product's distinct photos.

        The result is empty if no photo has an answer for that head.

        Args:
            head: the name of the head: LABEL for the class, or an attribute such as `colour`.
        """
        return self.mean_probabilities.get(head, ())


Record: TypeAlias = PhotoRecord | ProductRecord
"""The subject of a row in a table: a photo or a product."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadDecision:
    """The decision about one head of a photo or a product, as the table shows it.

    Attributes:
        answer: the answer of model and list, before people corrected it; None without one.
        label: the label in the table; None without one, or if a person left it out.
        decided_by: who decided the label; None if nobody did.
        reason: why the answer is not accepted; None if it is.
        category: the category that a sales platform has for the label.
        is_allowed_by_title: whether the title in the list allows the answer, as "Midi skirt" does not allow
            trousers; None if one of the two names no kind of garment.
        question_reason: why a review sheet asks people about it; None if there is no need.
    """

    answer: HeadAnswer | None = None
    label: str | None = None
    decided_by: DecidedBy | None = None
    reason: Reason | None = None
    category: Category = (None, None)
    is_allowed_by_title: bool | None = None
    question_reason: str | None = None

    @property
    def predicted_label(self) -> str | None:
        """The label that model or list gave, before people corrected it; None without an answer."""
        return self.answer.label if self.answer else None

    @property
    def is_accepted(self) -> bool:
        """Whether the answer of model and list needed no review. People may have answered otherwise."""
        return self.answer is not None and self.reason is None

    @property
    def is_settled(self) -> bool:
        """Whether no review is needed any more: the answer is accepted, or a person decided."""
        return self.decided_by == DecidedBy.PERSON or self.is_accepted


NO_DECISION: Final = HeadDecision()
"""The decision about a head for which there is no answer."""


class CustomerValue(NamedTuple):
    """The gender or the age group of a product's customers, and where it was read.

    Attributes:
        value: the value as Google and Meta name it, such as `female` or `kids`; empty if nothing says it.
        word: the word of the list, such as "Damenkleid", or the value of the option.
        place: the column of the list that has the word, or the option that fills what the list leaves open.
        source: the sort of place; empty without a value. `column` stands for a column, an option, an
            attribute or a metafield of the list that has genders or ages alone.
    """

    value: str = ""
    word: str = ""
    place: str = ""
    source: Literal["", "column", "title", "category", "folder", "option"] = ""


NO_CUSTOMER_VALUE: Final = CustomerValue()
"""The gender or age group of a product about which nothing is said."""


class ProductCustomers(NamedTuple):
    """For whom a product is made, as its list or the options of a run say.

    Attributes:
        gender: `female`, `male` or `unisex`.
        age_group: `newborn`, `infant`, `toddler`, `kids` or `adult`.
        contradiction: the words of the list that contradict each other, as a part of a sentence ("`Damen` in
            `title`, `Herren` in `category`"); empty if they agree.
    """

    gender: CustomerValue = NO_CUSTOMER_VALUE
    age_group: CustomerValue = NO_CUSTOMER_VALUE
    contradiction: str = ""


NO_PRODUCT_CUSTOMERS: Final = ProductCustomers()
"""The customers of a picture without a product, and of a product about which nothing is said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRow:
    """A row of the table: a photo or a product, with the decisions about it.

    Attributes:
        record: the photo or the product.
        decisions: the decisions by head, LABEL first.
        title_kinds: the kinds (garments as shops name them, such as `skirt`) that its titles in the list
            allow.
        suggested_kinds: the two most probable kinds by photos and list, the likelier one first; empty if only
            the photos decided.
        listed_probabilities: the probability of each label by photos and list, for the class (LABEL) and the
            attribute `kind`; empty if it is not known.
        feed_colours: the colours of a product for a feed, the file that a sales platform imports; the main
            one first, and empty if they are doubtful.
        has_likely_colours: whether these colours come from photos alone, and are less certain than a table
            requires.
        title_colour_phrases: the first phrase of the title that names its colour, alone and with the word
            behind it: ("golden", "golden hour"). Empty if a column names the colour, or nothing.
        is_sold_in_several_colours: whether the list has a product in several colours. Then no feed has its
            colour, and nobody is asked for it.
        cell_without_colour: the cell of the list for the colour, if it names none ("see image"); else empty.
        unknown_colour: the colour in the list, if none of its words is known ("Spartacus"); else empty.
        customers: the gender and age group of a product's customers; nothing for a row about a picture.
    """

    record: Record
    decisions: Mapping[str, HeadDecision]
    title_kinds: frozenset[str] = frozenset()
    suggested_kinds: tuple[str, ...] = ()
    listed_probabilities: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    feed_colours: tuple[str, ...] = ()
    has_likely_colours: bool = False
    title_colour_phrases: tuple[str, ...] = ()
    is_sold_in_several_colours: bool = False
    cell_without_colour: str = ""
    unknown_colour: str = ""
    customers: ProductCustomers = NO_PRODUCT_CUSTOMERS

    @property
    def class_decision(self) -> HeadDecision:
        """The decision about the class; NO_DECISION if the row has none."""
        return self.find_decision(LABEL)

    @property
    def is_photo_of_product(self) -> bool:
        """Whether the row is about a photo of a product. People are asked about the product in its place."""
        return isinstance(self.record, PhotoRecord) and bool(self.record.product)

    def find_decision(self, head: str) -> HeadDecision:
        """Return the decision about a head; NO_DECISION if the row has none.

        Args:
            head: the name of the head: LABEL for the class, or an attribute such as `colour`.
        """
        return self.decisions.get(head, NO_DECISION)


def make_table_path(name: str) -> str:
    """Return the name of a picture as it is written in the table.

    Bytes that are not UTF-8, carriage returns and NULs are escaped with a backslash. A name that is too long
    for a cell is cut and ends with a hash of the whole name, so that two such names stay different.
    """
    text = name.encode("utf-8", "backslashreplace").decode()
    # CSV readers take a carriage return for the end of a row.
    path = escape_spreadsheet_path(text.replace("\r", r"\r").replace("\0", r"\0"))
    units = path.encode("utf-16-le")
    if len(units) <= 2 * MAX_PATH_CHARACTERS:
        return path
    # "ignore" drops half of a pair of code units at the cut, which is no character.
    end = f"-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return units[: 2 * (MAX_PATH_CHARACTERS - len(end))].decode("utf-16-le", "ignore") + end
