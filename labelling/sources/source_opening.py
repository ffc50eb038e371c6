"""Find the source of pictures that a word on the command line names.

open_source("photos/")             all pictures below a folder
open_source("photos/**/*.jpg")     the files that match a pattern
open_source("list.csv")            the pictures that a list names
open_source("photos.zip")          the pictures in a ZIP
open_source("s3://bucket/spring")  the pictures under an S3 prefix
open_source("a.jpg")               one picture
"""

import glob
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from labelling.errors import SourceUnusable
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS, ListOptions
from labelling.lists.list_text import WORKBOOK_ADVICE, WORKBOOK_ENDINGS
from labelling.lists.paths import find_existing_path
from labelling.sources import archives, picture_files
from labelling.sources.items import AllowedHosts, Source
from model_store.release_files import expand_home

LIST_ENDINGS: Final = (".csv", ".tsv", ".txt")
"""Endings, in small letters, of files that are read as lists of pictures."""


UNREAD_ARCHIVE_ENDINGS: Final = (
    *(".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"),
    *(".7z", ".rar", ".gz", ".bz2", ".xz", ".zst", ".zipx"),
)
"""Endings, in small letters, of archives that are not read."""


def open_source(
    source_name: str,
    hosts: AllowedHosts = (),
    list_options: ListOptions = DEFAULT_LIST_OPTIONS,
    folder: str | Path = "",
) -> Source:
    """Return the source of pictures that an argument of the command line names.

    Args:
        source_name: the argument: a folder, a pattern with `*`, a CSV (also .tsv, .txt) with a column `path`,
            a ZIP, an `s3://bucket/prefix`, or one picture.
        hosts: the hosts from which pictures of a list may be fetched; none by default.
        list_options: the options for reading a list, such as its encoding.
        folder: the folder that `source_name` is relative to; empty for the current folder.

    Raises:
        SourceUnusable: there is no such file or folder, or it is a workbook of a spreadsheet program.
        StoreError: the address of a bucket is wrong.
    """
    if source_name.startswith("s3://"):
        from labelling.sources.buckets import BucketSource  # noqa: PLC0415 - boto3 takes 0.3 s to import

        return BucketSource(source_name)
    # The stored name may differ from the written one in its slashes or, after a copy from macOS, in its
    # accents.
    path = Path(find_existing_path(str(Path(folder, expand_home(source_name)))))
    # Pictures are called by the source as it was named, without the folder that it is relative to.
    name = str(path).removeprefix(f"{str(folder).rstrip('/')}/" if folder else "")
    if path.is_dir():
        return picture_files.FolderSource(os.path.normpath(name), folder=str(folder))
    if not path.exists():
        if glob.has_magic(source_name):
            return picture_files.PatternSource(name, folder=str(folder))
        raise SourceUnusable(
            f"{source_name}: no such file or folder. A source is a folder, a pattern in quotes, a CSV with a "
            "column `path`, a ZIP, or s3://bucket/prefix."
        )
    if path.name.lower().endswith(UNREAD_ARCHIVE_ENDINGS):
        raise SourceUnusable(
            f"{source_name}: of archives, only ZIPs are read. Unpack it, and give the folder."
        )
    if path.suffix.lower() in WORKBOOK_ENDINGS:
        raise SourceUnusable(f"{source_name}: {WORKBOOK_ADVICE}")
    sources: dict[str, Callable[..., Source]] = {
        **dict.fromkeys(
            LIST_ENDINGS, partial(picture_files.ListSource, hosts=hosts, list_options=list_options)
        ),
        ".zip": archives.ZipSource,
    }
    return sources.get(path.suffix.lower(), picture_files.SingleFileSource)(name, folder=str(folder))
