"""The table: its columns, its rows, and the file, as CSV, JSONL or Parquet.

Numbers are written as the service writes them, so that a table and an answer can be compared digit by digit.
Rows are mappings by column, and JSON on their way; Parquet is made of CSV. The one file that knows pyarrow,
which is imported where it is needed, since serving does not install it.
"""

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from inference.classifier import Answer, Prediction
from inference.spreadsheets import as_csv, as_it_was, safe_path
from labelling.csv_records import LONGEST_CELL
from labelling.errors import ListUnusable, SourceUnusable, TableUnusable
from labelling.excel import write_for_excel
from labelling.lists import open_list, renaming
from model_store.files import flush_folder
from reports.answers import CLASS, DIGITS
from reports.products import PhotoAnswer

ANSWER: Final = ("path", "label", "confidence", "decision", "reason", "familiarity")
ORIGIN: Final = ("version", "sha256", "error")
DECIDED: Final = ("decided_by", "predicted")
"""Columns at the end of a table that has people's answers: `model` or `person`, and the model's label. Those
of an attribute begin with its name."""
CATEGORY: Final = ("category_id", "category_name")
"""Columns after these, where the platform has categories of its own: that of the row's label. Of an attribute
they have its name before them."""

Categories: TypeAlias = Mapping[str, Mapping[str, Sequence[str | None]]]
"""Id and name of the platform's category, by attribute, CLASS for the class, and by label."""

CONFIDENCE, DECISION, ALSO = ATTRIBUTE = ("_confidence", "_decision", "_also")
"""What follows an attribute's name in the names of its further columns; its label is under its name alone."""

PROBABILITY: Final = "p_"
"""What stands before a label in the name of its column."""

OF_LIST: Final = "list_"
"""What stands before a list's column in the table where that has a column of this name."""

LONGEST_PATH: Final = 32_767
"""Characters that a cell of a spreadsheet holds; Python's own reader of CSV takes four times as many."""

ROWS_AT_ONCE: Final = 1024
"""Rows that are written to a CSV at a time."""

PARQUET_ROWS: Final = 65_536
"""Rows that are in memory at a time, and in a row group."""


class Outcome(NamedTuple):
    """What became of one picture.

    Attributes:
        sha256: of its bytes, hexadecimal; empty when they could not be read.
        answer: a prediction, or what is wrong with the picture.
        further: the cells of the list that names it.
    """

    name: str
    sha256: str
    answer: Prediction | str
    further: tuple[str, ...] = ()


class Row(NamedTuple):
    """One row of the table, and what it is counted and chosen by.

    Attributes:
        label, confidence, reason, familiarity: as the model answered; None with an error.
        cells: the values of the row's columns as a list in JSON.
        was_read: the picture's bytes were there, whatever they were.
    """

    label: str | None
    confidence: float | None
    reason: str | None
    familiarity: float | None
    cells: str
    was_read: bool = True


Cells: TypeAlias = dict[str, Any]
"""The cells of a row by their columns: texts, numbers, and None where there is nothing."""


