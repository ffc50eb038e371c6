"""Sets and packs: several garments that are sold as one, and several pieces of one garment."""

import pytest

from inference.words.recognition import find_label_kinds
from inference.words.words import read_category_garments, read_garments, read_title_garments

SET = {"set"}


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("3-piece suit with vest", "en"),
        ("Tracksuit hoodie and joggers", "en"),
        ("Anzug mit 2-Knopf-Sakko", "de"),
        ("Traje de 3 piezas con chaleco", "es"),
        ("Survêtement veste et pantalon", "fr"),
        ("Set of shirt and trousers", "en"),
        ("Boys Shirt Waistcoat & Pant Set with Bow", "en"),
        ("Girls Top and Skirt Set", "en"),
        ("Set aus Hemd und Hose", "de"),
        ("Conjunto de camisa y pantalón", "es"),
        ("Pack camiseta y pantalón", "es"),
        ("Cardigan set", "en"),
        ("Cardigan set 3-6 months", "en"),
        ("Two piece dress set", "en"),
    ],
)
def test_a_set_is_not_its_part(title: str, language: str) -> None:
    assert read_title_garments(title, language).kinds == SET


@pytest.mark.parametrize(
    ("title", "language", "kinds"),
    [
        ("Set of 3 T-shirts", "en", {"top"}),
        ("Set of 3 striped cotton T-shirts", "en", {"top"}),
        ("Leggings 2 piece set", "en", {"trousers"}),
        ("Set of 2 leggings", "en", {"trousers"}),
        ("Set de 3 camisetas", "es", {"top"}),
        ("Conjunto de 2 camisetas", "es", {"top"}),
        ("Set aus 2 Leggings", "de", {"trousers"}),
        ("T-Shirt 3er Set", "de", {"top"}),
        ("티셔츠 3종 세트", "ko", {"top"}),
        ("Комплект 3 футболки", "ru", {"top"}),
        ("Sock set 5 pairs", "en", {"socks"}),
        ("Sock set", "en", {"socks"}),
        ("Bra and panty set", "en", {"underwear"}),
        ("Necklace set", "en", {"jewellery"}),
        ("Pyjama set", "en", {"nightwear"}),
        ("Pack de 2 camisetas", "es", {"top"}),
        ("Suit trousers", "en", {"trousers"}),
        ("Shirt for a suit", "en", {"shirt"}),
    ],
)
def test_a_pack_of_one_garment_is_that_garment(title: str, language: str, kinds: set[str]) -> None:
    assert read_title_garments(title, language).kinds == kinds


@pytest.mark.parametrize("title", ["Lehenga", "Costume for girls", "Black tuxedo"])
def test_a_word_that_may_mean_a_set_admits_other_kinds_as_well(title: str) -> None:
    kinds = read_title_garments(title, "en").kinds

    assert kinds > SET


@pytest.mark.parametrize(
    ("title", "category", "language", "kinds"),
    [
        ("Set da tè", "", "es", set()),
        ("Conjunto de té", "Hogar", "es", set()),
        ("Tea set", "Kitchen", "en", set()),
        ("Summer set", "", "en", set()),
        ("Summer set", "Women's clothing", "en", SET),
        ("Summer set", "Women > Dresses", "en", SET),
        ("Sommer-Set", "Damenbekleidung", "de", SET),
        ("Anna", "Sets", "en", SET),
        ("Baby clothing set", "", "en", SET),
    ],
)
def test_a_set_of_other_things_is_no_garment(
    title: str, category: str, language: str, kinds: set[str]
) -> None:
    assert read_garments(title, category, language).kinds == kinds


def test_sets_that_a_shop_lists_together_are_a_kind() -> None:
    assert read_category_garments("Women > Sets", "en").kinds == SET
    assert find_label_kinds(("Dress", "Set"), "en") == {"Dress": {"dress"}, "Set": SET}
