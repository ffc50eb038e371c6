"""For whom a garment is made: what titles say about it, and what only looks so."""

import pytest

from inference.words.customers import names_only_customers, read_customers


@pytest.mark.parametrize(
    ("title", "language", "gender", "age_group"),
    [
        ("Damenkleid", "de", "female", "adult"),
        ("Платье для женщин", "ru", "female", "adult"),
        ("여성용 원피스", "ko", "female", "adult"),
        ("Dámské šaty", "cs", "female", "adult"),
        ("Kad\u0131n Elbise", "tr", "female", "adult"),
        ("Chemise pour hommes", "fr", "male", "adult"),
        ("Women/Men T-shirt", "en", "unisex", "adult"),
        ("Unisex hoodie", "en", "unisex", ""),
        ("Girls' dress", "en", "female", "kids"),
        ("Camiseta Niños", "es", "", "kids"),
        ("Boys & Girls hoodie", "en", "unisex", "kids"),
        ("Women and Girls leggings", "en", "female", "adult"),
        ("Women & Kids socks", "en", "", "adult"),
        ("Vestido feminino infantil", "pt", "female", "kids"),
        ("Baby girl romper", "en", "female", "infant"),
        ("Baby & Toddler hat", "en", "", ""),
        ("Blue dress, size 40", "en", "", ""),
        ("", "en", "", ""),
    ],
)
def test_a_title_says_for_whom_the_garment_is(title: str, language: str, gender: str, age_group: str) -> None:
    read = read_customers(title, language)

    assert (read.gender, read.age_group) == (gender, age_group)


@pytest.mark.parametrize(
    ("title", "language", "gender", "age_group"),
    [
        ("Boyfriend jeans", "en", "", ""),
        ("Babydoll dress women", "en", "female", "adult"),
        ("Hoodie baby blue for men", "en", "male", "adult"),
        ("Mens Club hoodie", "en", "", ""),
        ("T-shirt with girls", "en", "", ""),
        ("Áo sơ mi trẻ trung", "vi", "", ""),
        ("Camiseta mujer bebé a bordo", "es", "female", "adult"),
        ("Uzun boy elbise", "tr", "", ""),
        ("Damask tyg", "sv", "", ""),
    ],
)
def test_a_word_that_only_looks_like_a_customer_says_nothing(
    title: str, language: str, gender: str, age_group: str
) -> None:
    read = read_customers(title, language)

    assert (read.gender, read.age_group) == (gender, age_group)


@pytest.mark.parametrize(
    ("age", "age_group"),
    [
        ("0-3 months", "newborn"),
        ("0-6 months", "infant"),
        ("3M", "newborn"),
        ("12 months", "infant"),
        ("12-18 months", "toddler"),
        ("6 months - 2 years", "toddler"),
        ("2T", "toddler"),
        ("4-6 years", "kids"),
        ("5 years", "kids"),
        ("13 years", "kids"),
        ("14-16 years", "adult"),
    ],
)
def test_an_age_belongs_to_the_group_that_has_most_of_it(age: str, age_group: str) -> None:
    assert read_customers(f"Girls dress {age}", "en").age_group == age_group


@pytest.mark.parametrize("title", ["Boys pack of 2 T-shirts", "Kids tee, 2 t shirts"])
def test_a_number_of_things_for_children_is_no_age(title: str) -> None:
    assert read_customers(title, "en").age_group == "kids"


@pytest.mark.parametrize(
    "title", ["Watch, 2 years warranty", "80 years of jeans", "Rope 3-6 m", "2024 dress"]
)
def test_a_number_that_is_no_age_says_nothing(title: str) -> None:
    assert read_customers(title, "en").age_group == ""


def test_the_words_are_those_that_decided() -> None:
    read = read_customers("Kleid für Mädchen, 3-4 Jahre", "de")

    assert (read.gender_words, read.age_words) == (("madchen",), ("3 4 jahre",))


@pytest.mark.parametrize(
    ("level", "language", "names_only"),
    [
        ("Men", "en", True),
        ("For women & girls", "en", True),
        ("Мужчинам", "ru", True),
        ("Женская", "ru", True),
        ("Damen", "de", True),
        ("Damenkleider", "de", False),
        ("Women's dresses", "en", False),
        ("Sale", "en", False),
        ("", "en", False),
    ],
)
def test_a_level_that_names_customers_alone_is_known(level: str, language: str, names_only: bool) -> None:
    assert names_only_customers(level, language) is names_only
