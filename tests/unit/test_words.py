"""The words of a list's titles: which kinds they admit, what says nothing, and how often they are wrong."""

import csv
from pathlib import Path

import pytest

from inference.words.language_files import list_readable_languages, load_languages
from inference.words.recognition import find_kinds_in_any_language, find_label_kinds, recognise_language
from inference.words.words import read_category_garments, read_garments, read_title_garments
from tests.real_photos import PLACES
from tests.service import ROOT
from training.data.fashion import FASHION_MNIST_LABELS

FIXTURES = ROOT / "tests" / "fixtures" / "words"
TRAPS = sorted((FIXTURES / "traps").glob("*.csv"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


OFFERED = (
    *("en", "de", "fr", "es", "pt", "it", "tr", "pl", "nl", "ru", "vi"),
    *("id", "sv", "cs", "ro", "uk", "ko", "da", "no", "hu", "fi", "el"),
)
"""Languages whose reading is promised: each has at least 20 traps."""

NEIGHBOURS = {"da": ("no",), "no": ("da",)}
"""Languages that may be taken for each other: most of their words are written alike."""

OF_FASHION = ["top", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
"""The kinds that Fashion-MNIST's classes are, in their order."""


def kinds(cell: str) -> set[str]:
    return set(filter(None, cell.split("|")))


@pytest.mark.parametrize("file", TRAPS, ids=lambda file: file.stem)
def test_a_title_admits_what_its_head_names(file: Path) -> None:
    rows = rows_of(file)
    read = {row["title"]: set(read_title_garments(row["title"], file.stem).kinds) for row in rows}
    expected = {row["title"]: kinds(row["kinds"]) for row in rows}

    # If this fails, it prints for each title what was read, and what the file of traps expects.
    assert [
        f"{title}: {read[title]}, not {expected[title]}" for title in read if read[title] != expected[title]
    ] == []


def test_each_language_that_is_read_has_traps() -> None:
    traps = {file.stem: len(rows_of(file)) for file in TRAPS}

    assert traps.keys() == {*list_readable_languages()}
    assert [code for code, count in traps.items() if code in OFFERED and count < 20] == []


@pytest.mark.parametrize(
    "title", ["", " ", "საზაფხულო კაბა", "👗", "<", "<b", "&", "---", "\x00", "x" * 10_000]
)
@pytest.mark.parametrize("language", list_readable_languages())
def test_an_odd_title_says_nothing(title: str, language: str) -> None:
    assert read_title_garments(title, language).kinds == frozenset()


def test_a_title_of_a_whole_description_is_read_at_its_beginning() -> None:
    assert read_title_garments("Linen dress. " + "Wash with jeans and socks. " * 400, "en").words == (
        "dress",
    )


@pytest.mark.parametrize(
    ("title", "language", "admitted"),
    [
        ("Herren Unter\u00adhemd", "de", {"underwear", "top", "vest"}),
        ("Herren Unter&shy;hemd", "de", {"underwear", "top", "vest"}),
        ("Winter<wbr>jacke", "de", {"coat"}),
        ("Sommerkleid\ufe0f", "de", {"dress"}),
        ("\N{MATHEMATICAL BOLD CAPITAL D}ress", "en", {"dress"}),
        ("\uff33\uff2b\uff29\uff32\uff34", "en", {"skirt"}),
        ("Summer dress\N{TRADE MARK SIGN}", "en", {"dress"}),
        ("\N{VULGAR FRACTION THREE QUARTERS} pants", "en", {"trousers", "shorts"}),
        ("Falda\u00a0larga", "es", {"skirt"}),
        ("Half pants for boys", "en", {"shorts"}),
        (f"<p style='{'x' * 400}'>Linen dress</p>", "en", {"dress"}),
        ("Dress<br>Belt", "en", {"belt"}),
        ("<![NEW[ summer shirt", "en", {"shirt"}),
    ],
)
def test_a_word_is_read_whatever_stands_unseen_in_it(title: str, language: str, admitted: set[str]) -> None:
    assert read_title_garments(title, language).kinds == admitted


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("Robe", {"nightwear", "dress", "coat"}),
        ("Rock", {"skirt", "coat"}),
        ("Rock aus Baumwolle", {"skirt"}),
        ("Rock i ull", {"coat"}),
        ("Hemd", {"shirt", "top", "underwear", "vest"}),
        ("Chemise en lin pour femme", {"shirt"}),
        ("Borse in pelle", {"bag"}),
        ("Saco de desporto com alça", {"bag"}),
        ("Bluza damska z kapturem", {"pullover"}),
        ("Jeans", {"trousers"}),
        ("Nike Dri-FIT Academy M 2023 NK jeans", {"trousers"}),
        ("QXA ZRT PLK WVB NMD GHT VBX KLM jeans", set()),
        ("კაბა", set()),
        ("女士连衣裙", set()),
        ("", set()),
    ],
)
def test_without_its_language_a_title_admits_what_its_likely_languages_read(
    title: str, kinds: set[str]
) -> None:
    assert find_kinds_in_any_language(title).kinds == kinds


@pytest.mark.parametrize(
    ("category", "admitted"),
    [
        ("Women > Dresses", {"dress"}),
        ("Shirts, Blouses", {"shirt"}),
        ("Skirts & Shorts", {"skirt", "shorts"}),
        ("Bottoms", {"trousers", "shorts", "skirt", "underwear"}),
        ("Outerwear", {"coat", "vest", "pullover"}),
        ("Women/Trousers/Shorts", {"shorts"}),
        ("Tops/T-shirts", {"top"}),
        ("Skirts/Shorts", {"skirt", "shorts"}),
        ("Women/Dresses/Sale", {"dress"}),
        ("Women \u203a Dresses", {"dress"}),
        ("Sale", set()),
        ("/", set()),
        ("", set()),
    ],
)
def test_a_category_admits_its_deepest_level_or_a_group(category: str, admitted: set[str]) -> None:
    assert read_category_garments(category, "en").kinds == admitted


def test_a_category_counts_only_where_the_title_names_nothing() -> None:
    assert read_garments("Pleated skirt", "Dresses", "en").kinds == {"skirt"}
    assert read_garments("Anna", "Dresses", "en").kinds == {"dress"}


@pytest.mark.parametrize(
    "language", sorted({row["language"] for row in rows_of(FIXTURES / "neighbours.csv")})
)
def test_a_list_is_not_taken_for_one_of_a_neighbour(language: str) -> None:
    titles = [row["title"] for row in rows_of(FIXTURES / "neighbours.csv") if row["language"] == language]

    assert len(titles) >= 6
    assert recognise_language(titles, load_languages()) == language


@pytest.mark.parametrize("file", TRAPS, ids=lambda file: file.stem)
def test_no_neighbour_takes_the_traps_of_a_language(file: Path) -> None:
    titles = [row["title"] for row in rows_of(file)]

    assert recognise_language(titles, load_languages()) in {file.stem, *NEIGHBOURS.get(file.stem, ())}


@pytest.mark.parametrize("language", sorted({row["language"] for row in rows_of(FIXTURES / "shops.csv")}))
def test_no_neighbour_takes_a_list_of_a_real_shop(language: str) -> None:
    titles = [row["title"] for row in rows_of(FIXTURES / "shops.csv") if row["language"] == language]

    assert recognise_language(titles, load_languages()) == language


@pytest.mark.parametrize(
    "titles",
    [
        ["Zorblak ven krupita", "Vraknog tuzlim oprek", "Druvvik klatta zimp", "Jeans urvenk"],
        ["Krupita", "Zorblak krupita", "Oprek", "Klatta zimp", "Urvenk", "T-shirt"],
        ["\u0dba\u0dbd\u0dd4", "\u0dc3\u0dcf\u0dba"],
        ["ABX QRS", "ABX TUV"],
    ],
)
def test_an_unknown_language_is_not_english(titles: list[str]) -> None:
    assert recognise_language(titles) == "und"


@pytest.mark.parametrize(
    "titles",
    [
        ["Dress"],
        ["Zara QX ABC Dress", "Zara QZ KLM Skirt", "ZX ZYX ZZ"],
        ["MQ-1132 ABC DEF GHI JKL MNO PQR STU jeans"],
        [],
        [""] * 1_000,
        ["12345", "4711-0815"],
    ],
)
def test_few_titles_and_titles_full_of_codes_have_a_language(titles: list[str]) -> None:
    assert recognise_language(titles) == "en"


def test_classes_in_an_unknown_language_are_no_kinds() -> None:
    assert set(find_label_kinds(("Type 1", "Type 2"), "en").values()) == {frozenset()}
    assert set(find_label_kinds(("Krupita", "Zorblak", "Oprek"), "und").values()) == {frozenset()}


def test_the_classes_of_a_release_are_kinds() -> None:
    assert [set(admitted) for admitted in find_label_kinds(FASHION_MNIST_LABELS, "de").values()] == [
        {kind} for kind in OF_FASHION
    ]


@pytest.mark.parametrize("language", ["de", "en", "none"])
def test_own_classes_have_one_language_whatever_that_of_the_list_is(language: str) -> None:
    own = find_label_kinds(("Shirt", "Hemd", "Hose", "Sonstiges"), language)

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

    named = sum(bool(read_title_garments(row["name"], "en").kinds) for row in rows)
    wrong = sum(contradicts(row["name"], "en", ours[row["kind"]]) for row in rows)

    assert named >= 0.98 * len(rows)
    assert wrong <= 0.007 * len(rows)


def contradicts(title: str, language: str, truth: str) -> bool:
    """Whether a title admits kinds, and none of the true ones."""
    admitted = read_title_garments(title, language).kinds
    return bool(admitted) and not admitted & kinds(truth)
