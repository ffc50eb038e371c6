"""A deadline for everything that is read from a client: gunicorn waits without end (slowloris).

What is being read ends early, as if the client had stopped there. Used by worker.py; touches sockets alone.
"""

import socket
import threading
import time
from contextlib import suppress

SWEEP_SECONDS = 0.5
"""How often deadlines are looked at, and so by how much they may be overrun."""


class Deadlines:
    """Sockets that are being read from, each with the time by which that must be over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # Without a lock: one entry comes or goes at a time, and a sweep begins with a copy.
        self._reading: dict[socket.socket, float] = {}

    def of(self, connection: socket.socket) -> "_Deadline":
        """Give the block its deadline, counted from its beginning."""
        return _Deadline(self._reading, connection, self._seconds)

    def watch(self) -> None:
        """Look after the deadlines in the background, as long as the process lives."""
        threading.Thread(target=self._sweep_for_ever, name="deadlines", daemon=True).start()

    def sweep(self) -> None:
        """Stop reading from every connection whose time is over; what it is being told still goes out."""
        now = time.monotonic()
        for connection, deadline in list(self._reading.items()):
            # Looked up again: it may have gone on to its next request meanwhile.
            if deadline < now and self._reading.get(connection) == deadline:
                with suppress(OSError):  # it may have closed by itself
                    connection.shutdown(socket.SHUT_RD)

    def _sweep_for_ever(self) -> None:
        while True:
            time.sleep(SWEEP_SECONDS)
            self.sweep()


# Not by `contextlib.contextmanager`: a generator for each block took three times as long.
class _Deadline:
    """The time for which a block may read from a connection."""

    __slots__ = ("_connection", "_reading", "_seconds")

    def __init__(
        self, reading: dict[socket.socket, float], connection: socket.socket, seconds: float
    ) -> None:
        self._reading, self._connection, self._seconds = reading, connection, seconds

    def __enter__(self) -> None:
        self._reading[self._connection] = time.monotonic() + self._seconds

    def __exit__(self, *error: object) -> None:
        self._reading.pop(self._connection, None)
