"""Open a list: a CSV whose rows name pictures, as a shop exports it or a spreadsheet saves it.

    path,title
    a.jpg,Pleated skirt

The header shows whether commas, semicolons or tabs separate cells. Every row is checked before the first one
is used, so that a fault in the last row does not appear after hours of work. A row that does not fit the
header makes the list unusable, or is left out with --skip-bad-rows.
"""

import re
import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from inference.text.plain_text import choose_form, format_count, trim_text
from labelling.errors import ListUnusable
from labelling.lists.cells import is_picture_cell
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS, ListOptions, split_column_names
from labelling.lists.list_rows import ListFile
from labelling.lists.list_text import (
    MAX_SHOWN_CHARACTERS,
    convert_text_errors,
    find_encoding,
    open_text,
    read_file_stamp,
)
from labelling.lists.malformed_rows import (
    MAX_NAMED_BAD_ROWS,
    ParsedRow,
    describe_left_out_rows,
    describe_malformed_rows,
    explain_parse_error,
    parse_rows,
)

CELL_SEPARATORS: Final = ",;\t"
"""Characters that may separate the cells of a list."""

OTHER_SEPARATORS: Final = "|^~"
"""Characters that separate cells in the exports of some programs, and that are not read here."""

MAX_FAULTS_IN_MESSAGE: Final = 3
"""Largest number of malformed rows that an error names."""

SAMPLE_ROWS: Final = 100
"""Number of rows that are read to find out which columns name pictures."""

OpenList: TypeAlias = Callable[[Path, Collection[str], ListOptions, Collection[str]], ListFile]
"""Function that opens a list and checks all of it (`open_list`) or its header alone (`open_header`)."""


def open_list(
    path: Path,
    needed_columns: Collection[str],
    list_options: ListOptions = DEFAULT_LIST_OPTIONS,
    optional_columns: Collection[str] = (),
) -> ListFile:
    """Open a list, and check its header and each of its rows.

    Args:
        needed_columns: the columns that the list must have, such as ("path", "label").
        optional_columns: further columns that are read if they exist.

    Raises:
        ListUnusable: the list cannot be read, is text in another encoding, lacks a column, has two columns of
            a name that is read, or has rows that do not fit its header. The message names the row and its
            line.
    """
    list_ = open_header(path, needed_columns, list_options, optional_columns)
    with convert_text_errors(path, list_.encoding):
        faults, invisible_count, header_count = list_.check_rows()
        if (
            list_.separator == "\t"
            and any(fault.has_quotation_fault for fault in faults)
            and not list_.has_quoted_cells()
        ):
            # Feeds for Google and Amazon have tabs, and quotation marks that are text, as in `"Basic" tee`.
            note = f"{path}: no cell is in quotation marks, so that these are read as text."
            list_ = replace(list_, is_quoted=False, notes=(*list_.notes, note))
            faults, invisible_count, header_count = list_.check_rows()
    # An open quotation mark swallows the rows after it, so that no option may leave "the row" out.
    unclosed_faults = [fault for fault in faults if fault.is_unclosed]
    if unclosed_faults or (faults and not list_options.skip_bad_rows):
        option = "no option leaves it out" if unclosed_faults else "--skip-bad-rows leaves such rows out"
        why = describe_malformed_rows(unclosed_faults or faults, MAX_FAULTS_IN_MESSAGE)
        raise ListUnusable(f"{why} Nothing of the list is read until it is right; {option}.")
    notes = list(list_.notes)
    if faults:
        named_faults = describe_malformed_rows(faults, MAX_NAMED_BAD_ROWS)
        notes.append(f"{describe_left_out_rows(faults)} {named_faults}")
    if invisible_count:
        notes.append(explain_invisible_characters(path, invisible_count))
    if header_count:
        rows = format_count(header_count, "row repeats", "rows repeat")
        verb = choose_form(header_count, "is", "are")
        notes.append(f"{path}: {rows} the header, as in lists that were joined, and {verb} left out.")
    return replace(list_, notes=tuple(notes))


