"""Translations of the texts of the page, the report and the review sheet.

The English text is the key of its translation. A text without a translation stays English.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from app.accept_language import find_preferred_language
from inference.reasons import Reason

TRANSLATIONS_PATH: Final = Path(__file__).with_name("translations.json")
"""Path of the JSON file with the translations of the texts that Python does not translate itself."""

Translations: TypeAlias = dict[str, dict[str, str]]
"""The translation of each English text, by language tag (such as `de`) and by English text."""


def read_translations() -> Translations:
    """Return the translations of TRANSLATIONS_PATH and those of the reasons, which stand with the reasons."""
    translations: Translations = json.loads(TRANSLATIONS_PATH.read_text("utf-8"))
    for reason in Reason:
        if reason.card:
            translations["de"][reason.card.name] = reason.card.german_name
            translations["de"][reason.sentence] = reason.card.german_sentence
    return translations


TRANSLATIONS: Final = read_translations()
"""The translations of all texts."""


def find_translation(accept_language: str | None) -> tuple[str, Mapping[str, str]]:
    """Return the language that a client prefers, and the translation of each English text.

    Args:
        accept_language: the value of the Accept-Language header; None if the request has none.

    Returns:
        The language tag and the translations. If no language fits, it is `en`, without translations.
    """
    language = find_preferred_language(accept_language, {"en", *TRANSLATIONS}) or "en"
    return language, TRANSLATIONS.get(language, {})
