"""Read Fashion-MNIST as CSV: one row per picture, its label, then its 784 pixels row by row.

The form in which the data set is passed around as fashion-mnist_train.csv and fashion-mnist_test.csv; a
header row is allowed. Touches the named files. The fast reader says only that something is wrong;
the slow one then finds the row.
"""

import csv
import io
import warnings
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import EDGE
from training.errors import BadCsv

PIXELS: Final = EDGE * EDGE
COLUMNS: Final = 1 + PIXELS


def read_csv(path: Path, classes: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read one CSV file of labelled pictures.

    Args:
        path: the file; UTF-8, comma separated, LF or CRLF, with or without a header row.
        classes: labels must lie in 0..classes-1.

    Returns:
        Pictures, uint8 (N, 28, 28), and labels, uint8 (N,); N >= 1.

    Raises:
        BadCsv: it cannot be read, is empty, or a row has a wrong number of columns, something that is no
            whole number, a label out of range or a pixel outside 0..255; file, row and column are named.
    """
    text = _text(path)
    header = _has_header(text)
    table = _fast_table(text, skip=int(header))
    if table is None or not _in_range(table, classes):
        table = _careful_table(path, text, header, classes)
    values = table.astype(np.uint8)
    return values[:, 1:].reshape(-1, EDGE, EDGE), values[:, 0].copy()


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadCsv(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise BadCsv(
            f"{path}: byte {error.start} is no UTF-8 text. Unpack the file if it is compressed."
        ) from error
    if not text.strip():
        raise BadCsv(f"{path}: empty. Expected one row of {COLUMNS} columns per picture: label, then pixels.")
    return text


def _has_header(text: str) -> bool:
    """A header is a first row whose first cell is a word: `label` in the files that go around."""
    first_cell = text.lstrip("\r\n").split(",", 1)[0].strip().strip('"')
    return first_cell[:1].isalpha()


def _fast_table(text: str, skip: int) -> NDArray[np.int64] | None:
    """The whole table as int64 (N, COLUMNS), or None when numpy cannot read it as one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # numpy's way to say that there is no row
            table = np.loadtxt(
                io.StringIO(text), np.int64, comments=None, delimiter=",", skiprows=skip, ndmin=2
            )
    except (ValueError, UserWarning):
        return None
    return table if table.shape[1] == COLUMNS else None


def _in_range(table: NDArray[np.int64], classes: int) -> bool:
    labels, pixels = table[:, 0], table[:, 1:]
    return bool(labels.min() >= 0 and labels.max() < classes and pixels.min() >= 0 and pixels.max() <= 255)


def _careful_table(path: Path, text: str, header: bool, classes: int) -> NDArray[np.int64]:
    """The same table read row by row, quotes allowed; raises BadCsv at the first row that is wrong."""
    rows: list[list[int]] = []
    reader = csv.reader(io.StringIO(text))
    for cells in reader:
        if not cells or (header and not rows and reader.line_num == 1):
            continue
        rows.append(_checked_row(f"{path}, row {reader.line_num}", cells, classes))
    if not rows:
        raise BadCsv(f"{path}: a header, but no picture below it.")
    return np.array(rows, np.int64)


def _checked_row(where: str, cells: list[str], classes: int) -> list[int]:
    if len(cells) != COLUMNS:
        raise BadCsv(f"{where}: {len(cells)} columns, expected {COLUMNS}: a label and {PIXELS} pixels.")
    values = [_whole_number(where, column, cell) for column, cell in enumerate(cells, start=1)]
    if not 0 <= values[0] < classes:
        raise BadCsv(f"{where}: label {values[0]}, expected 0 to {classes - 1}.")
    for column, value in enumerate(values[1:], start=2):
        if not 0 <= value <= 255:
            raise BadCsv(f"{where}, column {column}: pixel {value}, expected 0 to 255.")
    return values


def _whole_number(where: str, column: int, cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise BadCsv(f"{where}, column {column}: {cell[:20]!r} is no whole number.") from None