def open_header(
    path: Path,
    needed_columns: Collection[str],
    list_options: ListOptions = DEFAULT_LIST_OPTIONS,
    optional_columns: Collection[str] = (),
) -> ListFile:
    """Open a list and check its header, but not its rows, which is fast for a list of any length.

    Args:
        needed_columns: the columns that the list must have, such as ("path", "label").
        optional_columns: further columns that are read if they exist.

    Raises:
        ListUnusable: the list cannot be read, lacks a needed column, or has two columns of one name that is
            read.
    """
    with convert_text_errors(path, list_options.encoding or "utf-8"):
        stamp = read_file_stamp(path)
        encoding, note = find_encoding(path, list_options.encoding)
    with convert_text_errors(path, encoding):
        list_ = _open_with_header(path, needed_columns, list_options, encoding, stamp)
    list_options, needed_columns = _match_header(list_.header, needed_columns, list_options)
    _check_header(list_, needed_columns, {*needed_columns, *optional_columns, list_options.product_column})
    unread_columns = [
        name
        for name in list_.header
        if name not in {*needed_columns, *optional_columns, list_options.product_column}
    ]
    renaming_advice = suggest_renaming(sorted({*optional_columns}.difference(list_.header)), unread_columns)
    notes = list(list_.notes)
    if note:
        notes.append(note)
    if renaming_advice:
        notes.append(f"{path}: a column that is spelt otherwise is not read.{renaming_advice}")
    return replace(list_, notes=tuple(notes))


def explain_invisible_characters(path: Path | str, row_count: int) -> str:
    """Return a note that invisible characters, such as soft hyphens, were removed from article numbers."""
    counted_rows = format_count(row_count, "row")
    return f"{path}: characters that cannot be seen are dropped from the identifiers of {counted_rows}."


def suggest_renaming(needed_columns: Iterable[str], header: Iterable[str]) -> str:
    """Return advice to rename columns that are nearly right: " Rename 'Path ' to `path`."; empty without any.

    Args:
        needed_columns: the names of columns that are needed, in small letters.
        header: the names of the columns that the list has.
    """
    # A header that was split at the wrong sign is one name with all the others in it.
    names = [name for cell in header for name in re.split(f"[{CELL_SEPARATORS}]", cell)]
    similar_names = (
        (name, want)
        for want in needed_columns
        for name in names
        if trim_text(name).casefold() == want != name
    )
    return "".join(f" Rename {name!r} to `{want}`." for name, want in similar_names)


def _open_with_header(
    path: Path, needed: Collection[str], reading: ListOptions, encoding: str, stamp: tuple[int, int]
) -> ListFile:
    """Return the list as the best separator divides its header, before any check."""
    headers = {separator: _read_header(path, encoding, separator) for separator in CELL_SEPARATORS}
    fitting = (
        separator
        for separator, row in headers.items()
        if {*_match_header(row.cells, needed, reading)[1]} <= {*row.cells}
    )
    # A separator that gives all needed columns wins. Otherwise the error shows the one that gives most cells.
    widest = max(CELL_SEPARATORS, key=lambda separator: len(headers[separator].cells))
    separator = next(fitting, widest) if needed else widest
    row = headers[separator]
    if row.error:
        raise ListUnusable(f"{path}, row 1, line {row.first_line}: {explain_parse_error(row)[0]}")
    names = Counter(filter(None, row.cells))
    repeated_names = [name for name, count in names.items() if count > 1]
    note = f"{path}: of the columns `{', '.join(repeated_names)}` there are two; the first is read."
    reading, _ = _match_header(row.cells, needed, reading)
    return ListFile(
        path=path,
        list_options=reading,
        encoding=encoding,
        separator=separator,
        header=tuple(row.cells),
        stamp=stamp,
        notes=(note,) if repeated_names else (),
        is_quoted=True,
    )


