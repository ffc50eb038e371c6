"""Which column of a list is read as the title: by its name, else by what its cells say."""

from collections.abc import Iterable, Mapping, Sequence

import pytest

from inference.words.language_files import LANGUAGE_OFF
from labelling.lists.title_columns import MAX_SEARCHED_COLUMNS
from labelling.lists.title_notes import describe_title_column
from labelling.lists.titles import ListWords, find_list_words

GERMAN = ("Schwarze Leggings", "Weißes T-Shirt", "Blumenkleid mit Gürtel", "Weiße Sneaker", "Rote Jacke")
ENGLISH = ("Black leggings", "White T-shirt", "Flowered dress with belt", "White sneakers", "Red jacket")
BARE = ("leggings", "t-shirt", "dress", "sneakers", "jacket")


def read(
    columns: Mapping[str, Sequence[str]], language: str = "", title: str = "", others: Iterable[str] = ()
) -> ListWords:
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return find_list_words(
        tuple(columns),
        lambda names: ({name: row[name] for name in names} for row in rows),
        language,
        title,
        tuple(others),
    )


@pytest.mark.parametrize("name", ["title", "TITLE", "Name *", "product_name", "Título", "Artikelname"])
def test_a_column_of_a_known_name_is_the_title(name: str) -> None:
    words = read({"a": BARE, name: ENGLISH})

    assert (words.titles, words.language, words.is_chosen) == ((name,), "en", False)


@pytest.mark.parametrize(
    ("columns", "titles", "language"),
    [
        ({"sku": "12345", "Bezeichnung": GERMAN}, ("Bezeichnung",), "de"),
        ({"title": "12345", "Désignation": ENGLISH}, ("Désignation",), "en"),
        ({"kind": BARE, "text": ENGLISH}, ("text",), "en"),
        ({"text": ENGLISH, "more": [f"{cell}. Wash it cold." for cell in ENGLISH]}, ("text",), "en"),
        ({"one": ENGLISH, "other": ENGLISH}, ("one",), "en"),
        ({"slug": ["a-red-dress", "my_blue/jeans"] * 3}, (), None),
        ({"file": [f"dress {number}.jpg" for number in range(5)]}, (), None),
        ({"address": [f"https://a.shop/dress-{number}.jpg" for number in range(5)]}, (), None),
        ({"levels": ["Women > Dresses", "Men > Jeans"] * 3}, (), None),
        ({"tags": ["dress, red, summer", "jeans, blue, new"] * 3}, (), None),
        ({"label": BARE, "split": BARE, "ours": ENGLISH}, (), None),
        ({"sleeve": ["short", "long", "short"]}, (), None),
        ({"numbers": "12345", "dates": ["2026-01-01"] * 5}, (), None),
        ({**{f"n{number}": ["x"] for number in range(20_000)}, "text": ["Red dress"]}, (), None),
        ({"text": ["Red dress"], **{f"n{number}": ["x"] for number in range(20_000)}}, ("text",), "en"),
    ],
)  # fmt: skip
def test_where_no_known_name_names_kinds_the_shortest_column_that_does_is_the_title(
    columns: dict[str, Sequence[str]], titles: tuple[str, ...], language: str | None
) -> None:
    words = read(columns, others=["ours"])

    assert words.titles == titles
    assert (words.language if words.is_readable else None) == language


@pytest.mark.parametrize("name", ["Titel", "Nom"])
def test_titles_in_a_language_that_is_not_read_say_nothing(name: str) -> None:
    catalan = (
        "Vestit negre",
        "Brusa blanca",
        "Pantalons de dona",
        "Sabates amb sivella",
        "Jaqueta i faldilla",
    )

    assert (read({name: catalan}).language, read({name: catalan}).is_readable) == ("ca", False)


def test_categories_have_a_language_beside_titles_that_are_names_and_beside_no_others() -> None:
    categories = ("Women > Skirts", "Women > Dresses", "Women > Skirts")
    unknown = ("Xvq cap zkt wmu abd efg hij", "Bvq kvn nxd hij klm nop", "Bvq zkt efg")

    names = read({"title": ("Anna", "Bella", "Clara"), "category": categories})

    assert names.read_words_and_kinds({"title": "Anna", "category": "Women > Skirts"}).kinds == {"skirt"}
    assert read({"title": unknown, "category": categories}).language == "und"


def test_an_unknown_language_is_said_to_be_one() -> None:
    unknown = read({"title": ("Zorblak ven krupita", "Vraknog tuzlim oprek")})

    assert describe_title_column(unknown, ["title"], "") == (
        "The title is `title`, by its name, in a language that Wardrobe cannot read."
    )


def test_the_column_and_language_that_people_name_count() -> None:
    columns = {"title": ENGLISH, "other": GERMAN}

    assert (read(columns, title="other").titles, read(columns, title="other").language) == (("other",), "de")
    assert read(columns, "en").language == "en"
    assert read(columns, LANGUAGE_OFF) == ListWords(titles=("title",))


def test_a_sentence_says_which_column_is_read_and_why() -> None:
    chosen, named, none = read({"Bezeichnung": GERMAN}), read({"title": ENGLISH}), read({"sku": BARE[:1] * 5})

    assert describe_title_column(chosen, ["Bezeichnung"], "") == (
        "The title is `Bezeichnung`, by its cells, in German. --title-column names another."
    )
    assert describe_title_column(named, ["title"], "") == "The title is `title`, by its name, in English."
    assert (
        describe_title_column(named, ["title"], "title")
        == "The title is `title`, as --title-column says, in English."
    )
    assert describe_title_column(none, ["sku"], "") == (
        "No column with titles was found among `sku`, so titles decide nothing. --title-column names one."
    )
    assert MAX_SEARCHED_COLUMNS == 200


FRENCH = ("Robe noire", "Chemise en lin", "Pantalon pour femme", "Jupe longue", "Chaussures de sport")


@pytest.mark.parametrize(("count", "second"), [(5, "fr"), (4, "")])
def test_a_list_in_two_languages_is_read_in_both(count: int, second: str) -> None:
    words = read({"title": (*GERMAN * 2, *FRENCH[:count])})

    assert (words.language, words.second_language) == ("de", second)
    assert words.read_words_and_kinds({"title": "Robe noire"}).kinds == (
        {"dress", "nightwear"} if second else set()
    )
    assert words.read_words_and_kinds({"title": "Rote Jacke"}).kinds == {"coat"}
    assert describe_title_column(words, ["title"], "") == (
        "The title is `title`, by its name, in German."
        + (" Titles with more French words are read in it." if second else "")
    )


def test_a_second_language_needs_a_fifth_of_the_titles_and_none_if_people_name_the_language() -> None:
    assert read({"title": (*GERMAN * 5, *FRENCH)}).second_language == ""
    assert read({"title": (*GERMAN, *FRENCH)}, "de").second_language == ""


def test_the_title_of_a_list_with_tags_is_the_part_in_its_language() -> None:
    titles = ("[:fr]Jupe longue[:de]Langer Rock[:]", *GERMAN)
    words = read({"title": titles})

    assert words.language == "de"
    assert words.read_title({"title": titles[0]}) == "Langer Rock"
    assert words.read_title({"title": "[:ja]シャツ[:fr]Jupe longue[:]"}) == "Jupe longue"
    assert words.read_words_and_kinds({"title": "[:ja]シャツ[:fr]Jupe longue[:]"}).kinds == {"skirt"}
