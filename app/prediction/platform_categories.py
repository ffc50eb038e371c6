"""The categories of the operator's shop system, which answers name beside the model's own labels.

The operator writes them into a JSON file (WARDROBE_TAXONOMY): for the label `Coat`, for example, the id 5041
and the name "Coats". The file is read whenever a release is opened, and checked against the labels of that
release. So both can change without a restart.
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
from app.prediction.answer_fields import CategoryFields
from app.settings import SettingsError
from inference.contract import Head
from inference.text.plain_text import decode_text
from model_store.errors import ReleaseError
from model_store.manifest import describe_first_problem
from model_store.release_files import read_regular_file

CategoryText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
CategoryId = Annotated[
    CategoryText, BeforeValidator(lambda value: str(value) if type(value) is int else value)
]


class CategoriesMismatch(ReleaseError):
    """The operator's file has no category for a label of the release, or one for an unknown label."""


class PlatformCategory(BaseModel):
    """A category of the operator's shop system, which stands for one label of the model.

    Attributes:
        id: the id of the category in the operator's system.
        name: the name of the category; None if the file has none.
        names: the names of the category, by language.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: CategoryId
    name: CategoryText | None = None
    names: dict[LanguageTag, CategoryText] = Field(default_factory=dict)

    @property
    def default_name(self) -> str | None:
        """The field `name`, or else the first one of `names`; None without any name."""
        return self.name or next(iter(self.names.values()), None)

    def create_fields(self, name: str | None) -> CategoryFields:
        """Return the JSON fields of the category for an answer.

        Args:
            name: the name in the client's language; None if there is none.
        """
        return {"id": self.id, "name": name, "names": self.names}


def _classify_value(value: object) -> str:
    """Return which form a value of the operator's file has: "category" or "labels".

    "labels" is an object with a category for each label of an attribute, such as each colour.
    """
    if not isinstance(value, dict) or value.keys() <= PlatformCategory.model_fields.keys():
        return "category"
    return "labels" if all(isinstance(category, dict) for category in value.values()) else "category"


TaxonomyValue: TypeAlias = Annotated[
    Annotated[PlatformCategory, Tag("category")] | Annotated[dict[str, PlatformCategory], Tag("labels")],
    Discriminator(_classify_value),
]
"""A value in the operator's file: one category, or an object with a category for each label of an
attribute."""

TAXONOMY_ADAPTER: Final = TypeAdapter(dict[str, TaxonomyValue])
"""Pydantic's parser for the operator's file of categories."""

TAXONOMY_EXAMPLE: Final = '{"Coat": {"id": "5041", "name": "Coats", "names": {"de": "Mäntel"}}, ...}'
"""Example of the operator's file of categories, for error messages. `name` and `names` may be left out. The
labels of an attribute are below its name: `"colour": {"blue": {"id": "12"}, ...}`."""


@dataclass(frozen=True)
class Taxonomy:
    """The parsed content of the operator's file of categories (WARDROBE_TAXONOMY).

    Attributes:
        classes: the category of each class, by its label.
        attributes: the category of each label of an attribute such as `colour`, by attribute and label.
    """

    classes: Mapping[str, PlatformCategory]
    attributes: Mapping[str, Mapping[str, PlatformCategory]]


@dataclass(frozen=True)
class LocalizedCategories:
    """The operator's categories with their names in one language, in the order of the model's labels.

    Attributes:
        classes: the JSON fields of the category of each class.
        attributes: the JSON fields of the category of each label of an attribute, by its name; only of
            attributes in the operator's file.
    """

    classes: tuple[CategoryFields, ...]
    attributes: Mapping[str, tuple[CategoryFields, ...]]


class ReleaseCategories:
    """The operator's categories for the labels of one release, with names in all languages of the file.

    Args:
        classes: the category of each class, in the order of the labels.
        attributes: the category of each label of an attribute, by the name of the attribute.
    """

    def __init__(
        self,
        classes: Sequence[PlatformCategory],
        attributes: Mapping[str, Sequence[PlatformCategory]] | None = None,
    ) -> None:
        self.languages = tuple(classes[0].names)
        self._categories = {"": classes, **(attributes or {})}  # the classes have the empty name
        self._default = self._name_in_language(None)
        self._by_language = {
            language.lower(): self._name_in_language(language) for language in self.languages
        }

    def _name_in_language(self, language: LanguageTag | None) -> LocalizedCategories:
        named = {
            attribute: tuple(
                category.create_fields(
                    category.default_name if language is None else category.names[language]
                )
                for category in categories
            )
            for attribute, categories in self._categories.items()
        }
        return LocalizedCategories(named.pop(""), named)

    def localize_categories(self, accept_language: str | None) -> LocalizedCategories:
        """Return the categories with their names in the language that a client prefers.

        Args:
            accept_language: the Accept-Language header; None if the request has none. If the file has none of
                its languages, the categories have their default names.
        """
        language = find_preferred_language(accept_language, self._by_language)
        return self._default if language is None else self._by_language[language]


def read_release_categories(
    path: Path, labels: Sequence[str], version: str, attributes: Mapping[str, Head] | None = None
) -> ReleaseCategories:
    """Read the operator's file of categories, and check that each label of a release has a category.

    Args:
        path: the path of the operator's file.
        labels: the labels of the classes, in order.
        version: the version of the release, for error messages.
        attributes: the heads (with their labels) of the release's attributes, by the name of the attribute.

    Raises:
        SettingsError: the file cannot be read or is not valid.
        CategoriesMismatch: a label has no category, or the file has a label that the release does not have.
    """
    taxonomy = read_taxonomy(path)
    heads = attributes or {}
    for name in taxonomy.attributes:
        if name not in heads:
            known = ", ".join(heads) or "none"
            raise CategoriesMismatch(f"{path}: {name!r} is no attribute of {version}, which has {known}.")
    attribute_categories = {
        name: _order_categories(path, given, heads[name].labels, version)
        for name, given in taxonomy.attributes.items()
    }
    return ReleaseCategories(_order_categories(path, taxonomy.classes, labels, version), attribute_categories)


def _order_categories(
    path: Path, categories: Mapping[str, PlatformCategory], labels: Sequence[str], version: str
) -> list[PlatformCategory]:
    """Return the category of each label, in the order of the labels."""
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
    """Read the operator's file of categories, which is JSON like TAXONOMY_EXAMPLE.

    Args:
        path: the path of the operator's file.

    Raises:
        SettingsError: the file cannot be read, or is not such JSON. The message names the wrong label.
    """
    try:
        parsed = TAXONOMY_ADAPTER.validate_json(decode_text(read_regular_file(path)))
        classes = {name: value for name, value in parsed.items() if isinstance(value, PlatformCategory)}
        attributes = {
            name: value for name, value in parsed.items() if not isinstance(value, PlatformCategory)
        }
        attribute_categories = {
            f"{name} {label}": category
            for name, categories in attributes.items()
            for label, category in categories.items()
        }
        # First the classes alone: a file without any class has to be refused.
        _check_languages(classes)
        _check_languages({**classes, **attribute_categories})
    except OSError as error:
        raise _create_settings_error(path, f"{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _create_settings_error(path, "it is no UTF-8 text") from error
    except ValidationError as error:
        raise _create_settings_error(
            path, f"{describe_first_problem(error)}. Write {TAXONOMY_EXAMPLE}"
        ) from error
    except ValueError as error:
        raise _create_settings_error(path, str(error)) from error
    return Taxonomy(classes, attributes)


def _create_settings_error(path: Path, why: str) -> SettingsError:
    return SettingsError(f"WARDROBE_TAXONOMY: {path}: {why}.")


def _check_languages(categories: Mapping[str, PlatformCategory]) -> None:
    """Check that all categories have names in the same languages, so that no answer mixes two.

    Raises:
        ValueError: two categories differ in their languages, or there are no categories.
    """
    if not categories:
        raise ValueError("it holds no category")
    named = {
        label: (set(category.names), category.default_name is None) for label, category in categories.items()
    }
    first, *others = named
    for label in others:
        if named[label] != named[first]:
            raise ValueError(f"{first!r} and {label!r} are not named in the same languages")
