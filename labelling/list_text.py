"""Which encoding the text of a list has, and what a refusal shows of text in another one.

UTF-8, and UTF-16 with its mark, show in the bytes. Nothing else does: people name it. Reads the list.
"""

import codecs
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from inference.plain_text import shown
from labelling.errors import ListUnusable
from model_store import files

CODE_PAGES: Final = ("cp1252", "cp1250", "cp1251", "cp932", "gb18030")
"""What Excel writes in Western and Central Europe, in Cyrillic, in Japan and in China: a refusal shows how
each of them reads the text."""

UTF_16: Final = ("utf-16-le", "utf-16-be")
"""The same of text with NULs in its header."""

LONGEST_HEADER: Final = 1 << 24
"""Bytes."""

BEGIN_BYTES: Final = 1 << 16
"""Of a list after its first line: separators of cells and lines among them have NULs in UTF-16 and UTF-32."""

CELLS: Final = 3
"""Cells that a refusal shows in each encoding."""

CHARACTERS: Final = 40
"""Of each cell."""


def encoding_of(path: Path, named: str) -> tuple[str, str]:
    """The encoding of a list.

    Args:
        path: of the list.
        named: by people, of text that is neither UTF-8 nor has the mark of UTF-16; empty if they named none.

    Returns:
        Python's name of it, and a sentence where it is not the named one.

    Raises:
        OSError: it cannot be read.
        ListUnusable: it is UTF-16 without its mark and none is named, or Python does not know the named one.
    """
    try:
        name = codecs.lookup(named or "utf-8").name
        "".encode(named or "utf-8")  # refuses codecs that are of no text, such as hex
    except (LookupError, UnicodeError) as error:
        raise ListUnusable(f"--encoding {named}: Python knows no encoding of this name.") from error
    with files.opened(path) as file:
        header = file.readline(LONGEST_HEADER)
        # A character such as U+4E0A has the byte of a line's end, so that a wide header may go on here.
        begin = header + file.read(BEGIN_BYTES)
    if header.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", ""
    has_nulls = b"\0" in header
    if has_nulls and not named:
        choice = readings([header[: len(header) // 2 * 2]], UTF_16)
        raise ListUnusable(f"{path}: has NULs, as UTF-16 has, but does not begin with its mark. {choice}")
    if header.startswith(codecs.BOM_UTF8) or name in {"utf-8", "utf-8-sig"}:
        return "utf-8-sig", ""
    is_wide = name.startswith(("utf-16", "utf-32"))
    if has_nulls or (is_wide and b"\0" in begin):
        return named, ""
    if not _holds_utf8(path):
        return "utf-8-sig" if is_wide else named, ""
    return "utf-8-sig", f"{path}: is UTF-8, and so is not read as {named}."


def _holds_utf8(path: Path) -> bool:
    """Whether a file has characters beyond ASCII, all of them in UTF-8."""
    is_ascii = True
    with files.opened(path) as file:
        for line in file:
            if not line.isascii():
                is_ascii = False
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return False
    return not is_ascii


def readings(cells: Iterable[bytes], names: Iterable[str] = CODE_PAGES) -> str:
    """The sentence that shows how encodings read some cells, with the option that chooses each.

    Args:
        cells: whose text is wrong.
        names: of the encodings; those that cannot read the cells are left out.
    """
    first, options = list(islice(dict.fromkeys(cells), CELLS)), list[str]()
    for name in names:
        try:
            texts = [f"'{shown(excerpt(cell.decode(name)))}'" for cell in first]
        except UnicodeDecodeError:
            continue
        options.append(f"--encoding {name} reads {', '.join(texts)}")
    others = "--encoding takes any other name that Python knows."
    return f"Choose what reads it right: {'; '.join(options)}. {others}" if options else others


def excerpt(text: str) -> str:
    """Some characters of a text, around the first one beyond ASCII."""
    place = next((place for place, character in enumerate(text) if not character.isascii()), 0)
    begin = max(0, place - CHARACTERS // 2)
    return text[begin : begin + CHARACTERS].strip()


def escaped(cell: str) -> str:
    """Such a part of a cell that `opened` read, bytes that are no text escaped."""
    return excerpt(cell).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_text(cell: str) -> bool:
    """Whether all bytes of a cell that `opened` read were text."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def bytes_of(cell: str, encoding: str) -> bytes:
    """The bytes that a cell has in its list."""
    return cell.encode(encoding.removesuffix("-sig"), "surrogateescape")


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a list; bytes that are no text in the encoding become lone surrogates.

    Such a byte is an error of its row, or belongs to the path of a file whose name is no text.

    Raises:
        OSError: it is not there, no regular file, or the system refuses it.
    """
    with (
        files.opened(path) as file,
        TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="") as text,
    ):
        yield text
