"""The texts of the page, the report and the review sheet in other languages than English.

The English text is the key; one without a translation stays English.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from app.accept_language import find_preferred_language

TRANSLATIONS_PATH: Final = Path(__file__).with_name("translations.json")

Translations: TypeAlias = dict[str, dict[str, str]]
"""Texts by English text, by language in small letters."""

TRANSLATIONS: Final[Translations] = json.loads(TRANSLATIONS_PATH.read_text("utf-8"))


def find_translation(accept_language: str | None) -> tuple[str, Mapping[str, str]]:
    """The language that a client prefers, English where none fits, and its texts."""
    language = find_preferred_language(accept_language, {"en", *TRANSLATIONS}) or "en"
    return language, TRANSLATIONS.get(language, {})
