"""Read and write CSV as spreadsheet programs do: with commas, semicolons or tabs, and not always in UTF-8.

Excel separates by what the language of the computer wants, and writes the code page of Windows unless people
choose `CSV UTF-8`. csv.Sniffer guesses from cells, which may hold anything; the header is known.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final, TextIO

from inference.plain_text import trimmed
from inference.spreadsheets import as_csv
from model_store.files import write_whole

SEPARATORS: Final = ",;\t"

LONGEST_CELL: Final = 1 << 24
"""Characters of a cell: shops export whole pages of HTML, with pictures in them. A quotation mark that is
never closed makes a cell of the rest of the file; such a file is refused here."""

WINDOWS: Final = "cp1252"
"""The code page of Windows in western languages."""


def text_of(path: Path) -> str:
    """The text of a CSV: UTF-16 with a byte order mark, UTF-8, else WINDOWS.

    Raises:
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    try:
        return content.decode(encoding_of(content))
    except UnicodeDecodeError:
        return content.decode(WINDOWS, "replace")


def encoding_of(content: bytes) -> str:
    """UTF-16 where the first bytes of a file say so, else UTF-8."""
    return "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def rows_of(file: TextIO, needed: Collection[str]) -> "csv.DictReader[str]":
    """The rows of a CSV by column.

    Args:
        file: opened with newline="", at its beginning.
        needed: columns by which the separator is found; without them it is a comma.
    """
    csv.field_size_limit(LONGEST_CELL)
    header = file.readline()
    if header.strip().strip('"')[:-1].lower() == "sep=":  # by which Excel knows the separator
        header = file.readline()
    separator = next((one for one in SEPARATORS if set(needed) <= set(_cells(header, one))), ",")
    return csv.DictReader(chain([header], file), delimiter=separator, skipinitialspace=True)


def renaming(needed: Iterable[str], header: Iterable[str]) -> str:
    """The sentence on columns that a header names in capitals or with blanks; empty where there is none."""
    names = [name for cell in header for name in re.split(f"[{SEPARATORS}]", cell)]
    alike = ((name, want) for want in needed for name in names if trimmed(name).casefold() == want != name)
    return "".join(f" Rename {name!r} to `{want}`." for name, want in alike)


def table_of(path: Path, needed: Collection[str]) -> "csv.DictReader[str]":
    """The rows of a file; see `text_of` and `rows_of`."""
    return rows_of(io.StringIO(text_of(path), newline=""), needed)


def write_for_excel(rows: Iterable[Mapping[str, Any]], numbers: Callable[[str], bool], target: Path) -> None:
    """Write rows for Excel where numbers have a decimal comma: a double click opens columns, with umlauts.

    There Excel separates by semicolons, and a point separates thousands; a byte order mark says UTF-8. An
    .xlsx fits every language, but needs a library that nothing else here does.

    Args:
        rows: of a table, all with the same columns.
        numbers: whether a column has numbers.
        target: the CSV; replaced.

    Raises:
        OSError: it cannot be written.
    """
    header: list[str] = []
    shown: list[list[str]] = []
    for row in rows:
        header = list(row)
        cells = ((name, "" if cell is None else str(cell)) for name, cell in row.items())
        shown.append([cell.replace(".", ",") if numbers(name) else cell for name, cell in cells])
    text = as_csv([header, *shown] if shown else [], separator=";", line_end="\r\n")
    write_whole(target, text.encode("utf-8-sig"))


def _cells(header: str, separator: str) -> list[str]:
    return next(csv.reader([header], delimiter=separator, skipinitialspace=True), [])
