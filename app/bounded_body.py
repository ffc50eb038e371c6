"""A time limit for reading a request's body, and whether all of it has come. Used by worker.py.

Wraps one of gunicorn's body readers; imports gevent alone.
"""

from time import monotonic
from typing import Any

import gevent


class BoundedBody:
    """Reads a request's body until a deadline, and knows whether all of it has come."""

    def __init__(self, reader: Any, seconds: float) -> None:  # noqa: ANN401 - gunicorn has no types
        self._reader = reader
        self._missing = getattr(reader, "length", None)  # None: it comes in chunks
        self._deadline = monotonic() + seconds

    def read(self, size: int) -> bytes:
        """As gunicorn's readers; raises TimeoutError at the deadline."""
        with gevent.Timeout(max(0, self._deadline - monotonic()), TimeoutError("the body came too slowly")):
            data: bytes = self._reader.read(size)
        if self._missing is not None:
            self._missing -= len(data)
        return data

    @property
    def is_complete(self) -> bool:
        """Whether the next request may follow on this connection."""
        return self._reader.parser is None if self._missing is None else self._missing == 0
