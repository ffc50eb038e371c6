"""Write a table once more as Excel opens it where numbers have a decimal comma."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from inference.spreadsheets import as_csv
from model_store.files import write_whole


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
