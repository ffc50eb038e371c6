"""Which word of a list named the garment of a product, and which column has it."""

import pytest

from labelling.lists.categories import CategoryColumn
from labelling.lists.list_meaning import ListReader
from labelling.lists.listed_word import find_list_garment_word
from labelling.lists.own_words import CategoryAnswer, ShopWords
from labelling.lists.titles import ListWords


def a_reader(language: str, *explained: str) -> ListReader:
    answers = tuple(CategoryAnswer(level, frozenset({"shirt"}), "2026") for level in explained)
    return ListReader(
        list_words=ListWords(titles=("nazwa", "opis"), categories=("kategoria",), language=language),
        own_words=ShopWords((), answers, language),
        category_column=CategoryColumn.learn_from_cells(["Kobiety > Bluza", "Kobiety > Spodnie"]),
    )


@pytest.mark.parametrize(
    ("language", "cells", "word"),
    [
        ("en", {"nazwa": "Pleated SKIRT, blue"}, ("SKIRT", "nazwa")),
        ("en", {"nazwa": "", "opis": "A warm jumper"}, ("jumper", "opis")),
        ("de", {"nazwa": "Damenbluse Anna"}, ("Damenbluse", "nazwa")),
        ("pl", {"nazwa": "Anna", "kategoria": "Kobiety > Bluza"}, ("Bluza", "kategoria")),
        ("pl", {"nazwa": "Spodnie Anna", "kategoria": "Kobiety > Bluza"}, ("Spodnie", "nazwa")),
        ("en", {"nazwa": "Anna", "kategoria": "Sale"}, None),
        ("en", {}, None),
    ],
)
def test_the_word_stands_as_the_list_writes_it(
    language: str, cells: dict[str, str], word: tuple[str, str] | None
) -> None:
    assert find_list_garment_word(a_reader(language), [cells], "") == word


@pytest.mark.parametrize("explained", ["Góra i dół", "Bluza > Góra i dół"])
def test_a_level_that_a_person_explained_is_named_whole(explained: str) -> None:
    cells = {"nazwa": "Anna", "kategoria": "Kobiety > Bluza > Góra i dół"}

    assert find_list_garment_word(a_reader("pl", explained), [cells], "") == ("Góra i dół", "kategoria")


def test_the_first_row_of_a_product_with_a_word_is_used() -> None:
    rows = [{"nazwa": "Anna"}, {"nazwa": "Anna dress"}]

    assert find_list_garment_word(a_reader("en"), rows, "") == ("dress", "nazwa")
