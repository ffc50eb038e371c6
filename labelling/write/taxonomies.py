"""Find the categories that sales platforms, such as Google, have for kinds of garments, such as `skirt`.

The file taxonomies.json beside this one has an id and a name for each kind, with the version of the
platform's list from which they were taken. A kind has no category if the platform has several for it, as for
bags (handbags, backpacks).
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from inference.contract import LABEL
from inference.words.kinds import KIND
from inference.words.recognition import find_label_kinds, recognise_language
from labelling.errors import TableUnusable
from labelling.rows import Category
from labelling.run_settings import HeadCategories
from labelling.write.taxonomy_words import find_category_word

_FILE: Final = Path(__file__).with_name("taxonomies.json")

TAXONOMY_PLATFORMS: Final = ("google", "shopify")
"""The sales platforms whose categories are in taxonomies.json."""


def find_platform_categories(platform: str, heads: Mapping[str, Sequence[str]]) -> HeadCategories:
    """Return the category that a sales platform has for each class and each kind of a release.

    Args:
        platform: the name of the platform, one of TAXONOMY_PLATFORMS.
        heads: the labels of the class (LABEL) and of each attribute of the release.

    Returns:
        The id and name of the category by label: {"label": {"Shirt": ("212", "... > Shirts & Tops")}}. The
            outer key is LABEL for the class, and KIND if the release has this attribute.

    Raises:
        TableUnusable: the platform has no category for any class of the release.
    """
    categories_by_kind: Mapping[str, Any] = _read_taxonomies()[platform]["categories"]
    labels = heads[LABEL]
    kinds = find_label_kinds(labels, recognise_language(labels))
    categories = {LABEL: {label: _find_category(categories_by_kind, kinds[label]) for label in labels}}
    if all(category == (None, None) for category in categories[LABEL].values()):
        raise TableUnusable(
            f"--taxonomy {platform}: has no category for the classes {', '.join(labels)}. Name a file of "
            "your own."
        )
    if KIND in heads:
        categories[KIND] = {kind: _find_category(categories_by_kind, {kind}) for kind in heads[KIND]}
    return categories


def find_product_category(
    platform: str, kinds: frozenset[str], listed_word: str = "", age_group: str = ""
) -> Category:
    """Return the category that a sales platform has for a product of one kind of garment.

    A word of the list that means less than the kind ("hoodie") chooses a finer category. The platform's
    branch for babies or children replaces both.

    Args:
        platform: the name of the platform, one of TAXONOMY_PLATFORMS.
        kinds: the kinds that the product can be, such as {"skirt"}.
        listed_word: the word of the list that names the product; empty for none.
        age_group: the age group of the product, such as `infant`; empty if the list says none.

    Returns:
        The id and name of the category; (None, None) if there are several kinds, or if the platform has
        several categories for the kind.
    """
    taxonomy = _read_taxonomies()[platform]
    if age_group in taxonomy["children"]["age_groups"]:
        return _find_category(taxonomy["children"]["categories"], kinds)
    (kind,) = kinds if len(kinds) == 1 else [""]
    identity, name = taxonomy["words"].get(find_category_word(listed_word, kind)) or (None, None)
    return (identity, name) if identity else _find_category(taxonomy["categories"], kinds)


@cache
def _read_taxonomies() -> Mapping[str, Any]:
    taxonomies: Mapping[str, Any] = json.loads(_FILE.read_bytes())
    return taxonomies


def _find_category(categories_by_kind: Mapping[str, Any], kinds: frozenset[str] | set[str]) -> Category:
    """Return the category of one kind; (None, None) for several kinds, or a kind without a category."""
    (kind,) = kinds if len(kinds) == 1 else [""]
    identity, name = categories_by_kind.get(kind) or (None, None)
    return identity, name
