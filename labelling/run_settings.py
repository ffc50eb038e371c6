"""The settings of a labelling run: the source, the release, the list's columns, and the grouping of photos.

The journal, the SQLite file beside a table, keeps them as JSON. So a later command that only adds corrections
decides with the settings of the run that labelled the pictures.
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
from labelling.lists.own_words import ShopWord
from labelling.lists.titles import ListWords
from labelling.rows import Category

FOLDER_COLUMN: Final = "folder"
"""The name that stands in place of a column of the list if each folder of pictures is a product."""

HeadCategories: TypeAlias = Mapping[str, Mapping[str, Category]]
"""The category of a sales platform, such as ("1581", "Skirts"), for each label. The outer key is "label" for
the class, or the name of an attribute; the inner key is the label."""

VERSION_TIME_FORMAT: Final = "%Y%m%dT%H%M%SZ"
"""Format of the time in a release's version, such as `20261120T101500Z` in `20261120T101500Z-3f9a1c2e`."""


@dataclass(frozen=True, kw_only=True)
class ProductGrouping:
    """The way in which photos are grouped into products, and the accuracy that a release shows for products.

    Attributes:
        column: the column of the list that names the product, such as `sku`; or FOLDER_COLUMN.
        folder: the source, with which the paths of its photos begin; None if a column names products.
        proven: the questions (LABEL for the class, or an attribute) for which the report shows that enough
            accepted answers about products of several photos are right.
        likely: the confidence from which the file for a sales platform may use an answer, for each question,
            and the share of such answers that is right at least: {"colour": (.6, .87)}. Other questions are
            left out.
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
        version: the version of the release, such as `20261120T101500Z-3f9a1c2e`.
        heads: the labels of each head, which is one question that the release answers: LABEL (the class)
            first, then the attributes.
        further: the names of the list's columns in the table, by their names in the list.
        categories: the categories of a sales platform for the labels; empty for none.
        by: the grouping of photos into products; None without products.
        notes: sentences about the list that a person should know.
        language: the code of the language of the list's titles, or LANGUAGE_OFF; empty to find the language.
        title: the column that people named as the title; empty to find it.
        colour: the column that people named as the colour; empty to find it.
        gender: the gender of products for which the list names none; empty for none.
        age_group: the age group of products for which the list names none; empty for none.
        figures: the measured numbers with which the release weighs words of a list against photos; None if it
            has none, so that words can only contradict photos.
        general_shares: the frequency of each kind of garment in general, by its name, such as {"dress": .1};
            empty if the release does not tell.
        list_words: the language and the columns of titles and categories; None before the source is listed.
        own_words: the rows of the file in which the shop explains its own words.
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
    gender: str = ""
    age_group: str = ""
    list_words: ListWords | None = field(default=None, compare=False)
    own_words: tuple[ShopWord, ...] = ()

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

    def describe_differences(self, new_settings: "RunSettings") -> str:
        """Describe why the rows of this run cannot be used by a new one, as in "version 'a' (now 'b')".

        Compared are the source, the release's version, the labels and the attributes. The result is a part of
        a sentence, and empty if all of these are equal.
        """
        differences = list[str]()
        for name in ("source", "version"):
            before, after = getattr(self, name), getattr(new_settings, name)
            if before != after:
                differences.append(f"{name} {before!r} (now {after!r})")
        if self.heads[LABEL] != new_settings.heads[LABEL]:
            differences.append("other labels")
        if self.attributes != new_settings.attributes:
            differences.append("other attributes")
        return ", ".join(differences)

    def is_superseded_by(self, new_settings: "RunSettings") -> bool:
        """Return whether a new run has the same source and a later release, so that it may label again.

        The later release has to have the same labels, and at least the same attributes: otherwise the answers
        of people would not fit into its table.
        """
        has_heads = (
            self.heads[LABEL] == new_settings.heads[LABEL]
            and self.heads.items() <= new_settings.heads.items()
        )
        before, after = _parse_release_time(self.version), _parse_release_time(new_settings.version)
        return (
            self.source == new_settings.source
            and has_heads
            and before is not None
            and after is not None
            and before < after
        )


def _parse_release_time(version: str) -> datetime | None:
    """Return the time in the version of a release; None for a version in another form."""
    try:
        return datetime.strptime(version.partition("-")[0], VERSION_TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
