"""A deadline for everything that waits for a store, a lock or another process.

The service has, for example, 75 seconds for its whole start. It starts within `limit_time(75)`, and each
request to a store and each lock within that block asks how much of the 75 seconds is left. The deadline is a
context variable, so functions in between need no argument for it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

from model_store.errors import StoreDeadlineExceeded

_end: ContextVar[float] = ContextVar("end", default=inf)


@contextmanager
def limit_time(seconds: float) -> Iterator[None]:
    """Limit the seconds that operations on stores and locks may take within the block.

    Nested blocks are allowed; the earliest deadline applies. Nothing is interrupted: operations ask
    `count_seconds_left` and `check_deadline`.
    """
    token = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


def count_seconds_left() -> float:
    """Return the seconds until the deadline that `limit_time` has set.

    Returns:
        The seconds; infinity outside of any `limit_time` block, and a negative number after the deadline.
    """
    return _end.get() - time.monotonic()


def check_deadline(address: str) -> None:
    """Raise an error if the deadline that `limit_time` has set is over.

    Args:
        address: the store, file or folder that the caller waits for. The error message names it.

    Raises:
        StoreDeadlineExceeded: no time is left.
    """
    if count_seconds_left() <= 0:
        raise StoreDeadlineExceeded(
            f"{address}: no time is left for it. Look at the network, the store and the disk."
        )
