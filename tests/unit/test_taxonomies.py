"""The categories of Google and Shopify that are shipped, and what a release's labels get of them."""

import csv
import json
from importlib.resources import files
from pathlib import Path

import pytest

from inference.contract import LABEL
from inference.words.kinds import KINDS
from inference.words.tokens import split_text
from inference.words.words import read_title_garments
from labelling.errors import TableUnusable
from labelling.lists.listed_word import find_spelling
from labelling.write.taxonomies import TAXONOMY_PLATFORMS, find_platform_categories, find_product_category
from labelling.write.taxonomy_words import CATEGORY_WORDS, find_category_word
from tests.releases import LABELS

FIXTURES = Path(__file__).parents[1] / "fixtures"
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


NODES = {
    (row["platform"], row["id"]): row["path"]
    for row in csv.DictReader((FIXTURES / "taxonomy_nodes.csv").read_text("utf-8").splitlines())
}
"""The path of each node of words and children, as the platforms' lists have it."""


@pytest.mark.parametrize("platform", TAXONOMY_PLATFORMS)
def test_each_node_of_a_word_or_of_children_is_one_of_the_platform(platform: str) -> None:
    nodes = [*SHIPPED[platform]["words"].values(), *SHIPPED[platform]["children"]["categories"].values()]

    assert dict(nodes) == {identity: path for (one, identity), path in NODES.items() if one == platform}


def test_each_word_with_a_category_has_kinds_and_no_spelling_of_two_words() -> None:
    spellings = [
        name for word in CATEGORY_WORDS for name in {tuple(split_text(text)) for text in word.spellings}
    ]
    named = {word.word for word in CATEGORY_WORDS}

    assert all(word.kinds <= set(KINDS) for word in CATEGORY_WORDS)
    assert all(SHIPPED[platform]["words"].keys() <= named for platform in TAXONOMY_PLATFORMS)
    assert len(spellings) == len({*spellings})


@pytest.mark.parametrize(
    ("platform", "kind", "word", "age_group", "identity"),
    [
        ("shopify", "pullover", "Hoodies", "", "aa-1-13-13"),
        ("shopify", "pullover", "jumper", "", "aa-1-13"),
        ("google", "pullover", "Hoodies", "", "212"),
        ("google", "bag", "Rucksack", "", "100"),
        ("google", "bag", "bag", "", None),
        ("google", "trousers", "backpack", "", "204"),
        ("google", "dress", "dress", "infant", "5424"),
        ("google", "dress", "dress", "kids", "2271"),
        ("shopify", "dress", "dress", "kids", "aa-1-25"),
        ("google", "bag", "backpack", "toddler", None),
        ("shopify", "bag", "Rucksack", "", "lb-1"),
        ("shopify", "glasses", "sunglasses", "", "aa-2-27"),
        ("shopify", "nightwear", "Schlafanzug", "", "aa-1-17-4"),
        ("shopify", "hat", "hat", "kids", "aa-2-33-3"),
    ],
)
def test_the_word_of_the_list_and_the_age_group_choose_the_node(
    platform: str, kind: str, word: str, age_group: str, identity: str | None
) -> None:
    assert find_product_category(platform, frozenset({kind}), word, age_group)[0] == identity


ENGLISH_PHRASES = sorted(
    (name, word.word)
    for word in CATEGORY_WORDS
    for name in word.spellings
    if " " in word.word and name.startswith(word.word)
)
"""Phrases such as "crossbody bags", whose last word alone says less, and the category word of each."""


@pytest.mark.parametrize(
    ("language", "phrase", "word"),
    [
        *[("en", *pair) for pair in ENGLISH_PHRASES],
        ("en", "bermuda shorts", "bermuda shorts"),
        ("en", "cross body bag", "crossbody bag"),
        ("en", "bum bags", "belt bag"),
        ("de", "Büstenhalter", "bra"),
        ("es", "bolso de mano", "handbag"),
        ("it", "borsa a mano", "handbag"),
        ("it", "costume da bagno", "swimsuit"),
        ("it", "occhiali da sole", "sunglasses"),
        ("pt", "óculos de sol", "sunglasses"),
    ],
)
def test_a_phrase_in_a_title_is_read_as_a_whole_so_that_it_chooses_its_category(
    language: str, phrase: str, word: str
) -> None:
    garments = read_title_garments(phrase, language)
    listed_word = find_spelling(phrase, garments.words)

    assert word in {find_category_word(listed_word, kind) for kind in garments.kinds}


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
