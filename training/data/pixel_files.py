"""Read pixels and labels from IDX, the format of MNIST and Fashion-MNIST, and from CSV.

An IDX file is two zero bytes, a type (8 is uint8), the number of dimensions, each dimension as a big-endian
32-bit number, then the values in C order (LeCun, Cortes, Burges: yann.lecun.com/exdb/mnist); it may be
gzipped. A CSV file has a row for each picture: its label, then its 784 pixels row by row. It may have a
header, as the widely copied fashion-mnist_train.csv has, and it may be zipped or gzipped.
"""

import gzip
import re
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import EDGE
from inference.text.file_names import is_system_file_name
from labelling.lists.list_text import WORKBOOK_ENDINGS
from model_store.release_files import open_regular_file, read_regular_file
from training.errors import DataError

IDX_UINT8_CODE: Final = 0x08
"""The type code of uint8 values, the only one that data sets of images use."""

GZIP_MAGIC: Final = b"\x1f\x8b"
ZIP_MAGIC: Final = b"PK\x03\x04"

LABEL_COLUMN_NAMES: Final = frozenset({"label", "labels", "class", "target", "y"})
"""Usual names of the column of labels."""

PIXELS_PER_PICTURE: Final = EDGE * EDGE
PIXEL_CSV_COLUMNS: Final = 1 + PIXELS_PER_PICTURE


