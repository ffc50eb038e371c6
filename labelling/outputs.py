"""What may be written: the one rule for every file that a command line names.

A command writes over nothing that it reads, by whatever path or link, nor over another of its outputs. A file
that is there already is replaced only where it begins as this output does. Reads beginnings of files alone.
"""

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from labelling.columns import OF_PHOTOS, OF_PRODUCTS
from labelling.errors import LabellingError, OutputUnusable
from labelling.table import names_in, names_of_csv

BEGINNING: Final = 1 << 12
"""Bytes in which the mark of a page or PNG is."""

PAGE_MARK: Final = '<meta name="generator" content="{}">'
"""The command that made a page, in its head."""

PNG_MARK: Final = "tEXtSoftware\0{}"
"""The same in a PNG."""


class Output(NamedTuple):
    """A file that a command writes.

    Attributes:
        file: where it goes.
        what: it is, in words.
        option: that names it.
        is_ours: whether a file that is there was written as this output; None of what a verb keeps beside its
            outputs, which has rules of its own.
    """

    file: Path
    what: str
    option: str
    is_ours: Callable[[Path], bool] | None = None


Identity: TypeAlias = str | tuple[int, int]
"""A path without links, or the device and number of a file, which all of its hard links have."""


def may_write(outputs: Sequence[Output], reads: Iterable[str | Path]) -> None:
    """Refuse outputs that would replace what is not theirs, before anything is done.

    Args:
        outputs: all that a command writes.
        reads: files that it reads, and folders that are read whole, such as a release.

    Raises:
        OutputUnusable: one is what the command reads, or another output, or replaces a file of another kind.
    """
    inputs = {identity for file in reads for identity in _identities(file)}
    others = dict[Identity, Output]()
    for output in outputs:
        file, what, option, _ = output
        own = _identities(file)
        inside = {str(folder) for folder in Path(os.path.realpath(file)).parents}
        if not inputs.isdisjoint(own) or not inputs.isdisjoint(inside):
            raise OutputUnusable(
                f"{file}: this command reads it, and the {what} would replace it. Name another file with "
                f"{option}."
            )
        if other := next((others[identity] for identity in own if identity in others), None):
            raise OutputUnusable(
                f"{file}: would be the {other.what} and the {what}. Name another file with {option}."
            )
        others |= dict.fromkeys(own, output)
        _check_replaced(output)


def make_folders(files: Iterable[Path]) -> None:
    """Make the folders of outputs, before the work whose results go there.

    Raises:
        OutputUnusable: one cannot be made.
    """
    for file in files:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputUnusable(f"{file}: its folder cannot be made ({error.strerror}).") from error


def list_in(source: str) -> list[str]:
    """The file that a source is; none of a folder, into which a command may write beside its pictures."""
    return [] if os.path.isdir(source) else [source]  # noqa: PTH112 - it may be an address


def _identities(file: str | Path) -> list[Identity]:
    """What a file, or the place of one that is not there, is known by."""
    try:
        status = os.stat(file)  # noqa: PTH116 - a str may be an address, which Path would change
    except (OSError, ValueError):
        return [os.path.realpath(file)] if "\0" not in str(file) else []
    return [os.path.realpath(file), (status.st_dev, status.st_ino)]


def _check_replaced(output: Output) -> None:
    file, what, option, is_ours = output
    if is_ours is not None and file.is_dir():
        raise OutputUnusable(f"{file}: Is a directory.")
    try:
        if is_ours is None or not os.path.lexists(file) or (file.is_file() and is_ours(file)):
            return
    except (OSError, TypeError, ValueError, RecursionError, csv.Error, LabellingError):
        pass  # it is no such output
    raise OutputUnusable(
        f"{file}: is there already and is no such {what}, which would replace it. Name another file with "
        f"{option}, or move that one away."
    )


def is_table(file: Path) -> bool:
    """Whether a file has the first columns of a table of photos; JSONL without a row has none."""
    names = names_in(file)
    return names[: len(OF_PHOTOS)] == [*OF_PHOTOS] or _is_without_rows(file)


def is_products_table(file: Path) -> bool:
    """Whether a file has the columns of a table of products."""
    names = names_in(file)
    return (names[1:2] == ["label"] and {*OF_PRODUCTS} <= {*names}) or _is_without_rows(file)


def _is_without_rows(file: Path) -> bool:
    return file.suffix.lower() == ".jsonl" and file.stat().st_size == 0


def is_page(command: str) -> Callable[[Path], bool]:
    """Whether a file is a page that this command wrote."""
    return _holds(PAGE_MARK.format(command))


def is_drawing(command: str) -> Callable[[Path], bool]:
    """Whether a file is a PNG that this command drew."""
    return _holds(PNG_MARK.format(command))


def begins(text: str) -> Callable[[Path], bool]:
    """Whether a file begins with this text."""

    def is_ours(file: Path) -> bool:
        with file.open("rb") as opened:
            return opened.read(len(text.encode())) == text.encode()

    return is_ours


def has_header(columns: Sequence[str]) -> Callable[[Path], bool]:
    """Whether a file is a CSV of these columns alone."""
    return lambda file: names_of_csv(file) == [*columns]


def _holds(mark: str) -> Callable[[Path], bool]:
    def is_ours(file: Path) -> bool:
        with file.open("rb") as opened:
            return mark.encode() in opened.read(BEGINNING)

    return is_ours
