"""List pictures of one's own with their labels: one sub-folder per class, or a CSV of `path,label[,group]`.

Looks at names alone and opens no picture; that is picture_files.py's. Reads the named folder or
CSV. What makes a data set of them: own_pictures.py.
"""

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from training.errors import BadClasses, BadCsv, DataSetMissing

Part: TypeAlias = Literal["train", "test"]

PARTS: Final[tuple[Part, ...]] = ("train", "test")
"""Sub-folders that divide a data set instead of naming classes, where there are these two and no other."""

COLUMNS: Final = ("path", "label")
"""What the header of a CSV of pictures has to name."""

CLASSES_MIN: Final = 2
CLASSES_MAX: Final = 256
"""Class numbers are kept in eight bits."""

NO_PICTURES: Final = frozenset({".csv", ".db", ".html", ".ini", ".json", ".md", ".txt", ".xml"})
"""Endings of other files in folders of pictures: notes, lists, and files of file managers."""


@dataclass(frozen=True)
class Listed:
    """One picture file.

    Attributes:
        part: train or test, where the data says so.
        group: what it shares with other pictures, such as sender or product; None where that is not known.
    """

    path: Path
    label: str
    part: Part | None = None
    group: str | None = None


@dataclass(frozen=True)
class Listing:
    """The pictures of a data set, before any is opened.

    Attributes:
        name: the folder's or the CSV's.
        labels: the classes, by name; CLASSES_MIN to CLASSES_MAX.
        left_out: what lies among the pictures and was not taken for one.
    """

    name: str
    labels: tuple[str, ...]
    pictures: tuple[Listed, ...]
    left_out: tuple[Path, ...] = ()


def has_class_folders(folder: Path) -> bool:
    """Whether a folder has sub-folders that could be classes."""
    return folder.is_dir() and any(entry.is_dir() and not is_hidden(entry) for entry in entries(folder))


def list_folder(folder: Path) -> Listing:
    """List a folder with one sub-folder per class, or with those in `train` and `test`.

    A class's own sub-folders are not looked into. Hidden files, and those that end as NO_PICTURES do, are
    left out; anything else is taken for a picture.

    Raises:
        DataSetMissing: the folder cannot be read.
        BadClasses: too few or too many classes, one without a picture, or names that clash.
    """
    pictures: list[Listed] = []
    left_out: list[Path] = []
    if not _is_divided(folder):
        _list_classes(folder, None, pictures, left_out)
    else:
        left_out += [entry for entry in entries(folder) if not entry.is_dir() or is_hidden(entry)]
        for part in PARTS:
            _list_classes(folder / part, part, pictures, left_out)
        train, test = ({one.label for one in pictures if one.part == part} for part in PARTS)
        if train != test:
            raise BadClasses(
                f"{folder}: `train` has the classes {_shown(train)}, but `test` {_shown(test)}. "
                "Both need each class."
            )
    labels = _checked_labels(folder, {one.label for one in pictures})
    return Listing(_name(folder.resolve().name), labels, tuple(pictures), tuple(left_out))


def _is_divided(folder: Path) -> bool:
    folders = [entry for entry in entries(folder) if entry.is_dir() and not is_hidden(entry)]
    return {entry.name for entry in folders} == set(PARTS) and all(map(has_class_folders, folders))


def _list_classes(folder: Path, part: Part | None, pictures: list[Listed], left_out: list[Path]) -> None:
    """Add the pictures of the class folders in a folder, and what is none."""
    for entry in entries(folder):
        if is_hidden(entry) or not entry.is_dir():
            left_out.append(entry)
            continue
        label, files = as_label(entry.name, str(entry)), entries(entry)
        found = [Listed(file, label, part) for file in files if could_be_picture(file)]
        if not found:
            raise BadClasses(
                f"{entry}: no picture in it. Put the pictures of the class {entry.name!r} right there, not "
                "in folders of their own, or remove it."
            )
        pictures += found
        left_out += [file for file in files if not could_be_picture(file)]