def read_idx_file(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read one IDX file (the format of MNIST) of uint8 values, gzipped or not.

    Args:
        path: the file. Its bytes, not its name, show whether it is gzipped.
        dimensions: the number of dimensions that the file must have: 3 for pictures, 1 for labels.

    Returns:
        A uint8 array with the shape in the file's header.

    Raises:
        DataError: the file cannot be read, its magic number or a dimension is wrong, or values are missing
            or left over.
    """
    content = _read_unpacked(path)
    header = 4 + 4 * dimensions
    expected = bytes([0, 0, IDX_UINT8_CODE, dimensions])
    if content[:4] != expected or len(content) < header:
        raise DataError(
            f"{path}: begins with {content[:4].hex()}, expected {expected.hex()} for "
            f"{'pictures' if dimensions == 3 else 'labels'}."
        )
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    expected_values = int(np.prod(shape, dtype=np.int64))
    stored_values = len(content) - header
    if stored_values != expected_values:
        raise DataError(
            f"{path}: the header promises {expected_values} values {shape}, the file holds {stored_values}."
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _read_unpacked(path: Path) -> bytes:
    """Read a file, and unpack it if its first bytes are those of gzip."""
    try:
        raw = read_regular_file(path)
        return gzip.decompress(raw) if raw.startswith(GZIP_MAGIC) else raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: damaged or truncated gzip ({error}). Fetch the file again.") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error


def _read_csv_text(path: Path) -> str:
    """Read the text of a CSV file, which its first bytes may show to be zipped or gzipped."""
    try:
        raw = read_regular_file(path)
        if raw.startswith(GZIP_MAGIC):
            raw = gzip.decompress(raw)
        elif raw.startswith(ZIP_MAGIC):
            raw = _read_only_member(path)
        return raw.decode("utf-8-sig")
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: damaged or truncated ({error}). Fetch the file again.") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte {error.start} is no UTF-8 text. It must be a CSV, zipped or not."
        ) from error


def _read_only_member(path: Path) -> bytes:
    """Read the CSV in a ZIP.

    Raises:
        DataError: the ZIP has no CSV, or several.
    """
    with zipfile.ZipFile(path) as archive:
        names = [
            name
            for name in archive.namelist()
            if name.lower().endswith(".csv") and not any(map(is_system_file_name, name.split("/")))
        ]
        if len(names) != 1:
            raise DataError(
                f"{path}: {len(names)} CSV files in it ({', '.join(names[:5])}). Unpack it, and name one."
            )
        return archive.read(names[0])


def is_pixel_csv(path: Path) -> bool:
    """Tell whether a file may be a CSV of pixels: packed, or with at least 784 separators in its first line.

    A workbook, such as an .xlsx file, is none, though it is a ZIP.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        with open_regular_file(path) as file:
            line = file.readline(20 * PIXEL_CSV_COLUMNS)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    if path.suffix.lower() in WORKBOOK_ENDINGS:  # a ZIP, too
        return False
    return (
        line.startswith((GZIP_MAGIC, ZIP_MAGIC))
        or max(map(line.count, (b",", b";", b"\t"))) >= PIXELS_PER_PICTURE
    )


def read_pixel_csv(path: Path, classes: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read one CSV file of labelled pictures.

    Args:
        path: the file, also zipped or gzipped; UTF-8, separated by commas, semicolons or tabs, with or
            without a header row.
        classes: the number of classes; labels must be from 0 to classes - 1.

    Returns:
        Pictures, uint8 (N, 28, 28), and labels, uint8 (N,); N >= 1.

    Raises:
        DataError: the file cannot be read or is empty; or its header names the columns in another order; or a
            row has a wrong number of columns, or a cell that is no whole number or out of range. The message
            names the row and the cell.
    """
    # Some spreadsheets write semicolons or tabs. Cells are numbers, so these signs only separate.
    lines = _read_csv_text(path).replace(";", ",").replace("\t", ",").splitlines()
    first = int(bool(lines) and _is_header(lines[0]))
    if first:
        _check_header(path, lines[0])
    table = _parse_table(lines[first:], classes)
    if table is None:
        raise DataError(f"{path}{_describe_first_error(lines, first, classes)}")
    return table[:, 1:].reshape(-1, EDGE, EDGE), table[:, 0].copy()


def _is_header(line: str) -> bool:
    """Tell whether the first row names columns: its first cell is a word, such as `label`.

    A row with a label such as `coat` is a picture and no header. Its other cells are pixels, not the column
    numbers 1, 2, ... 784.
    """
    first, *cells = _split_cells(line)
    if first.lower() in LABEL_COLUMN_NAMES or not first[:1].isalpha():
        return first[:1].isalpha()
    numbers = [int(cell) for cell in cells if cell.isdecimal()]
    return len(numbers) < len(cells) or numbers == sorted(set(numbers))


def _split_cells(line: str) -> list[str]:
    """Return the cells of a row, without quotes and blanks around them."""
    return [cell.strip(' "') for cell in line.split(",")]


def _check_header(path: Path, header: str) -> None:
    """Refuse a header with columns in another order, because the first pixels would be read as labels."""
    names = [cell.lower() for cell in _split_cells(header)]
    # Names are `pixel1`, `pixel2`, ... or `1x1`, `1x2`, ... (row, then column). Both must rise.
    numbers = [tuple(map(int, digits)) for name in names[1:] if (digits := re.findall(r"\d+", name))]
    if names[0].startswith("pixel") or "label" in names[1:] or numbers != sorted(numbers):
        raise DataError(
            f"{path}, row 1: the header names the columns in another order, from {header[:20]!r}... on. "
            f"Expected `label`, then the {PIXELS_PER_PICTURE} pixels row by row. Put the columns in that "
            "order."
        )


def _parse_table(lines: list[str], classes: int) -> NDArray[np.uint8] | None:
    """Return the rows as uint8 (N, PIXEL_CSV_COLUMNS), labels first; None if a cell is wrong."""
    table = _load_numbers(lines, np.int64)
    if table is None:
        # pandas writes 9.0 if a column had a gap. Second, since whole numbers are read three times as fast.
        table = _load_numbers(lines, np.float64)
    if table is None or table.shape[1] != PIXEL_CSV_COLUMNS:
        return None
    # An empty cell is read as NaN, for which each of these comparisons is False.
    is_in_range = table.min() >= 0 and table.max() <= 255 and table[:, 0].max() < classes
    numbers = table.astype(np.uint8) if is_in_range else None
    return numbers if numbers is not None and (numbers == table).all() else None


def _load_numbers(lines: list[str], dtype: type[np.number]) -> NDArray[np.number] | None:
    """Return the cells as numbers; None if a cell is none of this type, or if rows differ in length."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # numpy's way to say that there is no row
            return np.loadtxt(lines, dtype, comments=None, delimiter=",", quotechar='"', ndmin=2)
    except (ValueError, UserWarning):
        return None


def _describe_first_error(lines: list[str], first: int, classes: int) -> str:
    """Describe the first wrong cell, with its row and what was expected. numpy does not say which it is.

    Args:
        lines: the rows, in which all separators are commas.
        first: the position of the first row that is no header.
    """
    expected = f"Expected a label from 0 to {classes - 1}, then {PIXELS_PER_PICTURE} pixels from 0 to 255."
    for number, line in enumerate(lines, start=1):
        if number <= first or not line.strip() or _parse_table([line], classes) is not None:
            continue
        cells = _split_cells(line)
        if len(cells) != PIXEL_CSV_COLUMNS:
            return f", row {number}: {line[:20]!r}... has {len(cells)} columns. {expected}"
        if not _is_whole_number(cells[0], classes - 1):
            return f", row {number}: {_describe_label(cells[0], lines[first:], classes)}"
        column = next(place for place, cell in enumerate(cells) if not _is_whole_number(cell, 255))
        return (
            f", row {number}, column {column + 1}: the pixel {cells[column][:20]!r}. Expected a whole number "
            "from 0 to 255."
        )
    return f": no picture in it. {expected}"


def _is_whole_number(cell: str, highest: int) -> bool:
    """Tell whether a cell is a whole number from 0 to `highest`; `9.0` is one."""
    try:
        return float(cell) in range(highest + 1)
    except ValueError:
        return False


def _describe_label(label: str, lines: list[str], classes: int) -> str:
    """Describe a label that is no class number, and name the usual cause."""
    labels = {_split_cells(line)[0].removesuffix(".0") for line in lines if line.strip()}
    advice = ""
    if label[:1].isalpha():
        advice = " Write the number of the class in place of its name."
    elif "0" not in labels and str(classes) in labels:
        advice = " The labels of this file seem to begin with 1: subtract 1 from each."
    return f"the label {label[:20]!r}. Expected a whole number from 0 to {classes - 1}.{advice}"
