"""Parse CSV strictly, and know a quotation mark that was not closed: it swallows the rows that follow it.

`a.jpg,"Foo` and `b.jpg,Bar"` in two lines are one valid record of two cells, whose second picture would be
lost. So the lines of a record are looked at as well. Pure, but for the file that is given.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, Literal, NamedTuple, TextIO, TypeAlias

from labelling.cells import addresses_in

SEPARATOR_HINT: Final = re.compile('"?sep=.?"?', re.IGNORECASE)
"""A line above the header by which Excel knows the separator."""

LINE_BREAK: Final = re.compile(r"\r\n?|\n")

LONGEST_CELL: Final = 1 << 24
"""Characters of a cell: shops export whole pages of HTML, with pictures in them."""

Fault: TypeAlias = Literal["mark", "unclosed"]
"""A quotation mark within a cell that is not written twice; or one that may have taken in the lines below."""


class Record(NamedTuple):
    """What the parser makes of some lines.

    Attributes:
        line: where it begins, from 1.
        lines: that it took.
        cells: none where it cannot be parsed.
        error: why not; empty where it can.
    """

    line: int
    lines: Sequence[str]
    cells: list[str]
    error: str = ""

    @property
    def last(self) -> int:
        """The line where it ends."""
        return self.line + len(self.lines) - 1

    def fault(self) -> tuple[Fault, str]:
        """Why it cannot be parsed, and the sentence that says so."""
        fault: Fault = "mark"
        why = 'a quotation mark within a quoted cell is not written twice, as in "5"" wide".'
        if "field limit" in self.error:
            fault = "unclosed"
            why = f"a cell has more than {LONGEST_CELL:,} characters, or a quotation mark is not closed."
        elif "unexpected end" in self.error:
            fault = "unclosed"
            why = "a quotation mark is opened and not closed, so that all that follows is one cell."
        elif self.last > self.line:
            fault = "unclosed"
            why = (
                f"a quotation mark is opened and not closed: in line {self.last}, text follows the next one."
            )
        return fault, self.of_mysql().strip() or why

    def of_mysql(self) -> str:
        r"""What to do where MySQL wrote it, with \" for a mark; empty elsewhere."""
        if r"\"" not in self.lines[0]:
            return ""
        return r' It has \", as MySQL writes it, where CSV has "". Export with ESCAPED BY ' + "'\"'."

    def swallowed(self, separator: str, columns: int, is_picture: Callable[[int, str], bool]) -> int:
        """The number of the first line that names a picture within a quoted cell; 0 where none does.

        Args:
            separator: between cells.
            columns: of the header; such a line has as many cells.
            is_picture: whether the cell of a column, by its place, names a picture.
        """
        if len(self.lines) == 1:
            return 0
        is_within, own = False, LINE_BREAK.split(self.cells[0])
        whole = [columns > 1 and len(line.split(separator)) == columns for line in own]
        for at, line in enumerate(self.lines):
            cells = line.rstrip("\r\n").split(separator)
            is_row = len(cells) == columns
            for place, cell in enumerate(cells):
                text = cell.rstrip('"')
                is_other = is_row and is_within and '"' not in text and is_picture(place, text)
                is_own = place == 0 and own[at : at + 1] == [text] and not any(whole[:at])
                if is_other and not (is_own and _continues(own, at, is_picture)):
                    return self.line + at
                is_within ^= cell.count('"') % 2 == 1
        return 0


def _continues(own: Sequence[str], at: int, is_picture: Callable[[int, str], bool]) -> bool:
    """Whether a line of a record's first cell is more of that cell, and not another row's picture.

    Further addresses are, and so is the end of a name with a line break: no line above it names a picture by
    itself.

    Args:
        own: the lines of the cell.
        at: the place of the line among them, from 1.
        is_picture: as `Record.swallowed` takes it.
    """
    if addresses_in(next(filter(str.strip, own), "")):
        return bool(addresses_in(own[at]))
    return at == len(own) - 1 and not any(is_picture(0, line) for line in own[:at])


def records(file: TextIO, separator: str, *, is_quoted: bool = True) -> Iterator[Record]:
    """The records of a CSV, the header first; after one that cannot be parsed, those from the next line on.

    Args:
        file: opened with `newline=""`.
        separator: between cells.
        is_quoted: whether quotation marks around a cell are CSV's; else they are part of its text.
    """
    csv.field_size_limit(LONGEST_CELL)
    first, lines = file.readline(), list[str]()
    is_hint = bool(SEPARATOR_HINT.fullmatch(first.rstrip("\r\n")))
    reader = csv.reader(
        _kept(file if is_hint else chain(filter(None, [first]), file), lines),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE,
        skipinitialspace=True,
        strict=True,
    )
    while True:
        line, cells, error = is_hint + reader.line_num + 1, list[str](), ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as raised:
            error = str(raised)
        yield Record(line, lines.copy(), cells, error)
        lines.clear()


def _kept(file: Iterable[str], lines: list[str]) -> Iterator[str]:
    for line in file:
        lines.append(line)
        yield line
