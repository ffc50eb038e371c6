"""Read a list: a CSV whose rows name pictures, for `label`, `data`, `train` and corrections alike.

Spreadsheets separate cells by commas, semicolons or tabs, and do not always write UTF-8; csv.Sniffer guesses
from cells, which may hold anything, but the header is known. Every row is looked at before the first one
counts: one that does not fit the header makes the list unusable, or is left out where people say so.
encodings.py finds the encoding. Reads the list, and looks whether files exist.
"""

import codecs
import csv
import os
import re
import shlex
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

from inference.plain_text import trimmed
from labelling.cells import names_picture
from labelling.encodings import Encoding, encoding_of
from labelling.errors import ListUnusable
from labelling.paths import existing

SEPARATORS: Final = ",;\t"

LONGEST_CELL: Final = 1 << 24
"""Characters of a cell: shops export whole pages of HTML, with pictures in them."""

NAMED: Final = 3
"""Rows that an error names."""

LEFT_OUT: Final = 20
"""Rows that are named where they are left out."""

LOOKED_AT: Final = 100
"""Rows by which a column is found to name pictures."""

PATH: Final = "path"
"""The column that names pictures, unless people name others."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How people say that a list is to be read.

    Attributes:
        path_columns: that name pictures; each of them makes a row of its own.
        root: the folder that paths are relative to; None for the list's own.
        encoding: of the text; empty to find it out.
        skip_bad_rows: leave out rows that do not fit the header, in place of refusing the list.
        by: the column that says which pictures show one product; empty for none.
    """

    path_columns: tuple[str, ...] = (PATH,)
    root: Path | None = None
    encoding: str = ""
    skip_bad_rows: bool = False
    by: str = ""

    @classmethod
    def of(cls, options: Any) -> "Reading":  # noqa: ANN401 - a command line's, or those of a training
        """What options say that have the names which they have on a command line."""
        root = options.root
        return cls(
            path_columns=tuple(options.path_column or (PATH,)),
            root=Path(root).expanduser() if root else None,
            encoding=options.encoding or "",
            skip_bad_rows=options.skip_bad_rows,
            by=getattr(options, "product_column", None) or "",
        )

    def place(self, cell: str, file: Path, encoding: str) -> str:
        """The path of the file that a cell of a list means, whether it is there or not.

        Args:
            cell: without white space around it.
            file: the list.
            encoding: of its text; the name of a file may be no Unicode, and have the same bytes.
        """
        folder = self.root or file.parent
        path = existing(os.path.join(folder, cell))  # noqa: PTH118 - Path would change what is written
        if cell.isascii() or os.path.lexists(path):
            return path
        by_bytes = cell.encode(encoding.removesuffix("-sig"), "surrogateescape")
        same = os.path.join(folder, os.fsdecode(by_bytes))  # noqa: PTH118 - as above
        return same if os.path.lexists(same) else path


AS_IT_IS: Final = Reading()


class Row(NamedTuple):
    """A row that fits the header.

    Attributes:
        where: the list, the row, of which the header is the first, and the line where it begins.
        cells: by column; of two columns of a name the first.
    """

    where: str
    cells: dict[str, str]


class _Parsed(NamedTuple):
    row: int
    line: int
    cells: list[str]
    wrong: str


