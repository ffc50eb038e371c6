"""What the rows of a table are of: the source, the release, the list's columns, and what groups photos.

A journal keeps it as JSON. Plain values; reads and writes nothing.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Self, TypeAlias

from pydantic import TypeAdapter

from inference.contract import LABEL
from inference.title_rule import NO_MINIMUM_SHARES, MinimumShares
from labelling.identifiers import read_identifier
from labelling.own_words import OwnWord
from labelling.rows import Category
from labelling.titles import ListWords

FOLDER: Final = "folder"
"""The column of products that are folders."""

Categories: TypeAlias = Mapping[str, Mapping[str, Category]]
"""The platform's category, by head and label."""

TIME_OF_VERSION: Final = "%Y%m%dT%H%M%SZ"
"""How the version of a release begins, before `-` and a hash."""


@dataclass(frozen=True, kw_only=True)
class ProductGrouping:
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

    def find_product(self, path: str, cells: Mapping[str, str]) -> str:
        """The product of a photo, by its path in the table or its list; empty where it has none."""
        if self.folder is None:
            return read_identifier(cells[self.column])
        beside = os.path.dirname(path) or os.curdir  # noqa: PTH120 - as written
        inside = os.path.relpath(beside, self.folder)
        return "" if inside == os.curdir else inside


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What the rows of a journal are of: the first four have to stay as they are for rows to be kept.

    Attributes:
        source: its address.
        version: of the release.
        heads: their labels, LABEL first, then the attributes.
        further: what the table calls the columns of the list, by their names there.
        categories: of the platform; empty for none.
        by: what says which photos show one product; None without products.
        notes: what a person should know of the list, a sentence each.
        language: the language of the list's words, or OFF; empty to find the language.
        title: the column that people named as the title; empty to find it.
        shares: from which share of a photo the words decide, as the release shows it.
        list_words: how the words of the list are read; None before it is listed.
        own_words: the rows of the shop's file of words.
    """

    source: str
    version: str
    heads: Mapping[str, tuple[str, ...]]
    further: Mapping[str, str] = field(default_factory=dict)
    categories: Categories = field(default_factory=dict)
    by: ProductGrouping | None = None
    notes: tuple[str, ...] = ()
    language: str = ""
    shares: MinimumShares = NO_MINIMUM_SHARES
    title: str = ""
    list_words: ListWords | None = field(default=None, compare=False)
    own_words: tuple[OwnWord, ...] = ()

    @property
    def attributes(self) -> dict[str, tuple[str, ...]]:
        """The labels of each attribute."""
        return {name: labels for name, labels in self.heads.items() if name != LABEL}

    def as_json(self) -> str:
        """What a journal keeps: JSON in ASCII, as the name of a source may be no Unicode."""
        return json.dumps(TypeAdapter(RunSettings).dump_python(self), default=sorted)  # sets of kinds

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The run of which `as_json` made a text.

        Raises:
            ValueError: it is damaged.
        """
        return TypeAdapter(cls).validate_python(json.loads(text))

    def differences(self, now: "RunSettings") -> str:
        """In words, what is not as it was and would make other rows; empty where everything is."""
        named = ((name, getattr(self, name), getattr(now, name)) for name in ("source", "version"))
        return ", ".join(
            [
                *(f"{name} {before!r} (now {after!r})" for name, before, after in named if before != after),
                *(["other labels"] if self.heads[LABEL] != now.heads[LABEL] else []),
                *(["other attributes"] if self.attributes != now.attributes else []),
            ]
        )

    def is_superseded_by(self, now: "RunSettings") -> bool:
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
