"""Tables of which no spreadsheet runs a cell as a formula: their paths and labels, and these read back. Pure.

A folder may be called `=HYPERLINK(...)`, and what it holds is written to tables that people open, perhaps
with another separator than the table's. Paths get `./` before them, which names the same file; an apostrophe
stands before each sign with which a cell may begin then, and `unescape_text` takes it away. The page's
cells.js does the same, which a test compares.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

FORMULA_BEGINNING: Final = r"[=+\-@\uff1d\uff0b\uff0d\uff20\x00-\x1f\x7f]"
"""How a text begins that spreadsheets run as a formula, or take one from (OWASP, "CSV Injection"): signs,
also of full width, and control characters, some of which are passed over. For Python and JavaScript."""

CELL_BEGINNING: Final = rf"(?:^|(?<=[,;\t\r\n]))(?='*{FORMULA_BEGINNING})"
"""Before a text that begins so, whatever separates cells."""

_UNMARKED, _MARKED = re.compile(CELL_BEGINNING), re.compile(CELL_BEGINNING.replace("(?='*", "'(?='*"))

NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""A text that is a number, such as a price of a list, is no formula."""

MARK: Final = "'"


def escape_path(path: str) -> str:
    """A path that no spreadsheet runs as a formula by its beginning: `./` before it names the same file."""
    return f"./{path}" if re.match(FORMULA_BEGINNING, path) else path


def escape_text(text: str) -> str:
    """A text that no spreadsheet runs as a formula, from which `unescape_text` makes this one again."""
    return text if NUMBER.fullmatch(text) else _UNMARKED.sub(MARK, text)


def unescape_text(cell: str) -> str:
    """The text of which `escape_text` made a cell; any other cell as it is."""
    return _MARKED.sub("", cell)


def format_csv(
    rows: Iterable[Sequence[object]], *, separator: str = ",", line_end: str = "\n", is_opened: bool = True
) -> str:
    """Rows as CSV, in UTF-8 once it is encoded.

    A row with a carriage return, which readers take for the end of a row, is in quotes.

    Args:
        rows: of cells; None is an empty one.
        separator: between cells.
        line_end: after each row.
        is_opened: whether people open it, so that texts are made safe.
    """
    text = io.StringIO(newline="")
    plain = csv.writer(text, delimiter=separator, lineterminator=line_end)
    quoted = csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [escape_text(cell) if is_opened and isinstance(cell, str) else cell for cell in row]
        has_return = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoted if has_return else plain).writerow(cells)
    return text.getvalue()
