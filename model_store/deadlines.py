"""The time that is left for what waits on stores, locks and other processes.

A caller sets it for a block, as app/releases/load.py does for a start; within it, store.py, s3.py and
cache.py ask how much is left. Knows none of them.
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
    """Give the block so much time; within another such block, no more than that one has left."""
    token = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


def seconds_left() -> float:
    """Until the end of the innermost block; infinite outside of any, negative when the time is over."""
    return _end.get() - time.monotonic()


def check_time(address: str) -> None:
    """Go on only while there is time.

    Raises:
        OutOfTime: there is none left.
    """
    if seconds_left() <= 0:
        raise OutOfTime(f"{address}: no time is left for it. Look at the network, the store and the disk.")
