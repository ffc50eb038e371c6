"""A platform's own categories: which id and names a class goes by there.

Read from the operator's file (WARDROBE_TAXONOMY) with each release that is opened, so that both can change
without a restart, and held to that release's labels. Reads the file alone; answers.py tells the categories.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import TypeAlias

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.settings import SettingsError
from model_store.errors import ReleaseError

LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
"""A language tag as Accept-Language has them (RFC 5646, section 2.1): `en`, `de-AT`."""

LONGEST_ACCEPT = 200
"""Letters of an Accept-Language that is looked at; browsers send some 40."""

Told: TypeAlias = Mapping[str, object]
"""A category as clients are told it."""


class TaxonomyMismatch(ReleaseError):
    """The release's labels and the platform's categories do not fit each other."""


@dataclass(frozen=True, kw_only=True)
class Category:
    """What one class is called on the platform.

    Attributes:
        id: whatever the platform goes by.
        name: None where the file has no names.
        names: by language.
    """

    id: str
    name: str | None
    names: Mapping[str, str]


class Categories:
    """The categories of one release, in index order."""

    def __init__(self, categories: Sequence[Category]) -> None:
        self.languages = tuple(categories[0].names)
        self._plain = tuple(_told(category, category.name) for category in categories)
        self._named = {
            language.lower(): tuple(_told(category, category.names[language]) for category in categories)
            for language in self.languages
        }
        # Clients repeat themselves, and reading the header anew takes longer than all the rest of it.
        self._in = lru_cache(maxsize=256)(self._in_language_of)

    def told(self, accept_language: str | None) -> tuple[Told, ...]:
        """The category of each class, named in the language that a client likes best.

        Args:
            accept_language: its header; without one, or where no language fits, `name` is the file's own.
        """
        if not accept_language or not self.languages or len(accept_language) > LONGEST_ACCEPT:
            return self._plain
        return self._in(accept_language)

    def _in_language_of(self, accept_language: str) -> tuple[Told, ...]:
        """By lookup (RFC 4647, section 3.4): `fr-CH` is served with `fr` before a language liked less."""
        for tag, quality in parse_accept_header(accept_language, LanguageAccept):
            subtags = tag.lower().split("-")
            while subtags and quality > 0:
                named = self._named.get("-".join(subtags))
                if named is not None:
                    return named
                subtags.pop()
        return self._plain


def categories_of(path: Path, labels: Sequence[str], version: str) -> Categories:
    """The categories of a release's classes.

    Args:
        path: the operator's file.
        labels: of the release, in index order.
        version: of the release, for messages.

    Raises:
        SettingsError: the file cannot be read, or does not say what it has to.
        TaxonomyMismatch: a label has no category, or a category's label is none of the release's.
    """
    taxonomy = read_taxonomy(path)
    unknown = [label for label in taxonomy if label not in labels]
    if unknown:
        nearest = get_close_matches(unknown[0], labels, n=1, cutoff=0)[0]
        raise TaxonomyMismatch(
            f"{path}: {unknown[0]!r} is no label of {version}. The nearest is {nearest!r}; "
            f"all are {', '.join(labels)}."
        )
    missing = [label for label in labels if label not in taxonomy]
    if missing:
        raise TaxonomyMismatch(
            f"{path}: no category for {', '.join(missing)}, which {version} may answer. Add what is missing."
        )
    return Categories([taxonomy[label] for label in labels])


def read_taxonomy(path: Path) -> Mapping[str, Category]:
    """A platform's categories by label.

    JSON: `{"Coat": {"id": "5041", "name": "Coats", "names": {"de": "Mäntel"}}}`. CSV: the columns `label`,
    `id`, perhaps `name`, and `name:de` for each language. Without `name`, the first language's is used.

    Raises:
        SettingsError: it is neither; the message names the label or the line.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise _refused(path, f"{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _refused(path, "it is no UTF-8 text") from error
    try:
        taxonomy = _of_json(text) if path.suffix.lower() == ".json" else _of_csv(text)
        _check(taxonomy)
    except (ValueError, csv.Error) as error:
        raise _refused(path, str(error)) from error
    except RecursionError as error:
        raise _refused(path, "it is nested too deeply for what it has to say") from error
    return taxonomy


def _refused(path: Path, why: str) -> SettingsError:
    return SettingsError(f"WARDROBE_TAXONOMY: {path}: {why}.")


def _of_json(text: str) -> dict[str, Category]:
    document = json.loads(text, object_pairs_hook=_without_repeats)
    if not isinstance(document, dict) or not all(isinstance(entry, dict) for entry in document.values()):
        raise ValueError('it must be one object of `"label": {"id": ...}`')
    return {label: _of_entry(label, entry) for label, entry in document.items()}


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated = next(name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1)
        raise ValueError(f"{repeated!r} is there twice")
    return found


def _of_entry(label: str, entry: Mapping[str, object]) -> Category:
    strange = set(entry) - {"id", "name", "names"}
    if strange:
        raise ValueError(
            f"{label!r} has {sorted(strange)[0]!r}; `id`, `name` and `names` are what it may have"
        )
    names = entry.get("names", {})
    if not isinstance(names, dict):
        raise ValueError(f"`names` of {label!r} must be an object, with languages for its keys")
    category_id = entry.get("id", "")
    texts = {"id": str(category_id) if type(category_id) is int else category_id, **names}
    if "name" in entry:
        texts["name"] = entry["name"]
    for name, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name!r} of {label!r} must be a text that is not empty")
    return _category(label, str(texts["id"]), entry.get("name"), names)


