"""Write and read answers.csv.gz, the file of a release with its answers to single pictures.

It is a CSV with a row for each question about each picture, compressed with gzip. Files of older versions,
which lack some columns, are read, too.
"""

import csv
import gzip
import hashlib
import io
import math
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model_store.errors import ReleaseCorrupt
from model_store.manifest import Manifest
from reports.answers import ANSWER_COLUMNS, CLASS_HEAD, NO_ANSWERS, TEST_SET, Answers, make_column

ANSWERS_FILE: Final = "answers.csv.gz"
"""Name of the file of a release with its answers to single pictures."""

OLD_TEST_PREDICTIONS_FILE: Final = "test-predictions.csv"
"""Name of the file with answers to the test set in a release of version 1.0. A new release does not copy
it."""

OLD_PHOTO_PREDICTIONS_FILE: Final = "photo-predictions.csv"
"""Name of the file with answers to photos in a release of version 1.0. A new release does not copy it."""

STORED_DIGITS: Final = 5
"""Digits after the point with which probabilities and familiarities are stored: enough to choose thresholds
again later."""

MAX_UNPACKING_RATIO: Final = 100
"""Largest ratio of unpacked to packed bytes of a file that is read, beyond a first megabyte. Real answers
have a ratio of about five; a much larger one would be meant to fill the memory."""

OLD_SPELT_COLUMN: Final = "source"
"""Name of the column `spelt_label` in files of 2.0.0 and before. It did not mean the source of a photo, such
as a shop, which is in the column `origin`."""

FileReader: TypeAlias = Callable[[str], bytes]
"""Function that reads a file of one release, by its path in the release."""


def serialize_answers(answers: Answers) -> bytes:
    """Write answers as the bytes of answers.csv.gz. Equal answers give equal bytes."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    classes = answers.probabilities.shape[1]
    rows.writerow(
        [*(column["name"] for column in ANSWER_COLUMNS.values()), *(f"p{index}" for index in range(classes))]
    )
    columns = [map(_format_value, getattr(answers, name).tolist()) for name in ANSWER_COLUMNS]
    for row, shares in zip(zip(*columns, strict=True), answers.probabilities.tolist(), strict=True):
        rows.writerow([*row, *map(_format_value, shares)])
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _format_value(value: str | float) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if math.isnan(value) else f"{value:.{STORED_DIGITS}f}"


def read_release_answers(manifest: Manifest, read_file: FileReader, address: str) -> Answers:
    """Read the answers of a release itself about the class of pictures.

    Args:
        read_file: a function that reads a file of the release.
        address: the folder or URL of the release, for messages.

    Returns:
        The answers; no rows if the release stores none.

    Raises:
        NotFound: the file is missing.
        ReleaseCorrupt: the file is damaged or does not fit the manifest.
    """
    answers = read_all_answers(manifest, read_file, address).select_head(CLASS_HEAD)
    return answers.select_rows(answers.by == "")


def read_all_answers(manifest: Manifest, read_file: FileReader, address: str) -> Answers:
    """Read all answers that a release stores: its own, and its parent's to pictures that the release learnt.

    The parent is the release that it was trained from.

    Args:
        read_file: a function that reads a file of the release.
        address: the folder or URL of the release, for messages.

    Returns:
        The answers about class and attributes; no rows if the release stores none.

    Raises:
        NotFound: the file is missing.
        ReleaseCorrupt: the file is damaged or does not fit the manifest.
    """
    if ANSWERS_FILE not in manifest.files:
        return NO_ANSWERS
    answers = _read_answers(ANSWERS_FILE, manifest, read_file, address)
    _check_names(answers, address)
    tested_count = int((answers.select_head(CLASS_HEAD).sets == TEST_SET).sum())
    if tested_count not in {0, manifest.headline.test_n}:
        raise ReleaseCorrupt(
            f"{address}: answers to {tested_count} pictures of the test set, which has "
            f"{manifest.headline.test_n}."
        )
    return answers


def _check_names(answers: Answers, address: str) -> None:
    """Refuse a file in which a picture of the test set has two rows for one question.

    A comparison of two releases would see only one of them.
    """
    is_test = answers.sets == TEST_SET
    rows = zip(answers.attributes, answers.by, answers.networks, is_test, answers.pictures, strict=True)
    counts = Counter(row for row in rows if row[-1])
    for (*_, name), count in counts.items():
        if count > 1:
            raise ReleaseCorrupt(f"{address}: the picture {name} has two rows. Publish the release again.")


def _read_answers(path: str, manifest: Manifest, read_file: FileReader, address: str) -> Answers:
    content = read_file(path)
    if hashlib.sha256(content).hexdigest() != manifest.files[path].sha256:
        raise ReleaseCorrupt(
            f"{address}/{path}: its sha256 is not that of the manifest. Publish the release again."
        )
    try:
        return parse_answers(content)
    except (ValueError, KeyError, OSError, EOFError, csv.Error) as error:
        raise ReleaseCorrupt(f"{address}/{path}: {error}. Train the release again.") from error


def _read_columns(content: bytes) -> dict[str, list[str]]:
    """Return the columns of a CSV by name.

    Raises:
        ValueError: a row does not have a cell for each column.
    """
    rows = [row for row in csv.reader(io.StringIO(content.decode()), strict=True) if row]
    if not rows:
        raise ValueError("the row of column names is missing")
    header = rows.pop(0)
    if unlike := next((row for row in rows if len(row) != len(header)), None):
        raise ValueError(f"a row of {len(unlike)} values, expected {len(header)}")
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def parse_answers(content: bytes) -> Answers:
    """Parse the bytes of answers.csv.gz, as `serialize_answers` writes them.

    Raises:
        ValueError, KeyError, OSError, EOFError, csv.Error: the bytes are no such file.
    """
    max_bytes = 2**20 + MAX_UNPACKING_RATIO * len(content)
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        unpacked = file.read(max_bytes + 1)
    if len(unpacked) > max_bytes:
        raise ValueError(f"{len(content)} bytes unpack to more than {max_bytes}")
    columns = _read_columns(unpacked)
    shares = [_parse_numbers(columns[name]) for name in columns if name[0] == "p" and name[1:].isdecimal()]
    rows = len(columns["set"])
    return Answers(
        **{name: _read_column(name, columns, rows) for name in ANSWER_COLUMNS},
        probabilities=np.array(shares, np.float64).T.reshape(rows, len(shares)),
    )


def _read_column(name: str, columns: dict[str, list[str]], rows: int) -> NDArray[Any]:
    """Return a column of the file under the name of its field in `Answers`.

    Raises:
        KeyError: the file lacks the column, which is required.
    """
    column_name, unknown = ANSWER_COLUMNS[name]["name"], ANSWER_COLUMNS[name]["unknown"]
    values = columns[column_name] if ANSWER_COLUMNS[name]["is_required"] else columns.get(column_name)
    if name == "spelt" and values is None:
        values = columns.get(OLD_SPELT_COLUMN)
    # Before schema 10, a column `shown` said which sort of picture it was: `pixels`, or a sort of photo.
    if name == "networks" and values and (sorts := columns.get("shown")):
        values = [
            "photos" if sort not in {"", "pixels"} else value
            for value, sort in zip(values, sorts, strict=True)
        ]
    if values is not None and isinstance(unknown, float):
        values = _parse_numbers(values)
    return make_column(name, values, rows)


def _parse_numbers(values: list[str]) -> list[str]:
    """Return the values of a column of floats for NumPy, in which an empty value is NaN."""
    return [value or "nan" for value in values]
