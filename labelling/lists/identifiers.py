"""Read an identifier: the article, SKU or group that a cell of a list names.

Spreadsheets and shops write one identifier in several ways, for example `="001001"` and `001001`, or with an
apostrophe or an invisible character. `read_identifier` returns the same text for all of them, so that rows of
one product are found. A feed must send the shop's own spelling instead, which `read_listed_cell` returns.
"""

import re
import unicodedata
from typing import Final

from inference.text.spreadsheets import FORMULA_BEGINNING_PATTERN

UNKNOWN_VALUE_TEXTS: Final = frozenset({"nan", "n/a", "none", "null", r"\n"})
r"""Texts, in any capitals, that programs write if a value is not known. MySQL writes \N."""

NO_VALUE_TEXT: Final = "-"
"""Text of a cell that means "none", for a picture without some attribute or product."""

SPREADSHEET_ERROR_PATTERN: Final = re.compile(r"#(?:N/[AD]|NV|#+|[¡¿]?\w+(?:/\w+)?[!?])", re.IGNORECASE)
"""Pattern of a spreadsheet's text in place of a value, in its languages: #N/A, #NV, #REF!, #¿NOMBRE?, ###."""

TEXT_FORMULA_PATTERN: Final = re.compile(r'="((?:[^"]|"")*)"')
"""A formula that keeps a number's leading zeros as text."""

APOSTROPHES_PATTERN: Final = re.compile(rf"\A'+(?={FORMULA_BEGINNING_PATTERN})")
"""The apostrophes before a text that a spreadsheet would run."""

LONG_NUMBER_PATTERN: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d{2}", re.IGNORECASE)
"""Pattern of a number of more than eleven digits in a spreadsheet, which loses the other digits."""


def read_identifier(cell: str) -> str:
    """Return the cleaned identifier in a cell, such as an article number; empty if the cell has none.

    A spreadsheet's `="..."`, apostrophes and invisible characters are removed. Several blanks become one,
    and capitals stay. Texts such as `n/a`, `null`, `-` and `#REF!` are no identifiers. A cleaned identifier
    stays as it is.
    """
    text = cell
    before = None
    # Several times, since one wrapping can be within another: an apostrophe within `="..."`.
    while text != before:
        before = text
        text = " ".join(remove_format_characters(read_listed_cell(text)).split())
    is_none = (
        text == NO_VALUE_TEXT
        or text.casefold() in UNKNOWN_VALUE_TEXTS
        or SPREADSHEET_ERROR_PATTERN.fullmatch(text)
    )
    return "" if is_none else text


def read_listed_cell(cell: str) -> str:
    """Return the text of a list's cell as its author meant it.

    White space at the ends, the `="..."` of a spreadsheet around the text, and apostrophes that protect a
    text from being run as a formula are removed.
    """
    text = APOSTROPHES_PATTERN.sub("", cell.strip())
    formula = TEXT_FORMULA_PATTERN.fullmatch(text)
    return formula[1].replace('""', '"').strip() if formula else text


def remove_format_characters(text: str) -> str:
    """Return a text without invisible format characters (Unicode category Cf).

    They are, for example, zero width spaces, soft hyphens and marks of writing direction.
    """
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def is_long_number(cell: str) -> bool:
    """Check whether a cell is a long number, such as `4,01E+12`, whose last digits a spreadsheet dropped."""
    return LONG_NUMBER_PATTERN.fullmatch(remove_format_characters(read_listed_cell(cell)).strip()) is not None
