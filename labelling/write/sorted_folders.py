"""Sort a labelled catalogue into folders: one for each label, and `review` for doubtful pictures.

    sorted/Dress/a.jpg
    sorted/review/b.jpg

The pictures are copied. The source stays as it is.
"""

import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from labelling.errors import PictureUnreadable, SourceUnusable, TableUnusable
from labelling.lists.folder_names import make_folder_names, make_safe_name
from labelling.rows import TableRow, make_table_path
from labelling.sources.items import PictureItem, Source
from model_store.errors import StoreError


def check_sorted_folder(folder: Path, source: str) -> None:
    """Check that a folder can be filled with sorted pictures, before any picture is labelled.

    Args:
        source: the path or address of the pictures that are labelled.

    Raises:
        TableUnusable: the folder is not empty or is no folder; or it lies in the source, so that the next run
            would label the copies, too.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TableUnusable(f"{folder}: is there already. Name a folder that is new or empty.")
    if Path(source).is_dir() and folder.resolve().is_relative_to(Path(source).resolve()):
        raise TableUnusable(f"{folder}: lies in {source}, and would be labelled, too. Name one outside it.")


class SortingResult(NamedTuple):
    """The result of sorting pictures into folders.

    Attributes:
        copied_count: the number of pictures in the folders.
        unread_count: the number of pictures that could no longer be read, and are in no folder.
    """

    copied_count: int
    unread_count: int


class PictureLabels:
    """A collector of the label of each picture, which names the folder that the picture goes to.

    Attributes:
        labels: the settled label of each picture by its path in the table; empty for a picture in review, and
            for one whose rows have different labels.
    """

    def __init__(self) -> None:
        """Create a collector without pictures."""
        self.labels = dict[str, str]()

    def add_row(self, row: TableRow) -> None:
        """Read a row of the table of photos. A picture without an answer has no label."""
        decision = row.class_decision
        if decision.decided_by:
            path = row.record.name
            label = (decision.label or "") if decision.is_settled else ""
            self.labels[path] = label if self.labels.get(path, label) == label else ""


def copy_pictures_into_folders(folder: Path, source: Source, labels: Mapping[str, str]) -> SortingResult:
    """Copy each picture of a finished table that has an answer into FOLDER/label, or into FOLDER/review.

    A picture is copied once. If it is in several rows with different labels, it goes to FOLDER/review.

    Args:
        folder: the folder to fill, which is new or empty.
        labels: the label of each picture, as PictureLabels collects them; labels of people replace those of
            the model.

    Raises:
        TableUnusable: the table cannot be read, the folder cannot be made or filled, or the source can no
            longer be listed.
    """
    folders = make_folder_names(labels.values())
    names = {path: folders[label] for path, label in labels.items()}
    try:
        for name in sorted(set(names.values())):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TableUnusable(f"{folder}: cannot be made ({error.strerror}).") from error
    try:
        return _copy_pictures(folder, source, names)
    except (SourceUnusable, StoreError) as error:
        raise TableUnusable(f"{error} {describe_half_filled_folder(folder)}") from error


def describe_half_filled_folder(folder: Path) -> str:
    """Return the sentence for errors and Ctrl-C that a folder has only a part of the pictures."""
    return f"{folder} has only a part of the pictures: name a new folder with --into."


def _copy_pictures(folder: Path, source: Source, names: dict[str, str]) -> SortingResult:
    """Copy pictures from the source into the folders of their labels, which exist.

    Args:
        names: the name of the folder for each picture, by the picture's path in the table. Pictures are
            removed from it when they are copied.
    """
    read_pictures = source.open_reader()
    numbers = dict[Path, int]()
    copied_count = 0
    unread_count = 0
    for item in source.iterate_pictures():
        if inside := names.pop(make_table_path(item.name), ""):
            [upload] = read_pictures([item.place])
            if isinstance(upload, PictureUnreadable):
                unread_count += 1
                continue
            target = _choose_free_path(folder / inside / _make_file_name(item), numbers)
            try:
                _write_picture(upload, target, item)
            except OSError as error:
                raise TableUnusable(
                    f"{target}: cannot be written ({error.strerror}). {describe_half_filled_folder(folder)}"
                ) from error
            copied_count += 1
    # What is left in `names` is no longer in the source.
    return SortingResult(copied_count, unread_count + len(names))


def _make_file_name(item: PictureItem) -> str:
    return make_safe_name(re.split(r"[/\\]", item.name)[-1])


def _choose_free_path(path: Path, numbers: dict[Path, int]) -> Path:
    """Return a path that no file has: `a.jpg`, or `a (2).jpg` beside another `a.jpg`.

    Args:
        numbers: the last number that each name got, which is updated. So thousands of pictures of one name
            are not counted from 2 each time.
    """
    free = path
    number = numbers.get(path, 1)
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
    numbers[path] = number
    return free


def _write_picture(upload: bytes, target: Path, item: PictureItem) -> None:
    """Write a copy of a picture with the mode and times of its file; remove it if it cannot be completed."""
    status = _read_status(item)
    # The umask narrows the mode, and the copy of a private picture stays private.
    mode = 0o666 if status is None else status.st_mode & 0o777 | stat.S_IWUSR
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        target.write_bytes(upload)
    except BaseException:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise
    if status is not None:
        with suppress(OSError):  # some file systems keep no times
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _read_status(item: PictureItem) -> os.stat_result | None:
    """Return the mode and the times of a picture's file; None for a picture in an archive or a bucket."""
    if not isinstance(item.place, str):
        return None
    try:
        return Path(item.place).stat()
    except OSError:
        return None
