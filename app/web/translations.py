"""The texts of pages in other languages: Wardrobe's own and the operator's (WARDROBE_TRANSLATIONS).

`{"de": {"Choose pictures": "Bilder auswählen"}}`: the English text is the key, and one without a translation
stays English. page/translate.js chooses the language that the browser prefers.
"""

from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import StringConstraints, TypeAdapter, ValidationError
from werkzeug.datastructures import LanguageAccept

from app.prediction.categories import Language
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


def preferred(translations: Translations, accepted: LanguageAccept) -> tuple[str, dict[str, str]]:
    """The language that a browser prefers, English or a translated one, and its texts (English: none)."""
    language = accepted.best_match(("en", *translations), default="en")
    return language, translations.get(language, {})


def _texts(path: Path) -> Translations:
    try:
        texts = _TEXTS.validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"WARDROBE_TRANSLATIONS: {path}: {error.strerror}.") from error
    except ValidationError as error:
        raise SettingsError(f"WARDROBE_TRANSLATIONS: {path}: {first_problem(error)}.") from error
    return {language.lower(): one for language, one in texts.items()}
