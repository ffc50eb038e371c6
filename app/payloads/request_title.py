"""Find the title that a shop has written for a picture, in the form, the JSON or the query of a request.

Title and picture are then decided about together. A title is read for this request only, and never stored.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from app.errors import BadRequest
from inference.words.language_files import LANGUAGE_OFF, list_readable_languages
from inference.words.tokens import MAX_HTML_CHARACTERS

TITLE: Final = "title"
"""Name of the field with the title that a shop has written, in a form, in JSON and in a query string."""

LANGUAGE: Final = "language"
"""Name of the field with the language of the title."""

TITLE_FIELDS: Final = (TITLE, LANGUAGE)
"""Names of the fields with the title and its language, in a form, in JSON and in a query string."""

TITLES: Final = "titles"

REFUSED_FIELDS: Final = (*TITLE_FIELDS, TITLES)
"""Names of the fields that a request must not have if its pictures are answered without titles. No route
reads `titles`, but a client that sends it with a list of pictures expects that they are read."""

FieldValues: TypeAlias = Mapping[str, Sequence[object]]
"""The values of each field of a form or query string, by its name. A client may send a field repeatedly."""


@dataclass(frozen=True)
class PictureTitle:
    """The title that a shop has written for a picture, such as "Blue denim jacket".

    Attributes:
        text: the text, cut to the number of characters that are read.
        language: the code of its language, such as `de`, or LANGUAGE_OFF; empty if it is not known.
    """

    text: str
    language: str = ""


def read_title(query: FieldValues, body: FieldValues) -> PictureTitle | None:
    """Return the title of a request, from its query string or its body; None without one.

    Args:
        query: the values of `title` and `language` in the query string.
        body: the values of `title` and `language` in the body.

    Raises:
        BadRequest: a field came twice, its value is not text, or the language is not one that is read.
    """
    text, language = (
        _get_only_value(name, [*query.get(name, ()), *body.get(name, ())]) for name in TITLE_FIELDS
    )
    if language and language not in list_title_languages():
        *codes, last = list_title_languages()
        raise BadRequest(f"`language` is {language[:20]!r}; it must be one of {', '.join(codes)}, or {last}.")
    return None if text is None else PictureTitle(text[:MAX_HTML_CHARACTERS], language or "")


def check_no_title_fields(*field_sources: object) -> None:
    """Refuse a request that has a title or its language, if its pictures are answered without titles.

    If it was ignored, a dress that the shop calls "Handbag" would be accepted without a word.

    Args:
        field_sources: the query, the form, and each JSON value in which a client may have put a title.

    Raises:
        BadRequest: a place has one of REFUSED_FIELDS.
    """
    for place in field_sources:
        if isinstance(place, Mapping):
            for name in REFUSED_FIELDS:
                if name in place:
                    raise BadRequest(
                        f"Titles are read by /predict, with one picture. Leave `{name}` out of this request."
                    )


def check_no_list_of_titles(body: Container[str]) -> None:
    """Refuse a request about one picture that has `titles`, which no route reads.

    Args:
        body: the names of the fields of the form, or the JSON object.

    Raises:
        BadRequest: `titles` is among them.
    """
    if TITLES in body:
        raise BadRequest("`titles` is not read. Send the title of the picture as `title`.")


def list_title_languages() -> tuple[str, ...]:
    """Return the allowed values of the field `language`, which names the language of a title."""
    return (*list_readable_languages(), LANGUAGE_OFF)


def _get_only_value(name: str, values: Sequence[object]) -> str | None:
    if len(values) > 1:
        raise BadRequest(
            f"`{name}` came {len(values)} times. Send it once: as a form field, a key of the JSON, or in the "
            "query."
        )
    value = values[0] if values else None
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"`{name}` is no text.")
    return value
