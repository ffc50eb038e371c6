"""Words with glued numbers, joined garments and set words that say what a garment goes with."""

import pytest

from inference.words.recognition import find_kinds_in_any_language, recognise_language
from inference.words.words import read_category_garments, read_title_garments


@pytest.mark.parametrize(
    ("title", "language", "kinds"),
    [
        ("Skirt1", "en", {"skirt"}),
        ("Women's skirt002", "en", {"skirt"}),
        ("Linen polo shirt3", "en", {"shirt", "top"}),
        ("Sommerkleid7", "de", {"dress"}),
        ("Sukienka12", "pl", {"dress"}),
        ("Gonna4 plissettata", "it", {"skirt"}),
        ("юбк\u043015", "ru", {"skirt"}),
        ("치마2", "ko", {"skirt"}),
        ("W32 L34", "en", set()),
        ("1skirt", "en", set()),
    ],
)
def test_a_number_at_the_end_of_a_word_hides_no_garment(title: str, language: str, kinds: set[str]) -> None:
    assert read_title_garments(title, language).kinds == kinds


def test_words_with_numbers_tell_the_language_of_a_list() -> None:
    assert (
        recognise_language([f"{word}{number:02}" for number in range(9) for word in ("rok", "jurk")]) == "nl"
    )
    assert find_kinds_in_any_language("Skirt01").kinds == {"skirt"}


@pytest.mark.parametrize("sign", ["-", "_", "|", "+", "/", " & "])
@pytest.mark.parametrize(
    ("first", "second", "language", "kinds"),
    [
        ("skirts", "coats", "en", {"skirt", "coat"}),
        ("Kleider", "Taschen", "de", {"dress", "bag"}),
        ("jupes", "sacs", "fr", {"skirt", "bag"}),
        ("faldas", "bolsos", "es", {"skirt", "bag"}),
    ],
)
def test_two_garments_that_a_sign_joins_are_two_garments(
    sign: str, first: str, second: str, language: str, kinds: set[str]
) -> None:
    text = f"{first}{sign}{second}"

    assert read_category_garments(text, language).kinds == kinds
    assert read_title_garments(text, language).kinds == kinds


@pytest.mark.parametrize(
    ("category", "language", "kinds"),
    [
        ("юбки-пальто", "ru", {"skirt", "coat"}),
        ("Women > T-shirts_skirts", "en", {"top", "skirt"}),
        ("Women|Skirts|Mini skirts", "en", {"skirt"}),
        ("Women | Skirts", "en", {"skirt"}),
        ("t-shirts-skirts-coats", "en", {"top", "skirt", "coat"}),
    ],
)
def test_a_category_names_all_garments_that_signs_join(category: str, language: str, kinds: set[str]) -> None:
    assert read_category_garments(category, language).kinds == kinds


@pytest.mark.parametrize(
    ("text", "language", "kinds"),
    [
        ("T-shirt", "en", {"top"}),
        ("Polo-shirt", "en", {"shirt", "top"}),
        ("Shirt-dress", "en", {"dress"}),
        ("Sweat-shirt", "en", {"pullover"}),
        ("T-Shirt-Kleid", "de", {"dress"}),
        ("Hemd-Kleid", "de", {"dress"}),
        ("Jeans-Jacke", "de", {"coat"}),
        ("Robe-chemise", "fr", {"dress"}),
        ("Cardigan-Set", "en", {"set"}),
    ],
)
def test_a_compound_of_one_garment_stays_one(text: str, language: str, kinds: set[str]) -> None:
    assert read_title_garments(text, language).kinds == kinds


@pytest.mark.parametrize(
    ("title", "language", "kinds"),
    [
        ("Handbag which completes every outfit", "en", {"bag"}),
        ("Coat for any outfit", "en", {"coat"}),
        ("Mantel, der dein Outfit ergänzt", "de", {"coat"}),
        ("Jurk voor elke outfit", "nl", {"dress"}),
        ("Falda que completa tu conjunto", "es", {"skirt"}),
        ("Saia que combina com qualquer look", "pt", {"skirt"}),
        ("Gonna che completa il tuo look", "it", {"skirt"}),
        ("Spódnica pasująca do każdego zestawu", "pl", {"skirt"}),
        ("Юбка дополнит любой комплект", "ru", {"skirt"}),
        ("Kjol som kompletterar din outfit", "sv", {"skirt"}),
        ("Cardigan set", "en", {"set"}),
        ("Bluse im Set", "de", {"set"}),
        ("Top and skirt - matching set", "en", {"set"}),
        ("Conjunto blusa e saia", "pt", {"set"}),
    ],
)
def test_a_set_word_that_is_not_the_head_makes_no_set(title: str, language: str, kinds: set[str]) -> None:
    assert read_title_garments(title, language).kinds == kinds


@pytest.mark.parametrize(
    ("category", "kinds"),
    [
        ("Women &gt; Skirts &gt; Sale", {"skirt"}),
        ("Women &amp;gt; Skirts", {"skirt"}),
        ("Skirts &amp; coats", {"skirt", "coat"}),
        ("Women &#62; Coats", {"coat"}),
    ],
)
def test_a_category_is_decoded_before_it_is_divided_into_levels(category: str, kinds: set[str]) -> None:
    assert read_category_garments(category, "en").kinds == kinds
