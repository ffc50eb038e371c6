"""What dead workers had counted, in one file of each kind: workers that come and go leave no trail of files.

The master adds up, workers read. A lock on their folder keeps a scrape from meeting a count twice, or neither
where it was nor where it went. What the files are: shared_counts.py.
"""

import fcntl
import os
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

from app.observability.shared_counts import HEADER, entry_of

KINDS = ("counter", "histogram")
"""Those that outlive their process."""


@contextmanager
def nobody_merging(directory: Path) -> Iterator[None]:
    """Keep every count where it is while a block reads them."""
    with _locked(directory, fcntl.LOCK_SH):
        yield


def merge_dead(directory: Path) -> None:
    """Add up the counts of all processes that are no more, and remove their files.

    While somebody reads, nothing is done: the master has workers to look after, and at the next one's death
    these come along.

    Args:
        directory: where all processes have their files.

    Raises:
        OSError: a file cannot be written or removed. A count is lost or doubled only if it is the removing.
    """
    try:
        with _locked(directory, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for kind in KINDS:
                _merge(directory, kind)
    except BlockingIOError:
        return


def _merge(directory: Path, kind: str) -> None:
    dead = [path for path in directory.glob(f"{kind}_*_*.db") if not _lives(path.name.split("_")[1])]
    if not dead:
        return
    merged = directory / f"{kind}_dead.db"
    sums = defaultdict[str, float](float)
    for path in [merged, *dead]:
        for key, value in _counts_in(path):
            sums[key] += value
    unfinished = merged.with_suffix(".new")
    unfinished.write_bytes(_file_of(sums))
    unfinished.replace(merged)
    for path in dead:
        path.unlink()


def _lives(process: str) -> bool:
    """Whether there is such a process; another one that got its number only puts the merging off."""
    return Path("/proc", process).exists()


def _counts_in(path: Path) -> Iterator[tuple[str, float]]:
    if not path.exists() or path.stat().st_size == 0:  # its process died as it was making it
        return
    for key, value, *_ in MmapedDict.read_all_values_from_file(str(path)):  # type: ignore[no-untyped-call]
        yield key, value


def _file_of(sums: Mapping[str, float]) -> bytes:
    entries = b"".join(entry_of(key.encode(), value) for key, value in sums.items())
    return struct.pack("i4x", HEADER + len(entries)) + entries


@contextmanager
def _locked(directory: Path, how: int) -> Iterator[None]:
    folder = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(folder, how)
        yield
    finally:
        os.close(folder)
