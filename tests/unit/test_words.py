"""The words of a list's titles: which kinds they admit, what says nothing, and how often they are wrong."""

import csv
from pathlib import Path

import pytest

from labelling.words import KINDS, LANGUAGES, category_says, label_kinds, language_of, says, title_says
from tests.real_photos import PLACES
from tests.service import ROOT
from training.data.fashion import LABELS

WORDS = ROOT / "labelling" / "words.csv"
FIXTURES = ROOT / "tests" / "fixtures" / "words"


OF_FASHION = ["top", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
"""The kinds that Fashion-MNIST's classes are, in their order."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def kinds(cell: str) -> set[str]:
    return set(filter(None, cell.split("|")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_admits_what_its_head_names(language: str) -> None:
    traps = [row for row in rows_of(FIXTURES / "traps.csv") if row["language"] == language]

    wrong = {
        row["title"]: set(admitted)
        for row in traps
        if (admitted := title_says(row["title"], language).kinds) != kinds(row["kinds"])
    }

    assert len(traps) >= 20
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_word_stands_once_and_admits_kinds_that_there_are(language: str) -> None:
    rows = [row for row in rows_of(WORDS) if row["language"] == language]

    words = [word.removeprefix("-") for row in rows for word in row["words"].split("|")]

    assert sorted(words) == sorted(set(words))
    assert {kind for row in rows for kind in kinds(row["kinds"])} <= set(KINDS)


@pytest.mark.parametrize(
    "title", ["", " ", "Платье летнее", "👗", "<", "<b", "&", "---", "\x00", "x" * 10_000]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_odd_title_says_nothing(title: str, language: str) -> None:
    assert title_says(title, language).kinds == frozenset()


def test_a_title_that_looks_like_a_declaration_is_read_as_it_stands() -> None:
    assert title_says("<![NEW[ summer shirt", "en").kinds == {"shirt"}


def test_a_title_of_a_whole_description_is_read_at_its_beginning() -> None:
    assert title_says("Linen dress. " + "Wash with jeans and socks. " * 400, "en").words == ("dress",)


def test_what_the_list_says_is_its_own_word() -> None:
    assert title_says("Pleated SKIRT with belt", "en").words == ("skirt",)
    assert title_says("Damen Jeansröcke", "de").words == ("jeansrocke",)


@pytest.mark.parametrize(
    ("category", "admitted"),
    [
        ("Women > Dresses", {"dress"}),
        ("Dresses > Sale", {"dress"}),
        ("Shirts, Blouses", {"shirt"}),
        ("Skirts & Shorts", {"skirt", "shorts"}),
        ("Bottoms", {"trousers", "shorts", "skirt", "underwear"}),
        ("Outerwear", {"coat", "vest", "pullover"}),
        ("Sale", set()),
        ("", set()),
    ],
)
def test_a_category_admits_its_deepest_level_or_a_group(category: str, admitted: set[str]) -> None:
    assert category_says(category, "en").kinds == admitted


def test_a_category_counts_only_where_the_title_names_nothing() -> None:
    assert says("Pleated skirt", "Dresses", "en").kinds == {"skirt"}
    assert says("Anna", "Dresses", "en").kinds == {"dress"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_has_the_language_of_most_of_its_words(language: str) -> None:
    titles = [row["title"] for row in rows_of(FIXTURES / "traps.csv") if row["language"] == language]

    assert language_of(titles) == language


def test_the_classes_of_a_release_are_kinds() -> None:
    assert [set(admitted) for admitted in label_kinds(LABELS, "de").values()] == [
        {kind} for kind in OF_FASHION
    ]


def test_own_classes_have_the_language_of_the_list_or_no_kind() -> None:
    own = label_kinds(("Shirt", "Hemd", "Hose", "Sonstiges"), "de")

    assert own == {"Shirt": {"top"}, "Hemd": {"shirt"}, "Hose": {"trousers"}, "Sonstiges": set()}


def test_few_titles_of_real_shops_are_contradicted() -> None:
    titles = rows_of(FIXTURES / "shops.csv")

    wrong = [row["title"] for row in titles if contradicts(row["title"], row["language"], row["kinds"])]

    assert len(wrong) <= 0.02 * len(titles), wrong


def test_the_names_of_a_whole_shop_are_read() -> None:
    """9,935 names that nobody wrote for this table, in 25 kinds of the shop's own."""
    path = next((place / "attributes.csv" for place in PLACES if (place / "attributes.csv").is_file()), None)
    if path is None:
        pytest.skip("the names of ../shared/photos are not here")
    ours = {row["shop_kind"]: row["kinds"] for row in rows_of(FIXTURES / "attribute_kinds.csv")}
    rows = [row for row in rows_of(path) if row["kind"]]

    named = sum(bool(title_says(row["name"], "en").kinds) for row in rows)
    wrong = sum(contradicts(row["name"], "en", ours[row["kind"]]) for row in rows)

    assert named >= 0.98 * len(rows)
    assert wrong <= 0.007 * len(rows)


def contradicts(title: str, language: str, truth: str) -> bool:
    """Whether a title admits kinds, and none of the true ones."""
    admitted = title_says(title, language).kinds
    return bool(admitted) and not admitted & kinds(truth)
