"""Read a list: a CSV whose rows name pictures, for `label`, `data`, `train` and corrections alike.

Nothing is guessed: text is UTF-8, or UTF-16 with its mark, or in the encoding that people name, and the
header shows whether commas, semicolons or tabs separate cells. Every row is looked at before the first one
counts: one that does not fit the header makes the list unusable, or is left out if people say so. A
quotation mark that is not closed swallows the rows that follow it, so the lines of a row are looked at as
well. Reads the list, and looks whether files exist.
"""

import codecs
import csv
import os
import re
import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO, TypeAlias

from inference.plain_text import escape_unprintable, trim
from labelling.errors import ListUnusable
from labelling.lists.cells import find_addresses, is_picture_cell
from labelling.lists.identifiers import is_long_number, remove_format_characters
from labelling.lists.paths import find_existing
from model_store import release_files
from model_store.release_files import expand_home

SEPARATORS: Final = ",;\t"
"""Characters that may separate the cells of a list."""

SEPARATOR_HINT: Final = re.compile('"?sep=.?"?', re.IGNORECASE)
"""Pattern of a line above the header, such as `sep=;`, that tells Excel the separator."""

LINE_BREAK: Final = re.compile(r"\r\n?|\n")

LONGEST_CELL: Final = 1 << 24
"""Largest number of characters of a cell, and of bytes of a header. Shops export whole pages of HTML, with
pictures in them."""

BEGIN_BYTES: Final = 1 << 16
"""Number of bytes of a list that are searched after its first line. In UTF-16 and UTF-32, separators of cells
and lines among them have NULs."""

NAMED: Final = 3
"""Largest number of rows that an error names."""

MAX_NAMED_BAD_ROWS: Final = 20
"""Largest number of left out rows that a note names."""

SAMPLE_ROWS: Final = 100
"""Number of rows that are read to find out which columns name pictures."""

MAX_SHOWN_CHARACTERS: Final = 40
"""Largest number of characters of a header or a cell that an error shows."""

WORKBOOKS: Final = (".xlsx", ".xls", ".ods", ".numbers")
"""Endings of files of spreadsheet programs, which are not read as lists."""

OF_WORKBOOK: Final = "is a workbook. Save its sheet as CSV UTF-8."

PATH: Final = "path"
"""The column that names pictures, unless people name others."""

