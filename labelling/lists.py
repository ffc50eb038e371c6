"""Read a list: a CSV whose rows name pictures, for `label`, `data`, `train` and corrections alike.

Nothing is guessed: list_text.py says what its text may be, csv_records.py parses it strictly, and the header
shows whether commas, semicolons or tabs separate cells. Every row is looked at before the first one counts:
one that does not fit the header makes the list unusable, or is left out where people say so. Reads the list,
and looks whether files exist.
"""

import os
import re
import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from inference.plain_text import trimmed
from labelling.cells import names_picture
from labelling.csv_records import Record, records
from labelling.errors import ListUnusable
from labelling.identifiers import is_long_number, without_format
from labelling.list_text import bytes_of, encoding_of, escaped, is_text, opened, readings
from labelling.paths import existing
from model_store.files import expanded

SEPARATORS: Final = ",;\t"

NAMED: Final = 3
"""Rows that an error names."""

LEFT_OUT: Final = 20
"""Rows that are named where they are left out."""

LOOKED_AT: Final = 100
"""Rows by which a column is found to name pictures."""

SHOWN: Final = 40
"""Characters of a header that an error shows."""

PATH: Final = "path"
"""The column that names pictures, unless people name others."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How people say that a list is to be read.

    Attributes:
        path_columns: that name pictures; each of them makes a row of its own.
        root: the folder that paths are relative to; None for the list's own.
        encoding: of text that is neither UTF-8 nor has the mark of UTF-16; empty to refuse such text.
        skip_bad_rows: leave out rows that do not fit the header, in place of refusing the list.
        by: the column that says which pictures show one product; empty for none.
        identifiers: further columns that are read where they are there, whose cells name products or groups.
    """

    path_columns: tuple[str, ...] = (PATH,)
    root: Path | None = None
    encoding: str = ""
    skip_bad_rows: bool = False
    by: str = ""
    identifiers: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: Any) -> "Reading":  # noqa: ANN401 - a command line's, or those of a training
        """What options say that have the names which they have on a command line."""
        root = options.root
        return cls(
            path_columns=tuple(options.path_column or (PATH,)),
            root=expanded(root) if root else None,
            encoding=options.encoding or "",
            skip_bad_rows=options.skip_bad_rows,
            by=getattr(options, "product_column", None) or "",
        )

    @property
    def of_corrections(self) -> "Reading":
        """How corrections are read beside such lists: their columns and folders are their own."""
        return Reading(encoding=self.encoding, skip_bad_rows=self.skip_bad_rows)

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
        same = os.path.join(folder, os.fsdecode(bytes_of(cell, encoding)))  # noqa: PTH118 - as above
        return same if os.path.lexists(same) else path


AS_IT_IS: Final = Reading()


class ListRow(NamedTuple):
    """A row that fits the header.

    Attributes:
        where: the list, the row, of which the header is the first, and the line where it begins.
        cells: by column; of two columns of a name the first.
    """

    where: str
    cells: dict[str, str]


class _Misfit(NamedTuple):
    """Why a row does not fit.

    Attributes:
        fault: the number of its cells, their text, a cut number, or their quotation marks; `unclosed` may
            have swallowed rows, so that it cannot be left out.
        sentence: the reason, after the place of the row.
        cell: the bytes of one whose text is wrong.
        further: the lines after its first one; rows that it has swallowed are among them.
    """

    fault: Literal["cells", "text", "number", "mark", "unclosed"]
    sentence: str
    cell: bytes = b""
    further: range = range(0)


