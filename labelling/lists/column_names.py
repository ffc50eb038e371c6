"""Recognise columns of titles, categories and colours by their usual names, such as `title` or `Farbe`.

The names come from the language files, and are compared without capitals, accents and underscores.
"""

import re
from functools import cache, lru_cache
from itertools import chain
from typing import Literal

from inference.words.language_files import load_languages, load_shared_words
from inference.words.tokens import fold_text


@cache
def list_usual_column_names(part: Literal["title", "category", "colour"]) -> tuple[str, ...]:
    """Return the names that lists usually give to a column of titles, categories or colours.

    The names of all languages are in small letters without accents, as `fold_column_name` returns them, in
    the order in which they are tried.

    The first name of each language comes before its others, and names that all languages use come last.
    """
    names_by_language = [language.columns.get(part, ()) for language in load_languages().values()]
    names = (*(names[:1] for names in names_by_language), *(names[1:] for names in names_by_language))
    shared_names = load_shared_words().columns.get(part, ())
    return tuple(dict.fromkeys(map(fold_column_name, chain(*names, shared_names))))


def is_colour_name(text: str) -> bool:
    """Check whether the name of a column, attribute or option means colour in some language."""
    return fold_column_name(text) in list_usual_column_names("colour")


@lru_cache
def fold_column_name(column: str) -> str:
    """Return a column's name in the form in which names are compared.

    The form has small letters, no accents, single blanks for blanks and underscores, and no `*` at its end.
    """
    return " ".join(re.split(r"[\s_]+", fold_text(column).rstrip("* ").strip()))