def _of_csv(text: str) -> dict[str, Category]:
    header = text.partition("\n")[0]
    # Spreadsheets of half the world write semicolons.
    lines = csv.DictReader(StringIO(text, newline=""), delimiter=";" if ";" in header else ",", strict=True)
    columns = list(lines.fieldnames or ())
    languages = {column: column[5:] for column in columns if column.startswith("name:")}
    if columns[:2] != ["label", "id"] or set(columns[2:]) - {"name", *languages}:
        raise ValueError("its first line must be `label,id`, then perhaps `name` and `name:de` and so on")
    found: dict[str, Category] = {}
    for number, line in enumerate(lines, start=2):
        cells = {column: (line[column] or "").strip() for column in columns}
        empty = [column for column, cell in cells.items() if not cell]
        if empty or None in line:
            raise ValueError(f"line {number} has {'no ' + empty[0] if empty else 'too many cells'}")
        if cells["label"] in found:
            raise ValueError(f"line {number}: {cells['label']!r} is there twice")
        names = {language: cells[column] for column, language in languages.items()}
        found[cells["label"]] = _category(cells["label"], cells["id"], cells.get("name"), names)
    return found


def _category(label: str, category_id: str, name: object, names: Mapping[str, str]) -> Category:
    for language in names:
        if not LANGUAGE.fullmatch(language):
            raise ValueError(f"{language!r} of {label!r} is no language; write it as `en` or `de-AT`")
    chosen = name if isinstance(name, str) else next(iter(names.values()), None)
    return Category(id=category_id, name=chosen, names=names)


def _check(taxonomy: Mapping[str, Category]) -> None:
    """Refuse what would answer in one language for this class and in another for that."""
    if not taxonomy:
        raise ValueError("it holds no category")
    first, *others = taxonomy
    for label in others:
        mine, theirs = taxonomy[first], taxonomy[label]
        if set(mine.names) != set(theirs.names) or (mine.name is None) != (theirs.name is None):
            raise ValueError(f"{first!r} and {label!r} are not named in the same languages")


def _told(category: Category, name: str | None) -> Told:
    return {"id": category.id, "name": name, "names": dict(category.names)}
