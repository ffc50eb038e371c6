"""How the words of a list are read, in which columns and language, and which labels they contradict.

words.py reads a title. list_check.py holds the answers of a release against them. Pure.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Final

from inference.words import LANGUAGES, NOTHING, Says, in_order, label_kinds, language_of, languages, says

TITLES: Final = (
    *("title", "titel", "titre", "titulo", "name", "product title", "product name"),
    *("produktname", "artikelname", "nom", "nombre"),
)
CATEGORIES: Final = (
    *("category", "kategorie", "categorie", "categoria", "product type", "produkttyp"),
    *("categories", "kategorien", "categorias", "type", "product category"),
)
"""What lists call them, in small letters, without accents, with blanks; the first that has text counts. The
`nombre` of a French list is a number, and says nothing."""

OFF: Final = "none"
"""In place of a language: words are not read."""

NAMED: Final = 5
"""Contradictions that a sentence names."""


@dataclass(frozen=True, kw_only=True)
class ListWords:
    """How a list's words are read.

    Attributes:
        titles, categories: the list's columns of these, in the order in which they count.
        language: of the words; OFF where people said that they are not read. Of another one than LANGUAGES
            none is read, as the table lacks it.
    """

    titles: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str = OFF

    @property
    def is_read(self) -> bool:
        """Whether the list has words that are read."""
        return self.language in LANGUAGES

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that have words."""
        return (*self.titles, *self.categories)

    def in_language(self, language: str, rows: Iterable[Mapping[str, str]]) -> "ListWords":
        """These columns, read in a language.

        Args:
            language: of LANGUAGES, or OFF; empty for that of the rows.
            rows: the cells of these columns, by column.
        """
        if not self.columns:
            return self
        texts = (self.title(cells) or _first(self.categories, cells) for cells in rows)
        return replace(self, language=language or language_of(texts, languages()))

    def title(self, cells: Mapping[str, str]) -> str:
        """The title of a row; empty where it has none."""
        return _first(self.titles, cells)

    def says(self, cells: Mapping[str, str]) -> Says:
        """What a row of the list says about its product."""
        if not self.is_read:
            return NOTHING
        return says(self.title(cells), _first(self.categories, cells), self.language)


def word_columns(columns: Iterable[str]) -> ListWords:
    """The columns of a list that have words, in no language yet."""
    names = tuple(columns)
    return ListWords(titles=_named(TITLES, names), categories=_named(CATEGORIES, names))


def _named(wanted: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """Those of some columns that have these names, in whatever capitals, in the order of the names."""
    named = [(wanted.index(name), column) for column in columns if (name := _folded(column)) in wanted]
    return tuple(column for _, column in sorted(named, key=itemgetter(0)))


def _folded(column: str) -> str:
    """A column's name in small letters, without accents, with blanks for underscores."""
    apart = unicodedata.normalize("NFKD", column.casefold())
    plain = "".join(char for char in apart if not unicodedata.combining(char))
    return " ".join(re.split(r"[\s_]+", plain.strip()))


def _first(columns: Iterable[str], cells: Mapping[str, str]) -> str:
    return next((text for column in columns if (text := (cells.get(column) or "").strip())), "")


def contradictions(words: ListWords, labelled: Iterable[tuple[Mapping[str, str], str]]) -> str:
    """A sentence on titles that say another kind than their labels; empty where none does.

    Args:
        words: how they are read.
        labelled: the cells of each row of a list, by column, and its label.
    """
    by_title = {(words.title(cells), label): words.says(cells).kinds for cells, label in labelled}
    pairs = Counter((listed, label) for (_, label), listed in by_title.items() if listed)
    kinds = label_kinds(sorted({label for _, label in pairs}), words.language)
    wrong = [
        (count, " or ".join(in_order(listed)), label)
        for (listed, label), count in pairs.most_common()
        if kinds[label] and not kinds[label] & listed
    ]
    if not wrong:
        return ""
    named = [
        f"{count:,} {_titles(count)} {listed}, labelled {label}" for count, listed, label in wrong[:NAMED]
    ]
    more = sum(count for count, _, _ in wrong[NAMED:])
    return "; ".join([*named, *([f"{more:,} more"] if more else [])]) + ". The labels are learnt as they are."


def _titles(count: int) -> str:
    return "title says" if count == 1 else "titles say"
