"""Open a list as text in its encoding, which is never guessed.

Text is UTF-8, or UTF-16 that begins with its mark (U+FEFF), or in the encoding that people name with
--encoding. A guess could read "ü" as another letter without any error. Therefore text in any other encoding
is refused, with an error that names the line.
"""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Final, TextIO

from inference.text.plain_text import escape_unprintable
from labelling.errors import ListUnusable
from model_store import release_files

MAX_CELL_CHARACTERS: Final = 1 << 24
"""Largest number of characters of a cell, and of bytes of a header: 16 million. Shops export whole pages of
HTML with pictures in them."""

SEARCHED_BYTES: Final = 1 << 16
"""Number of bytes after the first line that are searched for NULs. Text in UTF-16 and UTF-32 has some there,
since commas and line breaks have them."""

MAX_SHOWN_CHARACTERS: Final = 40
"""Largest number of characters of a header or a cell that an error shows."""

WORKBOOK_ENDINGS: Final = (".xlsx", ".xls", ".ods", ".numbers")
"""Endings of files of spreadsheet programs, which are not read as lists."""

WORKBOOK_ADVICE: Final = "is a workbook. Save its sheet as CSV UTF-8."
"""End of an error about a file of a spreadsheet program, after its path."""

ENCODING_ADVICE: Final = (
    "Name the encoding: --encoding cp1252 for Western European text, cp1250 for Central European, cp1251 for "
    "Cyrillic, cp1253 for Greek, cp1254 for Turkish, cp1258 for Vietnamese, cp949 for Korean, or another "
    "name that Python knows, such as utf-16-le."
)


def find_encoding(path: Path, named_encoding: str) -> tuple[str, str]:
    """Return the encoding of a list, such as "utf-8-sig", and a sentence if it is not the named one.

    A list that is plainly UTF-8 or UTF-16 is read so, whatever encoding is named.

    Args:
        named_encoding: the value of --encoding, such as `cp1252`; empty without one.

    Raises:
        OSError: the list cannot be read.
        ListUnusable: the list is a workbook, or UTF-16 without its mark although no encoding is named, or
            Python does not know the named one.
    """
    try:
        name = codecs.lookup(named_encoding or "utf-8").name
        "".encode(named_encoding or "utf-8")  # refuses codecs that are of no text, such as hex
    except (LookupError, UnicodeError) as error:
        raise ListUnusable(f"--encoding {named_encoding}: Python knows no encoding of this name.") from error
    with release_files.open_regular_file(path) as file:
        header = file.readline(MAX_CELL_CHARACTERS)
        # A character such as U+4E0A has the byte of a line's end, so that a wide header may go on here.
        begin = header + file.read(SEARCHED_BYTES)
    if header.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", ""
    if header.startswith(b"PK\x03\x04"):  # a ZIP, as the workbooks of Excel and LibreOffice are
        raise ListUnusable(f"{path}: {WORKBOOK_ADVICE}")
    if b"\0" in header and not named_encoding:
        raise ListUnusable(
            f"{path}: has NULs, as UTF-16 has, but does not begin with its mark. {ENCODING_ADVICE}"
        )
    is_wide = name.startswith(("utf-16", "utf-32"))
    if header.startswith(codecs.BOM_UTF8) or name in {"utf-8", "utf-8-sig"}:
        return "utf-8-sig", ""
    if b"\0" in (begin if is_wide else header):
        return named_encoding, ""
    if not _is_utf8(path):
        return "utf-8-sig" if is_wide else named_encoding, ""
    return "utf-8-sig", f"{path}: is UTF-8, and so is not read as {named_encoding}."


def _is_utf8(path: Path) -> bool:
    """Return whether a file has characters beyond ASCII, and all of them are UTF-8.

    A file in ASCII alone is the same in nearly every encoding, and so says nothing.
    """
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


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a list as text for a `with` block, with its line breaks as they are.

    Raises:
        OSError: the list cannot be read.
        UnicodeError: a line is not in the encoding, or has half a character.
    """
    with (
        release_files.open_regular_file(path) as file,
        _StrictText(file, encoding=encoding, newline="") as text,
    ):
        yield text


class _StrictText(TextIOWrapper):
    """A text file that refuses half characters (lone surrogates), which the decoder of UTF-7 lets pass."""

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # as its base class has it
        """Read a line.

        Raises:
            UnicodeError: the line is not in the encoding, or has half a character.
        """
        line = super().readline(size)
        line.encode()  # fails for half a character
        return line


@contextmanager
def convert_text_errors(path: Path, encoding: str) -> Iterator[None]:
    """Turn errors of reading a list within a `with` block into ListUnusable, which names the list and line.

    Raises:
        ListUnusable: the list cannot be read, or is not text in this encoding.
    """
    try:
        yield
    except OSError as error:
        raise ListUnusable(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeError as error:
        name = encoding.removesuffix("-sig").upper() if encoding.startswith("utf") else encoding
        line_text = _locate_undecodable_line(path, encoding)
        raise ListUnusable(f"{path}{line_text} is not {name}. {ENCODING_ADVICE}") from error


def _locate_undecodable_line(path: Path, encoding: str) -> str:
    r"""Return a text about the line that is not in an encoding: ", line 7: 'Gr\xfcn'"."""
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


def read_file_stamp(path: Path) -> tuple[int, int]:
    """Return the size of a file in bytes and its time of change in nanoseconds, to notice a later change."""
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns
