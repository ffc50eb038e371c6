"""Gender and age group of a list's products: in the table, in the summary, and the owner's defaults."""

from pathlib import Path

import pytest

from tests.commands import wardrobe
from tests.releases import a_release
from tests.tables import label, products_of, summary_in, write_csv
from tests.uploads import a_garment, png

LIST = [
    {"sku": "A", "path": "0.png", "title": "Women's dress", "gender": ""},
    {"sku": "B", "path": "1.png", "title": "Boys shirt", "gender": ""},
    {"sku": "C", "path": "2.png", "title": "Shirt", "gender": "male"},
    {"sku": "D", "path": "3.png", "title": "Coat", "gender": ""},
    {"sku": "E", "path": "4.png", "title": "Bag", "gender": ""},
]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for seed, row in enumerate(LIST):
        (tmp_path / row["path"]).write_bytes(png(a_garment(seed)))
    write_csv(tmp_path / "list.csv", LIST)
    return tmp_path


def customers_in(table: Path) -> dict[str, tuple[str, str]]:
    return {name: (row["gender"], row["age_group"]) for name, row in products_of(table).items()}


def test_the_table_of_products_has_gender_and_age_group_side_by_side(shop: Path, release: Path) -> None:
    label(shop / "list.csv", shop / "labels.csv", release, "--by", "sku", "--language", "en")

    rows = products_of(shop / "labels.csv")
    columns = [*rows["A"]]
    first = columns.index("gender")
    assert columns[first : first + 4] == ["gender", "gender_word", "age_group", "age_group_word"]
    assert {name: row["gender_word"] for name, row in rows.items()} == {
        **{"A": "Women (title)", "B": "Boys (title)", "C": "male (gender)", "D": None, "E": None}
    }
    assert [row["list_gender"] for row in rows.values()] == [None, None, "male", None, None]
    [note] = [one for one in summary_in(shop / "labels.csv")["notes"] if one.startswith("Gender:")]
    assert note == (
        "Gender: 3 of 5 from the list, --gender for the other 2; "
        "age group: 2 of 5 from the list, --age-group for the other 3."
    )


def test_defaults_fill_what_the_list_leaves_open_and_are_kept_for_the_next_command(
    shop: Path, release: Path
) -> None:
    table = shop / "labels.csv"
    options = ("--by", "sku", "--language", "en", "--gender", "female", "--age-group", "adult")
    label(shop / "list.csv", table, release, *options)
    expected = {
        **{"A": ("female", "adult"), "B": ("male", "kids"), "C": ("male", "adult")},
        **{"D": ("female", "adult"), "E": (None, None)},
    }
    first = customers_in(table)
    # A cell that began with the option would get the apostrophe of a formula.
    assert ",female (--gender),adult,adult (--age-group)" in (shop / "labels-products.csv").read_text("utf-8")

    said = write_csv(shop / "said.csv", [{"path": str(shop / "3.png"), "label": "Coat"}])
    assert wardrobe("label", ["--corrections", str(said), "--out", str(table)]) == 0

    assert first == expected == customers_in(table)


def test_a_gender_that_platforms_do_not_know_is_refused_with_the_known_ones(
    shop: Path, release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        label(shop / "list.csv", shop / "labels.csv", release, "--by", "sku", "--gender", "ladies")

    error = capsys.readouterr().err
    assert all(value in error for value in ("ladies", "female", "male", "unisex"))


def test_defaults_without_products_are_refused(
    shop: Path, release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        label(shop / "list.csv", shop / "labels.csv", release, "--gender", "female")

    assert "--by COLUMN" in capsys.readouterr().err
