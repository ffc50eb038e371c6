"""For whom a product is made: which column, title, category or folder of a list says it."""

import pytest

from inference.words.language_files import LANGUAGE_OFF
from labelling.lists.categories import CategoryColumn
from labelling.lists.customer_columns import find_customer_columns
from labelling.lists.list_meaning import ListReader
from labelling.lists.listed_customers import ListedCustomerReader
from labelling.lists.titles import ListWords
from labelling.rows import ProductCustomers

Row = dict[str, str]


def read(*rows: Row, language: str = "en", folder: str = "") -> ProductCustomers:
    """Read the rows of one product; a row has the columns `title`, `category` and those of its own."""
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    filled = [{"title": "", "category": "", **dict.fromkeys(columns, ""), **row} for row in rows]
    reader = ListReader(
        list_words=ListWords(titles=("title",), categories=("category",), language=language),
        category_column=CategoryColumn.learn_from_cells(
            [*(row["category"] for row in filled), "Women > Tees", "Men > Tees"]
        ),
    )
    customers = ListedCustomerReader(list_reader=reader, columns=find_customer_columns(columns))
    return customers.read_customers(filled, folder)


def said(customers: ProductCustomers) -> tuple[str, str]:
    return customers.gender.value, customers.age_group.value


@pytest.mark.parametrize(
    ("row", "language", "expected"),
    [
        ({"Gender": "Women"}, "en", ("female", "adult")),
        ({"Geschlecht": "weiblich"}, "de", ("female", "")),
        ({"Google Shopping / Gender": "male", "Google Shopping / Age Group": "kids"}, "en", ("male", "kids")),
        ({"g:age_group": "toddler"}, "en", ("", "toddler")),
        ({"age": "2-3 years"}, "en", ("", "toddler")),
        ({"Target gender (product.metafields.shopify.target-gender)": "female; male"}, "en", ("unisex", "")),
        ({"Age group (product.metafields.shopify.age-group)": "adults; kids"}, "en", ("", "")),
        ({"Metafield: custom.gender [single_line_text_field]": "Men"}, "en", ("male", "adult")),
        ({"Option1 Name": "Gender", "Option1 Value": "Men"}, "en", ("male", "adult")),
        (
            {"Attribute 1 name": "pa_gender", "Attribute 1 value(s)": "Men, Women"},
            "en",
            ("unisex", "adult"),
        ),
        ({"additional_attributes": "gender=Women,size=M"}, "en", ("female", "adult")),
        ({"Gender": "Women", "title": "Kids dress"}, "en", ("female", "kids")),
        ({"Gender": "female", "title": "Men's shirt"}, "en", ("female", "adult")),
        ({"gender": "male", "gender_word": "x", "title": "Women's shirt"}, "en", ("female", "adult")),
        ({"Department": "Home"}, "en", ("", "")),
    ],
)
def test_a_column_of_its_own_comes_first(row: Row, language: str, expected: tuple[str, str]) -> None:
    assert said(read(row, language=language)) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"title": "Ladies dress", "category": "Clothing"}, ("female", "adult")),
        ({"title": "Dress", "category": "Women > Dresses"}, ("female", "adult")),
        ({"title": "Dress", "category": "Women > Kids > Girls"}, ("female", "kids")),
        ({"title": "Dress", "category": "Baby > Girls"}, ("female", "infant")),
        ({"title": "Girls dress", "category": "Baby"}, ("female", "infant")),
        ({"title": "Girls dress, 6 years", "category": "Baby"}, ("female", "kids")),
        ({"title": "Tee", "category": "Women/Men"}, ("unisex", "adult")),
        ({"title": "Tee", "category": "Women > Tees, Men > Tees"}, ("unisex", "adult")),
        ({"title": "Unisex tee", "category": "Women"}, ("unisex", "adult")),
        ({"title": "Bed", "category": "Home"}, ("", "")),
    ],
)
def test_the_title_comes_before_the_deepest_level_of_the_category(
    row: Row, expected: tuple[str, str]
) -> None:
    assert said(read(row)) == expected


@pytest.mark.parametrize(
    ("folder", "language", "expected"),
    [
        ("women/dresses", "en", ("female", "adult")),
        ("shop/men/kids", "en", ("male", "kids")),
        ("/home/women/dresses", "en", ("", "")),
        ("https://cdn.example/women", "en", ("", "")),
        ("women", LANGUAGE_OFF, ("", "")),
    ],
)
def test_a_folder_of_the_list_comes_last(folder: str, language: str, expected: tuple[str, str]) -> None:
    assert said(read({"title": "Dress"}, language=language, folder=folder)) == expected


@pytest.mark.parametrize(
    ("rows", "expected", "contradiction"),
    [
        (
            [{"title": "Women's shirt", "category": "Men > Shirts"}],
            ("", "adult"),
            "`Women` in `title`, `Men` in `category`",
        ),
        (
            [{"title": "Boys shirt", "category": "Men"}],
            ("male", ""),
            "`Boys` in `title`, `Men` in `category`",
        ),
        (
            [{"title": "Women's shirt"}, {"title": "Men's shirt"}],
            ("", "adult"),
            "`Women` in `title`, `Men` in `title`",
        ),
        ([{"Gender": "Women"}, {"Gender": "Men"}], ("", "adult"), "`Women` in `Gender`, `Men` in `Gender`"),
        ([{"title": "Women's shirt"}, {"title": "Shirt"}], ("female", "adult"), ""),
    ],
)
def test_words_that_contradict_each_other_leave_the_value_empty(
    rows: list[Row], expected: tuple[str, str], contradiction: str
) -> None:
    customers = read(*rows)

    assert (said(customers), customers.contradiction) == (expected, contradiction)


def test_the_word_and_its_column_are_named_as_the_list_writes_them() -> None:
    customers = read({"title": "Hose für Mädchen, 3-4 Jahre"}, language="de")

    assert (customers.gender.word, customers.gender.place) == ("Mädchen", "title")
    assert (customers.age_group.word, customers.age_group.source) == ("3-4 Jahre", "title")


def test_titles_in_a_language_that_is_not_read_say_nothing() -> None:
    assert said(read({"title": "Women's dress"}, language="und")) == ("", "")
