"""The words that a shop explained: what categories and phrases mean, and the file that keeps them."""

from pathlib import Path

import pytest

from inference.release_labels import NONE
from inference.words.words import read_title_garments
from labelling.errors import ShopWordsUnusable
from labelling.lists.categories import CategoryColumn
from labelling.lists.list_meaning import ListReader
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS
from labelling.lists.own_words import (
    CATEGORY_PLACE,
    TITLE_PLACE,
    CategoryAnswer,
    ShopWord,
    ShopWords,
    combine_meanings,
    format_meaning,
    list_category_keys,
    parse_meaning,
)
from labelling.lists.titles import ListWords
from labelling.lists.unused_words import find_unused_words
from labelling.lists.words_file import format_shop_words, read_shop_words

AT = "2026-11-30T03:00:00.000Z"


def kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


OWN = ShopWords(
    file_rows=(
        ShopWord("Gömlek", kinds("shirt")),
        ShopWord("Üst", kinds("top", "shirt"), CATEGORY_PLACE),
        ShopWord("kot", kinds("trousers", "shorts"), TITLE_PLACE),
        ShopWord("kot şort", kinds("shorts"), TITLE_PLACE),
        ShopWord("İndirim", kinds(), CATEGORY_PLACE),
        ShopWord("Parfüm", kinds(NONE)),
    ),
    category_answers=(
        CategoryAnswer("Bluz", kinds("top", "shirt"), AT),
        CategoryAnswer("Üst", kinds("top"), AT),
    ),
)


@pytest.mark.parametrize(
    ("paths", "meaning"),
    [
        ([("Giyim", "Üst", "Gömlek")], kinds("shirt")),
        (
            [("Giyim", "Üst", "Yeni")],
            kinds("top"),
        ),  # the deepest level that says something; people over the file
        ([("Giyim", "Üst", "İndirim")], kinds("top")),  # "does not say" has no effect
        ([("giyim", "GÖMLEK")], kinds("shirt")),
        ([("Giyim", "kot")], kinds()),  # valid in titles alone
        ([("Bluz",), ("İndirim",)], kinds("top", "shirt")),
        ([("Bluz",), ("Gömlek",)], kinds("top", "shirt")),
        ([("Kozmetik", "Parfüm")], kinds(NONE)),
        ([], kinds()),
    ],
)
def test_a_category_means_what_its_deepest_explained_level_means(
    paths: list[tuple[str, ...]], meaning: frozenset[str]
) -> None:
    assert OWN.find_category_meaning(paths) == meaning


@pytest.mark.parametrize(
    ("title", "meanings"),
    [
        ("Slim kot mavi", [kinds("trousers", "shorts")]),
        ("Kot şort", [kinds("shorts")]),
        ("Üst", []),
        ("gömlek ve kot", [kinds("shirt"), kinds("trousers", "shorts")]),
        ("kotlar", []),
    ],
)
def test_a_phrase_is_found_anywhere_in_a_title_and_the_longest_one_is_taken(
    title: str, meanings: list[frozenset[str]]
) -> None:
    assert OWN.find_phrase_meanings(title) == meanings


@pytest.mark.parametrize(
    ("title", "category", "both"),
    [
        (kinds("top", "shirt"), kinds("shirt", "coat"), kinds("shirt")),
        (kinds(), kinds("shirt"), kinds("shirt")),
        (kinds("top"), kinds(), kinds("top")),
        (kinds("dress"), kinds("shirt"), kinds()),
        (kinds("dress"), kinds(NONE), kinds()),
    ],
)
def test_title_and_category_admit_the_kinds_that_they_share(
    title: frozenset[str], category: frozenset[str], both: frozenset[str]
) -> None:
    assert combine_meanings(title, category) == both


@pytest.mark.parametrize("text", ["shirt", "top|shirt", NONE, "", "closed shoe"])
def test_a_meaning_is_written_as_it_is_read(text: str) -> None:
    assert format_meaning(parse_meaning(text)) == text


def written(folder: Path, text: str) -> Path:
    file = folder / "words.csv"
    file.write_text(text, "utf-8")
    return file


def test_a_file_of_words_is_read_as_it_was_written(tmp_path: Path) -> None:
    words = (*OWN.file_rows, ShopWord("=2+3 kot", kinds("trousers"), TITLE_PLACE))
    file = written(tmp_path, format_shop_words(words))

    assert read_shop_words(file, DEFAULT_LIST_OPTIONS, pytest.fail) == words


