"""Tags that divide a title into languages are markup: one part is the title."""

import pytest

from inference.language_tags import choose_part, language_parts
from inference.recognition import any_language_says, language_of
from inference.words import says, title_says

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
    assert language_parts(text) == parts


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
    assert choose_part(text, languages).text == part


def test_a_title_with_tags_says_what_its_part_says() -> None:
    assert title_says(TAGGED, "en").kinds == {"trousers"}
    assert title_says(TAGGED, "de").kinds == {"shirt"}
    assert title_says("[:ja]ズボン[:de]Blaues Hemd[:]", "en").kinds == {"shirt"}
    assert says("", "[:en]Trousers[:de]Hemden[:]", "de").kinds == {"shirt"}
    assert any_language_says("[:de]Blaues Hemd[:]").kinds == {"shirt"}


def test_words_of_a_part_are_in_the_language_of_its_tag() -> None:
    assert language_of(["[:de]Hemd[:fr]Chemise[:]", "[:de]Rote Hose[:fr]Pantalon[:]"]) == "de"
    assert language_of(["[:fr]Chemise en lin[:de]Hemd[:]"] * 3) == "fr"