@dataclass(frozen=True)
class ListFile:
    """A list whose rows were looked at.

    Attributes:
        path: where it is.
        reading: how it is read.
        encoding: of its text, as Python names it.
        separator: between cells.
        header: the names of the columns, as they stand there.
        notes: what a person should know, a sentence each.
        is_quoted: whether quotation marks around a cell are CSV's; else they are part of its text.
    """

    path: Path
    reading: Reading
    encoding: str
    separator: str
    header: tuple[str, ...]
    notes: tuple[str, ...] = ()
    is_quoted: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that have a name, each once."""
        return tuple(dict.fromkeys(filter(None, self.header)))

    def rows(self) -> Iterator[ListRow]:
        """The rows that fit the header, in order."""
        places: dict[str, int] = {}
        for place, name in enumerate(self.header):
            if name:
                places.setdefault(name, place)
        for where, cells, misfit in self._checked():
            if misfit is None:
                yield ListRow(where, {name: cells[place] for name, place in places.items()})

    def place(self, cell: str) -> str:
        """The path of the file that a cell means, whether it is there or not."""
        return self.reading.place(cell.strip(), self.path, self.encoding)

    def looked_at(self) -> tuple[list[_Misfit], int]:
        """The rows that do not fit the header, and how many others have unseen characters in identifiers."""
        misfits, unseen = list[_Misfit](), 0
        for _, cells, misfit in self._checked():
            if misfit:
                misfits.append(misfit)
            else:
                unseen += any(without_format(cells[place]) != cells[place] for place in self._identifiers)
        return misfits, unseen

    @cached_property
    def _identifiers(self) -> tuple[int, ...]:
        """The places of columns that name products or groups."""
        names = {self.reading.by, *self.reading.identifiers} - {""}
        return tuple(self.header.index(name) for name in names if name in self.header)

    def has_quoted_cells(self) -> bool:
        """Whether a cell begins and ends with a quotation mark, on any line."""
        with opened(self.path, self.encoding) as file:
            cells = (cell.strip() for line in file for cell in line.split(self.separator))
            return any(cell.startswith('"') and cell.endswith('"') for cell in cells)

    def _checked(self) -> Iterator[tuple[str, list[str], _Misfit | None]]:
        """Where each row after the header is, its cells, and why it does not fit."""
        with opened(self.path, self.encoding) as file:
            of_file = records(file, self.separator, is_quoted=self.is_quoted)
            next(of_file, None)
            for number, record in enumerate(of_file, 2):
                if record.error or "".join(record.cells).strip():
                    where = f"{self.path}, row {number}, line {record.line}"
                    yield where, record.cells, self._misfit(record, where)

    def _misfit(self, record: Record, where: str) -> _Misfit | None:
        if record.error:
            fault, why = record.fault()
            return _Misfit(fault, f"{where}: {why}")
        cells, columns = len(record.cells), len(self.header)
        further = range(record.line + 1, record.last + 1)
        if self.is_quoted and (line := record.swallowed(self.separator, columns, self._is_picture)):
            within = f"it goes on to line {record.last}, and line {line} in a cell of it reads like a row"
            sentence = f"{where}: a quotation mark is opened and not closed: {within}."
            return _Misfit("mark", sentence, further=further)
        if cells != columns:
            quoted = "" if cells < columns else " A cell that holds one is in quotation marks."
            why = f"it has {cells} cells, and the header has {columns}; between them is {self.separator!r}."
            return _Misfit("cells", f"{where}: {why}{quoted}{record.of_mysql()}", further=further)
        if not is_text("".join(record.cells)):
            return self._no_text(record.cells, where)
        return self._cut_number(record.cells, where)

    def _cut_number(self, cells: Sequence[str], where: str) -> _Misfit | None:
        """The first identifier that has lost digits in a spreadsheet."""
        for place in self._identifiers:
            if is_long_number(cells[place]):
                name = self.header[place]
                return _Misfit("number", f"{where}, column `{name}`: {cut_number(cells[place])}")
        return None

    def _is_picture(self, place: int, cell: str) -> bool:
        return self.header[place] in self.reading.path_columns and names_picture(cell)

    def _no_text(self, cells: Sequence[str], where: str) -> _Misfit | None:
        """The first cell that is neither text nor the path of a file whose name is none."""
        for name, cell in zip(self.header, cells, strict=True):
            names_file = name in self.reading.path_columns and os.path.lexists(self.place(cell))
            if not is_text(cell) and not names_file:
                why = f"column `{name}`: '{escaped(cell)}' is not {_in_words(self.encoding)}."
                return _Misfit("text", f"{where}, {why}", bytes_of(cell, self.encoding))
        return None


OpenList: TypeAlias = Callable[[Path, Collection[str], Reading, Collection[str]], ListFile]
"""What opens a list: `open_list`, or `header_of`."""


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
        ListUnusable: it cannot be read, is text in another encoding, lacks a column, has two of one name that
            is read, or rows that do not fit its header; the message names the row and its line.
    """
    list_ = header_of(path, needed, reading, read)
    with _readable(path, reading):
        misfits, unseen = list_.looked_at()
        if _is_unquoted(list_, misfits):
            note = f"{path}: no cell is in quotation marks, so that these are read as text."
            list_ = replace(list_, is_quoted=False, notes=(*list_.notes, note))
            misfits, unseen = list_.looked_at()
    unclosed = [row for row in misfits if row.fault == "unclosed"]
    if unclosed or (misfits and not reading.skip_bad_rows):
        option = "no option leaves it out" if unclosed else "--skip-bad-rows leaves such rows out"
        why = _in_sentences(unclosed or misfits, NAMED)
        raise ListUnusable(f"{why} Nothing of the list is read until it is right; {option}.")
    notes = [f"{_count(misfits)} {_in_sentences(misfits, LEFT_OUT)}"] if misfits else []
    notes += [of_unseen(path, unseen)] if unseen else []
    return replace(list_, notes=(*list_.notes, *notes))


