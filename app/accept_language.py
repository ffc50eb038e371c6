"""Choose the language that a client prefers, by lookup (RFC 4647, section 3.4)."""

from collections.abc import Container
from typing import Annotated, Final, TypeAlias

from pydantic import StringConstraints
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

MAX_ACCEPT_LANGUAGE_LENGTH: Final = 200
"""Largest number of characters of an Accept-Language header that is parsed. Browsers send about 40."""

LanguageTag: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
"""A language tag as in Accept-Language (RFC 5646, section 2.1), such as `en` or `de-AT`."""


def find_preferred_language(accept_language: str | None, languages: Container[str]) -> str | None:
    """Return the available language that an Accept-Language header prefers.

    A tag also matches its shorter forms: with `fr-CH, en;q=0.9`, French is chosen before English.

    Args:
        accept_language: the value of the header; None if the request has none.
        languages: the available language tags, in lower case.

    Returns:
        The language tag; None if no language matches, or if the header is missing or too long.
    """
    if not accept_language or len(accept_language) > MAX_ACCEPT_LANGUAGE_LENGTH:
        return None
    for tag, quality in parse_accept_header(accept_language, LanguageAccept):
        subtags = tag.lower().split("-")
        while subtags and quality > 0:
            if "-".join(subtags) in languages:
                return "-".join(subtags)
            subtags.pop()
    return None
