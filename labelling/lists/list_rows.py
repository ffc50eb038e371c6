"""The rows of an opened list (a CSV): those that fit its header, and the faults of the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from inference.text.plain_text import format_count
from labelling.errors import ListUnusable
from labelling.lists.cells import is_picture_cell
from labelling.lists.identifiers import is_truncated_number, remove_format_characters
from labelling.lists.list_reading import ListOptions
from labelling.lists.list_text import convert_text_errors, open_text, read_file_stamp
from labelling.lists.malformed_rows import (
    MalformedRow,
    ParsedRow,
    explain_cut_number,
    explain_mysql_quotes,
    explain_parse_error,
    find_swallowed_line,
    parse_rows,
)


class ListRow(NamedTuple):
    """A row of a list that fits the header.

    Attributes:
        row_place: the place of the row for messages: "list.csv, row 3, line 5". The header is row 1.
        cells: the cells by column. If two columns share a name, the first one is used.
    """

    row_place: str
    cells: dict[str, str]


@dataclass(frozen=True)
class ListFile:
    """An opened list: a CSV whose rows name pictures or products.

    Attributes:
        path: the path of the list.
        list_options: the options with which it is read.
        encoding: the encoding of its text, as Python names it.
        separator: the sign between cells: a comma, a semicolon or a tab.
        header: the names of the columns as they are written; some may be empty or equal.
        stamp: the size of the file in bytes, and its time of change in nanoseconds, before it was read.
        notes: sentences about the list that a person should read.
        is_quoted: whether quotation marks around a cell are those of CSV. Otherwise they belong to its text.
    """

    path: Path
    list_options: ListOptions
    encoding: str
    separator: str
    header: tuple[str, ...]
    stamp: tuple[int, int]
    notes: tuple[str, ...]
    is_quoted: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, each once, without empty names."""
        return tuple(dict.fromkeys(filter(None, self.header)))

    def read_rows(self) -> Iterator[ListRow]:
        """Yield the rows that fit the header, in order. Rows that do not fit are left out.

        Raises:
            ListUnusable: the list cannot be read, or was changed since it was opened.
        """
        places: dict[str, int] = {}
        for place, name in enumerate(self.header):
            if name:
                places.setdefault(name, place)
        with convert_text_errors(self.path, self.encoding):
            for row_place, cells, fault in self._check_each_row():
                if fault is None and not self._is_header(cells):
                    yield ListRow(row_place, {name: cells[place] for name, place in places.items()})
            # The rows were checked when the list was opened. A row that was added since would be unchecked.
            if read_file_stamp(self.path) != self.stamp:
                raise ListUnusable(f"{self.path}: was changed while it was read. Give the command again.")

    def resolve_path(self, cell: str) -> str:
        """Return the path of the file that a cell of this list names, whether the file exists or not."""
        return self.list_options.resolve_path(cell.strip(), self.path, self.encoding)

    def check_rows(self) -> tuple[list[MalformedRow], int, int]:
        """Return the faults of all rows that do not fit the header, and two numbers for notes.

        The first number counts the other rows whose article number or group has characters that nobody sees.
        The second one counts rows that repeat the header, as lists that were joined have them.
        """
        faults = list[MalformedRow]()
        invisible_count = 0
        header_count = 0
        for _, cells, fault in self._check_each_row():
            if self._is_header(cells):
                header_count += 1
            elif fault:
                faults.append(fault)
            else:
                invisible_count += any(
                    remove_format_characters(cells[place]) != cells[place]
                    for place in self._identifier_places
                )
        return faults, invisible_count, header_count

    def _is_header(self, cells: Sequence[str]) -> bool:
        return tuple(cells) == self.header

    @cached_property
    def _identifier_places(self) -> tuple[int, ...]:
        """The positions of the columns that name products or groups, from 0."""
        names = {self.list_options.product_column, *self.list_options.identifier_columns} - {""}
        return tuple(self.header.index(name) for name in names if name in self.header)

    def has_quoted_cells(self) -> bool:
        """Return whether any cell of the list begins and ends with a quotation mark."""
        with open_text(self.path, self.encoding) as file:
            cells = (cell.strip() for line in file for cell in line.split(self.separator))
            return any(cell.startswith('"') and cell.endswith('"') for cell in cells)

    def _check_each_row(self) -> Iterator[tuple[str, list[str], MalformedRow | None]]:
        """Yield the place of each row after the header, its cells, and its fault if it does not fit."""
        with open_text(self.path, self.encoding) as file:
            parsed = parse_rows(file, self.separator, is_quoted=self.is_quoted)
            next(parsed, None)
            for number, row in enumerate(parsed, 2):
                if row.error or "".join(row.cells).strip():
                    row_place = f"{self.path}, row {number}, line {row.first_line}"
                    yield row_place, row.cells, self._explain_bad_row(row, row_place)

    def _explain_bad_row(self, row: ParsedRow, row_place: str) -> MalformedRow | None:
        """Return the fault of a row, such as too many cells; None if it fits the header."""
        if row.error:
            why, is_unclosed = explain_parse_error(row)
            return MalformedRow(f"{row_place}: {why}", has_quotation_fault=True, is_unclosed=is_unclosed)
        cells = len(row.cells)
        columns = len(self.header)
        further_lines = range(row.first_line + 1, row.last_line + 1)
        if self.is_quoted and (
            line := find_swallowed_line(row, self.separator, columns, self._is_picture_at)
        ):
            within = f"it goes on to line {row.last_line}, and line {line} in a cell of it reads like a row"
            sentence = f"{row_place}: a quotation mark is opened and not closed: {within}."
            return MalformedRow(sentence, further_lines, has_quotation_fault=True)
        # Checked after the quotation marks: swallowed lines change the number of cells, but are the real
        # fault.
        if cells != columns:
            quoted = "" if cells < columns else " A cell that holds one is in quotation marks."
            count = format_count(cells, "cell")
            why = f"it has {count}, and the header has {columns}; between them is {self.separator!r}."
            return MalformedRow(f"{row_place}: {why}{quoted}{explain_mysql_quotes(row)}", further_lines)
        for place in self._identifier_places:
            if is_truncated_number(row.cells[place]):
                return MalformedRow(
                    f"{row_place}, column `{self.header[place]}`: {explain_cut_number(row.cells[place])}"
                )
        return None

    def _is_picture_at(self, place: int, cell: str) -> bool:
        return self.header[place] in self.list_options.path_columns and is_picture_cell(cell)
