"""How a cell that names an article, a group or an SKU is read, everywhere by one function."""

from pathlib import Path

import pytest

from labelling.errors import CorrectionsUnusable, ListUnusable
from labelling.lists.identifiers import clean_list_cell, is_truncated_number, read_identifier
from labelling.lists.list_files import open_list
from labelling.lists.list_reading import ListOptions
from labelling.review.corrections import read_corrections
from tests.tables import write_csv


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("001001", "001001"),
        (" 1001  red ", "1001 red"),
        ("1001\u00a0red", "1001 red"),
        ('="001001"', "001001"),
        ('="a ""b"" c"', 'a "b" c'),
        ('"="', '"="'),
        ('=A1&"x"', '=A1&"x"'),
        ('\'="001001"', "001001"),
        ("'-1001a", "-1001a"),
        ("'001001", "'001001"),
        ("'s-Gravenhage", "'s-Gravenhage"),
        ("1001\u200b", "1001"),
        ("10\u00ad01", "1001"),
        ("\u200b", ""),
        ("1001.0", "1001.0"),
        ("1e5", "1e5"),
        ("Ärmel-9", "Ärmel-9"),
        ("NAN-1", "NAN-1"),
        ("#1001", "#1001"),
    ],
)
def test_an_identifier_is_what_people_see(cell: str, read: str) -> None:
    assert read_identifier(cell) == read


@pytest.mark.parametrize(
    "cell",
    [
        *("", " ", "nan", "NaN", "NULL", "null", "None", "N/A", "n/a", r"\N", "-", " - "),
        *("#N/A", "#n/a", "#NV", "#N/D", "#REF!", "#BEZUG!", "#VALUE!", "#NAME?", "#DIV/0!", "#¿NOMBRE?"),
        *("########", '="nan"', '="-"', "'#N/A".removeprefix("'"), "nan\u200b", '=""'),
    ],
)
def test_what_is_not_known_names_nothing(cell: str) -> None:
    assert read_identifier(cell) == ""


@pytest.mark.parametrize("cell", ["''-1", '="=""a"""', "'\u200b-1", ' \'="1" ', '\u200b\'="\u200b-"'])
def test_what_is_read_stays_as_it_is(cell: str) -> None:
    assert read_identifier(read_identifier(cell)) == read_identifier(cell)


@pytest.mark.parametrize(
    ("cell", "sent"),
    [
        ('="001001"', "001001"),
        ("'-1001a", "-1001a"),
        ("1001\u200b", "1001\u200b"),
        ("1001  red", "1001  red"),
        ("NULL", "NULL"),
    ],
)
def test_a_feed_has_the_lists_own_cell(cell: str, sent: str) -> None:
    assert clean_list_cell(cell) == sent


@pytest.mark.parametrize(
    "cell", ["4,05E+12", "4.05E+12", "4E+12", " 4,05e+12 ", '="4,05E+12"', "4,05E+12\u200b"]
)
def test_what_a_spreadsheet_makes_of_a_long_number_is_known(cell: str) -> None:
    assert is_truncated_number(cell)


@pytest.mark.parametrize(
    "cell", ["4051234567890", "14,05E+12", "4,05E-12", "4,05E+1", "A4,05E+12", "E+12", "4E+123"]
)
def test_an_article_is_no_long_number(cell: str) -> None:
    assert not is_truncated_number(cell)


def test_a_list_of_cut_numbers_is_refused_with_rows(tmp_path: Path) -> None:
    cells = ["1", "4,05E+12", "2", "4,06E+12"]
    rows = [{"path": "a.png", "sku": cell, "price": "1E+10"} for cell in cells]
    file = write_csv(tmp_path / "list.csv", rows)

    with pytest.raises(ListUnusable) as refused:
        open_list(file, ["path"], ListOptions(product_column="sku"))
    left = open_list(file, ["path"], ListOptions(product_column="sku", skip_bad_rows=True))

    assert f"{file}, row 3, line 3, column `sku`: '4,05E+12'" in str(refused.value)
    assert f"{file}, row 5, line 5, column `sku`: '4,06E+12'" in str(refused.value)
    assert "--skip-bad-rows leaves such rows out" in str(refused.value)
    assert [row.cells["sku"] for row in left.read_rows()] == ["1", "2"]
    assert "Rows that are left out: 2." in left.notes[0]
    assert len(list(open_list(file, ["path"]).read_rows())) == len(cells)


def test_characters_that_nobody_sees_are_counted(tmp_path: Path) -> None:
    rows = [{"path": "a.png", "sku": cell, "title": "a\u200b"} for cell in ("1", "1\u200b", "\u20602")]
    file = write_csv(tmp_path / "list.csv", rows)

    opened = open_list(file, ["path"], ListOptions(product_column="sku"))

    assert opened.notes == (
        f"{file}: characters that cannot be seen are dropped from the identifiers of 2 rows.",
    )
    assert open_list(file, ["path"]).notes == ()


@pytest.mark.parametrize("column", ["product", "group"])
def test_corrections_read_products_and_groups_alike(column: str, tmp_path: Path) -> None:
    cells = ('="001001"', "001001\u200b", " 001001", "#N/A")
    rows = [{"path": "a.png", "label": "Bag", column: cell} for cell in cells]
    file = write_csv(tmp_path / "corrections.csv", rows)

    read = [getattr(correction, column) for correction in read_corrections([file], None)]

    assert read == ["001001", "001001", "001001", ""]
    write_csv(file, [{"path": "a.png", "label": "Bag", column: "4,05E+12"}])
    with pytest.raises(CorrectionsUnusable, match="what a spreadsheet makes of a long number"):
        read_corrections([file], None)
