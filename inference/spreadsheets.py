"""Tables of which no spreadsheet runs a cell as a formula: their paths and labels, and these read back. Pure.

A folder may be called `=HYPERLINK(...)`, and what it holds is written to tables that people open. Paths get
`./` before them, which names the same file; other text an apostrophe, which `as_it_was` takes away.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

FORMULA: Final = ("=", "+", "-", "@", *map(chr, range(32)), "\x7f")
"""How a text begins that spreadsheets run as a formula, or take one from (OWASP, "CSV Injection"): control
characters are among these, since some are passed over."""

MARK: Final = "'"


def safe_path(path: str) -> str:
    """A path that no spreadsheet runs as a formula: `./` before it names the same file."""
    return f"./{path}" if path.startswith(FORMULA) else path


def safe_text(text: str) -> str:
    """A text that no spreadsheet runs as a formula, from which `as_it_was` makes this one again."""
    return f"{MARK}{text}" if text.lstrip(MARK).startswith(FORMULA) else text


def as_it_was(cell: str) -> str:
    """The text of which `safe_text` made a cell; any other cell as it is."""
    is_marked = cell.startswith(MARK) and cell.lstrip(MARK).startswith(FORMULA)
    return cell.removeprefix(MARK) if is_marked else cell


def as_csv(
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
        cells = [safe_text(one) if is_opened and isinstance(one, str) else one for one in row]
        has_return = any(isinstance(one, str) and "\r" in one for one in cells)
        (quoted if has_return else plain).writerow(cells)
    return text.getvalue()
