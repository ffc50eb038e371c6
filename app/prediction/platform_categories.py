"""A platform's own categories: the id and the names that it has for each class.

Read from the operator's file (WARDROBE_TAXONOMY) with each release that is opened, so that both can change
without a restart, and checked against that release's labels. answer_json.py puts the categories into answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
)

from app.accept_language import LanguageTag, find_preferred_language
from app.settings import SettingsError
from inference.contract import Head
from inference.plain_text import decoded
from model_store.errors import ReleaseError
from model_store.manifest import first_problem

CategoryText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
CategoryId = Annotated[
    CategoryText, BeforeValidator(lambda value: str(value) if type(value) is int else value)
]

CategoryFields: TypeAlias = Mapping[str, object]
"""A category as answers have it."""


class CategoriesMismatch(ReleaseError):
    """The release's labels and the platform's categories do not match."""


class PlatformCategory(BaseModel):
    """The platform's category of one class.

    Attributes:
        name: None where the file has no names.
        names: by language.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: CategoryId
    name: CategoryText | None = None
    names: dict[LanguageTag, CategoryText] = Field(default_factory=dict)

    @property
    def default_name(self) -> str | None:
        """Its `name`, else that of its first language."""
        return self.name or next(iter(self.names.values()), None)

    def create_fields(self, name: str | None) -> CategoryFields:
        """The category under one of its names."""
        return {"id": self.id, "name": name, "names": self.names}


def _classify_value(value: object) -> str:
    """Whether it has the categories of an attribute's labels, or is a category itself."""
    if not isinstance(value, dict) or value.keys() <= PlatformCategory.model_fields.keys():
        return "category"
    return "labels" if all(isinstance(category, dict) for category in value.values()) else "category"


TaxonomyValue: TypeAlias = Annotated[
    Annotated[PlatformCategory, Tag("category")] | Annotated[dict[str, PlatformCategory], Tag("labels")],
    Discriminator(_classify_value),
]

TAXONOMY_ADAPTER: Final = TypeAdapter(dict[str, TaxonomyValue])

TAXONOMY_EXAMPLE: Final = '{"Coat": {"id": "5041", "name": "Coats", "names": {"de": "Mäntel"}}, ...}'
"""Of the operator's file: a category by label; `name` and `names` may be left out. The labels of an attribute
are under its name: `"colour": {"blue": {"id": "12"}, ...}`."""


@dataclass(frozen=True)
class Taxonomy:
    """The operator's file.

    Attributes:
        classes: the category of each class, by label.
        attributes: of each attribute that it names, the category of each label.
    """

    classes: Mapping[str, PlatformCategory]
    attributes: Mapping[str, Mapping[str, PlatformCategory]]


@dataclass(frozen=True)
class NamedCategories:
    """Categories in one language, in index order.

    Attributes:
        classes: of the classes.
        attributes: of the labels of each attribute that the operator's file names.
    """

    classes: tuple[CategoryFields, ...]
    attributes: Mapping[str, tuple[CategoryFields, ...]]


class ReleaseCategories:
    """The categories of one release."""

    def __init__(
        self,
        classes: Sequence[PlatformCategory],
        attributes: Mapping[str, Sequence[PlatformCategory]] | None = None,
    ) -> None:
        self.languages = tuple(classes[0].names)
        self._of = {"": classes, **(attributes or {})}
        self._default = self._name_in_language(None)
        self._by_language = {
            language.lower(): self._name_in_language(language) for language in self.languages
        }

    def _name_in_language(self, language: LanguageTag | None) -> NamedCategories:
        named = {
            part: tuple(
                category.create_fields(
                    category.default_name if language is None else category.names[language]
                )
                for category in categories
            )
            for part, categories in self._of.items()
        }
        return NamedCategories(named.pop(""), named)

    def choose_names(self, accept_language: str | None) -> NamedCategories:
        """The category of each label, named in the language that a client prefers.

        Args:
            accept_language: the header; without one, or where no language fits, `name` is the file's own.
        """
        language = find_preferred_language(accept_language, self._by_language)
        return self._default if language is None else self._by_language[language]


def read_release_categories(
    path: Path, labels: Sequence[str], version: str, attributes: Mapping[str, Head] | None = None
) -> ReleaseCategories:
    """The categories of a release's labels.

    Args:
        path: the operator's file.
        labels: the classes of the release, in index order.
        version: of the release, for messages.
        attributes: of the release.

    Raises:
        SettingsError: the file cannot be read or is not valid.
        CategoriesMismatch: a label has no category, or the release does not have a category's label.
    """
    taxonomy, heads = read_taxonomy(path), attributes or {}
    for name in taxonomy.attributes:
        if name not in heads:
            attributes_of_release = ", ".join(heads) or "none"
            raise CategoriesMismatch(
                f"{path}: {name!r} is no attribute of {version}, which has {attributes_of_release}."
            )
    attribute_categories = {
        name: _order_categories(path, given, heads[name].labels, version)
        for name, given in taxonomy.attributes.items()
    }
    return ReleaseCategories(_order_categories(path, taxonomy.classes, labels, version), attribute_categories)


def _order_categories(
    path: Path, categories: Mapping[str, PlatformCategory], labels: Sequence[str], version: str
) -> list[PlatformCategory]:
    """The category of each label."""
    unknown = [label for label in categories if label not in labels]
    if unknown:
        nearest = get_close_matches(unknown[0], labels, n=1, cutoff=0)[0]
        raise CategoriesMismatch(
            f"{path}: {unknown[0]!r} is no label of {version}. The nearest is {nearest!r}; "
            f"all are {', '.join(labels)}."
        )
    missing = [label for label in labels if label not in categories]
    if missing:
        raise CategoriesMismatch(
            f"{path}: no category for {', '.join(missing)}, which {version} may answer. Add what is missing."
        )
    return [categories[label] for label in labels]


def read_taxonomy(path: Path) -> Taxonomy:
    """A platform's categories by label, from JSON like EXAMPLE.

    Raises:
        SettingsError: the file is no such JSON; the message names the label.
    """
    try:
        given = TAXONOMY_ADAPTER.validate_json(decoded(path.read_bytes()))
        classes = {name: value for name, value in given.items() if isinstance(value, PlatformCategory)}
        attributes = {name: value for name, value in given.items() if not isinstance(value, PlatformCategory)}
        every = {
            f"{name} {label}": category for name, of in attributes.items() for label, category in of.items()
        }
        _check_languages(classes)
        _check_languages({**classes, **every})
    except OSError as error:
        raise _create_settings_error(path, f"{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _create_settings_error(path, "it is no UTF-8 text") from error
    except ValidationError as error:
        raise _create_settings_error(path, f"{first_problem(error)}. Write {TAXONOMY_EXAMPLE}") from error
    except ValueError as error:
        raise _create_settings_error(path, str(error)) from error
    return Taxonomy(classes, attributes)


def _create_settings_error(path: Path, why: str) -> SettingsError:
    return SettingsError(f"WARDROBE_TAXONOMY: {path}: {why}.")


def _check_languages(categories: Mapping[str, PlatformCategory]) -> None:
    """Refuse a file that would name some classes in a language and others not."""
    if not categories:
        raise ValueError("it holds no category")
    named = {
        label: (set(category.names), category.default_name is None) for label, category in categories.items()
    }
    first, *others = named
    for label in others:
        if named[label] != named[first]:
            raise ValueError(f"{first!r} and {label!r} are not named in the same languages")
