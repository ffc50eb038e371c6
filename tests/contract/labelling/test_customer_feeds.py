"""The files that tell a platform for whom products are made, beside a feed of colours."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from labelling.decide.decisions import RunDecisions
from labelling.journal.journal_file import Journal
from labelling.lists.titles import ListWords
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.feed_files import list_feed_files
from labelling.write.feeds import FeedResult, FeedRows, write_feed
from labelling.write.row_collectors import RowCollectors
from tests.journals import fill
from tests.releases import LABELS

GENDER = "Google Shopping / Gender"
AGE = "Google Shopping / Age Group"

LIST = [
    {"sku": "A", "title": "Women's coat"},
    {"sku": "B", "title": "Boys jeans"},
    {"sku": "C", "title": "Coat"},
    {"sku": "D", "title": "Men's coat", "gender": "female"},
    {"sku": "E", "title": "Kids tee"},
    {"sku": "F", "title": "Women's coat", "category": "Men > Coats"},
    {"sku": "G\u200b", "title": "Baby girl romper"},
    {"sku": "G", "title": "Baby girl romper"},
]


def feed_of(
    table: Path,
    platform: str,
    rows: Sequence[Mapping[str, str]],
    gender: str = "",
    age_group: str = "",
) -> FeedResult:
    """The feed of products that are all surely black, with a photo each."""
    columns = dict.fromkeys(column for row in rows for column in row)
    run = RunSettings(
        source="list.csv",
        version="v1",
        heads={"label": LABELS, "colour": ("black", "white")},
        further={column: column for column in columns},
        by=ProductGrouping(column="sku", folder=None, proven=()),
        list_words=ListWords(titles=("title",), categories=("category",), language="en")
        if "category" in columns
        else ListWords(titles=("title",), language="en"),
        gender=gender,
        age_group=age_group,
    )
    colour = HeadAnswer(label="black", probabilities=(1.0, 0.0))
    shirt = HeadAnswer(label=LABELS[0], probabilities=(1.0,) * len(LABELS))
    photos = [
        PhotoRecord(
            path=f"{place}.png",
            sha256=f"{place:064x}",
            answers={"label": shirt, "colour": colour},
            cells={column: row.get(column, "") for column in columns},
        )
        for place, row in enumerate(rows)
    ]
    with Journal(table, run) as journal:
        fill(journal, run, photos)
        decisions = RunDecisions(journal)
        feed_rows = FeedRows(platform, decisions)
        RowCollectors(products=[feed_rows]).read_rows(decisions)
        return write_feed(feed_rows, table, decisions)


def lines_of(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


def test_google_gets_a_file_for_each_value_that_the_list_does_not_have_itself(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "labels.csv", "google", LIST)

    assert lines_of(tmp_path / "labels-google-gender.csv") == ["id,gender", "A,female", "B,male"]
    assert lines_of(tmp_path / "labels-google-age-group.csv") == [
        *("id,age_group", "A,adult", "B,kids", "D,adult", "E,kids", "F,adult"),
    ]
    assert feed.customers == (
        (tmp_path / "labels-google-gender.csv", 2),
        (tmp_path / "labels-google-age-group.csv", 5),
    )


def test_the_owners_defaults_are_in_the_files(tmp_path: Path) -> None:
    feed_of(tmp_path / "labels.csv", "google", LIST[:3], gender="unisex", age_group="adult")

    assert lines_of(tmp_path / "labels-google-gender.csv")[1:] == ["A,female", "B,male", "C,unisex"]
    assert lines_of(tmp_path / "labels-google-age-group.csv")[1:] == ["A,adult", "B,kids", "C,adult"]


def test_shopify_gets_both_values_of_products_of_which_the_export_lacks_one(tmp_path: Path) -> None:
    own = [
        {"title": "Women's coat", GENDER: "", AGE: ""},
        {"title": "Women's coat", GENDER: "Unisex", AGE: ""},
        {"title": "Girls coat", GENDER: "", AGE: "Kids"},
        {"title": "Women's coat", GENDER: "Male", AGE: "Adult"},
        {"title": "Kids coat", GENDER: "", AGE: ""},
        {"title": "Coat", GENDER: "", AGE: "adult"},
    ]
    rows = [{"sku": str(place), "Handle": f"item-{place}", **row} for place, row in enumerate(own)]

    feed_of(tmp_path / "labels.csv", "shopify", rows)

    assert lines_of(tmp_path / "labels-shopify-gender.csv") == [
        f"URL handle,Title,{GENDER},{AGE}",
        "item-0,Women's coat,female,adult",
        "item-1,Women's coat,Unisex,adult",
        "item-2,Girls coat,female,Kids",
    ]


@pytest.mark.parametrize(
    ("name", "cell", "written"),
    [("Gender", "", "female"), ("Gender", "Ladies", "Ladies"), ("Age group", "", "adult"), ("", "", None)],
)
def test_woocommerce_gets_a_value_only_in_an_empty_attribute_of_the_export(
    tmp_path: Path, name: str, cell: str, written: str | None
) -> None:
    attribute = {"Attribute 1 name": name, "Attribute 1 value(s)": cell}
    rows = [{"sku": "A", "title": "Women's coat", **attribute, "Attribute 2 name": "", "Type": "simple"}]

    feed = feed_of(tmp_path / "labels.csv", "woocommerce", rows)

    header, line = (line.split(",") for line in lines_of(feed.file))
    row = dict(zip(header, line, strict=True))
    values = {
        row[f"Attribute {n} name"]: row.get(f"Attribute {n} value(s)")
        for n in (1, 2)
        if f"Attribute {n} name" in row
    }
    assert values == {"Color": "black"} | ({name: written} if written else {})


def test_a_file_without_products_is_written_only_over_an_earlier_one(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    feed_of(table, "google", [{"sku": "1", "title": "Coat"}])
    assert not (tmp_path / "labels-google-gender.csv").exists()
    assert tmp_path / "labels-google-gender.csv" in list_feed_files(table, "google")
