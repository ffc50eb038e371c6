"""Sort a labelled catalogue into folders, one for each label, and `review` for what a person has to look at.

Reads a finished table and its source, and writes the folder alone, with copies of the pictures.
"""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from labelling.decisions import Decisions
from labelling.errors import TableUnusable, Unreadable
from labelling.folder_names import make_safe_name, name_folders
from labelling.items import Item, Read, Source
from labelling.rows import make_table_path


def check_sorted_folder(folder: Path, source: str) -> None:
    """Check that a folder can be filled, before anything is labelled.

    Raises:
        TableUnusable: something is in it, or it lies in the source, which would label it the next time.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TableUnusable(f"{folder}: is there already. Name a folder that is new or empty.")
    if Path(source).is_dir() and folder.resolve().is_relative_to(Path(source).resolve()):
        raise TableUnusable(f"{folder}: lies in {source}, and would be labelled, too. Name one outside it.")


def sort_into_folders(folder: Path, source: Source, decisions: Decisions) -> tuple[int, int]:
    """Copy each answered picture of a finished table into FOLDER/label, or FOLDER/review, once.

    One that stands in several rows with different labels goes to REVIEW.

    Args:
        folder: new or empty.
        source: of the pictures.
        decisions: of their table; labels of people win.

    Returns:
        how many pictures are there now, and how many could not be read or written.

    Raises:
        SourceUnusable, StoreError: the source can no longer be listed.
        TableUnusable: the table cannot be read, or the folder cannot be made.
    """
    labels = dict[str, str]()
    for row in decisions.photo_rows():
        if row.class_decision.decided_by:
            path, label = (
                row.record.name,
                (row.class_decision.label or "") if row.class_decision.is_settled else "",
            )
            labels[path] = label if labels.get(path, label) == label else ""
    folders = name_folders(labels.values())
    names = {path: folders[label] for path, label in labels.items()}
    read, numbers, done, failed = source.reader(), dict[Path, int](), 0, 0
    try:
        for name in sorted(set(names.values())):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TableUnusable(f"{folder}: cannot be made ({error.strerror}).") from error
    for item in source.items():
        if inside := names.pop(make_table_path(item.name), ""):
            is_there = _put(item, _free(folder / inside / _name_of(item), numbers), read)
            done, failed = done + is_there, failed + (not is_there)
    return done, failed


def _name_of(item: Item) -> str:
    return make_safe_name(re.split(r"[/\\]", item.name)[-1])


def _free(path: Path, numbers: dict[Path, int]) -> Path:
    """Where a picture goes, beside others of the same name; `numbers` has the last one of each name."""
    free, number = path, numbers.get(path, 1)
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
    numbers[path] = number
    return free


def _put(item: Item, target: Path, read: Read) -> bool:
    """Copy a picture; whether it is there now."""
    try:
        if isinstance(item.place, str):
            shutil.copy2(item.place, target)
            return True
        [upload] = read([item.place])
        if not isinstance(upload, Unreadable):
            target.write_bytes(upload)
        return not isinstance(upload, Unreadable)
    except OSError:
        with suppress(OSError):
            target.unlink(missing_ok=True)  # no part of a picture is left
        return False
