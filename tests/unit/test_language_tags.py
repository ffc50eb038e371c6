"""Tags that divide a title into languages are markup: one part is the title."""

import pytest

from inference.words.language_tags import select_tagged_text, split_language_parts
from inference.words.recognition import find_kinds_in_any_language, recognise_language
from inference.words.words import read_garments, read_title_garments

TAGGED = "[:en]Blue jeans[:de]Blaues Hemd[:]"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (TAGGED, {"en": "Blue jeans", "de": "Blaues Hemd"}),
        ("{:en}Blue jeans{:de}Blaues Hemd{:}", {"en": "Blue jeans", "de": "Blaues Hemd"}),
        (
            "<!--:en-->Blue jeans<!--:--><!--:de-->Blaues Hemd<!--:-->",
            {"en": "Blue jeans", "de": "Blaues Hemd"},
        ),
        ("New [:en]jeans[:pt-BR]calça[:] XL", {"en": "New jeans XL", "pt": "New calça XL"}),
        ("[:en]Blue[:] and [:en]red[:]", {"en": "Blue and red"}),
        ("[:EN]Jeans", {"en": "Jeans"}),
        ("[:en][:de]Hemd[:]", {"en": "", "de": "Hemd"}),
        ("Shirt [:] :) [sale] {x}", {}),
        ("", {}),
    ],
)
def test_a_text_has_a_part_for_each_tag(text: str, parts: dict[str, str]) -> None:
    assert split_language_parts(text) == parts


@pytest.mark.parametrize(
    ("text", "languages", "part"),
    [
        (TAGGED, ["de", "en"], "Blaues Hemd"),
        (TAGGED, ["fr", "en"], "Blue jeans"),
        (TAGGED, ["fr"], "Blue jeans"),
        ("[:en] [:de]Hemd[:]", ["en"], "Hemd"),
        ("[:en][:de][:]", ["en"], ""),
        ("Blue jeans", ["de"], "Blue jeans"),
    ],
)
def test_the_part_in_the_preferred_language_is_the_text(text: str, languages: list[str], part: str) -> None:
    assert select_tagged_text(text, languages).text == part


def test_a_title_with_tags_says_what_its_part_says() -> None:
    assert read_title_garments(TAGGED, "en").kinds == {"trousers"}
    assert read_title_garments(TAGGED, "de").kinds == {"shirt"}
    assert read_title_garments("[:ja]ズボン[:de]Blaues Hemd[:]", "en").kinds == {"shirt"}
    assert read_garments("", "[:en]Trousers[:de]Hemden[:]", "de").kinds == {"shirt"}
    assert find_kinds_in_any_language("[:de]Blaues Hemd[:]").kinds == {"shirt"}


def test_words_of_a_part_are_in_the_language_of_its_tag() -> None:
    assert recognise_language(["[:de]Hemd[:fr]Chemise[:]", "[:de]Rote Hose[:fr]Pantalon[:]"]) == "de"
    assert recognise_language(["[:fr]Chemise en lin[:de]Hemd[:]"] * 3) == "fr"


def test_a_text_with_thousands_of_tags_has_parts_in_the_first_languages() -> None:
    codes = [
        f"{first}{second}" for first in "abcdefghijklmnopqrstuvwxyz" for second in "abcdefghijklmnopqrst"
    ]
    text = "".join(f"[:{code}]{code} {number}" for number, code in enumerate(codes * 20))

    parts = split_language_parts(text)

    assert list(parts) == codes[:100]
    assert parts["aa"].startswith("aa 0aa 520")
