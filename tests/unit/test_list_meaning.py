"""What a list says about a row: its title, its category, and the words that the shop explained."""

from dataclasses import replace

import pytest

from inference.garment_evidence import NO_WORDS, WordEvidence
from inference.reasons import Reason
from inference.release_labels import NONE
from inference.words.language_files import LANGUAGE_OFF
from labelling.lists.categories import CategoryColumn, FolderCategories
from labelling.lists.list_meaning import ListReader
from labelling.lists.own_words import CategoryAnswer, ShopWord, ShopWords
from labelling.lists.row_words import ListMeaning, RowWords, TitleWords, combine_titles
from labelling.lists.titles import ListWords

AT = "2026-11-30T03:00:00.000Z"
CONFLICT = Reason.TITLE_CONFLICT


def kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


OWN = ShopWords(
    file_rows=(ShopWord("kohv", kinds("top"), "title"), ShopWord("tee", kinds("dress"), "title")),
    category_answers=(
        CategoryAnswer("Pluusid", kinds("top", "shirt"), AT),
        CategoryAnswer("Parfüüm", kinds(NONE), AT),
        CategoryAnswer("Sale", kinds(), AT),
    ),
)


def reader(language: str, own_words: ShopWords = OWN, *, is_on: bool = True) -> ListReader:
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
        ("en", "Maxi dress", "Parfüüm", ListMeaning(kinds("dress", NONE), CONFLICT)),
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
        ("et", "Linen shirt", "Parfüüm", ListMeaning(kinds(NONE))),  # titles are not read
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
    assert reader(language).read_row_words({"title": title, "category": category}, "").meaning == meaning


def test_words_that_are_switched_off_say_nothing_but_an_answer_of_a_person_does() -> None:
    off = reader(LANGUAGE_OFF, is_on=False)

    by_word = off.read_row_words({"title": "Linen shirt", "category": "Jeans"}, "")
    by_person = off.read_row_words({"title": "Linen shirt", "category": "Pluusid"}, "")

    assert by_word == RowWords()
    assert by_person.meaning.kinds == kinds("top", "shirt")
    assert by_person.category == WordEvidence(kinds("top", "shirt"), is_confirmed=True)


@pytest.mark.parametrize(
    ("level", "is_known"), [("Jeans", True), ("Gonne", True), ("Pluusid", False), ("Uued tooted", False)]
)
def test_a_level_with_a_known_word_need_not_be_asked_about(level: str, is_known: bool) -> None:
    assert reader("et").is_garment_level(level) == is_known


@pytest.mark.parametrize(("language", "kind"), [("de", {"skirt"}), ("sv", {"coat"}), ("und", set())])
def test_names_of_folders_are_read_in_their_language(language: str, kind: set[str]) -> None:
    folders = FolderCategories(1, {0: frozenset({"rock"})})
    read = ListReader(folder_categories=folders, folder_language=language)

    assert read.read_row_words({}, "shop/rock/12").meaning.kinds == kind


def test_folders_are_the_category_of_a_source_without_such_columns() -> None:
    folders = FolderCategories(1, {0: frozenset({"skirts", "pluusid"})})
    read = ListReader(own_words=OWN, folder_categories=folders)

    assert read.read_row_words({}, "shop/skirts/12").meaning == ListMeaning(kinds("skirt"))
    assert read.read_row_words({}, "shop/pluusid/12").meaning == ListMeaning(kinds("top", "shirt"))
    assert read.read_row_words({}, "shop/other/12").meaning == ListMeaning()


def said(*names: str) -> WordEvidence:
    return WordEvidence(kinds(*names))


def confirmed(*names: str) -> WordEvidence:
    return WordEvidence(kinds(*names), is_confirmed=True)


