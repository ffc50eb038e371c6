"""Write cells of tables so that no spreadsheet runs them as formulas, and read such cells again.

A folder may be called `=HYPERLINK(...)`, and the paths of its files are written to tables that people open. A
path gets `./` before it, which names the same file. In any other text, an apostrophe is written before each
sign with which a cell could begin, because the reader may use another separator. `unescape_spreadsheet_text`
removes them. The page in the browser does the same, and a test compares both.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

FORMULA_BEGINNING_PATTERN: Final = r"[=+\-@\uff1d\uff0b\uff0d\uff20\x00-\x1f\x7f]"
"""Pattern, for Python and JavaScript, of the first character of a text that spreadsheets may run as a formula
(OWASP, "CSV Injection"): signs, also of full width, and control characters, some of which spreadsheets
ignore."""

CELL_BEGINNING_PATTERN: Final = rf"(?:^|(?<=[,;\t\r\n]))(?='*{FORMULA_BEGINNING_PATTERN})"
"""Pattern of the place in a line at which a cell begins that spreadsheets may run as a formula."""

_UNMARKED = re.compile(CELL_BEGINNING_PATTERN)
_MARKED = re.compile(CELL_BEGINNING_PATTERN.replace("(?='*", "'(?='*"))

NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""Pattern of a number, such as a price in a list, which is no formula."""

MARK: Final = "'"
"""The sign that is written before a text which a spreadsheet would otherwise run."""


def escape_spreadsheet_path(path: str) -> str:
    """Return a path that no spreadsheet runs as a formula: one that would be run gets `./` before it."""
    return f"./{path}" if re.match(FORMULA_BEGINNING_PATTERN, path) else path


def escape_spreadsheet_text(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula; `unescape_spreadsheet_text` restores the text."""
    return text if NUMBER.fullmatch(text) else _UNMARKED.sub(MARK, text)


def unescape_spreadsheet_text(cell: str) -> str:
    """Return the text of a cell that `escape_spreadsheet_text` made; return any other cell as it is."""
    return _MARKED.sub("", cell)


def format_csv(rows: Iterable[Sequence[object]]) -> str:
    """Format rows as CSV, in which no text is a formula for a spreadsheet.

    A row with a carriage return, which readers would take for the end of the row, is in quotation marks.

    Args:
        rows: the cells of each row; None is an empty cell.
    """
    text = io.StringIO(newline="")
    plain = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [escape_spreadsheet_text(cell) if isinstance(cell, str) else cell for cell in row]
        has_return = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoted if has_return else plain).writerow(cells)
    return text.getvalue()
