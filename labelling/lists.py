"""Pictures that a CSV or Parquet file names in its column `path`.

A path is relative to the file's own folder, as in what `scripts.train --data` reads; the table repeats it as
it stands. Other columns are not read.
"""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from labelling.errors import SourceUnusable
from labelling.folders import read_file
from labelling.parquet import column
from labelling.sources import InOneFile, Item, Read, one_by_one

COLUMN: Final = "path"


@dataclass(frozen=True)
class CsvList(InOneFile):
    """A CSV in UTF-8 with a header."""

    def items(self) -> Iterator[Item]:
        return _items(self.file, self._paths())

    def reader(self) -> Read:
        return one_by_one(read_file)

    def count(self) -> int:
        return sum(1 for _ in self._paths())

    def _paths(self) -> Iterator[str]:
        try:
            with open(self.file, encoding="utf-8-sig", newline="") as file:  # noqa: PTH123 - as above
                rows = csv.reader(file, skipinitialspace=True)
                header = next(rows, [])
                if COLUMN not in header:
                    shown = ",".join(header)[:40]
                    raise SourceUnusable(f"{self.file}: begins with {shown!r}. It needs a column `{COLUMN}`.")
                place = header.index(COLUMN)
                for row in rows:
                    if row:  # an empty line is none
                        yield row[place].strip() if place < len(row) else ""
        except OSError as error:
            raise SourceUnusable(f"{self.file}: cannot be read ({error.strerror}).") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise SourceUnusable(f"{self.file}: no CSV in UTF-8 ({error}).") from error


@dataclass(frozen=True)
class ParquetList(InOneFile):
    """A Parquet file."""

    def items(self) -> Iterator[Item]:
        return _items(self.file, column(self.file, COLUMN))

    def reader(self) -> Read:
        return one_by_one(read_file)

    def count(self) -> int:
        return sum(1 for _ in column(self.file, COLUMN))


def _items(file: str, paths: Iterator[str]) -> Iterator[Item]:
    """Every row is an item, also one without a path: its row says that it has none."""
    folder = os.path.dirname(file)  # noqa: PTH120 - a Path for each of a million costs seconds
    for path in paths:
        yield Item(path, os.path.join(folder, path))  # noqa: PTH118 - as above
