"""The table: its columns, its rows, and the file, as CSV, JSONL or Parquet.

Numbers are written as the service writes them, so that a table and an answer can be compared digit by digit.
Rows are lines of CSV or JSONL; Parquet is made of CSV. The one file that knows pyarrow, which is imported
where it is needed, since serving does not install it.
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from inference.classifier import Prediction
from inference.spreadsheets import as_it_was, safe_path, safe_text
from labelling.csv_files import rows_of, write_for_excel
from labelling.errors import SourceUnusable, TableUnusable
from model_store.files import flush_folder

ANSWER: Final = ("path", "label", "confidence", "decision", "reason", "familiarity")
ORIGIN: Final = ("version", "sha256", "error")
DECIDED: Final = ("decided_by", "predicted")
"""Columns at the end of a table that has people's answers: `model` or `person`, and the model's label."""

PROBABILITY: Final = "p_"
"""What stands before a label in the name of its column."""

LONGEST_PATH: Final = 32_767
"""Characters that a cell of a spreadsheet holds; Python's own reader of CSV takes four times as many."""

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
    """One row of the table, and what it is counted and chosen by.

    Attributes:
        label, confidence, reason, familiarity: as the model answered; None with an error.
        line: the row as it stands in the table, with the end of its line.
        was_read: the picture's bytes were there, whatever they were.
    """

    label: str | None
    confidence: float | None
    reason: str | None
    familiarity: float | None
    line: bytes
    was_read: bool = True


@dataclass(frozen=True)
class Form:
    """How a table is written, by the ending of its name.

    Attributes:
        suffix: `.csv`, `.jsonl` or `.parquet`.
    """

    suffix: str

    def row(self, outcome: Outcome, labels: Sequence[str], version: str) -> Row:
        """What the table has for one picture."""
        answer, values = outcome.answer, _values(outcome, labels, version)
        line = self._line(columns(labels), values)
        if isinstance(answer, str):
            return Row(None, None, None, None, line, was_read=bool(outcome.sha256))
        return Row(answer.label, answer.confidence, answer.reason, answer.familiarity, line)

    def cells(self, line: bytes, labels: Sequence[str]) -> dict[str, Any]:
        """The cells of a row by their columns; None or an empty text where there is nothing."""
        if self.suffix == ".jsonl":
            read: dict[str, Any] = json.loads(line)
            return read
        [values] = csv.reader(io.StringIO(line.decode(), newline=""))
        return _as_they_were(dict(zip(columns(labels), values, strict=True)))

    def decided(self, line: bytes, labels: Sequence[str], answer: str | None) -> bytes:
        """A row with the columns DECIDED.

        Args:
            line: the row as the model decided.
            labels: of the release that made it.
            answer: the label that a person gave, empty for none; None where no person answered.
        """
        cells = self.cells(line, labels)
        predicted = cells["label"] or None
        by = "person" if answer is not None else "model" if predicted else None
        label = (answer or None) if answer is not None else predicted
        row = {**cells, "label": label, "decided_by": by, "predicted": predicted}
        return self._line(list(row), list(row.values()))

    def _line(self, names: list[str], values: list[object]) -> bytes:
        if self.suffix == ".jsonl":
            return _json(names, values)
        # Parquet, too, is made of CSV, whose cells pyarrow reads as they stand; no spreadsheet opens that.
        is_shown = self.suffix == ".csv"
        return _csv([safe_text(one) if is_shown and isinstance(one, str) else one for one in values])

    def write(
        self, table: Path, labels: Sequence[str], lines: Iterable[bytes], more: Sequence[str] = ()
    ) -> None:
        """Write a table, which appears whole or not at all.

        Args:
            table: replaced if it is there.
            labels: of the release that made the lines.
            lines: of its rows.
            more: columns after those of `columns`.

        Raises:
            OSError: the disk is full, for example.
        """
        names = [*columns(labels), *more]
        partial = table.with_name(f"{table.name}.partial")
        parquet = table.with_name(f"{table.name}.partial.parquet")
        try:
            with partial.open("wb") as file:
                file.write(b"" if self.suffix == ".jsonl" else _csv(names))
                file.writelines(lines)
            if self.suffix == ".parquet":
                _csv_to_parquet(partial, parquet, names)
                parquet.replace(partial)
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(table)
            flush_folder(table.parent)
        finally:
            partial.unlink(missing_ok=True)
            parquet.unlink(missing_ok=True)


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


