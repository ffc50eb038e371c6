"""Text in tables that no spreadsheet runs as a formula: paths and labels, and the labels read back. Pure.

A folder may be called `=HYPERLINK(...)`, and what it holds is written to tables that people open. Paths get
`./` before them, which names the same file; other text an apostrophe, which `as_it_was` takes away.
"""

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
