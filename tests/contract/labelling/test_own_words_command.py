"""A shop's own words on the command line: questions, answers, and the file for its next list."""

import os
from pathlib import Path

import pytest

from inference.words.kinds import KIND
from labelling.errors import OutputUnusable, ShopWordsUnusable
from tests.catalogues import write_doubtful
from tests.review_sheets import shown_on
from tests.tables import correct, label, read_rows, write_csv

CATEGORIES = ("Pluusid", "Kingad", "Kotid", "Mütsid")
TITLES = ("Naiste pikkade varrukatega", "Meeste must", "Uus suur")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Estonian list of twelve doubtful pictures in four categories, three in each."""
    folder = tmp_path_factory.mktemp("shop")
    pictures = sorted(write_doubtful(folder / "pictures").iterdir())
    rows = [
        {
            "path": f"pictures/{picture.name}",
            "sku": f"S-{number}",
            "title": TITLES[number % 3],
            "category": f"Naised > {CATEGORIES[number % 4]}",
        }
        for number, picture in enumerate(pictures)
    ]
    return write_csv(folder / "pood.csv", rows)


def an_answer(category: str, kinds: str) -> dict[str, str]:
    return {"path": "", "label": kinds, "sha256": "", "attribute": KIND, "product": "", "category": category}


ANSWERS = (
    an_answer("Pluusid", "none of these"),
    an_answer("Kingad", "sneaker|sandal"),
    an_answer("Kotid", ""),
)


def test_a_sheet_begins_with_questions_whose_answers_decide_the_table_and_the_next_list(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, sheet = tmp_path / "table.csv", tmp_path / "sheet.html"
    label(shop, table, "bundled", "--by", "sku", "--review", str(sheet))
    said = capsys.readouterr().out
    asked = f"2 questions about categories, first on {sheet}, are about 2 products that need a person."
    assert asked in said
    assert [one["category"] for one in shown_on(sheet)["categories"]] == ["Pluusid", "Mütsid"]

    correct(table, *ANSWERS)
    said = capsys.readouterr().out
    done = sum(row["decision"] == "accept" for row in read_rows(tmp_path / "table-products.csv"))
    assert f"3 categories are explained: {done} products are accepted now, and 10 were before." in said
    assert done != 10
    words = tmp_path / "table-words.csv"
    assert f"label LIST.csv --by sku --words {words} --out TABLE.csv" in said
    assert words.read_text("utf-8") == (
        "words,kinds,in\nPluusid,none of these,category\nKingad,sneaker|sandal,category\nKotid,,category\n"
    )

    other = tmp_path / "other.csv"
    label(shop, other, "bundled", "--by", "sku", "--words", str(words))
    assert other.read_bytes() == table.read_bytes()
    assert read_rows(tmp_path / "other-products.csv") == read_rows(tmp_path / "table-products.csv")


def test_a_changed_file_of_words_decides_all_rows_again_and_labels_nothing(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = write_csv(tmp_path / "words.csv", [{"words": "Kingad", "kinds": "none of these"}])
    table = tmp_path / "table.csv"
    label(shop, table, "bundled", "--by", "sku", "--words", str(words))
    before = read_rows(tmp_path / "table-products.csv")
    capsys.readouterr()

    write_csv(words, [{"words": "Kingad", "kinds": "bag"}])
    label(shop, table, "bundled", "--by", "sku", "--words", str(words))

    said = capsys.readouterr().out
    assert "12 rows (12 of them labelled before). Release " in said, "no speed: nothing was labelled"
    assert read_rows(tmp_path / "table-products.csv") != before


def test_the_table_of_a_folder_says_what_its_categories_allow_and_who_decided(tmp_path: Path) -> None:
    pictures, folder = sorted(write_doubtful(tmp_path / "pictures").iterdir()), tmp_path / "shop"
    for number, picture in enumerate(pictures):
        inside = folder / CATEGORIES[number % 3]
        inside.mkdir(parents=True, exist_ok=True)
        picture.rename(inside / picture.name)
    words = write_csv(tmp_path / "words.csv", [{"words": "Kingad", "kinds": "sneaker|sandal"}])

    label(folder, tmp_path / "table.csv", "bundled", "--words", str(words))

    rows = read_rows(tmp_path / "table.csv")
    assert {row["listed_as"] for row in rows if "Kingad" in row["path"]} == {"sneaker|sandal"}
    assert {row["decided_by"] for row in rows} <= {"model", "list"}


def test_the_file_of_words_that_people_changed_is_not_replaced_and_the_option_that_takes_it_is_named(
    shop: Path, tmp_path: Path
) -> None:
    table, words = tmp_path / "table.csv", tmp_path / "table-words.csv"
    label(shop, table, "bundled", "--by", "sku")
    correct(table, *ANSWERS)
    words.write_text(words.read_text("utf-8") + "Sallid,scarf,category\n", "utf-8")

    with pytest.raises(OutputUnusable) as refusal:
        correct(table, *ANSWERS)

    assert f"{words}: was changed since `wardrobe label` wrote it." in str(refusal.value)
    assert f"with --words {words} and without --corrections" in str(refusal.value)
    assert "Sallid" in words.read_text("utf-8")
    label(shop, table, "bundled", "--by", "sku", "--words", str(words))
    correct(table, *ANSWERS)
    assert "Sallid,scarf,category" in words.read_text("utf-8")


def test_a_row_that_the_owner_corrects_in_the_file_beside_the_table_replaces_the_older_answer(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, words = tmp_path / "table.csv", tmp_path / "table-words.csv"
    answers = [answer | {"at": "2026-11-22T10:00:00Z"} for answer in ANSWERS]
    label(shop, table, "bundled", "--by", "sku")
    correct(table, *answers)
    words.write_text(words.read_text("utf-8").replace("none of these", "top|shirt"), "utf-8")
    os.utime(words, (1, 1))  # an older file than any answer
    capsys.readouterr()

    rows = label(shop, table, "bundled", "--by", "sku", "--words", str(words))

    said = " ".join(capsys.readouterr().err.split())
    assert f"{words}: 1 row replaces earlier answers about categories: `Pluusid`." in said
    assert {row["listed_as"] for row in rows if "Pluusid" in row["category"]} == {"top|shirt"}
    assert correct(table, *answers) == rows, "older answers than the owner's row"
    assert "Pluusid,top|shirt,category" in words.read_text("utf-8")
    label(shop, table, "bundled", "--by", "sku", "--words", str(words))
    assert "row replaces" not in capsys.readouterr().err


def test_answers_stay_beside_any_other_file_of_words_and_a_sentence_names_the_differences(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    label(shop, table, "bundled", "--by", "sku")
    decided = correct(table, *ANSWERS)
    rows = [("Kingad", "boot"), ("Kotid", ""), ("Kotit", "bag")]
    words = write_csv(tmp_path / "mine.csv", [{"words": name, "kinds": kinds} for name, kinds in rows])
    capsys.readouterr()

    again = label(shop, table, "bundled", "--by", "sku", "--words", str(words))

    said = " ".join(capsys.readouterr().err.split())
    difference = "differs from answers of people about 1 category: `Kingad`. The answers are used."
    assert f"{words}: {difference}" in said
    assert "1 word of the shop is in no category and no title of this list: `Kotit`." in said
    assert again == decided


def test_a_category_written_as_the_list_has_it_is_explained(shop: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    words = write_csv(tmp_path / "mine.csv", [{"words": "Naised > Pluusid", "kinds": "top"}])
    label(shop, table, "bundled", "--by", "sku", "--words", str(words))

    rows = correct(table, an_answer("Naised > Kingad", "boot"), an_answer("Pluusid", "shirt"))

    listed = {row["category"]: row["listed_as"] for row in rows}
    explained = {"Naised > Pluusid": "top", "Naised > Kingad": "boot"}
    assert listed == {f"Naised > {name}": None for name in CATEGORIES} | explained


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("de", "--words takes a file of words. The language is --language de."),
        ("none", "--words takes a file of words. The language is --language none."),
    ],
)
def test_words_are_refused_with_what_would_be_right(
    words: str, sentence: str, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        label(shop, tmp_path / "table.csv", "bundled", "--words", words)

    assert sentence in capsys.readouterr().err


def test_the_file_that_a_command_reads_is_not_its_output(shop: Path, tmp_path: Path) -> None:
    table, words = tmp_path / "table.csv", str(tmp_path / "table-words.csv")
    label(shop, table, "bundled", "--by", "sku")
    correct(table, *ANSWERS)
    corrections = str(tmp_path / "corrections.csv")

    with pytest.raises(OutputUnusable, match="this command reads it, and would replace it"):
        label(shop, table, "bundled", "--by", "sku", "--words", words, "--corrections", corrections)


def test_a_file_of_words_that_is_not_there_ends_the_command(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(ShopWordsUnusable, match=r"nowhere.csv: cannot be read \(No such file"):
        label(shop, tmp_path / "table.csv", "bundled", "--words", "nowhere.csv")

    assert not (tmp_path / "table.csv.sqlite").exists()