def could_be_picture(entry: Path) -> bool:
    """Whether a file is taken for a picture, by its name."""
    return not entry.is_dir() and not is_hidden(entry) and entry.suffix.lower() not in NO_PICTURES


def is_hidden(entry: Path) -> bool:
    """Whether an entry is for machines alone, and is passed over."""
    return entry.name.startswith(".") or entry.name == "__MACOSX"  # which Apple's archives bring along


def entries(folder: Path) -> list[Path]:
    """What is in a folder, by name.

    Raises:
        DataSetMissing: the folder cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataSetMissing(f"{folder}: cannot be read ({error.strerror}).") from error


def list_csv(path: Path) -> Listing:
    """List the pictures that a CSV names.

    Args:
        path: UTF-8 with a header row that has the columns `path` and `label`, and perhaps `group`; other
            columns are not read. Paths are relative to the CSV's folder.

    Raises:
        BadCsv: it cannot be read, has another header, or a row without a path.
        BadClasses: a row without a label, too few or too many classes, or names that clash.
    """
    pictures = [
        Listed(file, as_label(row["label"] or "", where), group=(row.get("group") or "").strip() or None)
        for where, file, row in csv_rows(path)
    ]
    labels = _checked_labels(path, {one.label for one in pictures})
    return Listing(_name(path.stem), labels, tuple(pictures))


def csv_rows(path: Path) -> list[tuple[str, Path, dict[str, str | None]]]:
    """The rows of a CSV with the columns `path` and `label`: where each stands, its file, and its columns.

    Raises:
        BadCsv: it cannot be read, has another header, or a row without a path.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            columns = reader.fieldnames or []
            if not set(COLUMNS) <= set(columns):
                raise BadCsv(
                    f"{path}: begins with {','.join(columns)[:40]!r}. {_EXPECTED_CSV} "
                    "Files with the pixels themselves are named by --train and --test."
                )
            return [_row(path, reader.line_num, row) for row in reader]
    except OSError as error:
        raise BadCsv(f"{path}: cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadCsv(f"{path}: no CSV in UTF-8 ({error}). {_EXPECTED_CSV}") from error


_EXPECTED_CSV: Final = "Expected the header `path,label`, then a row per picture."


def _row(path: Path, line: int, row: dict[str, str | None]) -> tuple[str, Path, dict[str, str | None]]:
    where = f"{path}, row {line}"
    named = (row["path"] or "").strip()
    if not named:
        raise BadCsv(f"{where}: no path. {_EXPECTED_CSV}")
    return where, path.parent / named, row


def as_label(text: str, where: str) -> str:
    """A label as it is kept: spaces once, accents composed.

    Raises:
        BadClasses: nothing is left of it, or it cannot be shown.
    """
    label = " ".join(unicodedata.normalize("NFC", text).split())
    if not label or not label.isprintable():
        raise BadClasses(f"{where}: {text!r} is no label. Name the class in printable characters.")
    return label


def _checked_labels(where: Path, found: set[str]) -> tuple[str, ...]:
    """The labels in order of their names."""
    if not CLASSES_MIN <= len(found) <= CLASSES_MAX:
        raise BadClasses(
            f"{where}: {len(found)} classes ({_shown(found)}). {CLASSES_MIN} to {CLASSES_MAX} can be "
            "separated: one sub-folder each, or one label each in a CSV."
        )
    known: dict[str, str] = {}
    for label in sorted(found):
        other = known.setdefault(label.casefold(), label)
        if other != label:
            raise BadClasses(
                f"{where}: {other!r} and {label!r} differ in nothing but capital letters. "
                "Spell a class one way, and two classes in two."
            )
    return tuple(sorted(found))


def _shown(labels: set[str]) -> str:
    """The first few of some labels."""
    few = ", ".join(sorted(labels)[:10])
    return (few + (", ..." if len(labels) > 10 else "")) or "none"


def _name(text: str) -> str:
    """A file's name as text that any file can hold, whatever bytes it has."""
    return text.encode("utf-8", "replace").decode() or "pictures"
