"""Mark a release while it is opened, so that one that needs too much memory does not kill every start.

If the system kills a process for its memory, no code of that process runs any more. So the process writes a
file `opening-VERSION` into the cache before it opens a release, and removes it afterwards. A later process
that finds the file knows that its predecessor was killed, and serves another release for some time. The file
contains how many processes were killed in a row.

A process that opens the release holds a lock on the file. A file without a lock is therefore left by a dead
process. If the cache cannot be written, the log says so, and the release is opened without a mark.
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model_store.errors import OpeningKilled
from model_store.release_files import is_path_of_descriptor

log = logging.getLogger("wardrobe")

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 5.0, 3600.0
"""Seconds during which a release is not opened again after a process was killed while it opened the release.
Each further killed process doubles the seconds, up to MAX_PAUSE_SECONDS."""


@contextmanager
def mark_opening(cache: Path, version: str, *, is_last_candidate: bool) -> Iterator[None]:
    """Mark a release as being opened during the block, with a file in the cache.

    If the process is killed within the block, perhaps because the release needs too much memory, the file
    stays. Later processes see it, and do not try this release again at once.

    Args:
        cache: the folder of the cache, which exists.
        version: the release that the block opens.
        is_last_candidate: whether this is the last release that can be served. It is opened whatever the file
            says.

    Raises:
        OpeningKilled: an earlier process was killed while it opened this release, and the pause is not over.
    """
    path = cache / f"opening-{version}"
    mark = _claim_mark(path, version, last=is_last_candidate)
    try:
        yield
    finally:
        if mark is not None:
            _remove_mark(mark, path)


def _claim_mark(path: Path, version: str, *, last: bool) -> int | None:
    """Return the descriptor of the mark, which holds a lock until it is closed; None without a mark."""
    mark: int | None = None
    try:
        mark, is_alone = _lock_mark(path)
        if is_alone:
            _count_attempt(mark, version, last=last)
    except OSError as error:
        log.error("%s: %s. %s is opened without this mark.", path, error.strerror, version)
    except OpeningKilled:
        if mark is not None:
            os.close(mark)
        raise
    return mark


def _lock_mark(path: Path) -> tuple[int, bool]:
    """Return the descriptor of the mark with a lock, and whether no other process opens the release now."""
    while True:
        mark = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            is_alone = _lock_descriptor(mark)
            # While this process waited for the lock, its holder may have removed the file. A lock on a file
            # without a name protects nothing, so try again with the file that is there now.
            if is_path_of_descriptor(path, mark):
                return mark, is_alone
        except BaseException:
            os.close(mark)
            raise
        os.close(mark)


def _lock_descriptor(mark: int) -> bool:
    """Lock the mark, and return whether no other process had a lock."""
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # The other process turns its exclusive lock into a shared one once it has written its count. From
        # then on several processes may open the release at the same time.
        fcntl.flock(mark, fcntl.LOCK_SH)
        return False
    return True


def _count_attempt(mark: int, version: str, *, last: bool) -> None:
    """Write how many processes will have been killed if this one is, then let other processes open it."""
    text = os.pread(mark, 20, 0)
    ended = int(text) if text.isdigit() else 0
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (min(ended, 20) - 1), MAX_PAUSE_SECONDS)
    # Below 0: the clock was set back, so the pause cannot be measured and is taken as over.
    if ended and not last and 0 <= time.time() - os.fstat(mark).st_mtime < pause:
        raise OpeningKilled(
            f"{version}: a process ended while it opened this release, for the {ended}. time. It is opened "
            f"again {pause:.0f} s later. Look at this machine's memory, and at the log before that."
        )
    try:
        os.pwrite(mark, str(ended + 1).encode(), 0)
    finally:  # otherwise others would wait if the disk is full
        fcntl.flock(mark, fcntl.LOCK_SH)


def _remove_mark(mark: int, path: Path) -> None:
    try:
        os.ftruncate(mark, 0)  # if it cannot be removed, it counts no process
        if is_path_of_descriptor(path, mark):
            path.unlink()
    except OSError as error:
        log.error("%s: %s. The release is open, and its mark stays.", path, error.strerror)
    finally:
        os.close(mark)
