"""The usual names of a list's columns, in every language that has a file. Pure."""

import re
from functools import cache, lru_cache
from itertools import chain
from typing import Literal

from inference.language_files import languages, shared_words
from inference.tokens import fold


@cache
def column_names(part: Literal["title", "category", "colour"]) -> tuple[str, ...]:
    """Return the usual names of a column as `fold_name` writes them, those that are used first in front.

    The first name of each language comes before its others, and names that all languages use come last.
    """
    own = [language.columns.get(part, ()) for language in languages().values()]
    names = (*(names[:1] for names in own), *(names[1:] for names in own))
    shared = shared_words().columns.get(part, ())
    return tuple(dict.fromkeys(map(fold_name, chain(*names, shared))))


def is_colour_name(text: str) -> bool:
    """Check whether a column, an attribute or an option is called as a colour usually is."""
    return fold_name(text) in column_names("colour")


@lru_cache
def fold_name(column: str) -> str:
    """Return a column's name in small letters, without accents, with blanks for underscores."""
    return " ".join(re.split(r"[\s_]+", fold(column).rstrip("* ").strip()))
