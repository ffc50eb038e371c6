"""Read and write CSV files of corrections: people's answers about picture files."""

import hashlib
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from inference.contract import LABEL
from inference.text.spreadsheets import format_csv
from labelling.errors import CorrectionsUnusable
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS, ListOptions
from labelling.review.corrections import Correction, read_corrections
from model_store.release_files import write_atomically
from training.data.corrections import Corrections, find_corrected_file
from training.errors import DataError
from training.progress import Say

CORRECTION_COLUMNS: Final = ("path", "label", "sha256", "at", "group", "attribute", "product", "audit")
"""Columns of the CSV in which a training keeps a copy of the corrections that it learnt."""


def read_correction_files(
    files: Sequence[Path], list_options: ListOptions = DEFAULT_LIST_OPTIONS, say: Say = lambda _: None
) -> list[Correction]:
    """Read CSV files with people's answers about picture files.

    Args:
        files: the CSVs, with the columns `path` and `label`. An empty label, or NONE (none of the classes),
            leaves a picture out.
        list_options: the way in which CSV files are read, such as the encoding and the names of columns.
        say: a function that receives sentences about the files that a person should read.

    Raises:
        DataError: a file cannot be read, has another header, or has a row without an answer; or
            `list_options` names a root folder or other columns of paths.
    """
    if list_options.root or list_options.path_columns != DEFAULT_LIST_OPTIONS.path_columns:
        raise DataError(
            f"{files[0]}: is read as people's answers, as it has no `tier` for --photos. Their `path` is "
            "relative to the file: --path-column and --root are not for them."
        )
    try:
        return read_corrections(files, None, list_options=list_options, say=say)
    except CorrectionsUnusable as error:
        raise DataError(str(error)) from error


def save_corrections(corrections: Corrections, runs: Path) -> Path:
    """Write all rows of the corrections into one CSV in the folder of runs, and return the path of this CSV.

    Equal corrections always get the same path. Paths in the CSV are absolute. Each row has the hash of its
    picture, so that its answer stays valid if the picture moves, and is not used for another picture at the
    same path.

    Args:
        corrections: the rows of the CSVs, and the valid answers.
    """
    paths = {file.sha256: file.path for file in corrections.files if file.is_readable}
    hashes = {file.path: file.sha256 for file in corrections.files if file.is_readable}
    rows = list[tuple[str, ...]]()
    for row in corrections.rows:
        path = paths.get(row.sha256) or find_corrected_file(row)
        sha256 = row.sha256 or hashes.get(path, "")
        attribute = "" if row.attribute == LABEL else row.attribute
        audit = str(row.audit or "")
        rows.append((path, row.label, sha256, row.answered_at, row.group, attribute, row.product, audit))
    text = format_csv([CORRECTION_COLUMNS, *rows]).encode("utf-8", "surrogateescape")
    copy = runs / f"improved-{hashlib.sha256(text).hexdigest()[:12]}" / "corrections.csv"
    copy.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(copy, BOM_UTF8 + text)  # so that no encoding of a list is taken for its own
    return copy