ENCODINGS: Final = (
    "Name the encoding: --encoding cp1252 for Western European text, cp1250 for Central European, cp1251 for "
    "Cyrillic, cp932 for Japanese, gb18030 for Chinese, or another name that Python knows, such as utf-16-le."
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The options with which a list (a CSV that names pictures) is read.

    Attributes:
        path_columns: the columns that name pictures. Each of them gives a row of its own.
        root: the folder that paths are relative to; None for the folder of the list.
        encoding: the encoding of text that is neither UTF-8 nor UTF-16 with its mark; empty to refuse such
            text.
        skip_bad_rows: whether rows that do not fit the header are left out, instead of refusing the list.
        by: the column that says which pictures show one product; empty for none.
        identifiers: further columns whose cells name products or groups, which are read if they exist.
    """

    path_columns: tuple[str, ...] = (PATH,)
    root: Path | None = None
    encoding: str = ""
    skip_bad_rows: bool = False
    by: str = ""
    identifiers: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: Any) -> "Reading":  # noqa: ANN401 - a command line's, or those of a training
        """Return the reading that the options of a command choose.

        Args:
            options: an object such as parsed arguments, with the attributes `path_column`, `root`,
                `encoding`, `skip_bad_rows` and, if the command has it, `product_column`.
        """
        root = options.root
        return cls(
            path_columns=tuple(options.path_column or (PATH,)),
            root=expand_home(root) if root else None,
            encoding=options.encoding or "",
            skip_bad_rows=options.skip_bad_rows,
            by=getattr(options, "product_column", None) or "",
        )

    @property
    def of_corrections(self) -> "Reading":
        """The options for reading a file of corrections: the encoding and the treatment of bad rows stay."""
        return Reading(encoding=self.encoding, skip_bad_rows=self.skip_bad_rows)

    def place(self, cell: str, file: Path, encoding: str) -> str:
        """Return the path of the file that a cell of a list names, whether the file exists or not.

        If people named a root, a path that begins with a slash is looked for below the root first: Magento
        writes all of its paths so.

        Args:
            cell: the cell without white space around it.
            file: the path of the list.
            encoding: the encoding of the list's text; a file whose name has the same bytes as the cell in
                this encoding is found, too.
        """
        if self.root and cell.startswith("/"):
            below = find_existing(os.path.join(self.root, cell.lstrip("/")))  # noqa: PTH118 - Path would change what is written
            if os.path.lexists(below):
                return below
        folder = self.root or file.parent
        path = find_existing(os.path.join(folder, cell))  # noqa: PTH118 - Path would change what is written
        if cell.isascii() or os.path.lexists(path):
            return path
        name = os.fsdecode(cell.encode(encoding.removesuffix("-sig")))
        same = os.path.join(folder, name)  # noqa: PTH118 - as above
        return same if os.path.lexists(same) else path


AS_IT_IS: Final = Reading()
"""The default options for reading a list: the column `path`, UTF-8, and every row has to fit."""


class ListRow(NamedTuple):
    """A row of a list that fits the header.

    Attributes:
        where: a text for messages: the path of the list, the number of the row (the header is row 1), and the
            line at which the row begins.
        cells: the cells by column. If two columns share a name, the first one is used.
    """

    where: str
    cells: dict[str, str]


class _Bad(NamedTuple):
    """The reason why a row does not fit the header.

    Attributes:
        sentence: the reason, after the place of the row.
        further: the number of lines after its first one, which may be rows that it has swallowed.
        is_of_mark: whether a quotation mark is the cause.
        is_unclosed: whether the mark may have swallowed rows, so that the row cannot be left out.
    """

    sentence: str
    further: range = range(0)
    is_of_mark: bool = False
    is_unclosed: bool = False


class _Parsed(NamedTuple):
    """The result of parsing some lines.

    Attributes:
        line: the line at which it begins, from 1.
        lines: the number of its lines.
        cells: the cells; empty if the lines cannot be parsed.
        error: why they cannot be parsed; empty if they can.
    """

    line: int
    lines: Sequence[str]
    cells: list[str]
    error: str = ""

    @property
    def last(self) -> int:
        """The line where it ends."""
        return self.line + len(self.lines) - 1


@dataclass(frozen=True)
class ListFile:
    """An opened list: a CSV whose rows name pictures or products.

    Attributes:
        path: the path of the list.
        reading: the way in which it is read.
        encoding: the encoding of its text, as Python names it.
        separator: the separator between cells.
        header: the names of the columns, as they are written.
        stamp: the size of the file in bytes, and its time of change in nanoseconds, before it was read.
        notes: sentences about the list that a person should read.
        is_quoted: whether quotation marks around a cell are those of CSV. Otherwise they are part of its
            text.
    """

    path: Path
    reading: Reading
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

    def rows(self) -> Iterator[ListRow]:
        """Yield the rows that fit the header, in order. Rows that do not fit are left out.

        Raises:
            ListUnusable: the list cannot be read, or was changed since it was opened.
        """
        places: dict[str, int] = {}
        for place, name in enumerate(self.header):
            if name:
                places.setdefault(name, place)
        with _readable(self.path, self.encoding):
            for where, cells, bad in self._checked():
                if bad is None:
                    yield ListRow(where, {name: cells[place] for name, place in places.items()})
            if _stamp(self.path) != self.stamp:
                raise ListUnusable(f"{self.path}: was changed while it was read. Give the command again.")

    def place(self, cell: str) -> str:
        """Return the path of the file that a cell of this list names, whether the file exists or not."""
        return self.reading.place(cell.strip(), self.path, self.encoding)

    def check_rows(self) -> tuple[list[_Bad], int]:
        """Return the faults of rows that do not fit the header, and a number of other rows.

        The number is of rows that fit, but have invisible characters in a column of identifiers.
        """
        every, unseen = list[_Bad](), 0
        for _, cells, bad in self._checked():
            if bad:
                every.append(bad)
            else:
                unseen += any(
                    remove_format_characters(cells[place]) != cells[place] for place in self._identifiers
                )
        return every, unseen

    @cached_property
    def _identifiers(self) -> tuple[int, ...]:
        """The places of columns that name products or groups."""
        names = {self.reading.by, *self.reading.identifiers} - {""}
        return tuple(self.header.index(name) for name in names if name in self.header)

    def has_quoted_cells(self) -> bool:
        """Return whether any cell of the list begins and ends with a quotation mark."""
        with _opened(self.path, self.encoding) as file:
            cells = (cell.strip() for line in file for cell in line.split(self.separator))
            return any(cell.startswith('"') and cell.endswith('"') for cell in cells)

    def _checked(self) -> Iterator[tuple[str, list[str], _Bad | None]]:
        """Yield the place of each row after the header, its cells, and why it does not fit."""
        with _opened(self.path, self.encoding) as file:
            parsed = _parsed(file, self.separator, is_quoted=self.is_quoted)
            next(parsed, None)
            for number, row in enumerate(parsed, 2):
                if row.error or "".join(row.cells).strip():
                    where = f"{self.path}, row {number}, line {row.line}"
                    yield where, row.cells, self._why_bad(row, where)

    def _why_bad(self, row: _Parsed, where: str) -> _Bad | None:
        if row.error:
            why, is_unclosed = _explained(row)
            return _Bad(f"{where}: {why}", is_of_mark=True, is_unclosed=is_unclosed)
        cells, columns = len(row.cells), len(self.header)
        further = range(row.line + 1, row.last + 1)
        if self.is_quoted and (line := _swallowed(row, self.separator, columns, self._is_picture)):
            within = f"it goes on to line {row.last}, and line {line} in a cell of it reads like a row"
            sentence = f"{where}: a quotation mark is opened and not closed: {within}."
            return _Bad(sentence, further, is_of_mark=True)
        if cells != columns:
            quoted = "" if cells < columns else " A cell that holds one is in quotation marks."
            why = f"it has {cells} cells, and the header has {columns}; between them is {self.separator!r}."
            return _Bad(f"{where}: {why}{quoted}{_of_mysql(row)}", further)
        for place in self._identifiers:
            if is_long_number(row.cells[place]):
                return _Bad(f"{where}, column `{self.header[place]}`: {explain_cut_number(row.cells[place])}")
        return None

    def _is_picture(self, place: int, cell: str) -> bool:
        return self.header[place] in self.reading.path_columns and is_picture_cell(cell)


OpenList: TypeAlias = Callable[[Path, Collection[str], Reading, Collection[str]], ListFile]
"""Function that opens a list: `open_list` or `open_header`."""


def open_list(
    path: Path, needed: Collection[str], reading: Reading = AS_IT_IS, read: Collection[str] = ()
) -> ListFile:
    """Open a list, and check each of its rows.

    Args:
        path: the path of the CSV.
        needed: the columns that the list must have.
        reading: the options for reading the list.
        read: further columns that are read if they exist.

    Raises:
        ListUnusable: the list cannot be read, is text in another encoding, lacks a column, has two columns of
            a name that is read, or has rows that do not fit its header. The message names the row and its
            line.
    """
    list_ = open_header(path, needed, reading, read)
    with _readable(path, list_.encoding):
        every, unseen = list_.check_rows()
        if list_.separator == "\t" and any(bad.is_of_mark for bad in every) and not list_.has_quoted_cells():
            # As feeds that Google and Amazon read: `"Basic" tee`.
            note = f"{path}: no cell is in quotation marks, so that these are read as text."
            list_ = replace(list_, is_quoted=False, notes=(*list_.notes, note))
            every, unseen = list_.check_rows()
    unclosed = [bad for bad in every if bad.is_unclosed]
    if unclosed or (every and not reading.skip_bad_rows):
        option = "no option leaves it out" if unclosed else "--skip-bad-rows leaves such rows out"
        why = _in_sentences(unclosed or every, NAMED)
        raise ListUnusable(f"{why} Nothing of the list is read until it is right; {option}.")
    notes = [f"{_count(every)} {_in_sentences(every, MAX_NAMED_BAD_ROWS)}"] if every else []
    notes += [explain_unseen(path, unseen)] if unseen else []
    return replace(list_, notes=(*list_.notes, *notes))


def open_header(
    path: Path, needed: Collection[str], reading: Reading = AS_IT_IS, read: Collection[str] = ()
) -> ListFile:
    """Open a list and check its header, but not its rows.

    Args:
        path: the path of the CSV.
        needed: the columns that the list must have.
        reading: the options for reading the list.
        read: further columns that are read if they exist.

    Raises:
        ListUnusable: the list cannot be read, lacks a needed column, or has two columns of one name that is
            read.
    """
    with _readable(path, reading.encoding or "utf-8"):
        stamp, (encoding, note) = _stamp(path), _encoding_of(path, reading.encoding)
    with _readable(path, encoding):
        list_ = _with_header(path, needed, reading, encoding, stamp)
    reading, needed = _in_header(list_.header, needed, reading)
    _check_header(list_, needed, {*needed, *read, reading.by})
    unread = [name for name in list_.header if name not in {*needed, *read, reading.by}]
    misspelt = suggest_renaming(sorted({*read}.difference(list_.header)), unread)
    notes = [note] if note else []
    notes += [f"{path}: a column that is spelt otherwise is not read.{misspelt}"] if misspelt else []
    return replace(list_, notes=(*list_.notes, *notes))


@contextmanager
def _readable(path: Path, encoding: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ListUnusable(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeError as error:
        name = encoding.removesuffix("-sig").upper() if encoding.startswith("utf") else encoding
        where = _not_text(path, encoding)
        raise ListUnusable(f"{path}{where} is not {name}. {ENCODINGS}") from error


def _not_text(path: Path, encoding: str) -> str:
    """Return the line that is not text in an encoding, with the surroundings of its first wrong byte."""
    if encoding.startswith(("utf-16", "utf-32")):  # whose lines do not end in one byte
        return ": its text"
    with release_files.open_regular_file(path) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(encoding).encode()
            except UnicodeEncodeError:  # half a character
                return f", line {number}"
            except UnicodeDecodeError as error:
                begin = max(0, error.start - MAX_SHOWN_CHARACTERS // 2)
                around = (
                    line[begin : begin + MAX_SHOWN_CHARACTERS].decode("ascii", "backslashreplace").strip()
                )
                return f", line {number}: '{escape_unprintable(around)}'"
    return ": its text"


def _stamp(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


def _encoding_of(path: Path, named: str) -> tuple[str, str]:
    """Return the encoding of a list as Python names it, and a sentence if it differs from the named one.

    Raises:
        OSError: the list cannot be read.
        ListUnusable: the list is UTF-16 without its mark and no encoding is named, or Python does not know
            the named one.
    """
    try:
        name = codecs.lookup(named or "utf-8").name
        "".encode(named or "utf-8")  # refuses codecs that are of no text, such as hex
    except (LookupError, UnicodeError) as error:
        raise ListUnusable(f"--encoding {named}: Python knows no encoding of this name.") from error
    with release_files.open_regular_file(path) as file:
        header = file.readline(LONGEST_CELL)
        # A character such as U+4E0A has the byte of a line's end, so that a wide header may go on here.
        begin = header + file.read(BEGIN_BYTES)
    if header.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", ""
    if header.startswith(b"PK\x03\x04"):  # a ZIP, as the workbooks of Excel and LibreOffice are
        raise ListUnusable(f"{path}: {OF_WORKBOOK}")
    if b"\0" in header and not named:
        raise ListUnusable(f"{path}: has NULs, as UTF-16 has, but does not begin with its mark. {ENCODINGS}")
    is_wide = name.startswith(("utf-16", "utf-32"))
    if header.startswith(codecs.BOM_UTF8) or name in {"utf-8", "utf-8-sig"}:
        return "utf-8-sig", ""
    if b"\0" in (begin if is_wide else header):
        return named, ""
    if not _holds_utf8(path):
        return "utf-8-sig" if is_wide else named, ""
    return "utf-8-sig", f"{path}: is UTF-8, and so is not read as {named}."


def _holds_utf8(path: Path) -> bool:
    """Return whether a file has characters beyond ASCII, and all of them are UTF-8."""
    is_ascii = True
    with release_files.open_regular_file(path) as file:
        for line in file:
            if not line.isascii():
                is_ascii = False
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return False
    return not is_ascii


class _WholeText(TextIOWrapper):
    """A text without half characters, which decoders such as that of UTF-7 let pass."""

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # as its base class has it
        """Read a line.

        Raises:
            UnicodeError: it is not in the encoding, or has half a character.
        """
        line = super().readline(size)
        line.encode()
        return line


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    with (
        release_files.open_regular_file(path) as file,
        _WholeText(file, encoding=encoding, newline="") as text,
    ):
        yield text


def _parsed(file: TextIO, separator: str, *, is_quoted: bool = True) -> Iterator[_Parsed]:
    """Yield the rows of a CSV, the header first. After a row that cannot be parsed, the next line follows."""
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
        yield _Parsed(line, lines.copy(), cells, error)
        lines.clear()


def _kept(file: Iterable[str], lines: list[str]) -> Iterator[str]:
    for line in file:
        lines.append(line)
        yield line


def _explained(row: _Parsed) -> tuple[str, bool]:
    """Return why a row cannot be parsed, and whether a quotation mark in it may have swallowed lines."""
    why, is_unclosed = 'a quotation mark within a quoted cell is not written twice, as in "5"" wide".', True
    if "field limit" in row.error:
        why = f"a cell has more than {LONGEST_CELL:,} characters, or a quotation mark is not closed."
    elif "unexpected end" in row.error:
        why = "a quotation mark is opened and not closed, so that all that follows is one cell."
    elif row.last > row.line:
        why = f"a quotation mark is opened and not closed: in line {row.last}, text follows the next one."
    else:
        is_unclosed = False
    return _of_mysql(row).strip() or why, is_unclosed


def _of_mysql(row: _Parsed) -> str:
    r"""Return advice for a list by MySQL, which writes \" for a quotation mark; empty for others."""
    if r"\"" not in row.lines[0]:
        return ""
    return r' It has \", as MySQL writes it, where CSV has "". Export with ESCAPED BY ' + "'\"'."


def _swallowed(row: _Parsed, separator: str, columns: int, is_picture: Callable[[int, str], bool]) -> int:
    """Return the number of the first line that names a picture within a quoted cell; 0 if none does.

    Args:
        row: the row. For example, `a.jpg,"Foo` and `b.jpg,Bar"` in two lines are one valid row of two cells.
        separator: the separator between cells.
        columns: the number of columns of the header; such a line has as many cells.
        is_picture: returns whether the cell of a column, by its position, names a picture.
    """
    if len(row.lines) == 1:
        return 0
    is_within, own = False, LINE_BREAK.split(row.cells[0])
    is_whole = (columns > 1 and len(line.split(separator)) == columns for line in own)
    first_whole = next((at for at, is_one in enumerate(is_whole) if is_one), len(own))
    continues = _continuing(own, is_picture)
    for at, line in enumerate(row.lines):
        cells = line.rstrip("\r\n").split(separator)
        is_row = len(cells) == columns
        for place, cell in enumerate(cells):
            text = cell.rstrip('"')
            is_other = is_row and is_within and '"' not in text and is_picture(place, text)
            is_own = place == 0 and own[at : at + 1] == [text] and at <= first_whole
            if is_other and not (is_own and continues(at)):
                return row.line + at
            is_within ^= cell.count('"') % 2 == 1
    return 0


def _continuing(own: Sequence[str], is_picture: Callable[[int, str], bool]) -> Callable[[int], bool]:
    """Return a function that tells whether a line of a row's first cell continues that cell.

    Such lines are further addresses, and the end of a name with a line break, if no line above it names a
    picture by itself. Any other line may be the picture of another row.

    Args:
        own: the lines of that cell.
        is_picture: returns whether a cell names a picture, as in `_swallowed`.
    """
    if find_addresses(next(filter(str.strip, own), "")):
        return lambda at: bool(find_addresses(own[at]))
    last = len(own) - 1
    return lambda at: at == last and not any(is_picture(0, line) for line in own[:at])


def explain_cut_number(cell: str) -> str:
    """Return a sentence for an error about an identifier, such as `4,01E+12`, that a spreadsheet cut."""
    return (
        f"{cell.strip()!r} is what a spreadsheet makes of a long number, whose other digits are lost. Export "
        "the list again, with this column as text."
    )


def explain_unseen(path: Path | str, rows: int) -> str:
    """Return a note that invisible characters were removed from the identifiers of some rows.

    Args:
        path: the path of the list.
        rows: the number of these rows.
    """
    return f"{path}: characters that cannot be seen are dropped from the identifiers of {rows:,} rows."


def suggest_renaming(needed: Iterable[str], header: Iterable[str]) -> str:
    """Return advice to rename columns whose names differ from needed ones only in capitals or blanks.

    The advice is empty if there are no such columns.

    Args:
        needed: the names of columns that are needed, in small letters.
        header: the names of the columns that the list has.
    """
    names = [name for cell in header for name in re.split(f"[{SEPARATORS}]", cell)]
    alike = ((name, want) for want in needed for name in names if trim(name).casefold() == want != name)
    return "".join(f" Rename {name!r} to `{want}`." for name, want in alike)


def _with_header(
    path: Path, needed: Collection[str], reading: Reading, encoding: str, stamp: tuple[int, int]
) -> ListFile:
    headers = {separator: _header(path, encoding, separator) for separator in SEPARATORS}
    fitting = (
        separator
        for separator, row in headers.items()
        if {*_in_header(row.cells, needed, reading)[1]} <= {*row.cells}
    )
    most = max(SEPARATORS, key=lambda separator: len(headers[separator].cells))
    separator = next(fitting, most) if needed else most
    row = headers[separator]
    if row.error:
        raise ListUnusable(f"{path}, row 1, line {row.line}: {_explained(row)[0]}")
    names = Counter(filter(None, row.cells))
    twice = [name for name, count in names.items() if count > 1]
    note = f"{path}: of the columns `{', '.join(twice)}` there are two; the first is read."
    reading, _ = _in_header(row.cells, needed, reading)
    return ListFile(
        path=path,
        reading=reading,
        encoding=encoding,
        separator=separator,
        header=tuple(row.cells),
        stamp=stamp,
        notes=(note,) if twice else (),
        is_quoted=True,
    )


def split_column_names(text: str) -> tuple[str, ...]:
    """Return the names of columns in a text with commas between, such as `image,image 2`, each name once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))


def _in_header(
    header: Iterable[str], needed: Collection[str], reading: Reading
) -> tuple[Reading, Collection[str]]:
    """Return the reading and the needed columns as a header names them, since names may have commas."""
    whole = [name for name in header if "," in name and split_column_names(name) == reading.path_columns]
    if not whole:
        return reading, needed
    others = [name for name in needed if name not in reading.path_columns]
    return replace(reading, path_columns=(whole[0],)), (whole[0], *others)


def _header(path: Path, encoding: str, separator: str) -> _Parsed:
    with _opened(path, encoding) as file:
        return next(_parsed(file, separator), _Parsed(1, ("",), []))


def _check_header(list_: ListFile, needed: Collection[str], read: Collection[str]) -> None:
    names = Counter(filter(None, list_.header))
    twice = [name for name, count in names.items() if count > 1 and name in read]
    if twice:
        raise ListUnusable(f"{list_.path}: has two columns `{twice[0]}`. Take one out, or rename it.")
    if not set(needed) <= set(list_.header):
        begin = list_.separator.join(list_.header)[:MAX_SHOWN_CHARACTERS]
        wanted = " and ".join(f"`{name}`" for name in needed)
        raise ListUnusable(
            f"{list_.path}: begins with {begin!r}. It needs the column{'s' * (len(needed) > 1)} {wanted}."
            f"{_advice(list_, needed)}"
        )


def _advice(list_: ListFile, needed: Collection[str]) -> str:
    """Return advice about a column that is missing; empty if none is known."""
    missing = [name for name in needed if name not in list_.header]
    if advice := suggest_renaming(missing, list_.header):
        return advice
    if {*missing}.isdisjoint(list_.reading.path_columns):
        return ""
    if any(map(is_picture_cell, list_.header)):
        return f" Write `{missing[0]}` in a line above the first one."
    columns = _of_pictures(list_)
    few = ", ".join(f"`{name}`" for name in columns)
    option = next((name for name in columns if "," in name), ",".join(columns))
    return f" Pictures are named in {few}: --path-column {shlex.quote(option)}" if columns else ""


def _of_pictures(list_: ListFile) -> list[str]:
    """Return the columns in which most cells look like the names of pictures."""
    some = list(islice(list_.rows(), SAMPLE_ROWS))
    cells = {name: [row.cells[name] for row in some if row.cells[name]] for name in list_.columns}
    return [name for name, of in cells.items() if 2 * sum(map(is_picture_cell, of)) > len(of) > 0]


def _in_sentences(every: Sequence[_Bad], limit: int) -> str:
    more = f"And {len(every) - limit:,} more." if len(every) > limit else ""
    return " ".join(filter(None, [*(bad.sentence for bad in every[:limit]), more]))


def _count(every: Sequence[_Bad]) -> str:
    """Return how many rows are left out, and how many lines within them, which may be swallowed rows."""
    rows, within = f"Rows that are left out: {len(every):,}.", [bad.further for bad in every if bad.further]
    if not within:
        return rows
    few = ", ".join(
        f"{some[0]} to {some[-1]}" if len(some) > 1 else f"{some[0]}" for some in within[:MAX_NAMED_BAD_ROWS]
    )
    more = ", ..." if len(within) > MAX_NAMED_BAD_ROWS else ""
    return f"{rows} Further lines within them: {sum(map(len, within)):,} ({few}{more})."
