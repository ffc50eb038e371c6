"""The categories of Google and Shopify that are shipped, and what a release's labels get of them."""

import json
from importlib.resources import files

import pytest

from inference.contract import LABEL
from inference.words.kinds import KINDS
from labelling.errors import TableUnusable
from labelling.write.taxonomies import TAXONOMY_PLATFORMS, find_platform_categories
from tests.releases import LABELS

SHIPPED = json.loads(files("labelling.write").joinpath("taxonomies.json").read_text("utf-8"))


@pytest.mark.parametrize("platform", TAXONOMY_PLATFORMS)
def test_each_kind_has_a_category_or_is_left_empty_on_purpose_and_the_version_is_named(platform: str) -> None:
    of = SHIPPED[platform]

    assert list(of["categories"]) == list(KINDS)
    assert [kind for kind, category in of["categories"].items() if category is None] == [
        *("bag", "underwear", "glasses", "vest", "set")
    ]
    assert of["version"]
    assert SHIPPED.keys() == set(TAXONOMY_PLATFORMS)


def test_classes_and_kinds_get_the_categories_of_the_platform() -> None:
    google = find_platform_categories("google", {LABEL: LABELS, "kind": ("skirt", "bag", "other")})
    shopify = find_platform_categories("shopify", {LABEL: LABELS, "colour": ("red",)})

    assert google[LABEL]["Coat"] == ("5598", "Apparel & Accessories > Clothing > Outerwear > Coats & Jackets")
    assert google[LABEL]["T-shirt/top"] == ("212", "Apparel & Accessories > Clothing > Shirts & Tops")
    assert google[LABEL]["Bag"] == (None, None), "handbags and backpacks lie in different categories"
    assert google["kind"] == {
        "skirt": ("1581", "Apparel & Accessories > Clothing > Skirts"),
        "bag": (None, None),
        "other": (None, None),
    }
    assert shopify[LABEL]["Sneaker"] == ("aa-8-8", "Apparel & Accessories > Shoes > Sneakers")
    assert shopify.keys() == {LABEL}


def test_classes_of_ones_own_are_known_by_their_words() -> None:
    found = find_platform_categories("google", {LABEL: ("Hosen", "Röcke", "Lampe")})

    assert [found[LABEL][label][0] for label in ("Hosen", "Röcke", "Lampe")] == ["204", "1581", None]


def test_a_release_none_of_whose_classes_has_a_category_needs_a_file_of_its_own() -> None:
    with pytest.raises(TableUnusable, match="--taxonomy google: has no category for the classes Lamp, Chair"):
        find_platform_categories("google", {LABEL: ("Lamp", "Chair")})