@dataclass(frozen=True)
class ListFile:
    """A list whose rows were looked at.

    Attributes:
        path: where it is.
        reading: how it is read.
        encoding: of its text.
        separator: between cells.
        columns: that have a name, each once.
        header: all of them, as they stand there.
        notes: what a person should know, a sentence each.
    """

    path: Path
    reading: Reading
    encoding: Encoding
    separator: str
    columns: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def rows(self) -> Iterator[Row]:
        """The rows that fit the header, in order."""
        first = {name: self.header.index(name) for name in self.columns}
        for one in self._parsed():
            if not one.wrong:
                yield Row(self._where(one), {name: one.cells[place] for name, place in first.items()})

    def place(self, cell: str) -> str:
        """The path of the file that a cell means, whether it is there or not."""
        return self.reading.place(cell.strip(), self.path, self.encoding.name)

    def _where(self, parsed: _Parsed) -> str:
        return f"{self.path}, row {parsed.row}, line {parsed.line}"

    def wrong(self) -> list[str]:
        """A sentence on each row that does not fit the header."""
        return [f"{self._where(one)}: {one.wrong}" for one in self._parsed() if one.wrong]

    def _parsed(self) -> Iterator[_Parsed]:
        """The rows after the header. What follows an open quotation mark is read from the next line on."""
        with _text_of(self.path, self.encoding.name) as file:
            lines = _Lines(file)
            _header(lines, self.separator)
            reader, row = _reader(lines, self.separator), 1
            while True:
                line, wrong, row = lines.begin(), "", row + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    cells, wrong = [], _why(lines.taken, str(error))
                if not wrong and any(self._is_row(one) for one in lines.taken[1:]):
                    wrong = _why(lines.taken, "")
                if wrong:
                    lines.give_back()
                    reader = _reader(lines, self.separator)
                if wrong or "".join(cells).strip():
                    yield _Parsed(row, line, cells, wrong or self._misfit(cells, lines.taken))

    def _misfit(self, cells: list[str], taken: list[str]) -> str:
        """What is wrong with a row that could be parsed; empty where nothing is."""
        if len(cells) != len(self.header):
            quoted = "" if len(cells) < len(self.header) else " A cell that holds one is in quotation marks."
            return (
                f"it has {len(cells)} cells, and the header has {len(self.header)}; between them is "
                f"{self.separator!r}.{quoted}{_of_mysql(taken)}"
            )
        return "" if self._is_text(cells) else f"its text is not {self.encoding.name.removesuffix('-sig')}."

    def _is_row(self, line: str) -> bool:
        """Whether a line within a cell was a row of its own, which an open quotation mark swallowed."""
        bare = line.rstrip("\r\n").removesuffix('"')
        cells = bare.split(self.separator)
        if '"' in bare or len(cells) != len(self.header) or len(cells) < 2:
            return False
        paths = (cell for name, cell in zip(self.header, cells, strict=True) if self._names(name))
        return any(cell and (names_picture(cell) or os.path.lexists(self.place(cell))) for cell in paths)

    def _names(self, column: str) -> bool:
        return column in self.reading.path_columns

    def _is_text(self, cells: list[str]) -> bool:
        """Whether every cell is text, or the path of a file whose name is none."""
        return _is_unicode("".join(cells)) or all(
            _is_unicode(cell) or (self._names(name) and os.path.lexists(self.place(cell)))
            for name, cell in zip(self.header, cells, strict=True)
        )


def open_list(
    path: Path, needed: Collection[str], reading: Reading = AS_IT_IS, read: Collection[str] = ()
) -> ListFile:
    """Open a list, and look at each of its rows.

    Args:
        path: of the CSV.
        needed: columns that it has to have.
        reading: how it is read.
        read: further columns that are read where they are there.

    Raises:
        ListUnusable: it cannot be read, lacks a column, has two of one name that is read, or rows that do not
            fit its header; the message names the row and its line.
    """
    try:
        found = _opened(path, needed, reading)
        _check_header(found, needed, {*needed, *read, reading.by})
        wrong = found.wrong()
    except OSError as error:
        raise ListUnusable(f"{path}: cannot be read ({error.strerror}).") from error
    except (UnicodeError, LookupError) as error:
        named = reading.encoding or "UTF-8 or UTF-16"
        raise ListUnusable(f"{path}: is no text in {named} ({error}).") from error
    if wrong and not reading.skip_bad_rows:
        more = f" And {len(wrong) - NAMED:,} more." if len(wrong) > NAMED else ""
        raise ListUnusable(
            f"{' '.join(wrong[:NAMED])}{more} Nothing of the list is read until it is right; "
            "--skip-bad-rows leaves such rows out."
        )
    notes = (*_notes(found), *_left_out(wrong))
    return ListFile(path, reading, found.encoding, found.separator, found.columns, found.header, notes)


def renaming(needed: Iterable[str], header: Iterable[str]) -> str:
    """The sentence on columns that a header names in capitals or with blanks; empty where there is none."""
    names = [name for cell in header for name in re.split(f"[{SEPARATORS}]", cell)]
    alike = ((name, want) for want in needed for name in names if trimmed(name).casefold() == want != name)
    return "".join(f" Rename {name!r} to `{want}`." for name, want in alike)


def _opened(path: Path, needed: Collection[str], reading: Reading) -> ListFile:
    named = reading.encoding
    if named and codecs.lookup(named).name == "utf-8":
        named = "utf-8-sig"  # Excel writes a mark
    encoding = Encoding(named) if named else encoding_of(path)
    headers = dict[str, list[str]]()
    for one in SEPARATORS:
        with _text_of(path, encoding.name) as file:
            headers[one] = _header(_Lines(file), one)
    fits = [one for one, names in headers.items() if set(needed) <= set(names)]
    separator = (fits or sorted(SEPARATORS, key=lambda one: -len(headers[one])))[0]
    columns = tuple(dict.fromkeys(filter(None, headers[separator])))
    return ListFile(path, reading, encoding, separator, columns, tuple(headers[separator]))


