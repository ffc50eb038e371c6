"""What a list says about a row: its title, its category, and the words that the shop explained."""

import pytest

from inference.reasons import Reason
from labelling.lists.categories import CategoryColumn, FolderCategories
from labelling.lists.list_meaning import ListMeaning, ListReader
from labelling.lists.own_words import NO_KIND, CategoryAnswer, OwnWord, OwnWords
from labelling.lists.titles import LANGUAGE_OFF, ListWords

AT = "2026-11-30T03:00:00.000Z"
CONFLICT = Reason.TITLE_CONFLICT


def kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


OWN = OwnWords(
    file_rows=(OwnWord("kohv", kinds("top"), "title"), OwnWord("tee", kinds("dress"), "title")),
    category_answers=(
        CategoryAnswer("Pluusid", kinds("top", "shirt"), AT),
        CategoryAnswer("Parfüüm", kinds(NO_KIND), AT),
        CategoryAnswer("Sale", kinds(), AT),
    ),
)


def reader(language: str, own_words: OwnWords = OWN, *, is_on: bool = True) -> ListReader:
    words = ListWords(titles=("title",), categories=("category",), language=language)
    return ListReader(
        list_words=words, own_words=own_words, category_column=CategoryColumn(), can_read_known_words=is_on
    )


@pytest.mark.parametrize(
    ("language", "title", "category", "meaning"),
    [
        ("en", "Linen shirt", "Pluusid", ListMeaning(kinds("shirt"))),
        ("en", "Anna", "Pluusid", ListMeaning(kinds("top", "shirt"))),
        ("en", "Maxi dress", "Pluusid", ListMeaning(kinds("top", "shirt", "dress"), CONFLICT)),
        ("en", "Maxi dress", "Parfüüm", ListMeaning(kinds("dress", NO_KIND), CONFLICT)),
        ("en", "Maxi dress", "Sale", ListMeaning(kinds("dress"))),
        ("en", "Anna", "Skirts", ListMeaning(kinds("skirt"))),  # a known word of the list's language
        ("en", "Anna", "Gonne", ListMeaning()),  # of another language: a list in English says nothing
        ("en", "Anna", "Running", ListMeaning()),  # sneakers in French
        ("es", "Anna", "Rebajas", ListMeaning()),  # the end of a Dutch word for coats
        ("et", "Anna", "Gonne", ListMeaning(kinds("skirt"))),
        ("et", "Anna", "T-särk", ListMeaning()),  # a word of the list's own language
        ("et", "Anna", "Laudtassen", ListMeaning()),  # the end of a Dutch word for bags
        ("en", "Anna", "Uued", ListMeaning()),
        ("en", "Black kohv with tee", "", ListMeaning(kinds("top"))),  # the preposition of the language
        ("en", "Kohv shirt", "", ListMeaning(kinds("shirt"))),  # the last of two garments decides
        ("et", "Anna", "Pluusid", ListMeaning(kinds("top", "shirt"))),
        ("et", "Linen shirt", "Parfüüm", ListMeaning(kinds(NO_KIND))),  # titles are not read
        ("et", "Anna", "Naised > Jeans", ListMeaning(kinds("trousers"))),
        ("et", "Must kohv", "", ListMeaning(kinds("top"))),
        ("et", "Kohv ja tee", "", ListMeaning(kinds("top", "dress"), CONFLICT)),
        ("et", "Must kohv", "Pluusid", ListMeaning(kinds("top"))),
        ("et", "Tee", "Pluusid", ListMeaning(kinds("dress", "top", "shirt"), CONFLICT)),
        ("et", "Anna", "", ListMeaning()),
        ("und", "Anna", "Sale", ListMeaning()),
        ("und", "Anna", "Sport > Golf", ListMeaning()),  # English, and an Italian pullover
        ("et", "Anna", "Sport > Running", ListMeaning()),  # English, and a French shoe
        ("et", "Anna", "Jack & Jones", ListMeaning()),  # a Dutch jacket, beside a word that is not Dutch
        ("et", "Anna", "Naised > Camisas", ListMeaning(kinds("shirt"))),
    ],
)
def test_title_and_category_mean_what_they_have_in_common(
    language: str, title: str, category: str, meaning: ListMeaning
) -> None:
    assert reader(language).read_meaning({"title": title, "category": category}, "") == meaning


def test_words_that_are_switched_off_say_nothing_but_an_answer_of_a_person_does() -> None:
    off = reader(LANGUAGE_OFF, is_on=False)

    assert off.read_meaning({"title": "Linen shirt", "category": "Jeans"}, "") == ListMeaning()
    assert off.read_meaning({"title": "Linen shirt", "category": "Pluusid"}, "").kinds == kinds(
        "top", "shirt"
    )


@pytest.mark.parametrize(
    ("level", "is_known"), [("Jeans", True), ("Gonne", True), ("Pluusid", False), ("Uued tooted", False)]
)
def test_a_level_with_a_known_word_need_not_be_asked_about(level: str, is_known: bool) -> None:
    assert reader("et").is_garment_level(level) == is_known


@pytest.mark.parametrize(("language", "kind"), [("de", {"skirt"}), ("sv", {"coat"}), ("und", set())])
def test_names_of_folders_are_read_in_their_language(language: str, kind: set[str]) -> None:
    folders = FolderCategories(1, {0: frozenset({"rock"})})
    read = ListReader(folder_categories=folders, folder_language=language)

    assert read.read_meaning({}, "shop/rock/12").kinds == kind


def test_folders_are_the_category_of_a_source_without_such_columns() -> None:
    folders = FolderCategories(1, {0: frozenset({"skirts", "pluusid"})})
    read = ListReader(own_words=OWN, folder_categories=folders)

    assert read.read_meaning({}, "shop/skirts/12") == ListMeaning(kinds("skirt"))
    assert read.read_meaning({}, "shop/pluusid/12") == ListMeaning(kinds("top", "shirt"))
    assert read.read_meaning({}, "shop/other/12") == ListMeaning()
