"""Read CSV as spreadsheet programs save it: separated by commas, semicolons or tabs, and not always in UTF-8.

Excel separates by what the language of the computer wants, and writes the code page of Windows unless people
choose `CSV UTF-8`. csv.Sniffer guesses from cells, which may hold anything; the header is known.
"""

import codecs
import csv
import io
from collections.abc import Collection
from itertools import chain
from pathlib import Path
from typing import Final, TextIO

SEPARATORS: Final = ",;\t"

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
    header = file.readline()
    if header.strip().strip('"')[:-1].lower() == "sep=":  # which tells Excel the separator
        header = file.readline()
    separator = next((one for one in SEPARATORS if set(needed) <= set(_cells(header, one))), ",")
    return csv.DictReader(chain([header], file), delimiter=separator, skipinitialspace=True)


def table_of(path: Path, needed: Collection[str]) -> "csv.DictReader[str]":
    """The rows of a file; see `text_of` and `rows_of`."""
    return rows_of(io.StringIO(text_of(path), newline=""), needed)


def _cells(header: str, separator: str) -> list[str]:
    return next(csv.reader([header], delimiter=separator, skipinitialspace=True), [])
