"""The settings of a labelling run: the source, the release, the list's columns, and the grouping of photos.

The journal, the SQLite file beside a table, keeps them as JSON. So a later command, such as one that only
adds corrections, decides with the settings of the run that labelled the pictures.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Self, TypeAlias

from pydantic import TypeAdapter

from inference.contract import LABEL
from inference.posterior import FormulaFigures
from labelling.lists.identifiers import read_identifier
from labelling.lists.own_words import OwnWord
from labelling.lists.titles import ListWords
from labelling.rows import Category

FOLDER_COLUMN: Final = "folder"
"""The name that stands for a column of the list if each folder of pictures is a product."""

HeadCategories: TypeAlias = Mapping[str, Mapping[str, Category]]
"""The category of the platform (id and name) for each label, by head and then by label."""

VERSION_TIME_FORMAT: Final = "%Y%m%dT%H%M%SZ"
"""Format of the time at the beginning of a release's version, before `-` and a hash."""


@dataclass(frozen=True, kw_only=True)
class ProductGrouping:
    """The way in which photos are grouped into products.

    Attributes:
        column: the column of the list, or FOLDER_COLUMN.
        folder: the source, with which the paths of its photos begin; None if a column names products.
        proven: the heads for which the release proves its promise for products.
        likely: the lowest confidence at which a feed may use an answer, and the smallest share of such
            answers that is right, by head; heads that a feed may not use are left out.
    """

    column: str
    folder: str | None
    proven: tuple[str, ...]
    likely: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def find_product(self, path: str, cells: Mapping[str, str]) -> str:
        """Return the name of the product that a photo shows; empty if the photo belongs to no product.

        If products are folders, the name is the photo's folder relative to the source. Otherwise it is the
        cleaned cell of the column that names products.

        Args:
            path: the path of the photo in the table.
            cells: the cells of the photo's row in the list, by column.
        """
        if self.folder is None:
            return read_identifier(cells[self.column])
        photo_folder = os.path.dirname(path) or os.curdir  # noqa: PTH120 - as written
        relative_folder = os.path.relpath(photo_folder, self.folder)
        return "" if relative_folder == os.curdir else relative_folder


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """The settings of a labelling run that decide the content of its table.

    Rows of an earlier run are used again only if `source`, `version` and `heads` are the same.

    Attributes:
        source: the address of the source.
        version: the version of the release.
        heads: the labels of each head, LABEL first, then the attributes.
        further: the names of the list's columns in the table, by their names in the list.
        categories: the categories of the platform; empty for none.
        by: the grouping of photos into products; None without products.
        notes: sentences about the list that a person should know.
        language: the language of the list's titles, or OFF; empty to find the language.
        title: the column that people named as the title; empty to find it.
        colour: the column that people named as the colour; empty to find it.
        figures: the numbers of the formula that the release stores for the network that answers photos; None
            if it stores none, so that words can only contradict photos.
        general_shares: the frequency of each kind in general, as the release tells, in the order of the
            labels of `kind`; empty if it does not tell.
        list_words: the way in which titles are read; None before the source is listed.
        own_words: the rows of the shop's file of words.
    """

    source: str
    version: str
    heads: Mapping[str, tuple[str, ...]]
    further: Mapping[str, str] = field(default_factory=dict)
    categories: HeadCategories = field(default_factory=dict)
    by: ProductGrouping | None = None
    notes: tuple[str, ...] = ()
    language: str = ""
    figures: FormulaFigures | None = None
    general_shares: Mapping[str, float] = field(default_factory=dict)
    title: str = ""
    colour: str = ""
    list_words: ListWords | None = field(default=None, compare=False)
    own_words: tuple[OwnWord, ...] = ()

    @property
    def attributes(self) -> dict[str, tuple[str, ...]]:
        """The labels of each attribute, such as `colour`, by its name; the class is not among them."""
        return {name: labels for name, labels in self.heads.items() if name != LABEL}

    def format_json(self) -> str:
        """Return the settings as JSON, the form in which a journal file keeps them.

        The text is ASCII, because the name of a source may have bytes that are not Unicode.
        """
        return json.dumps(TypeAdapter(RunSettings).dump_python(self), default=sorted)  # sets of kinds

    @classmethod
    def parse_json(cls, text: str) -> Self:
        """Return the settings that a JSON text describes, as `format_json` wrote it.

        Raises:
            ValueError: the text is damaged.
        """
        return TypeAdapter(cls).validate_python(json.loads(text))

    def describe_differences(self, now: "RunSettings") -> str:
        """Describe the differences between these settings and newer ones that would change rows of the table.

        Compared are the source, the release's version, the labels and the attributes. The result is part of a
        sentence, such as "version 'a' (now 'b')"; it is empty if these are equal.

        Args:
            now: the settings of the new run.
        """
        values_by_name = ((name, getattr(self, name), getattr(now, name)) for name in ("source", "version"))
        return ", ".join(
            [
                *(
                    f"{name} {before!r} (now {after!r})"
                    for name, before, after in values_by_name
                    if before != after
                ),
                *(["other labels"] if self.heads[LABEL] != now.heads[LABEL] else []),
                *(["other attributes"] if self.attributes != now.attributes else []),
            ]
        )

    def is_superseded_by(self, now: "RunSettings") -> bool:
        """Return whether a new run has the same source and a later release, so that it may label again.

        The later release has to have the same labels, and at least the same attributes.

        Args:
            now: the settings of the new run.
        """
        has_heads = self.heads[LABEL] == now.heads[LABEL] and self.heads.items() <= now.heads.items()
        before, after = _parse_release_time(self.version), _parse_release_time(now.version)
        return (
            self.source == now.source
            and has_heads
            and before is not None
            and after is not None
            and before < after
        )


def _parse_release_time(version: str) -> datetime | None:
    """Return the time at which a release was made; None if its version does not have one."""
    try:
        return datetime.strptime(version.partition("-")[0], VERSION_TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
