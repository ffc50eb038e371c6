"""The rows of a table: their columns, how they are written in CSV or JSONL, and how they are read again.

Numbers are written as the service writes them, so that a table and an answer can be compared digit by digit.
Parquet is made of the finished CSV (parquet.py).
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from inference.classifier import Prediction
from labelling.errors import TableUnusable
from labelling.parquet import require_pyarrow
from labelling.parquet import rows as parquet_rows

ANSWER: Final = ("path", "label", "confidence", "decision", "reason", "familiarity")
ORIGIN: Final = ("version", "sha256", "error")
PROBABILITY: Final = "p_"
"""What stands before a label in the name of its column."""

ESCAPED: Final = {ord("\r"): r"\r", ord("\0"): r"\0"}
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that spreadsheets run as a formula, or take one from (OWASP, "CSV Injection")."""

_READ: Final = ("path", "label", "confidence", "reason", "familiarity", "error")


class Outcome(NamedTuple):
    """What became of one picture.

    Attributes:
        sha256: of its bytes, hexadecimal; empty when they could not be had.
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
    def written(self) -> str:
        """The ending of what is written row by row."""
        return ".jsonl" if self.suffix == ".jsonl" else ".csv"

    def head(self, labels: Sequence[str]) -> bytes:
        """What stands before the first row."""
        return b"" if self.written == ".jsonl" else _csv([columns(labels)])

    def writer(self, labels: Sequence[str], version: str) -> Write:
        """What turns outcomes into rows."""
        names = columns(labels)
        if self.written == ".jsonl":
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
        require_pyarrow()
    return form


def columns(labels: Sequence[str]) -> list[str]:
    """The names of a table's columns."""
    return [*ANSWER, *(PROBABILITY + label for label in labels), *ORIGIN]


def column_types(labels: Sequence[str]) -> dict[str, str]:
    """The names that pyarrow has for the columns' types."""
    numbers = {"confidence": "float", "familiarity": "double"}
    numbers |= {PROBABILITY + label: "float" for label in labels}
    return {name: numbers.get(name, "string") for name in columns(labels)}


def read_rows(table: Path) -> Iterator[Row]:
    """Read a table that was written here, some rows in memory at a time."""
    if table.suffix.lower() == ".parquet":
        found: Iterator[dict[str, Any]] = parquet_rows(str(table), list(_READ))
        yield from (Row(**row) for row in found)
        return
    with table.open(encoding="utf-8", newline="") as file:
        if table.suffix.lower() == ".jsonl":
            found = map(json.loads, file)
            yield from (Row(*(row[name] for name in _READ)) for row in found)
        else:
            yield from map(_from_csv, csv.DictReader(file))


def _from_csv(row: dict[str, str]) -> Row:
    return Row(
        path=row["path"],
        label=row["label"] or None,
        confidence=float(row["confidence"]) if row["confidence"] else None,
        reason=row["reason"] or None,
        familiarity=float(row["familiarity"]) if row["familiarity"] else None,
        error=row["error"] or None,
    )


def _values(outcome: Outcome, labels: Sequence[str], version: str) -> list[object]:
    name, sha256, answer = outcome
    if isinstance(answer, str):
        empty: list[object] = [None] * (len(ANSWER) - 1 + len(labels))
        return [path_in_table(name), *empty, version, sha256 or None, answer]
    return [
        path_in_table(name),
        answer.label,
        answer.confidence,
        answer.decision,
        answer.reason,
        answer.familiarity,
        *answer.probabilities.tolist(),
        version,
        sha256,
        None,
    ]


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return _bytes(text.getvalue())


def _json(names: list[str], values: list[object]) -> bytes:
    return _bytes(json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False) + "\n")


def path_in_table(name: str) -> str:
    """A picture's name as the table has it.

    Bytes that are no UTF-8, carriage returns and NULs are escaped with a backslash: CSV readers take a
    carriage return for the end of a row.
    """
    return safe_in_a_spreadsheet(name.encode("utf-8", "backslashreplace").decode().translate(ESCAPED))


def safe_in_a_spreadsheet(path: str) -> str:
    """A path that no spreadsheet runs as a formula: `./` before it names the same file."""
    return f"./{path}" if path.startswith(FORMULA) else path


def _bytes(text: str) -> bytes:
    return text.encode()
