"""Parquet, in and out: the one file that knows pyarrow.

It is no part of what serves, so it is imported where it is needed, and its absence is told with what to do.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from labelling.errors import SourceUnusable, TableUnusable

ROWS: Final = 65_536
"""Rows that are in memory at a time, and in a row group."""


def require_pyarrow() -> None:
    """Say that Parquet cannot be had before anything is labelled.

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


def column(file: str, name: str) -> Iterator[str]:
    """The values of a text column, some thousands in memory at a time; a missing one is empty.

    Raises:
        TableUnusable: pyarrow is not installed.
        SourceUnusable: the file cannot be read, or has no such column.
    """
    for batch in _batches(file, [name]):
        for value in batch.column(0).to_pylist():
            yield "" if value is None else str(value)


def rows(file: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Some columns of a file, row by row."""
    for batch in _batches(file, columns):
        yield from batch.to_pylist()


def _batches(file: str, columns: list[str]) -> Iterator[Any]:
    require_pyarrow()
    import pyarrow  # noqa: PLC0415 - see above
    import pyarrow.parquet  # noqa: PLC0415 - see above

    try:
        with pyarrow.parquet.ParquetFile(file) as opened:
            if missing := set(columns) - set(opened.schema_arrow.names):
                raise SourceUnusable(f"{file}: has no column `{sorted(missing)[0]}`.")
            yield from opened.iter_batches(ROWS, columns=columns)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise SourceUnusable(f"{file}: cannot be read as Parquet ({error}).") from error


def from_csv(source: Path, target: Path, columns: dict[str, str]) -> None:
    """Turn a CSV with a header into Parquet, a block at a time.

    Args:
        source: an empty field without quotes is a missing value.
        target: replaced; not flushed to the disk.
        columns: all of them, with the names that pyarrow has for their types.
    """
    import pyarrow  # noqa: PLC0415 - see above
    import pyarrow.csv  # noqa: PLC0415 - see above
    import pyarrow.parquet  # noqa: PLC0415 - see above

    reader = pyarrow.csv.open_csv(
        source,
        # The machine's cores are free by now, but a block for each of them would not be flat.
        read_options=pyarrow.csv.ReadOptions(use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: pyarrow.type_for_alias(kind) for name, kind in columns.items()},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    with reader, pyarrow.parquet.ParquetWriter(target, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
