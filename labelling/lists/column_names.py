"""Recognise columns of titles, categories, brands and colours by their usual names: `title`, `Farbe`.

The file of each language lists such names. They are compared without capitals, accents and underscores.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import chain
from typing import Literal, TypeAlias

from inference.words.language_files import load_languages, load_shared_words
from inference.words.tokens import fold_text

ColumnMeaning: TypeAlias = Literal["title", "category", "brand", "colour", "gender", "age_group"]
"""The meaning of a column that lists name alike: one of the keys of `[columns]` in a language file."""


@cache
def list_usual_column_names(part: ColumnMeaning) -> tuple[str, ...]:
    """Return the names that lists of all languages give to a column: "title", "titel", "titre" and so on.

    They are in the order in which they are tried: the first name of each language, then its other names, then
    those of no language. All are in small letters without accents.
    """
    names_by_language = [language.columns.get(part, ()) for language in load_languages().values()]
    names = (*(names[:1] for names in names_by_language), *(names[1:] for names in names_by_language))
    shared_names = load_shared_words().columns.get(part, ())
    return tuple(dict.fromkeys(map(fold_column_name, chain(*names, shared_names))))


def is_colour_name(text: str) -> bool:
    """Check whether a column, attribute or option has a usual name for colour, such as `Farbe`."""
    return fold_column_name(text) in list_usual_column_names("colour")


def find_brand_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that have a usual name for the brand of a product, such as `Vendor` or `Marke`."""
    names = list_usual_column_names("brand")
    return tuple(column for column in columns if fold_column_name(column) in names)


@lru_cache
def fold_column_name(column: str) -> str:
    """Return the form in which names of columns are compared: "product name" for `Product_Name *`.

    Accents are removed, and so is the `*` by which some programs mark columns that must be filled.
    """
    return " ".join(re.split(r"[\s_]+", fold_text(column).rstrip("* ").strip()))