@dataclass(frozen=True)
class Form:
    """How a table is written, by the ending of its name.

    Attributes:
        suffix: `.csv`, `.jsonl` or `.parquet`.
        labels: the classes of the release that answers.
        further: columns of the list that names the pictures, as the table calls them; they come last.
        attributes: that the release answers beside the class.
    """

    suffix: str
    labels: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Those of a row as the model answered."""
        return (*columns(self.labels, self.attributes), *self.further)

    def row(self, outcome: Outcome, version: str) -> Row:
        """What the table has for one picture."""
        answer, values = outcome.answer, _values(outcome, self.labels, self.attributes, version)
        values += _heads(answer, self.attributes)
        cells = json.dumps(values, ensure_ascii=False)
        if isinstance(answer, str):
            return Row(None, None, None, None, cells, was_read=bool(outcome.sha256))
        found = answer.answer
        return Row(found.label, found.confidence, found.reason, answer.familiarity, cells)

    def cells(self, values: Sequence[object]) -> Cells:
        """The values of a row by their columns."""
        return dict(zip(self.columns, values, strict=False))

    def answers(self, values: Sequence[Any]) -> dict[str, PhotoAnswer]:
        """What the heads answered to a row's picture, by attribute, CLASS for the class."""
        cells = self.cells(values)
        if cells["label"] is None:
            return {}
        shares = [cells[PROBABILITY + label] for label in self.labels]
        of_class = PhotoAnswer(shares, self.labels.index(cells["label"]), cells["reason"])
        given = zip(self.attributes, values[len(self.columns) :], strict=True)
        return {CLASS: of_class} | {head: PhotoAnswer(*answer) for head, answer in given if answer}

    def write(self, table: Path, rows: Iterable[Cells], more: Sequence[str] = ()) -> None:
        """Write a table, which appears whole or not at all.

        Args:
            table: replaced if it is there.
            rows: with all columns.
            more: columns between ours and those of the list.

        Raises:
            OSError: the disk is full, for example.
        """
        names = [*columns(self.labels, self.attributes), *more, *self.further]
        self.write_columns(table, names, rows, numbers(self.labels, self.attributes))

    def write_columns(
        self, table: Path, names: Sequence[str], rows: Iterable[Cells], of_numbers: Collection[str]
    ) -> None:
        """Write a table of these columns, as `write` does.

        Args:
            table: replaced if it is there.
            names: of the columns.
            rows: with these and perhaps others.
            of_numbers: the columns that hold numbers.
        """
        partial = table.with_name(f"{table.name}.partial")
        parquet = table.with_name(f"{table.name}.partial.parquet")
        try:
            with partial.open("w", encoding="utf-8", newline="") as file:
                file.writelines(self._lines(names, rows))
            if self.suffix == ".parquet":
                _csv_to_parquet(partial, parquet, names, of_numbers)
                parquet.replace(partial)
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(table)
            flush_folder(table.parent)
        finally:
            partial.unlink(missing_ok=True)
            parquet.unlink(missing_ok=True)

    def _lines(self, names: Sequence[str], rows: Iterable[Cells]) -> Iterator[str]:
        """The text of a table, some rows at a time."""
        values = ([row[name] for name in names] for row in rows)
        if self.suffix == ".jsonl":
            for one in values:
                yield json.dumps(dict(zip(names, one, strict=True)), ensure_ascii=False) + "\n"
            return
        # Parquet, too, is made of CSV, whose cells pyarrow reads as they stand; no spreadsheet opens that.
        is_opened, header = self.suffix == ".csv", [list[object](names)]
        yield as_csv(header, is_opened=is_opened)
        while some := list(islice(values, ROWS_AT_ONCE)):
            yield as_csv(some, is_opened=is_opened)


def form_of(
    table: Path, labels: Iterable[str] = (), further: Iterable[str] = (), attributes: Iterable[str] = ()
) -> Form:
    """How a table of this name is written.

    Args:
        table: CSV, JSONL or Parquet by its ending.
        labels: the classes of the release that answers.
        further: columns of the list that names the pictures, as the table calls them.
        attributes: that the release answers beside the class.

    Raises:
        TableUnusable: its ending is another one, or what it needs is not installed.
    """
    form = Form(table.suffix.lower(), tuple(labels), tuple(further), tuple(attributes))
    if form.suffix not in (".csv", ".jsonl", ".parquet"):
        raise TableUnusable(
            f"{table}: the table is CSV, JSONL or Parquet, by its ending .csv, .jsonl or .parquet."
        )
    if form.suffix == ".parquet":
        _require_pyarrow()
    return form


def columns(labels: Iterable[str], attributes: Iterable[str] = ()) -> list[str]:
    """The names of a table's columns, by the classes and attributes of the release that answers."""
    of_attributes = [name + end for name in attributes for end in ("", *ATTRIBUTE)]
    return [*ANSWER, *(PROBABILITY + label for label in labels), *of_attributes, *ORIGIN]


def decided_columns(heads: Iterable[str]) -> list[str]:
    """The names of DECIDED for some attributes, CLASS for the class."""
    return [f"{head}_{name}" if head else name for head in heads for name in DECIDED]


def of_people_and_platform(attributes: Iterable[str]) -> list[str]:
    """The columns that a table may get later, of the class and these attributes."""
    heads = [CLASS, *attributes]
    return [*decided_columns(heads), *category_columns(heads)]


