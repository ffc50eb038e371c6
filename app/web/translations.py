"""The texts of pages in other languages: Wardrobe's own and the operator's (WARDROBE_TRANSLATIONS).

`{"de": {"Choose pictures": "Bilder auswählen"}}`: the English text is the key, and one without a translation
stays English.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import StringConstraints, TypeAdapter, ValidationError

from app.languages import Language, preferred_language
from app.settings import SettingsError
from model_store.manifest import first_problem

OURS: Final = Path(__file__).with_name("translations.json")

Translations: TypeAlias = dict[str, dict[str, str]]
"""Texts by English text, by language in small letters."""

_TEXTS: Final = TypeAdapter(dict[Language, dict[str, Annotated[str, StringConstraints(min_length=1)]]])


def read_translations(path: Path | None) -> Translations:
    """Our texts, with the operator's over them.

    Args:
        path: of the operator's JSON; None has ours alone.

    Raises:
        SettingsError: the file cannot be read, or is something else; the message names what is wrong.
    """
    found = _texts(OURS)
    for language, texts in (_texts(path) if path else {}).items():
        found[language] = found.get(language, {}) | texts
    return found


def preferred(translations: Translations, accept_language: str | None) -> tuple[str, Mapping[str, str]]:
    """The language that a client prefers, English where none fits, and its texts."""
    language = preferred_language(accept_language, {"en", *translations}) or "en"
    return language, translations.get(language, {})


def _texts(path: Path) -> Translations:
    try:
        texts = _TEXTS.validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"WARDROBE_TRANSLATIONS: {path}: {error.strerror}.") from error
    except ValidationError as error:
        raise SettingsError(f"WARDROBE_TRANSLATIONS: {path}: {first_problem(error)}.") from error
    return {language.lower(): one for language, one in texts.items()}
