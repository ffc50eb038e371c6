"""Find the source of pictures that a word on the command line names.

The kinds of sources: files.py, archives.py, buckets.py; what all of them do: items.py. What a list may name
on the web: permits.py.
"""

import glob
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from labelling import archives, files
from labelling.errors import SourceUnusable
from labelling.items import Source
from labelling.paths import existing
from labelling.permits import NOTHING, Permits

SHEET: Final = "is a spreadsheet. Save it as CSV (in Excel, `CSV UTF-8`), with a column `path`."
PACKED: Final = "is packed in a way that is not read. Unpack it, or pack it as ZIP or .tar.gz."
RENAMED: Final = "is a TAR under another ending. Rename it to end in .tar.xz, .tar.bz2 or .tar.gz."

UNREAD: Final[dict[str, str]] = {
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers"), SHEET),
    **dict.fromkeys((".7z", ".rar", ".zst", ".tzst", ".lz4", ".lz", ".tlz", ".br", ".cab", ".dmg"), PACKED),
    **dict.fromkeys((".txz", ".tbz", ".tbz2"), RENAMED),
}
"""What else catalogues come in, by the ending."""

UNREAD_SIGNATURES: Final[dict[bytes, str]] = {
    b"7z\xbc\xaf\x27\x1c": PACKED,
    b"Rar!\x1a\x07": PACKED,
    b"\x28\xb5\x2f\xfd": PACKED,
    b"\xd0\xcf\x11\xe0": SHEET,
}
"""The same under another ending: 7z, rar, Zstandard, and Excel before 2007."""

LISTS: Final = (".csv", ".tsv", ".txt")


def open_source(word: str, permits: Permits = NOTHING) -> Source:
    """Find out what kind of source a word names.

    Args:
        word: a folder, a pattern with `*`, a CSV (also .tsv, .txt) or Parquet file with a column `path`, a
            ZIP or TAR, an `s3://bucket/prefix`, or one picture.
        permits: which pictures on the web a list may name.

    Raises:
        SourceUnusable: there is no such thing.
        StoreError: the address of a store is wrong.
    """
    if word.startswith("s3://"):
        from labelling.buckets import Bucket  # noqa: PLC0415 - boto3 takes 0.3 s to import

        return Bucket(word)
    path = Path(existing(str(Path(word).expanduser())))
    if path.is_dir():
        return files.Folder(os.path.normpath(path))
    if not path.exists():
        if glob.has_magic(word):
            return files.Pattern(str(path))
        raise SourceUnusable(
            f"{word}: no such file or folder. A source is a folder, a pattern in quotes, a CSV or Parquet "
            "file with a column `path`, a ZIP, a TAR, or s3://bucket/prefix."
        )
    if (advice := _unread(path)) is not None:
        raise SourceUnusable(f"{word}: {advice}")
    kinds: dict[str, Callable[[str], Source]] = {
        **dict.fromkeys((*LISTS, ".parquet"), partial(files.PathList, permits=permits)),
        ".zip": archives.Zip,
        **dict.fromkeys((".tar", ".tgz", ".gz", ".bz2", ".xz"), archives.Tar),
    }
    return kinds.get(path.suffix.lower(), files.Single)(str(path))


def _unread(path: Path) -> str | None:
    """What to do with a file that is no source but often taken for one; None for any other."""
    ending = path.suffix.lower()
    if ending in UNREAD:
        return UNREAD[ending]
    if not path.is_file():  # reading a pipe would take its beginning away
        return None
    try:
        with path.open("rb") as file:
            begin = file.read(8)
    except OSError:  # reading it reports why
        return None
    if ending in LISTS and begin.startswith(b"PK\3\4"):
        return SHEET
    return next((advice for sign, advice in UNREAD_SIGNATURES.items() if begin.startswith(sign)), None)
