"""What a shop has written of a picture, in a form, in JSON or in the query.

Values alone. What the words of a title say: inference/words.py; they are kept nowhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from app.errors import BadRequest
from inference.language_files import readable_languages
from inference.tokens import LONGEST_HTML

TITLE: Final = "title"
LANGUAGE: Final = "language"
OF_TITLES: Final = (TITLE, LANGUAGE)
"""Names under which both come, wherever they come."""

NOT_READ: Final = "none"
"""In place of a language: the words say nothing."""

NOT_OF_BATCHES: Final = "Titles are read by /predict, with one picture. Leave `title` out of a batch."

Given: TypeAlias = Mapping[str, Sequence[object]]
"""The values under some names."""


@dataclass(frozen=True)
class Title:
    """What the shop has written.

    Attributes:
        text: at most as much as is read.
        language: one that is read, or NOT_READ; empty where it is not known.
    """

    text: str
    language: str = ""


def title_of(query: Given, body: Given) -> Title | None:
    """Return the title of a request; None without one.

    Raises:
        BadRequest: a value came twice, is no text, or is no language.
    """
    text, language = (_only(name, [*query.get(name, ()), *body.get(name, ())]) for name in OF_TITLES)
    if language and language not in title_languages():
        *codes, last = title_languages()
        raise BadRequest(f"`language` is {language[:20]!r}; it must be one of {', '.join(codes)}, or {last}.")
    return None if text is None else Title(text[:LONGEST_HTML], language or "")


def title_languages() -> tuple[str, ...]:
    """Return what a request may name as the language of its title."""
    return (*readable_languages(), NOT_READ)


def _only(name: str, values: Sequence[object]) -> str | None:
    if len(values) > 1:
        raise BadRequest(
            f"`{name}` came {len(values)} times. Send it once: as a form field, a key of the JSON, or in the "
            "query."
        )
    value = values[0] if values else None
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"`{name}` is no text.")
    return value
