"""Parse the rows of a CSV, and explain why a row is malformed.

A quotation mark that is not closed swallows the rows after it: a CSV reader takes

    a.jpg,"Foo
    b.jpg,Bar"

for one valid row, and b.jpg would be lost. Therefore the lines of each row are looked at as well.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple, TextIO

from labelling.lists.cells import find_addresses
from labelling.lists.list_text import MAX_CELL_CHARACTERS

SEPARATOR_HINT_PATTERN: Final = re.compile('"?sep=.?"?', re.IGNORECASE)
"""Pattern of a line above the header, such as `sep=;`, that tells Excel the separator."""

LINE_BREAK_PATTERN: Final = re.compile(r"\r\n?|\n")
"""Pattern of a line break of Linux, Windows or old Macs."""

END_OF_FILE: Final = "\x1a"
"""Ctrl-Z, with which old programs end a file."""

FILE_MARKS: Final = "\ufeff" + END_OF_FILE
"""Characters that mark the beginning of a file in UTF-8 and the end of one. They belong to no cell."""

MAX_NAMED_BAD_ROWS: Final = 20
"""Largest number of rows that a note about left out rows names."""


class MalformedRow(NamedTuple):
    """The fault of a row that does not fit the header.

    Attributes:
        sentence: the place of the row, and what is wrong: "list.csv, row 3, line 5: it has 4 cells, ...".
        further_lines: the numbers of its lines after the first one. They may be rows that it has swallowed.
        has_quotation_fault: whether a quotation mark is the cause.
        is_unclosed: whether a quotation mark may have swallowed an unknown number of rows, so that
            --skip-bad-rows cannot leave out this row alone.
    """

    sentence: str
    further_lines: range = range(0)
    has_quotation_fault: bool = False
    is_unclosed: bool = False


class ParsedRow(NamedTuple):
    """A row of a CSV as it was parsed, or the reason why its lines cannot be parsed.

    Attributes:
        first_line: the number of the line at which the row begins, from 1.
        lines: the lines of the row, with their line breaks.
        cells: the cells; empty if the lines cannot be parsed.
        error: the reason of Python's CSV reader; empty if the lines can be parsed.
    """

    first_line: int
    lines: Sequence[str]
    cells: list[str]
    error: str = ""

    @property
    def last_line(self) -> int:
        """The number of the line at which the row ends."""
        return self.first_line + len(self.lines) - 1


def parse_rows(file: TextIO, separator: str, *, is_quoted: bool = True) -> Iterator[ParsedRow]:
    """Yield the rows of a CSV, the header first. After a row that cannot be parsed, the next line follows.

    Args:
        is_quoted: whether quotation marks are those of CSV, and not part of the text.
    """
    # Python's own limit is 131,072 characters, which descriptions in HTML exceed.
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    first = file.readline()
    lines = list[str]()
    # Excel reads `sep=;` in a line above the header, and other programs write the line for Excel.
    is_hint = bool(SEPARATOR_HINT_PATTERN.fullmatch(first.rstrip("\r\n")))
    reader = csv.reader(
        _record_lines(file if is_hint else chain(filter(None, [first]), file), lines),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE,
        skipinitialspace=True,
        strict=True,
    )
    while True:
        line = is_hint + reader.line_num + 1
        cells = list[str]()
        error = ""
        try:
            cells = [cell.lstrip(FILE_MARKS) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as raised:
            error = str(raised)
        yield ParsedRow(line, lines.copy(), cells, error)
        lines.clear()


def _record_lines(file: Iterable[str], lines: list[str]) -> Iterator[str]:
    """Yield the lines of a file, and add each to a list: a CSV reader does not say which ones it has read.

    Marks that stand where a file begins or ends are left out: two lists that were joined have them inside.
    """
    for raw_line in file:
        line = raw_line.lstrip(FILE_MARKS)
        text = line.rstrip("\r\n")
        if text.endswith(END_OF_FILE):
            line = text.rstrip(END_OF_FILE) + line[len(text) :]
        # A line of such marks alone is no row. A blank line may stand within a cell.
        if line.strip("\r\n") or not raw_line.strip("\r\n"):
            lines.append(line)
            yield line


def explain_parse_error(row: ParsedRow) -> tuple[str, bool]:
    """Return why a row cannot be parsed, and whether a quotation mark in it may have swallowed other rows."""
    why = 'a quotation mark within a quoted cell is not written twice, as in "5"" wide".'
    is_unclosed = True
    # Python's CSV reader has one class of errors, so that only its text says which one this is.
    if "field limit" in row.error:
        why = f"a cell has more than {MAX_CELL_CHARACTERS:,} characters, or a quotation mark is not closed."
    elif "unexpected end" in row.error:
        why = "a quotation mark is opened and not closed, so that all that follows is one cell."
    elif row.last_line > row.first_line:
        why = (
            f"a quotation mark is opened and not closed: in line {row.last_line}, text follows the next one."
        )
    else:
        is_unclosed = False
    return explain_mysql_quotes(row).strip() or why, is_unclosed


def explain_mysql_quotes(row: ParsedRow) -> str:
    r"""Return advice for a list that MySQL wrote, with \" for a quotation mark; empty for any other list."""
    if r"\"" not in row.lines[0]:
        return ""
    return r' It has \", as MySQL writes it, where CSV has "". Export with ESCAPED BY ' + "'\"'."


