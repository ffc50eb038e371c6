"""Mark a release while it is opened for the first time, so that one that is too big ends no further start.

Touches opening-<version> in the cache alone: how many processes have ended while they opened the release. Who
opens it holds a lock on the file, so that the mark of a dead one is known.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model_store.errors import OpeningEnded, StoreRefused

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
"""Seconds after a process that ended; each further one doubles the pause."""


@contextmanager
def opening(cache: Path, version: str, *, last: bool) -> Iterator[None]:
    """Keep the mark for the block; it stays where this process ends within it.

    Args:
        cache: the folder; it exists.
        version: the release that the block opens.
        last: there is no other release to serve, so that it is opened whatever the mark says.

    Raises:
        OpeningEnded: a process ended while it opened the release, and the pause after it is not over.
        StoreRefused: the mark cannot be written.
    """
    path = cache / f"opening-{version}"
    mark = _claimed(path, version, last=last)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(mark)


def _claimed(path: Path, version: str, *, last: bool) -> int:
    """The descriptor of the mark, which holds the lock until it is closed."""
    try:
        mark = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            _claim(mark, version, last=last)
        except BaseException:
            os.close(mark)
            raise
    except OSError as error:
        raise StoreRefused(f"{path}: {error.strerror}. The cache needs a folder to write to.") from error
    return mark


def _claim(mark: int, version: str, *, last: bool) -> None:
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(mark, fcntl.LOCK_SH)  # another process opens it now, and has written the mark
        return
    text = os.pread(mark, 20, 0)
    ended = int(text) if text.isdigit() else 0
    pause = min(FIRST_PAUSE * 2 ** (min(ended, 20) - 1), LONGEST_PAUSE)
    if ended and not last and 0 <= time.time() - os.fstat(mark).st_mtime < pause:
        raise OpeningEnded(
            f"{version}: a process ended while it opened this release, for the {ended}. time. It is opened "
            f"again {pause:.0f} s later. Look at this machine's memory, and at the log before that."
        )
    os.pwrite(mark, str(ended + 1).encode(), 0)
    fcntl.flock(mark, fcntl.LOCK_SH)