def category_columns(heads: Iterable[str]) -> list[str]:
    """The names of CATEGORY for some attributes, CLASS for the class."""
    return [f"{head}_{name}" if head else name for head in heads for name in CATEGORY]


def check_attributes(labels: Iterable[str], attributes: Sequence[str]) -> None:
    """Refuse an attribute whose columns would be called like others of the table.

    Args:
        labels: the classes of the release.
        attributes: of the release.

    Raises:
        TableUnusable: it names the column.
    """
    names = Counter([*columns(labels, attributes), *of_people_and_platform(attributes)])
    if twice := [name for name, count in names.items() if count > 1]:
        raise TableUnusable(
            f"Attributes {', '.join(attributes)}: a table would have two columns `{twice[0]}`. Give the "
            "attribute another name."
        )


def further_columns(
    names: Iterable[str], labels: Iterable[str], attributes: Sequence[str] = ()
) -> dict[str, str]:
    """What a table calls the columns of a list: as the list does, with OF_LIST before a name of ours.

    Args:
        names: of the list's columns.
        labels: of the release that answers.
        attributes: of that release.

    Returns:
        a name by each of them, all different.
    """
    return kept_apart(names, {*columns(labels, attributes), *of_people_and_platform(attributes)})


def kept_apart(names: Iterable[str], ours: Collection[str]) -> dict[str, str]:
    """What a table calls columns of a list beside `ours`: a name by each of them, all different."""
    given = tuple(names)
    found = dict(zip(given, given, strict=True))
    for name in set(ours).intersection(given):
        while found[name] in ours or found[name] in given:
            found[name] = OF_LIST + found[name]
    return found


def numbers(labels: Iterable[str], attributes: Iterable[str] = ()) -> frozenset[str]:
    """Those of these columns that hold numbers."""
    of_attributes = (name + CONFIDENCE for name in attributes)
    return frozenset(
        {"confidence", "familiarity", *(PROBABILITY + label for label in labels), *of_attributes}
    )


def _values(outcome: Outcome, labels: Sequence[str], attributes: Sequence[str], version: str) -> list[object]:
    name, sha256, answer, further = outcome
    if isinstance(answer, str):
        empty: list[object] = [None] * (len(columns(labels, attributes)) - 1 - len(ORIGIN))
        return [path_in_table(name), *empty, version, sha256 or None, answer, *further]
    found = answer.answer
    answered = [getattr(answer if column == "familiarity" else found, column) for column in ANSWER[1:]]
    of_attributes = chain(*(_of_attribute(answer.attributes.get(one)) for one in attributes))
    shares = found.probabilities.tolist()
    return [path_in_table(name), *answered, *shares, *of_attributes, version, sha256, None, *further]


def _of_attribute(answer: Answer | None) -> list[object]:
    """The cells of an attribute: empty where the class lacks it, or the network does not answer it."""
    if answer is None or answer.reason == "inapplicable":
        return [None] * (1 + len(ATTRIBUTE))
    return [answer.label, answer.confidence, answer.decision, "/".join(answer.also) or None]


def _heads(answer: Prediction | str, attributes: Sequence[str]) -> list[object]:
    """What follows the columns in a journal: of each attribute a PhotoAnswer, None where it has none."""
    if isinstance(answer, str):
        return [None] * len(attributes)
    given = [answer.attributes.get(one) for one in attributes]
    return [
        None
        if one is None or one.reason == "inapplicable"
        else PhotoAnswer(
            [round(share, DIGITS) for share in one.probabilities.tolist()], one.class_id, one.reason
        )
        for one in given
    ]


def path_in_table(name: str) -> str:
    """A picture's name as the table has it.

    Bytes that are no UTF-8, carriage returns and NULs are escaped with a backslash: CSV readers take a
    carriage return for the end of a row. What is beyond LONGEST_PATH is cut off.
    """
    text = name.encode("utf-8", "backslashreplace").decode()
    return safe_path(text.replace("\r", r"\r").replace("\0", r"\0"))[:LONGEST_PATH]