def _match_header(
    header: Iterable[str], needed: Collection[str], reading: ListOptions
) -> tuple[ListOptions, Collection[str]]:
    """Return the options and the needed columns with the names of the header, which may have commas.

    --path-column takes several columns with commas between, but `Image URLs (x,y,z...)` is one name.
    """
    names_with_commas = [
        name for name in header if "," in name and split_column_names(name) == reading.path_columns
    ]
    if not names_with_commas:
        return reading, needed
    other_columns = [name for name in needed if name not in reading.path_columns]
    return replace(reading, path_columns=(names_with_commas[0],)), (names_with_commas[0], *other_columns)


def _read_header(path: Path, encoding: str, separator: str) -> ParsedRow:
    with open_text(path, encoding) as file:
        return next(parse_rows(file, separator), ParsedRow(1, ("",), []))


def _check_header(list_: ListFile, needed: Collection[str], read_columns: Collection[str]) -> None:
    """Refuse a list that lacks a needed column, or has two columns of a name that is read.

    Raises:
        ListUnusable: the list is one of these.
    """
    names = Counter(filter(None, list_.header))
    repeated_names = [name for name, count in names.items() if count > 1 and name in read_columns]
    if repeated_names:
        raise ListUnusable(
            f"{list_.path}: has two columns `{repeated_names[0]}`. Take one out, or rename it."
        )
    if not set(needed) <= set(list_.header):
        begin = list_.separator.join(list_.header)[:MAX_SHOWN_CHARACTERS]
        needed_text = " and ".join(f"`{name}`" for name in needed)
        raise ListUnusable(
            f"{list_.path}: begins with {begin!r}. It needs the column{'s' * (len(needed) > 1)} "
            f"{needed_text}.{_advise_on_columns(list_, needed)}"
        )


def _advise_on_columns(list_: ListFile, needed: Collection[str]) -> str:
    """Return advice about a missing column, such as " Rename 'Path' to `path`."; empty if there is none."""
    missing = [name for name in needed if name not in list_.header]
    if advice := suggest_renaming(missing, list_.header) or describe_other_format(list_.header):
        return advice
    if {*missing}.isdisjoint(list_.list_options.path_columns):
        return ""
    if any(map(is_picture_cell, list_.header)):
        return f" Write `{missing[0]}` in a line above the first one."
    columns = find_picture_columns(list_)
    column_text = ", ".join(f"`{name}`" for name in columns)
    option = next((name for name in columns if "," in name), ",".join(columns))
    return f" Pictures are named in {column_text}: --path-column {shlex.quote(option)}" if columns else ""


def describe_other_format(header: Sequence[str]) -> str:
    """Return a sentence about a file whose first line is no header of a CSV; empty if it may be one.

    Args:
        header: the cells of the first line. If it was split at the wrong sign, there are fewer than columns.
    """
    begin = next(iter(header), "").lstrip()
    if begin.startswith(("{", "[")):
        return " It is JSON or JSON Lines, which is not read here. Save the list as CSV."
    if begin.startswith("<"):
        return " It is XML or HTML, which is not read here. Save the list as CSV."
    if len(header) > 1:
        return ""
    if sign := next((sign for sign in CELL_SEPARATORS if sign in begin), ""):
        return (
            f" Each line is in quotation marks as a whole. Take them away, so that {sign!r} separates cells."
        )
    if sign := next((sign for sign in OTHER_SEPARATORS if sign in begin), ""):
        return f" Its cells are separated by {sign!r}. Separate them by commas, semicolons or tabs."
    return ""


def find_picture_columns(list_: ListFile) -> list[str]:
    """Return the columns in which most cells look like addresses or names of files."""
    some = list(islice(list_.read_rows(), SAMPLE_ROWS))
    cells = {name: [row.cells[name] for row in some if row.cells[name]] for name in list_.columns}
    return [name for name, of in cells.items() if 2 * sum(map(is_picture_cell, of)) > len(of) > 0]