@pytest.mark.parametrize(
    ("language", "title", "category", "of_title", "of_category"),
    [
        ("en", "Linen shirt", "Women > Skirts", said("shirt"), said("skirt")),
        ("en", "Maxi dress", "Pluusid", said("dress"), confirmed("top", "shirt")),
        ("en", "Maxi dress", "Sale", said("dress"), NO_WORDS),
        ("en", "Anna", "Skirts > Uued", NO_WORDS, said("skirt")),  # the deepest level with a known word
        ("en", "Anna", "Pluusid > Jeans", NO_WORDS, confirmed("top", "shirt")),  # a person before words
        ("en", "Anna", "Jeans > Pluusid", NO_WORDS, confirmed("top", "shirt")),
        ("en", "Summer set", "", said("set"), NO_WORDS),  # also without a garment beside it
        ("en", "Black kohv", "", confirmed("top"), NO_WORDS),  # a phrase of the file of words
        ("en", "Kohv shirt", "", said("shirt"), NO_WORDS),  # another word decides
        ("et", "Must kohv", "Jeans", confirmed("top"), said("trousers")),
        ("et", "Linen shirt", "Parfüüm", NO_WORDS, confirmed(NONE)),
    ],
)
def test_the_decision_gets_title_and_category_apart(
    language: str, title: str, category: str, of_title: WordEvidence, of_category: WordEvidence
) -> None:
    words = reader(language).read_row_words({"title": title, "category": category}, "")

    assert (words.title, words.category) == (of_title, of_category)


@pytest.mark.parametrize("language", ["en", "et"])
def test_an_answer_that_a_category_says_nothing_removes_its_word(language: str) -> None:
    own_words = ShopWords(category_answers=(CategoryAnswer("Jeans", kinds(), AT),))
    cells = {"title": "Anna", "category": "Skirts > Jeans"}

    words = reader(language, own_words).read_row_words(cells, "")

    assert words == RowWords(ListMeaning(kinds("skirt")), NO_WORDS, said("skirt"))


def test_words_of_a_language_that_was_guessed_from_few_cells_are_broad() -> None:
    uncertain = replace(reader("en"), is_language_uncertain=True)

    words = uncertain.read_row_words({"title": "Linen shirt", "category": "Skirts"}, "")

    assert words.title == WordEvidence(kinds("shirt"), is_broad=True)
    assert words.category == WordEvidence(kinds("skirt"), is_broad=True)


def title_words(*titles: str) -> TitleWords:
    return combine_titles([reader("en").read_title_words({"title": title}) for title in titles])


def test_the_titles_of_a_product_speak_together() -> None:
    assert title_words("Tunic", "Shirt dress").words == said("dress")
    assert title_words("Anna", "Summer set").words == said("set")
    assert title_words("Summer set", "Linen shirt").words == said("shirt")
    assert title_words("Black kohv", "Black kohv, M").words == confirmed("top")
    assert title_words("Dress", "Skirt").words == NO_WORDS  # two articles: a person looks


def grouped(cells: list[str], columns: tuple[str, ...] = ("category",)) -> ListReader:
    words = ListWords(titles=("title",), categories=columns, language="en")
    return ListReader(list_words=words, category_column=CategoryColumn.learn_from_cells(cells))


@pytest.mark.parametrize(
    ("cells", "cell", "keys"),
    [
        (["Dresses", "Skirts"] * 5, "Women >  DRESSES", ("dresses",)),
        (["Skirts, Sale", "Skirts", "Tops, Sale", "Tops"] * 5, "Skirts, Sale", ("skirts", "sale")),
        (["Clothes"] * 10, "Clothes", ()),  # a column with one value
        (["Clothes"] * 10 + [""] * 10, "Clothes", ()),
        ([f"Article a{number}" for number in range(6)] + ["Sale"] * 4, "Sale", ()),  # a value for most rows
        ([f"Article a{number}" for number in range(5)] * 2, "Article a1", ("article a1",)),
        (["Dresses", "Skirts"] * 5, "", ()),
    ],
)
def test_a_category_is_known_by_its_deepest_level_if_the_column_sorts_products(
    cells: list[str], cell: str, keys: tuple[str, ...]
) -> None:
    assert grouped(cells).find_category_keys({"title": "Anna", "category": cell}, "") == keys


@pytest.mark.parametrize(
    ("column", "cell", "keys"),
    [
        ("Type", "simple", ()),
        ("Type", "simple, virtual", ()),
        ("Typ", "variable", ()),
        ("Type", "Dress", ("dress",)),
        ("category", "simple", ("simple",)),
    ],
)
def test_the_type_of_a_woocommerce_export_is_no_category_of_neighbours(
    column: str, cell: str, keys: tuple[str, ...]
) -> None:
    read = grouped(["simple", "variable"] * 5, (column,))

    assert read.find_category_keys({"title": "Anna", column: cell}, "") == keys


def test_folders_that_serve_as_categories_have_neighbours() -> None:
    folders = FolderCategories(1, {0: frozenset({"skirts", "New"})})

    assert ListReader(folder_categories=folders).find_category_keys({}, "shop/New/12") == ("new",)
