"""Read an identifier: the article, SKU or group that a cell of a list names.

Spreadsheets and shops write one identifier in several ways: `="001001"`, an apostrophe before a sign,
invisible characters. Cleaned identifiers join rows, and a feed sends the list's own cell
(`read_listed_cell`). This module is pure.
"""

import re
import unicodedata
from typing import Final

from inference.spreadsheets import FORMULA_BEGINNING

NOT_KNOWN: Final = frozenset({"nan", "n/a", "none", "null", r"\n"})
r"""Texts, in any capitals, that programs write if a value is not known. MySQL writes \N."""

NOT_THERE: Final = "-"
"""The cell of a picture that does not have an attribute, or a product."""

ERROR: Final = re.compile(r"#(?:N/[AD]|NV|#+|[¡¿]?\w+(?:/\w+)?[!?])", re.IGNORECASE)
"""Pattern of a spreadsheet's text in place of a value, in its languages: #N/A, #NV, #REF!, #¿NOMBRE?, ###."""

TEXT_FORMULA: Final = re.compile(r'="((?:[^"]|"")*)"')
"""A formula that keeps a number's leading zeros as text."""

MARKS: Final = re.compile(rf"\A'+(?={FORMULA_BEGINNING})")
"""The apostrophes before a text that a spreadsheet would run."""

LONG_NUMBER: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d{2}", re.IGNORECASE)
"""Pattern of a number of more than eleven digits in a spreadsheet, which loses the other digits."""


def read_identifier(cell: str) -> str:
    """Return the identifier in a cell; empty if it is not known.

    Several blanks are read as one, and capitals matter. A text that is an identifier already stays as it is.
    """
    text, before = cell, None
    while text != before:
        before = text
        text = " ".join(remove_format_characters(read_listed_cell(text)).split())
    is_none = text == NOT_THERE or text.casefold() in NOT_KNOWN or ERROR.fullmatch(text)
    return "" if is_none else text


def read_listed_cell(cell: str) -> str:
    """Read a cell without white space at its ends, a spreadsheet's `="..."` and a table's apostrophe."""
    text = MARKS.sub("", cell.strip())
    formula = TEXT_FORMULA.fullmatch(text)
    return formula[1].replace('""', '"').strip() if formula else text


def remove_format_characters(text: str) -> str:
    """Remove characters of category Cf: zero width spaces, soft hyphens, marks of direction."""
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def is_long_number(cell: str) -> bool:
    """Check whether a cell is a long number of which a spreadsheet has kept the first digits alone."""
    return LONG_NUMBER.fullmatch(remove_format_characters(read_listed_cell(cell)).strip()) is not None