def header_of(
    path: Path, needed: Collection[str], reading: Reading = AS_IT_IS, read: Collection[str] = ()
) -> ListFile:
    """Open a list by its header alone: its rows may not fit. See `open_list`.

    Raises:
        ListUnusable: it cannot be read, lacks a column, or has two of one name that is read.
    """
    with _readable(path, reading):
        list_ = _with_header(path, needed, reading)
        _check_header(list_, needed, {*needed, *read, reading.by})
    unread = [name for name in list_.header if name not in {*needed, *read, reading.by}]
    misspelt = renaming(sorted({*read}.difference(list_.header)), unread)
    notes = [f"{path}: a column that is spelt otherwise is not read.{misspelt}"] if misspelt else []
    return replace(list_, notes=(*list_.notes, *notes))


@contextmanager
def _readable(path: Path, reading: Reading) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ListUnusable(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeError as error:
        raise ListUnusable(f"{path}: is no text in {reading.encoding or 'UTF-16'} ({error}).") from error


def cut_number(cell: str) -> str:
    """The sentence on an identifier that has lost digits in a spreadsheet."""
    return (
        f"{cell.strip()!r} is what a spreadsheet makes of a long number, whose other digits are lost. Export "
        "the list again, with this column as text."
    )


def of_unseen(path: Path | str, rows: int) -> str:
    """The sentence on rows with characters in their identifiers that nobody sees."""
    return f"{path}: characters that cannot be seen are dropped from the identifiers of {rows:,} rows."


def renaming(needed: Iterable[str], header: Iterable[str]) -> str:
    """The sentence on columns that a header names in capitals or with blanks; empty where there is none."""
    names = [name for cell in header for name in re.split(f"[{SEPARATORS}]", cell)]
    alike = ((name, want) for want in needed for name in names if trimmed(name).casefold() == want != name)
    return "".join(f" Rename {name!r} to `{want}`." for name, want in alike)


def _with_header(path: Path, needed: Collection[str], reading: Reading) -> ListFile:
    encoding, note = encoding_of(path, reading.encoding)
    headers = {separator: _header(path, encoding, separator) for separator in SEPARATORS}
    fitting = (separator for separator, record in headers.items() if set(needed) <= set(record.cells))
    most = max(SEPARATORS, key=lambda separator: len(headers[separator].cells))
    separator = next(fitting, most) if needed else most
    record = headers[separator]
    if record.error:
        raise ListUnusable(f"{path}, row 1, line {record.line}: {record.fault()[1]}")
    notes = [note] if note else []
    if twice := [name for name, count in Counter(filter(None, record.cells)).items() if count > 1]:
        notes.append(f"{path}: of the columns `{', '.join(twice)}` there are two; the first is read.")
    return ListFile(path, reading, encoding, separator, tuple(record.cells), tuple(notes))


def _header(path: Path, encoding: str, separator: str) -> Record:
    with opened(path, encoding) as file:
        return next(records(file, separator), Record(1, ("",), []))


def _check_header(list_: ListFile, needed: Collection[str], read: Collection[str]) -> None:
    names = Counter(filter(None, list_.header))
    twice = [name for name, count in names.items() if count > 1 and name in read]
    if twice:
        raise ListUnusable(f"{list_.path}: has two columns `{twice[0]}`. Take one out, or rename it.")
    strange = [name for name in list_.header if not is_text(name)]
    choice = f" {readings(bytes_of(name, list_.encoding) for name in strange)}" if strange else ""
    if not set(needed) <= set(list_.header):
        begin = list_.separator.join(list_.header)[:SHOWN]
        wanted = " and ".join(f"`{name}`" for name in needed)
        raise ListUnusable(
            f"{list_.path}: begins with {begin!r}. It needs the column{'s' * (len(needed) > 1)} {wanted}."
            f"{_advice(list_, needed)}{choice}"
        )
    if strange:
        why = f"the column `{escaped(strange[0])}` is not {_in_words(list_.encoding)}."
        raise ListUnusable(f"{list_.path}, row 1: {why}{choice}")


def _advice(list_: ListFile, needed: Collection[str]) -> str:
    """What to do about a column that is missing; empty where that is not known."""
    missing = [name for name in needed if name not in list_.header]
    if advice := renaming(missing, list_.header):
        return advice
    if {*missing}.isdisjoint(list_.reading.path_columns):
        return ""
    if any(map(names_picture, list_.header)):
        return f" Write `{missing[0]}` in a line above the first one."
    columns = _of_pictures(list_)
    few = ", ".join(f"`{name}`" for name in columns)
    return f" Pictures are named in {few}: --path-column {shlex.quote(','.join(columns))}" if columns else ""


def _of_pictures(list_: ListFile) -> list[str]:
    """The columns most of whose cells look like the names of pictures."""
    some = list(islice(list_.rows(), LOOKED_AT))
    cells = {name: [row.cells[name] for row in some if row.cells[name]] for name in list_.columns}
    return [name for name, of in cells.items() if 2 * sum(map(names_picture, of)) > len(of) > 0]


def _is_unquoted(list_: ListFile, misfits: Iterable[_Misfit]) -> bool:
    """Whether a list has no quoted cells at all, as feeds that Google and Amazon read: `"Basic" tee`."""
    is_of_marks = any(row.fault in {"mark", "unclosed"} for row in misfits)
    return list_.separator == "\t" and is_of_marks and not list_.has_quoted_cells()


def _in_sentences(misfits: Sequence[_Misfit], limit: int) -> str:
    more = f"And {len(misfits) - limit:,} more." if len(misfits) > limit else ""
    cells = [row.cell for row in misfits if row.cell]
    choice = readings(cells) if cells else ""
    return " ".join(filter(None, [*(row.sentence for row in misfits[:limit]), more, choice]))


def _count(misfits: Sequence[_Misfit]) -> str:
    """How many rows are left out, and which lines go with them, as rows may that a quotation mark took in."""
    rows = f"Rows that are left out: {len(misfits):,}."
    within = [row.further for row in misfits if row.further]
    if not within:
        return rows
    few = ", ".join(
        f"{some[0]} to {some[-1]}" if len(some) > 1 else f"{some[0]}" for some in within[:LEFT_OUT]
    )
    more = ", ..." if len(within) > LEFT_OUT else ""
    return f"{rows} Further lines within them: {sum(map(len, within)):,} ({few}{more})."


def _in_words(encoding: str) -> str:
    return encoding.removesuffix("-sig").upper() if encoding.startswith("utf") else encoding