def test_the_column_that_says_where_words_are_valid_may_be_missing(tmp_path: Path) -> None:
    file = written(tmp_path, "words,kinds\nGömlek,shirt\n")

    assert read_shop_words(file, DEFAULT_LIST_OPTIONS, pytest.fail) == (ShopWord("Gömlek", kinds("shirt")),)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("words,kinds\nGömlek,blouse\n", "row 2, line 2: 'blouse' is no kind. It can be kinds"),
        ("words,kinds\nGömlek,shirt|none of these\n", "'none of these' is no kind"),
        ("words,kinds,in\nGömlek,shirt,heading\n", "'heading' in the column `in` is no place"),
        (
            "words,kinds\nGömlek,shirt\ngömlek ,top\n",
            "row 3, line 3: 'gömlek' stands in .*row 2, line 2, too",
        ),
        ("words,kinds,in\nKot,shorts,title\nKot,shorts,\n", "row 3"),
        ("words,kinds\n,shirt\n", "the cell in the column `words` is empty"),
        ("words,kinds,in\n2024,shirt,category\n", "the category '2024' has no letters"),
        ("words,kinds,in\nA > B,shirt,\na>b,top,category\n", "'a>b' stands in"),
        ("Gömlek,shirt\n", "It needs the column"),
        ("", "words.csv"),
    ],
)
def test_a_file_of_words_is_refused_with_what_is_wrong(tmp_path: Path, rows: str, sentence: str) -> None:
    with pytest.raises(ShopWordsUnusable, match=sentence):
        read_shop_words(written(tmp_path, rows), DEFAULT_LIST_OPTIONS, lambda _: None)


def test_the_same_words_may_have_one_meaning_in_titles_and_one_in_categories(tmp_path: Path) -> None:
    file = written(tmp_path, "words,kinds,in\nKot,trousers,category\nKot,trousers|shorts,title\n")

    assert len(read_shop_words(file, DEFAULT_LIST_OPTIONS, pytest.fail)) == 2


def test_the_rows_for_the_next_list_have_the_answers_in_place_of_rows_for_the_same_category() -> None:
    own = ShopWords(
        file_rows=(
            ShopWord("Üst", kinds("top")),
            ShopWord("kot", kinds("trousers"), TITLE_PLACE),
            ShopWord("Şal", kinds("scarf")),
        ),
        category_answers=(
            CategoryAnswer("ÜST", kinds("shirt"), AT),
            CategoryAnswer("Bluz", kinds("top"), AT),
        ),
    )

    assert own.make_rows() == [
        ShopWord("Üst", kinds("top"), TITLE_PLACE),
        ShopWord("kot", kinds("trousers"), TITLE_PLACE),
        ShopWord("Şal", kinds("scarf")),
        ShopWord("ÜST", kinds("shirt"), CATEGORY_PLACE),
        ShopWord("Bluz", kinds("top"), CATEGORY_PLACE),
    ]


@pytest.mark.parametrize(
    ("title", "language", "found"),
    [
        ("Leinenkurzhemd blau", "de", [kinds("shirt")]),
        ("Kurzhemd", "de", [kinds("shirt")]),
        ("Hemdkurz", "de", []),
        ("린넨쇼트팬츠", "ko", [kinds("shorts")]),
        ("Anna tunikaset rot", "", [kinds("set")]),
        ("Abend robe kleid", "de", [kinds("dress")]),
    ],
)
def test_a_phrase_with_a_hyphen_before_it_is_also_the_end_of_a_compound(
    title: str, language: str, found: list[frozenset[str]]
) -> None:
    rows = {"-kurzhemd": "shirt", "-쇼트팬츠": "shorts", "-tunikaset": "set", "robe kleid": "dress"}
    own = ShopWords(
        file_rows=tuple(ShopWord(words, kinds(kind), TITLE_PLACE) for words, kind in rows.items()),
        language=language,
    )

    assert own.find_phrase_meanings(title) == found


def test_the_end_of_a_compound_is_known_beside_the_words_of_a_language() -> None:
    own = ShopWords(file_rows=(ShopWord("-flatterer", kinds("dress")),), language="de")

    read = read_title_garments("Sommerflatterer", "de", own.make_extended_vocabulary("de"))

    assert read.kinds == {"dress"}
    assert [own.is_title_phrase(word) for word in (*read.words, "flatterer", "hemd")] == [True, True, False]
    assert read_title_garments("Leinenhemd", "de", own.make_extended_vocabulary("de")).kinds == {"shirt"}


def test_the_end_of_a_compound_stays_in_the_file_of_words(tmp_path: Path) -> None:
    words = (ShopWord("-kurzhemd", kinds("shirt"), TITLE_PLACE),)
    (tmp_path / "words.csv").write_text(format_shop_words(words), "utf-8")

    assert read_shop_words(tmp_path / "words.csv", DEFAULT_LIST_OPTIONS, print) == words


