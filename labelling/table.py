"""The table: its columns, its rows as CSV, JSONL or Parquet, reading them again, and counting them.

Numbers are written as the service writes them, so that a table and an answer can be compared digit by digit.
Rows are appended as CSV or JSONL; Parquet is made of the finished CSV. The one file that knows pyarrow, which
is imported where it is needed, since serving does not install it.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from inference.classifier import Prediction
from inference.decision import Reason
from labelling.errors import SourceUnusable, TableUnusable

ANSWER: Final = ("path", "label", "confidence", "decision", "reason", "familiarity")
ORIGIN: Final = ("version", "sha256", "error")
PROBABILITY: Final = "p_"
"""What stands before a label in the name of its column."""

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that spreadsheets run as a formula, or take one from (OWASP, "CSV Injection")."""

BINS: Final = 20
"""Of the histogram of confidences, from 0 to 1."""

OUTCOMES: Final[tuple[Reason | None, ...]] = (None, "ambiguous", "unfamiliar")
"""The reasons for a review; None is `accept`."""

PARQUET_ROWS: Final = 65_536
"""Rows that are in memory at a time, and in a row group."""


class Outcome(NamedTuple):
    """What became of one picture.

    Attributes:
        sha256: of its bytes, hexadecimal; empty when they could not be read.
        answer: a prediction, or what is wrong with the picture.
    """

    name: str
    sha256: str
    answer: Prediction | str


class Row(NamedTuple):
    """What is read again of a row.

    Attributes:
        label, confidence, reason, familiarity: as the model answered; None with an error.
    """

    path: str
    label: str | None
    confidence: float | None
    reason: str | None
    familiarity: float | None
    error: str | None


Write: TypeAlias = Callable[[Sequence[Outcome]], bytes]


@dataclass(frozen=True)
class Form:
    """How a table is written, by the ending of its name.

    Attributes:
        suffix: `.csv`, `.jsonl` or `.parquet`.
    """

    suffix: str

    @property
    def appended(self) -> str:
        """The ending of the file to which rows are appended."""
        return ".jsonl" if self.suffix == ".jsonl" else ".csv"

    def head(self, labels: Sequence[str]) -> bytes:
        """What stands before the first row."""
        return b"" if self.suffix == ".jsonl" else _csv([columns(labels)])

    def writer(self, labels: Sequence[str], version: str) -> Write:
        """What turns outcomes into rows."""
        names = columns(labels)
        if self.suffix == ".jsonl":
            return lambda outcomes: b"".join(_json(names, _values(one, labels, version)) for one in outcomes)
        return lambda outcomes: _csv([_values(one, labels, version) for one in outcomes])


def form_of(table: Path) -> Form:
    """How a table of this name is written.

    Raises:
        TableUnusable: its ending is another one, or what it needs is not installed.
    """
    form = Form(table.suffix.lower())
    if form.suffix not in (".csv", ".jsonl", ".parquet"):
        raise TableUnusable(
            f"{table}: the table is CSV, JSONL or Parquet, by its ending .csv, .jsonl or .parquet."
        )
    if form.suffix == ".parquet":
        _require_pyarrow()
    return form


def columns(labels: Sequence[str]) -> list[str]:
    """The names of a table's columns."""
    return [*ANSWER, *(PROBABILITY + label for label in labels), *ORIGIN]


def _values(outcome: Outcome, labels: Sequence[str], version: str) -> list[object]:
    name, sha256, answer = outcome
    if isinstance(answer, str):
        empty: list[object] = [None] * (len(ANSWER) - 1 + len(labels))
        return [path_in_table(name), *empty, version, sha256 or None, answer]
    answered = [getattr(answer, column) for column in ANSWER[1:]]
    return [path_in_table(name), *answered, *answer.probabilities.tolist(), version, sha256, None]


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _json(names: list[str], values: list[object]) -> bytes:
    return (json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False) + "\n").encode()


def path_in_table(name: str) -> str:
    """A picture's name as the table has it.

    Bytes that are no UTF-8, carriage returns and NULs are escaped with a backslash: CSV readers take a
    carriage return for the end of a row.
    """
    text = name.encode("utf-8", "backslashreplace").decode()
    return safe_in_a_spreadsheet(text.replace("\r", r"\r").replace("\0", r"\0"))


