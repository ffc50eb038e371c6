"""The language of a list whose titles are names, or are in a language that has no file of words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pytest

from inference.words.language_files import UNDETERMINED_LANGUAGE
from inference.words.recognition import recognise_category_language
from labelling.lists.title_notes import describe_foreign_titles, describe_title_column
from labelling.lists.titles import ListWords, find_list_words

NAMES: Final = ("Anna", "Bella", "Clara 42", "Daria", "Elena", "Fiona", "Gloria", "Hanna")


def read(columns: Mapping[str, Sequence[str]]) -> ListWords:
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return find_list_words(
        tuple(columns), lambda names: ({name: row[name] for name in names} for row in rows), "", "", ()
    )


OTHER_LANGUAGES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "Albanian": [
        ("Fustan i gjatë me lule", "Fustane"),
        ("Bluzë me mëngë të shkurtra", "Bluza"),
        ("Pantallona të gjera për femra", "Pantallona"),
        ("Xhaketë e zezë", "Xhaketa"),
        ("Këmishë e bardhë me vija", "Bluza"),
        ("Fustan i kuq mbrëmjeje", "Bluza"),
    ],
    "Bulgarian": [
        ("Дамски дълъг модел на цветя", "Блузи"),
        ("Мъжки модел без джобове", "Панталони"),
        ("Черно без колан", "Панталони"),
        ("Бяло райе", "Блузи"),
    ],
    "Icelandic": [
        ("Síðir, hvítt efni", "Kjólar"),
        ("Svartir, háir hælar", "Skór"),
        ("Hvítir, tveir vasar", "Skór"),
    ],
    "Azerbaijani": [
        ("Uzun güllü model", "Şalvarlar"),
        ("Qara rəngli model", "Çantalar"),
        ("Ağ kətan yay modeli", "Bluzlar"),
    ],
    "Filipino": [
        ("Mahaba na may bulaklak", "Blusa"),
        ("Itim na may bulsa", "Sapatos"),
        ("Puti na may guhit", "Polo"),
    ],
}


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_texts_in_another_language_keep_categories_from_being_read_in_a_similar_one(language: str) -> None:
    titles, categories = zip(*OTHER_LANGUAGES[language], strict=True)

    assert read({"title": titles, "category": categories}).language == UNDETERMINED_LANGUAGE


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_a_column_of_descriptions_shows_the_language_of_a_list_whose_titles_are_names(language: str) -> None:
    texts, categories = zip(*OTHER_LANGUAGES[language], strict=True)
    names = NAMES[: len(texts)]

    words = read({"title": names, "category": categories, "more": texts})

    assert words.language == UNDETERMINED_LANGUAGE
    assert not words.is_chosen


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_categories_under_a_heading_that_is_not_known_are_no_titles_in_a_similar_language(
    language: str,
) -> None:
    texts, categories = zip(*OTHER_LANGUAGES[language], strict=True)

    words = read({"emri": texts * 2, "lloji": categories * 2})

    assert not words.is_readable


@pytest.mark.parametrize(
    ("titles", "is_few"),
    [
        ([f"Item {number}" for number in range(40)], True),
        ([f"Product no. {number}" for number in range(40)], True),
        ([f"SKU-{number}/XL" for number in range(40)], True),
        (NAMES, True),
        (["Zorblak ven krupita", "Vraknog tuzlim oprek"], False),
        ([title for title, _ in OTHER_LANGUAGES["Albanian"]], False),
        ([title for title, _ in OTHER_LANGUAGES["Bulgarian"]], False),
    ],
)
def test_titles_of_few_letters_are_in_no_language(titles: Sequence[str], is_few: bool) -> None:
    words = read({"title": titles})

    assert (words.language, words.has_few_letters) == (UNDETERMINED_LANGUAGE, is_few)
    sentence = describe_title_column(words, ["title"], "")
    assert ("in a language that Wardrobe cannot read" in sentence) != is_few


@pytest.mark.parametrize(
    ("categories", "language"),
    [
        (["Bluza", "Fustane", "Pantallona", "Xhaketa", "Funde"], "und"),
        (["Bluza"] * 50 + ["Fustane", "Pantallona"], "und"),
        (["Kjólar", "Skór"] * 20 + ["Buxur", "Skyrtur", "Pils", "Töskur", "Jakkar"], "und"),
        (["Фустани", "Панталони", "Кошули", "Блузи", "Јакни"], "und"),
        (["Donlar", "Şalvarlar", "Köynəklər", "Bluzlar", "Yubkalar"], "und"),
        (["Kleider", "Hosen", "Damen", "Neu"], "de"),
        (["Robes", "Jupes", "Chemises"], "fr"),
        (["Рубашки", "Брюки", "Юбки"], "ru"),
        (["Women > Skirts", "Women > Dresses", "Sale"], "en"),
    ],
)  # fmt: skip
def test_each_different_category_counts_once_and_half_of_them_name_a_garment(
    categories: Iterable[str], language: str
) -> None:
    assert recognise_category_language(categories) == language


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"brand": ["Levi Strauss & Co"] * 3 + ["Acme Shoes and Sons"] * 3},
        {"colour": ["navy blue", "black", "off white", "red", "grey", "navy blue"]},
        {"description": [f"This airy model {number} comes with pockets and a belt" for number in "123456"]},
        {"notes": [f"This dress, style {number}, is zorblak ven krupita" for number in range(6)]},
        {"picture": [f"https://shop.example/zorblak-ven-krupita-{number}.jpg" for number in range(6)]},
    ],
    ids=["nothing", "brands", "colours", "text without garments", "text with garments", "addresses"],
)  # fmt: skip
def test_categories_are_read_beside_titles_that_are_names(more: Mapping[str, Sequence[str]]) -> None:
    categories = ("Women > Skirts", "Women > Dresses", "Men > Trousers", "Sale", "Women > Skirts", "Coats")

    words = read({"title": NAMES[:6], "category": categories, **more})

    assert words.language == "en"
    assert words.read_words_and_kinds({"title": "Anna", "category": "Women > Skirts"}).kinds == {"skirt"}


SLOVAK: Final = (
    "Dámske tričko s krátkym rukávom",
    "Pánske nohavice čierne",
    "Dámska sukňa s vreckami",
    "Pánska košeľa s dlhým rukávom",
    "Dámske topánky na podpätku",
    "Ľahká letná bunda",
    "Mikina s kapucňou",
    "Dámsky kabát vlnený",
)
CZECH: Final = (
    "Dámské tričko s krátkým rukávem",
    "Pánské kalhoty černé",
    "Dámská sukně s kapsami",
    "Pánská košile s dlouhým rukávem",
    "Dámské boty na podpatku",
    "Lehká letní bunda",
    "Mikina s kapucí, piqué",
    "Dámský kabát vlněný",
)
BRANDS: Final = ("Bunda Löffler", "Mikina Löffler", "Šaty Pätku")


def describe_foreign(titles: Sequence[str]) -> str:
    words = read({"title": titles})
    assert words.language == "cs"
    return describe_foreign_titles(words, [{"title": title} for title in titles])


def test_a_list_that_is_read_in_a_similar_language_is_told_by_its_letters() -> None:
    assert describe_foreign(SLOVAK * 2) == (
        "The titles are read as Czech, but 3 of 8 different ones have letters of another language: `košeľa`, "
        "`podpätku`, `ľahká`. --language names another; with --language none, the photos decide alone."
    )


@pytest.mark.parametrize(
    "titles",
    [CZECH, (*CZECH, *BRANDS), (*(f"{title} {number}" for number in range(8) for title in CZECH), *SLOVAK)],
    ids=["borrowed letters", "two foreign words", "few of many"],
)
def test_a_list_in_its_own_language_is_not_told_to_be_in_another(titles: Sequence[str]) -> None:
    assert describe_foreign(titles) == ""
