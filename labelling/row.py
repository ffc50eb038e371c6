"""A row: the answers to one picture, or to the photos of one product; and the run that rows are of.

Plain values. A `Row` is what the model answered, or what decide.py made of it. columns.py has the cells of a
table. Reads and writes nothing.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple, Self, TypeAlias

from pydantic import TypeAdapter

from inference.contract import LABEL
from inference.spreadsheets import safe_path
from inference.title_rule import NO_SHARES, Shares
from labelling.identifiers import identifier
from labelling.titles import ListWords

ACCEPT: Final = "accept"
REVIEW: Final = "review"

LEFT_OUT: Final = ""
"""The label of a picture that a person cannot decide about."""

MODEL, PERSON = "model", "person"
"""Who decided."""

FOLDER: Final = "folder"
"""The column of products that are folders."""

LONGEST_PATH: Final = 32_767
"""Characters that a cell of a spreadsheet holds; Python's own reader of CSV takes four times as many."""

Category: TypeAlias = tuple[str | None, str | None]
"""Id and name of a category of the platform."""

Categories: TypeAlias = Mapping[str, Mapping[str, Category]]
"""The platform's category, by head and label."""

TIME_OF_VERSION: Final = "%Y%m%dT%H%M%SZ"
"""How the version of a release begins, before `-` and a hash."""


class Question(NamedTuple):
    """What a person answered.

    Attributes:
        sha256: of the picture.
        attribute: the head, LABEL for the class.
        product: whose picture it is, as its list names it; empty where the answer holds for the picture.
    """

    sha256: str
    attribute: str = LABEL
    product: str = ""


class HumanAnswer(NamedTuple):
    """What a person said of a picture.

    Attributes:
        label: a class, NONE or LEFT_OUT.
        at: when, in UTC; texts compare as times do.
    """

    label: str
    at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadAnswer:
    """The answer of one head: the class, or an attribute.

    Attributes:
        label: None where there is none, or a person took it away.
        confidence: 0..1, of the label that the model answered.
        decision: ACCEPT or REVIEW; None without an answer of the model.
        reason: of a review; None where it is accepted.
        also: further labels of an attribute.
        probabilities: (C,), in the order of the head's labels; empty without an answer of the model.
        rests_on: paths of the photos that the answer to a product is made of.
        predicted: the label before people answered; of what was decided alone, as what follows.
        decided_by: `model`, `list` or `person`; None without a label of any.
        predicted_by: `model` or `list`, of `predicted`.
        category: of the platform, of the label.
        fed: the colours of a product that a feed takes, the main one first.
        admits: whether the list's words admit `predicted`; None where one of the two says nothing of a kind.
        suggested: what the list says, of an answer that it does not admit; None for nothing.
        doubt: why a card asks about it; None where it need not.
    """

    label: str | None = None
    confidence: float | None = None
    decision: str | None = None
    reason: str | None = None
    also: tuple[str, ...] = ()
    probabilities: Sequence[float] = ()
    rests_on: tuple[str, ...] = ()
    predicted: str | None = None
    decided_by: str | None = None
    predicted_by: str | None = None
    category: Category = (None, None)
    fed: tuple[str, ...] = ()
    admits: bool | None = None
    suggested: str | None = None
    doubt: str | None = None


