"""Which of the offered languages a client prefers, by lookup (RFC 4647, section 3.4)."""

from collections.abc import Container
from typing import Annotated, Final, TypeAlias

from pydantic import StringConstraints
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

MAX_ACCEPT_LANGUAGE_LENGTH: Final = 200
"""Characters of an Accept-Language that is parsed; browsers send about 40."""

LanguageTag: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
"""A language tag as in Accept-Language (RFC 5646, section 2.1): `en`, `de-AT`."""


def find_preferred_language(accept_language: str | None, languages: Container[str]) -> str | None:
    """The offered language that a client likes best: `fr-CH` finds `fr` before a language of lower quality.

    Args:
        accept_language: the header.
        languages: in small letters.

    Returns:
        None where none fits, or the header is absent or longer than LONGEST_ACCEPT.
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
