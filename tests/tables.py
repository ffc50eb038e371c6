"""`wardrobe label` in the process of the test: its tables, and what people say of their pictures."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

from inference.text.spreadsheets import unescape_spreadsheet_text
from labelling.write.summary import make_summary_path
from tests.commands import wardrobe

Rows = list[dict[str, Any]]


def label(source: Path | str, table: Path, release: Path | str = "bundled", *more: str) -> Rows:
    """Label a source; the rows of the table, as `rows_of` reads them."""
    words = [str(source), "--out", str(table), "--model", str(release), "--workers", "1", *more]
    assert wardrobe("label", words) == 0
    return rows_of(table)


def rows_of(table: Path) -> Rows:
    """A table's rows, with None where there is nothing; of a CSV, all else is text."""
    if table.suffix == ".jsonl":
        return [json.loads(line) for line in table.read_text("utf-8").splitlines()]
    with table.open(encoding="utf-8", newline="") as file:
        return [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]


def read_rows(table: Path) -> Rows:
    """A table's rows without the apostrophes that keep a spreadsheet from running a cell of a CSV."""
    rows = rows_of(table)
    if table.suffix != ".csv":
        return rows
    return [
        {
            unescape_spreadsheet_text(name): unescape_spreadsheet_text(value or "")
            for name, value in row.items()
        }
        for row in rows
    ]


def products_of(table: Path) -> dict[str, dict[str, Any]]:
    """The table of products beside one of photos, by the names of the products, which come first."""
    rows = rows_of(table.with_stem(f"{table.stem}-products"))
    return {row[next(iter(row))]: row for row in rows}


XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def workbook_rows(file: Path) -> list[list[str | float | None]]:
    """The cells of a workbook's only sheet, as Excel has them: texts, numbers, and None for nothing."""
    with ZipFile(file) as packed:
        sheet = ElementTree.fromstring(packed.read("xl/worksheets/sheet1.xml"))
    rows = [
        {_place(cell.attrib["r"]): _value(cell) for cell in row.iter(f"{XML}c")}
        for row in sheet.iter(f"{XML}row")
    ]
    width = max((max(row, default=-1) + 1 for row in rows), default=0)
    return [[row.get(place) for place in range(width)] for row in rows]


def _place(name: str) -> int:
    """The place of a cell in its row, of a name such as AB12."""
    letters = name.rstrip("0123456789")
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place - 1


def _value(cell: ElementTree.Element) -> str | float | None:
    assert cell.find(f"{XML}f") is None, "a formula"
    text = "".join(part.text or "" for part in cell.iter(f"{XML}t"))
    number = cell.findtext(f"{XML}v")
    return text if cell.get("t") == "inlineStr" else float(number) if number else None


def summary_in(table: Path) -> dict[str, Any]:
    """What the file beside a table says of it."""
    found: dict[str, Any] = json.loads(make_summary_path(table).read_bytes())
    return found


def write_csv(file: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A CSV with the columns of all rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, columns)
        writer.writeheader()
        writer.writerows(rows)
    return file


def correct(table: Path, *answers: Mapping[str, object], feed: str = "") -> Rows:
    """Write answers of people into `corrections.csv` beside a table, and take them into it."""
    file = write_csv(table.with_name("corrections.csv"), answers)
    words = ["--corrections", str(file), "--out", str(table), *(["--feed", feed] if feed else [])]
    assert wardrobe("label", words) == 0
    return rows_of(table)