def find_swallowed_line(
    row: ParsedRow, separator: str, columns: int, is_picture: Callable[[int, str], bool]
) -> int:
    """Return the number of the first line within a quoted cell that looks like a row itself; 0 without one.

    In the two lines `a.jpg,"Foo` and `b.jpg,Bar"`, it is the second one: it has as many cells as the header,
    and names a picture.

    Args:
        row: the row, which may have several lines.
        columns: the number of columns of the header.
        is_picture: a function that returns whether the cell at a position names a picture.
    """
    if len(row.lines) == 1:
        return 0
    is_within = False
    cell_lines = LINE_BREAK_PATTERN.split(row.cells[0])
    # A line with all columns in the first cell is surely a swallowed row, and so are the lines after it.
    is_whole = (columns > 1 and len(line.split(separator)) == columns for line in cell_lines)
    first_whole = next((index for index, is_one in enumerate(is_whole) if is_one), len(cell_lines))
    continues = _make_continuation_check(cell_lines, is_picture)
    for index, line in enumerate(row.lines):
        cells = line.rstrip("\r\n").split(separator)
        is_row = len(cells) == columns
        for place, cell in enumerate(cells):
            text = cell.rstrip('"')
            # A quoted line that has all columns and names a picture is another row, unless it belongs to the
            # first cell, as one more address does.
            is_other = is_row and is_within and '"' not in text and is_picture(place, text)
            is_own = place == 0 and cell_lines[index : index + 1] == [text] and index <= first_whole
            if is_other and not (is_own and continues(index)):
                return row.first_line + index
            # A quotation mark opens or closes a quoted cell; two of them are one mark of its text.
            if cell.count('"') % 2 == 1:
                is_within = not is_within
    return 0


def _make_continuation_check(
    cell_lines: Sequence[str], is_picture: Callable[[int, str], bool]
) -> Callable[[int], bool]:
    """Return a function for the lines of a first cell that has line breaks.

    By the number of a line, the function tells whether the line still belongs to this cell. Otherwise it
    begins a row that an open quotation mark swallowed.

    A cell can have several addresses, one in each line, or a name with a line break: the last line belongs to
    the cell if no line above it names a picture by itself. Any other line may be another row's picture.

    Args:
        is_picture: a function that returns whether the cell at a position names a picture.
    """
    if find_addresses(next(filter(str.strip, cell_lines), "")):
        return lambda index: bool(find_addresses(cell_lines[index]))
    last = len(cell_lines) - 1
    return lambda index: index == last and not any(is_picture(0, line) for line in cell_lines[:index])


def explain_cut_number(cell: str) -> str:
    """Return a sentence about an article number that a spreadsheet cut, such as `4,01E+12`."""
    return (
        f"{cell.strip()!r} is what a spreadsheet makes of a long number, whose other digits are lost. Export "
        "the list again, with this column as text."
    )


def describe_malformed_rows(faults: Sequence[MalformedRow], limit: int) -> str:
    """Return the sentences of the first malformed rows, up to `limit`, and the number of the further ones."""
    more = f"And {len(faults) - limit:,} more." if len(faults) > limit else ""
    return " ".join(filter(None, [*(fault.sentence for fault in faults[:limit]), more]))


def describe_left_out_rows(faults: Sequence[MalformedRow]) -> str:
    """Return a sentence about the rows that are left out, and the lines that they may have swallowed."""
    rows = f"Rows that are left out: {len(faults):,}."
    line_ranges = [fault.further_lines for fault in faults if fault.further_lines]
    if not line_ranges:
        return rows
    ranges_text = ", ".join(
        f"{some[0]} to {some[-1]}" if len(some) > 1 else f"{some[0]}"
        for some in line_ranges[:MAX_NAMED_BAD_ROWS]
    )
    more = ", ..." if len(line_ranges) > MAX_NAMED_BAD_ROWS else ""
    return f"{rows} Further lines within them: {sum(map(len, line_ranges)):,} ({ranges_text}{more})."
