"""The texts of the page, the report and the review sheet in other languages than English.

The English text is the key. A text without a translation stays English.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from app.accept_language import find_preferred_language

TRANSLATIONS_PATH: Final = Path(__file__).with_name("translations.json")
"""Path of the file with all translations."""

Translations: TypeAlias = dict[str, dict[str, str]]
"""Translated texts, by language in lower case and English text."""

TRANSLATIONS: Final[Translations] = json.loads(TRANSLATIONS_PATH.read_text("utf-8"))
"""The translations into each language."""


def find_translation(accept_language: str | None) -> tuple[str, Mapping[str, str]]:
    """Return the language that a client prefers, English if none fits, and its texts."""
    language = find_preferred_language(accept_language, {"en", *TRANSLATIONS}) or "en"
    return language, TRANSLATIONS.get(language, {})