def _check_header(found: ListFile, needed: Collection[str], read: Collection[str]) -> None:
    twice = [name for name, count in Counter(found.header).items() if count > 1 and name in read]
    if twice:
        raise ListUnusable(f"{found.path}: has two columns `{twice[0]}`. Take one out, or rename it.")
    if set(needed) <= set(found.columns):
        return
    shown = found.separator.join(found.header)[:40]
    wanted = " and ".join(f"`{one}`" for one in needed)
    raise ListUnusable(
        f"{found.path}: begins with {shown!r}. It needs the column{'s' * (len(needed) > 1)} {wanted}."
        f"{_advice(found, needed)}"
    )


def _advice(found: ListFile, needed: Collection[str]) -> str:
    """What to do about a column that is missing; empty where that is not known."""
    missing = [name for name in needed if name not in found.columns]
    if advice := renaming(missing, found.header):
        return advice
    if {*missing}.isdisjoint(found.reading.path_columns):
        return ""
    if any(map(names_picture, found.header)):
        return f" Write `{missing[0]}` in a line above the first one."
    columns = _of_pictures(found)
    few = ", ".join(f"`{name}`" for name in columns)
    return f" Pictures are named in {few}: --path-column {shlex.quote(','.join(columns))}" if columns else ""


def _of_pictures(found: ListFile) -> list[str]:
    """The columns most of whose cells look like the names of pictures."""
    some = list(islice(found.rows(), LOOKED_AT))
    cells = {name: [row.cells[name] for row in some if row.cells[name]] for name in found.columns}
    return [name for name, of in cells.items() if 2 * sum(map(names_picture, of)) > len(of) > 0]


def _notes(found: ListFile) -> Iterator[str]:
    twice = [name for name, count in Counter(filter(None, found.header)).items() if count > 1]
    if twice:
        yield f"{found.path}: of the columns `{', '.join(twice)}` there are two; the first is read."
    if found.encoding.example:
        yield (
            f"{found.path}: is no UTF-8, and is read as {found.encoding.name}, such as "
            f"{found.encoding.example!r} in line {found.encoding.line}. --encoding NAME names another one."
        )


def _left_out(wrong: list[str]) -> Iterator[str]:
    if wrong:
        more = f" And {len(wrong) - LEFT_OUT:,} more." if len(wrong) > LEFT_OUT else ""
        yield f"Rows that are left out: {len(wrong):,}. {' '.join(wrong[:LEFT_OUT])}{more}"


def _why(taken: list[str], error: str) -> str:
    """Why a row cannot be parsed."""
    if advice := _of_mysql(taken):
        return advice.strip()
    if "field limit" in error:
        return f"a cell has more than {LONGEST_CELL:,} characters, or a quotation mark is not closed."
    if len(taken) > 1 or "unexpected end" in error:
        return "a quotation mark is opened and not closed, so that what follows becomes one cell."
    return 'a quotation mark within a quoted cell is not written twice, as in "5"" wide".'


def _of_mysql(taken: list[str]) -> str:
    if r"\"" not in taken[0]:
        return ""
    return r' It has \", as MySQL writes it, where CSV has "". Export with ESCAPED BY ' + "'\"'."


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text_of(path: Path, encoding: str) -> TextIO:
    # What is no text in this encoding is an error of its row, or names a file by the same bytes.
    return path.open(encoding=encoding, errors="surrogateescape", newline="")


class _Lines:
    """The lines of a file, which can be given back.

    Attributes:
        taken: since the row began.
    """

    def __init__(self, file: TextIO) -> None:
        self.taken: list[str] = []
        self._file, self._back, self._number = file, deque[str](), 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._file)
        self._number += 1
        self.taken.append(line)
        return line

    def begin(self) -> int:
        """The number of the line at which a row begins, from 1."""
        self.taken = []
        return self._number + 1

    def give_back(self, *, everything: bool = False) -> None:
        """Take back the lines of this row after the first one, or that, too."""
        back = self.taken[0 if everything else 1 :]
        self._back.extendleft(reversed(back))
        self._number -= len(back)
        self.taken = []


def _header(lines: _Lines, separator: str) -> list[str]:
    """The first row, after a line by which Excel knows the separator; empty where it cannot be parsed."""
    first = next(lines, "")
    if first.strip().strip('"')[:-1].lower() != "sep=":
        lines.give_back(everything=True)
    try:
        return next(_reader(lines, separator), [])
    except csv.Error:
        return []


def _reader(lines: _Lines, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
