"""Read an identifier: the article, SKU or group that a cell of a list names.

    ="001001"    '001001    001001    the identifier 001001, as spreadsheets and shops write it
    n/a          null       #REF!     no identifier

Rows of one product are found by the cleaned text of `read_identifier`. A platform knows the product by the
shop's own spelling, which `clean_list_cell` returns.
"""

import re
import unicodedata
from typing import Final

from inference.text.spreadsheets import FORMULA_BEGINNING_PATTERN

UNKNOWN_VALUE_TEXTS: Final = frozenset({"nan", "n/a", "none", "null", r"\n"})
r"""Texts, in any capitals, that programs write for a value that is not known. MySQL writes \N."""

NO_VALUE_TEXT: Final = "-"
"""Text that a person writes for "none", as for a picture that shows no product."""

SPREADSHEET_ERROR_PATTERN: Final = re.compile(r"#(?:N/[AD]|NV|#+|[¡¿]?\w+(?:/\w+)?[!?])", re.IGNORECASE)
"""Pattern of what a spreadsheet shows if a formula failed, in any language: #N/A, #NV, #¿NOMBRE?, ###."""

TEXT_FORMULA_PATTERN: Final = re.compile(r'="((?:[^"]|"")*)"')
"""Pattern of a cell such as `="001001"`, in which a spreadsheet keeps the zeros before a number."""

APOSTROPHES_PATTERN: Final = re.compile(rf"\A'+(?={FORMULA_BEGINNING_PATTERN})")
"""Pattern of apostrophes that keep a spreadsheet from running a text as a formula: `'=1+1`."""

LONG_NUMBER_PATTERN: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d{2}", re.IGNORECASE)
"""Pattern of a long number as a spreadsheet saves it, with most digits lost: `4,01E+12`."""


def read_identifier(cell: str) -> str:
    """Return the cleaned identifier in a cell: "001001" for `="001001"`; empty for cells such as `n/a`.

    Apostrophes of spreadsheets and invisible characters are removed, several blanks become one, and capitals
    stay. A cleaned identifier stays as it is.
    """
    text = cell
    previous_text = None
    # Several times, since one wrapping can be within another: an apostrophe within `="..."`.
    while text != previous_text:
        previous_text = text
        text = " ".join(remove_format_characters(clean_list_cell(text)).split())
    is_none = (
        text == NO_VALUE_TEXT
        or text.casefold() in UNKNOWN_VALUE_TEXTS
        or SPREADSHEET_ERROR_PATTERN.fullmatch(text)
    )
    return "" if is_none else text


def clean_list_cell(cell: str) -> str:
    """Return the text of a cell as its author meant it: `001 A` for `="001 A"`, and `=1+1` for `'=1+1`.

    Only white space at the ends and what spreadsheets put around a text are removed.
    """
    text = APOSTROPHES_PATTERN.sub("", cell.strip())
    formula = TEXT_FORMULA_PATTERN.fullmatch(text)
    return formula[1].replace('""', '"').strip() if formula else text


def remove_format_characters(text: str) -> str:
    """Return a text without characters that nobody sees, such as soft hyphens and zero width spaces.

    These are the characters of Unicode's category Cf.
    """
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def is_truncated_number(cell: str) -> bool:
    """Check whether a cell is a long number, such as `4,01E+12`, whose last digits a spreadsheet dropped."""
    return LONG_NUMBER_PATTERN.fullmatch(remove_format_characters(clean_list_cell(cell)).strip()) is not None