PATHS = ShopWords(
    file_rows=(
        ShopWord("Flats", kinds("closed shoe")),
        ShopWord("Home > Flats", kinds(NONE), CATEGORY_PLACE),
        ShopWord("Women/Shoes/Flats", kinds("sandal"), CATEGORY_PLACE),
        ShopWord("Shoes > Flats", kinds("boot")),
        ShopWord("Women >  Tops", kinds("top"), CATEGORY_PLACE),
        ShopWord("Men > Sale", kinds(), CATEGORY_PLACE),
        ShopWord("Sale", kinds("coat")),
    ),
    category_answers=(CategoryAnswer("Clothing > Kids > Tops", kinds("pullover"), AT),),
)


@pytest.mark.parametrize(
    ("path", "meaning"),
    [
        (("Sale 2", "Flats"), kinds("closed shoe")),
        (("Flats", "Black"), kinds("closed shoe")),  # a single level is explained everywhere
        (("Shop", "Home", "Flats"), kinds(NONE)),
        (("WOMEN", "shoes", "flats"), kinds("sandal")),  # the longest path
        (("Men", "Shoes", "Flats"), kinds("boot")),
        (("Clothing", "Women", "Tops"), kinds("top")),
        (("Clothing", "Kids", "Tops"), kinds("pullover")),
        (("Kids", "Tops"), kinds()),  # shorter than the path that was explained
        (("Women", "Tops", "Long"), kinds()),  # it does not end with the path
        (("Home", "Women/Shoes/Flats"), kinds("sandal")),  # one level with slashes
        (("Men", "Sale"), kinds()),
        (("Women", "Sale"), kinds("coat")),
    ],
)
def test_a_path_explains_the_categories_that_end_with_it_and_the_longer_one_wins(
    path: tuple[str, ...], meaning: frozenset[str]
) -> None:
    assert PATHS.find_category_meaning([path]) == meaning
    is_last_explained = path[-1] not in {"Black", "Long"} and path != ("Kids", "Tops")
    assert PATHS.is_category_explained(path) == is_last_explained


def test_words_that_a_list_has_nowhere_are_found() -> None:
    rows = [
        ({"title": "Anna robe kleid", "category": "Clothing > Women > Tops"}, ""),
        ({"title": "린넨쇼트팬츠", "category": "Home > Flats, Sale"}, ""),
        ({"title": "Kurzhemden", "category": "Sale"}, ""),
    ]
    own = ShopWords(
        file_rows=(
            ShopWord("Women > Tops", kinds("top"), CATEGORY_PLACE),
            ShopWord("Woman > Tops", kinds("top"), CATEGORY_PLACE),
            ShopWord("Women", kinds(), CATEGORY_PLACE),
            ShopWord("Clothing > Women", kinds(), CATEGORY_PLACE),  # no category ends with it
            ShopWord("robe", kinds("dress"), TITLE_PLACE),
            ShopWord("rob", kinds("dress"), TITLE_PLACE),
            ShopWord("-쇼트팬츠", kinds("shorts"), TITLE_PLACE),
            ShopWord("쇼트팬츠", kinds("shorts"), TITLE_PLACE),
            ShopWord("sale", kinds()),
            ShopWord("anna", kinds()),
            ShopWord("Tpos", kinds("top")),
        ),
        category_answers=(
            CategoryAnswer("Flats", kinds("boot"), AT),
            CategoryAnswer("Falts", kinds("boot"), AT),
        ),
    )
    column = CategoryColumn.learn_from_cells([*(cells["category"] for cells, _ in rows), "Home > Flats"])
    reader = ListReader(
        list_words=ListWords(titles=("title",), categories=("category",)),
        own_words=own,
        category_column=column,
    )

    assert find_unused_words(reader, rows) == [
        *("Woman > Tops", "Clothing > Women", "rob", "쇼트팬츠", "Tpos", "Falts"),
    ]


def test_long_cells_of_categories_take_no_more_memory_than_their_levels() -> None:
    words = ShopWords(
        (ShopWord("Kingad", frozenset({"boot"})), ShopWord("Naised > Saapad", frozenset({"boot"})))
    )
    path = tuple(f"level {number}" for number in range(1000))

    keys = list_category_keys((*path, "Naised", "Saapad"), words.most_explained_levels)

    assert sum(map(len, keys)) < 20_000
    assert words.find_level_meanings((*path, "Naised", "Saapad"))[-1] == frozenset({"boot"})
