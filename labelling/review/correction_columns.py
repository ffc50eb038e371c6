"""Suggest how to rename the columns of a file of corrections that lacks the needed ones.

fname,labels          Rename `fname` to `path` and `labels` to `label`.
a.jpg,Dress           (without a header) Write `path,label` in a line above the first one.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from labelling.lists.cells import is_picture_cell
from labelling.lists.list_files import describe_other_format, find_picture_columns, suggest_renaming
from labelling.lists.list_rows import ListFile

LABEL_NAMES: Final = ("label", "class", "category", "answer", "correction")
"""Usual names of the column of labels, in files that people write for other programs."""


def suggest_correction_columns(file: ListFile, needed: Sequence[str]) -> str:
    """Return advice about the columns that a file of corrections lacks; empty if it has all of them.

    Args:
        file: the file, of which the header was checked alone.
        needed: the needed columns, of which the second one is the column of labels.
    """
    missing = [name for name in needed if name not in file.columns]
    if not missing:
        return ""
    if advice := suggest_renaming(missing, file.header) or describe_other_format(file.header):
        return advice
    if any(map(is_picture_cell, file.header)):
        names = ("path", "label") if is_picture_cell(file.header[0]) else ("label", "path")
        return f" Write `{file.separator.join(names)}` in a line above the first one."
    renamed_columns = {name: found for name in missing if (found := _find_column(file, name))}
    if not renamed_columns:
        return f" It has `{'`, `'.join(file.columns)}`."
    texts = [f"`{found}` to `{name}`" for name, found in renamed_columns.items()]
    return f" Rename {' and '.join(texts)}."


def _find_column(file: ListFile, needed: str) -> str:
    """Return the column that people probably mean by a needed one; empty if none is likely."""
    pictures = find_picture_columns(file)
    if needed == "path":
        return next(iter(pictures), "")
    others = [name for name in file.columns if name not in {*pictures, "path", "product"}]
    names_by_spelling = {name.casefold().strip(): name for name in others}
    nearest = (get_close_matches(name, names_by_spelling, 1) for name in LABEL_NAMES)
    found = next((matches[0] for matches in nearest if matches), "")
    return names_by_spelling[found] if found else (others[0] if len(others) == 1 else "")