def safe_in_a_spreadsheet(path: str) -> str:
    """A path that no spreadsheet runs as a formula: `./` before it names the same file."""
    return f"./{path}" if path.startswith(FORMULA) else path


def read_rows(table: Path) -> Iterator[Row]:
    """Read a table that was written here, some rows in memory at a time."""
    if table.suffix.lower() == ".parquet":
        yield from (Row(**row) for row in parquet_rows(str(table), list(Row._fields)))
        return
    with table.open(encoding="utf-8", newline="") as file:
        if table.suffix.lower() == ".jsonl":
            yield from (Row(*map(json.loads(line).get, Row._fields)) for line in file)
        else:
            rows = csv.reader(file)
            header = next(rows)
            fields = itemgetter(*map(header.index, Row._fields))
            yield from (_from_csv(fields(row)) for row in rows)


def _from_csv(fields: Sequence[str]) -> Row:
    path, label, confidence, reason, familiarity, error = fields
    certainty, likeness = (float(text) if text else None for text in (confidence, familiarity))
    return Row(path, label or None, certainty, reason or None, likeness, error or None)


@dataclass(frozen=True)
class Tally:
    """Counts over the rows of a table.

    Attributes:
        outcomes: for each label, in index order, how many rows had each of OUTCOMES.
        confidences: how many had a confidence in each twentieth; 1 is in the last.
        errors: rows that have an error in place of an answer.
    """

    outcomes: list[list[int]]
    confidences: list[int]
    errors: int


def tally(rows: Iterable[Row], labels: Sequence[str]) -> Tally:
    """Count the rows of a table."""
    index = {label: number for number, label in enumerate(labels)}
    outcomes, confidences, errors = [[0] * len(OUTCOMES) for _ in labels], [0] * BINS, 0
    places = {reason: number for number, reason in enumerate(OUTCOMES)}
    for row in rows:
        if row.label is None or row.confidence is None:
            errors += 1
            continue
        outcomes[index[row.label]][places[row.reason]] += 1  # type: ignore[index] # a reason of ours
        confidences[min(int(row.confidence * BINS), BINS - 1)] += 1
    return Tally(outcomes, confidences, errors)


def parquet_rows(file: str, names: list[str]) -> Iterator[dict[str, Any]]:
    """Some columns of a Parquet file, row by row, some thousands in memory at a time.

    Raises:
        TableUnusable: pyarrow is not installed.
        SourceUnusable: the file cannot be read, or lacks a column.
    """
    _require_pyarrow()
    import pyarrow.parquet  # noqa: PLC0415 - see above

    try:
        with pyarrow.parquet.ParquetFile(file) as opened:
            if missing := set(names) - set(opened.schema_arrow.names):
                raise SourceUnusable(f"{file}: has no column `{sorted(missing)[0]}`.")
            for batch in opened.iter_batches(PARQUET_ROWS, columns=names):
                yield from batch.to_pylist()
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise SourceUnusable(f"{file}: cannot be read as Parquet ({error}).") from error


def csv_to_parquet(source: Path, target: Path, labels: Sequence[str]) -> None:
    """Turn a table's CSV into Parquet, a block at a time.

    Args:
        source: an empty field without quotes is a missing value.
        target: replaced; not flushed to the disk.
        labels: of the release that made the table.
    """
    import pyarrow.csv  # noqa: PLC0415 - see above
    import pyarrow.parquet  # noqa: PLC0415 - see above

    numbers = {"confidence": pyarrow.float32(), "familiarity": pyarrow.float64()}
    numbers |= {PROBABILITY + label: pyarrow.float32() for label in labels}
    reader = pyarrow.csv.open_csv(
        source,
        # The machine's cores are free by now, but a block for each of them would not be flat.
        read_options=pyarrow.csv.ReadOptions(use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: numbers.get(name, pyarrow.string()) for name in columns(labels)},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    with reader, pyarrow.parquet.ParquetWriter(target, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)


def _require_pyarrow() -> None:
    """Check that Parquet can be read and written, before anything is labelled.

    Raises:
        TableUnusable: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 - see above
    except ModuleNotFoundError as error:
        raise TableUnusable(
            "Parquet needs pyarrow, which is not installed here: pip install -r requirements/label.txt. "
            "CSV and JSONL need nothing."
        ) from error
