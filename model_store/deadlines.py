"""The time that is left for waiting on stores, locks and other processes.

A caller sets it for a block, as app/releases/load.py does for a start. Within the block, store.py, s3.py and
cache.py ask how much time is left. This module knows none of them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

from model_store.errors import OutOfTime

_end: ContextVar[float] = ContextVar("end", default=inf)


@contextmanager
def limit_time(seconds: float) -> Iterator[None]:
    """Limit the time of the block. Within another such block, the shorter time is used."""
    token = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


def seconds_left() -> float:
    """Return the seconds until the end of the innermost block; infinite outside, negative when over."""
    return _end.get() - time.monotonic()


def check_time(address: str) -> None:
    """Check that there is time left.

    Args:
        address: the thing that is waited for, for the message.

    Raises:
        OutOfTime: no time is left.
    """
    if seconds_left() <= 0:
        raise OutOfTime(f"{address}: no time is left for it. Look at the network, the store and the disk.")