def read_rows(table: Path, needed: Collection[str] = ANSWER[:1]) -> Iterator[dict[str, Any]]:
    """The rows of a table by column; None or an empty text where there is nothing.

    Args:
        table: of photos, or of products.
        needed: columns that a CSV has to have.

    Raises:
        TableUnusable: it cannot be read, or is of another form.
        SourceUnusable: it is no Parquet file.
    """
    form = form_of(table)
    if form.suffix == ".parquet":
        yield from parquet_rows(str(table), None)
        return
    try:
        if form.suffix == ".csv":
            yield from (_with_names_as_they_were(row.cells) for row in open_list(table, needed).rows())
            return
        with table.open(encoding="utf-8-sig") as file:
            yield from map(json.loads, file)
    except ListUnusable as error:
        raise TableUnusable(str(error)) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TableUnusable(f"{table}: cannot be read as a table ({reason}).") from error


def copy_for_excel(table: Path, labels: Iterable[str], target: Path, attributes: Iterable[str] = ()) -> None:
    """Write a finished table once more, for Excel; see excel.py.

    Args:
        table: that is there.
        labels: of the release that made it.
        attributes: of that release.
        target: the copy; replaced.

    Raises:
        TableUnusable: it cannot be read or written.
    """
    try:
        write_for_excel(read_rows(table), numbers(labels, attributes).__contains__, target)
    except OSError as error:
        raise TableUnusable(f"{target}: cannot be written ({error.strerror}).") from error


def _as_they_were(cells: Mapping[str, Any]) -> dict[str, Any]:
    return {name: as_it_was(cell) if isinstance(cell, str) else cell for name, cell in cells.items()}


def _with_names_as_they_were(cells: Mapping[str, Any]) -> dict[str, Any]:
    named = {as_it_was(name) if name else name: cell for name, cell in cells.items()}
    return _as_they_were(named)


def first_row(table: Path) -> dict[str, Any]:
    """The first row of a table that `wardrobe label` wrote, by column.

    Raises:
        TableUnusable: it cannot be read, has no row, or was not written by `wardrobe label`.
        SourceUnusable: it is no Parquet file.
    """
    row = next(read_rows(table), {})
    if missing := {*ANSWER, *ORIGIN} - row.keys():
        raise TableUnusable(
            f"{table}: has no row, or no column `{min(missing)}`. Name a table of `wardrobe label`."
        )
    return row


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
                advice = renaming(sorted(missing), opened.schema_arrow.names)
                raise SourceUnusable(f"{file}: has no column `{sorted(missing)[0]}`.{advice}")
            for batch in opened.iter_batches(PARQUET_ROWS, columns=names):
                yield from batch.to_pylist()
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise SourceUnusable(f"{file}: cannot be read as Parquet ({error}).") from error


def parquet_columns(file: str, needed: Iterable[str]) -> tuple[str, ...]:
    """The names of a Parquet file's columns.

    Raises:
        TableUnusable: pyarrow is not installed.
        SourceUnusable: the file cannot be read, or lacks one of the columns that are needed.
    """
    _require_pyarrow()
    import pyarrow.parquet  # noqa: PLC0415 - see above

    try:
        names = tuple(map(str, pyarrow.parquet.read_schema(file).names))
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise SourceUnusable(f"{file}: cannot be read as Parquet ({error}).") from error
    if missing := [name for name in needed if name not in names]:
        raise SourceUnusable(
            f"{file}: has no column `{missing[0]}`, but {', '.join(names)}: --path-column names another one."
        )
    return names


def _csv_to_parquet(source: Path, target: Path, names: Sequence[str], of_numbers: Collection[str]) -> None:
    """Turn a table's CSV into Parquet, a block at a time.

    Args:
        source: an empty field without quotes is a missing value.
        target: replaced; not flushed to the disk.
        names: of the columns.
        of_numbers: those that hold numbers.
    """
    import pyarrow.csv  # noqa: PLC0415 - see above
    import pyarrow.parquet  # noqa: PLC0415 - see above

    types = {name: pyarrow.float32() for name in of_numbers} | {"familiarity": pyarrow.float64()}
    reader = pyarrow.csv.open_csv(
        source,
        # The machine's cores are free by now, but a block for each of them would not be flat. A block that
        # does not hold a row is an error.
        read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=2 * LONGEST_CELL),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: types.get(name, pyarrow.string()) for name in names},
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