NO_ANSWER: Final = HeadAnswer()


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What is known of one picture, or of one product.

    Attributes:
        path: of the picture in the table; of a product its name.
        sha256: of the picture's bytes, hexadecimal; empty where they could not be read, and of a product.
        error: why there is no answer; empty where there is one.
        familiarity: 0..1; None where it was not measured, and of a product.
        heads: the answers by head, LABEL first; without those that do not apply to the class.
        further: the cells of the list that names the picture, by the list's own names.
        product: whose photo it is; empty for none.
        number: the picture's place in its source, from 0; of a product that of its first photo.
        photos: of a product as the model answered them, in the order of the source; empty for a picture.
        listed: the kinds that the words of its list admit; of a row that was held against them.
    """

    path: str
    sha256: str = ""
    error: str = ""
    familiarity: float | None = None
    heads: Mapping[str, HeadAnswer] = field(default_factory=dict)
    further: Mapping[str, str] = field(default_factory=dict)
    product: str = ""
    number: int = 0
    photos: tuple["Row", ...] = ()
    listed: frozenset[str] = frozenset()

    @property
    def label(self) -> HeadAnswer:
        """The answer about the class."""
        return self.heads.get(LABEL, NO_ANSWER)


@dataclass(frozen=True, kw_only=True)
class By:
    """What says which photos show one product.

    Attributes:
        column: of the list, or FOLDER.
        folder: the source, with which the paths of its photos begin; None where a column says it.
        proven: heads of which the release shows its promise for products.
        likely: heads of which it shows enough for a feed: the confidence from which it does, and how many of
            such answers are right at least.
    """

    column: str
    folder: str | None
    proven: tuple[str, ...]
    likely: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def product_of(self, row: Row) -> str:
        """The product of a photo; empty where it has none."""
        if self.folder is None:
            return identifier(row.further[self.column])
        beside = os.path.dirname(row.path) or os.curdir  # noqa: PTH120 - as written
        inside = os.path.relpath(beside, self.folder)
        return "" if inside == os.curdir else inside


@dataclass(frozen=True, kw_only=True)
class TableOf:
    """What the rows of a journal are of: the first four have to stay as they are for rows to be kept.

    Attributes:
        source: its address.
        version: of the release.
        heads: their labels, LABEL first, then the attributes.
        further: what the table calls the columns of the list, by their names there.
        categories: of the platform; empty for none.
        by: what says which photos show one product; None without products.
        notes: what a person should know of the list, a sentence each.
        words: the language of the list's words, or OFF; empty to find the language.
        title: the column that people named as the title; empty to find it.
        shares: from which share of a photo the words decide, as the release shows it.
        list_words: how the words of the list are read; None before it is listed.
    """

    source: str
    version: str
    heads: Mapping[str, tuple[str, ...]]
    further: Mapping[str, str] = field(default_factory=dict)
    categories: Categories = field(default_factory=dict)
    by: By | None = None
    notes: tuple[str, ...] = ()
    words: str = ""
    shares: Shares = NO_SHARES
    title: str = ""
    list_words: ListWords | None = field(default=None, compare=False)

    @property
    def attributes(self) -> dict[str, tuple[str, ...]]:
        """The labels of each attribute."""
        return {name: labels for name, labels in self.heads.items() if name != LABEL}

    def as_json(self) -> str:
        """What a journal keeps."""
        return TypeAdapter(TableOf).dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The run of which `as_json` made a text.

        Raises:
            ValueError: it is damaged.
        """
        return TypeAdapter(cls).validate_json(text)

    def differences(self, now: "TableOf") -> str:
        """In words, what is not as it was and would make other rows; empty where everything is."""
        named = ((name, getattr(self, name), getattr(now, name)) for name in ("source", "version"))
        return ", ".join(
            [
                *(f"{name} {before!r} (now {after!r})" for name, before, after in named if before != after),
                *(["other labels"] if self.heads[LABEL] != now.heads[LABEL] else []),
                *(["other attributes"] if self.attributes != now.attributes else []),
            ]
        )

    def is_superseded_by(self, now: "TableOf") -> bool:
        """Whether `now` is the same by a later release, with the same labels and perhaps more attributes."""
        has_heads = self.heads[LABEL] == now.heads[LABEL] and self.heads.items() <= now.heads.items()
        before, after = _made_at(self.version), _made_at(now.version)
        return (
            self.source == now.source
            and has_heads
            and before is not None
            and after is not None
            and before < after
        )


def _made_at(version: str) -> datetime | None:
    """When a release was made; None where its version does not say so."""
    try:
        return datetime.strptime(version.partition("-")[0], TIME_OF_VERSION).replace(tzinfo=UTC)
    except ValueError:
        return None


def distinct(photos: Iterable[Row]) -> list[Row]:
    """Photos of different content: of copies the first."""
    first: dict[str, Row] = {}
    for photo in photos:
        first.setdefault(photo.sha256 or photo.path, photo)
    return list(first.values())


def path_in_table(name: str) -> str:
    """A picture's name as the table has it.

    Bytes that are no UTF-8, carriage returns and NULs are escaped with a backslash: CSV readers take a
    carriage return for the end of a row. What is beyond LONGEST_PATH is cut off.
    """
    text = name.encode("utf-8", "backslashreplace").decode()
    return safe_path(text.replace("\r", r"\r").replace("\0", r"\0"))[:LONGEST_PATH]