def _csv(values: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode()


def _json(names: list[str], values: list[object]) -> bytes:
    return (json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False) + "\n").encode()


def path_in_table(name: str) -> str:
    """A picture's name as the table has it.

    Bytes that are no UTF-8, carriage returns and NULs are escaped with a backslash: CSV readers take a
    carriage return for the end of a row. What is beyond LONGEST_PATH is cut off.
    """
    text = name.encode("utf-8", "backslashreplace").decode()
    return safe_path(text.replace("\r", r"\r").replace("\0", r"\0"))[:LONGEST_PATH]


def read_rows(table: Path) -> Iterator[dict[str, Any]]:
    """The rows of a table by column; None or an empty text where there is nothing.

    Raises:
        TableUnusable: it cannot be read, or is of another form.
        SourceUnusable: it is no Parquet file.
    """
    form = form_of(table)
    if form.suffix == ".parquet":
        yield from parquet_rows(str(table), None)
        return
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            yield from (
                map(_as_they_were, rows_of(file, ANSWER)) if form.suffix == ".csv" else map(json.loads, file)
            )
    except (OSError, ValueError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TableUnusable(f"{table}: cannot be read as a table ({reason}).") from error


def copy_for_excel(table: Path, target: Path) -> None:
    """Write a finished table once more, for Excel; see csv_files.py.

    Raises:
        TableUnusable: it cannot be read or written.
    """
    numbers = {"confidence", "familiarity"}
    try:
        write_for_excel(
            read_rows(table), lambda name: name in numbers or name.startswith(PROBABILITY), target
        )
    except OSError as error:
        raise TableUnusable(f"{target}: cannot be written ({error.strerror}).") from error


def _as_they_were(cells: Mapping[str, Any]) -> dict[str, Any]:
    return {name: as_it_was(cell) if isinstance(cell, str) else cell for name, cell in cells.items()}


def labels_in(table: Path) -> tuple[str, ...]:
    """The classes of a table, by its columns.

    Raises:
        TableUnusable: it cannot be read, has no row, or was not written by `wardrobe label`.
        SourceUnusable: it is no Parquet file.
    """
    row = next(read_rows(table), {})
    if missing := {*ANSWER, *ORIGIN} - row.keys():
        raise TableUnusable(
            f"{table}: has no row, or no column `{min(missing)}`. Name a table of `wardrobe label`."
        )
    return tuple(name.removeprefix(PROBABILITY) for name in row if name.startswith(PROBABILITY))


def parquet_rows(file: str, names: list[str] | None) -> Iterator[dict[str, Any]]:
    """Some columns of a Parquet file, or all, row by row, some thousands in memory at a time.

    Raises:
        TableUnusable: pyarrow is not installed.
        SourceUnusable: the file cannot be read, or lacks a column.
    """
    _require_pyarrow()
    import pyarrow.parquet  # noqa: PLC0415 - see above

    try:
        with pyarrow.parquet.ParquetFile(file) as opened:
            if missing := set(names or ()) - set(opened.schema_arrow.names):
                raise SourceUnusable(f"{file}: has no column `{sorted(missing)[0]}`.")
            for batch in opened.iter_batches(PARQUET_ROWS, columns=names):
                yield from batch.to_pylist()
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise SourceUnusable(f"{file}: cannot be read as Parquet ({error}).") from error


def _csv_to_parquet(source: Path, target: Path, names: Sequence[str]) -> None:
    """Turn a table's CSV into Parquet, a block at a time.

    Args:
        source: an empty field without quotes is a missing value.
        target: replaced; not flushed to the disk.
        names: of the columns.
    """
    import pyarrow.csv  # noqa: PLC0415 - see above
    import pyarrow.parquet  # noqa: PLC0415 - see above

    numbers = {"confidence": pyarrow.float32(), "familiarity": pyarrow.float64()}
    numbers |= {name: pyarrow.float32() for name in names if name.startswith(PROBABILITY)}
    reader = pyarrow.csv.open_csv(
        source,
        # The machine's cores are free by now, but a block for each of them would not be flat.
        read_options=pyarrow.csv.ReadOptions(use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: numbers.get(name, pyarrow.string()) for name in names},
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
