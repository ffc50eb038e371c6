"""A deadline for everything that is read from a client: gunicorn waits without end (slowloris).

What is being read ends early, as if the client had stopped there. Used by worker.py; touches sockets alone.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SWEEP_SECONDS = 0.5
"""How often deadlines are looked at, and so by how much they may be overrun."""


class Deadlines:
    """Sockets that are being read from, each with the time by which that must be over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # Without a lock: one entry comes or goes at a time, and a sweep begins with a copy.
        self._reading: dict[socket.socket, float] = {}

    @contextmanager
    def of(self, connection: socket.socket) -> Iterator[None]:
        """Give the block its deadline, counted from now."""
        self._reading[connection] = time.monotonic() + self._seconds
        try:
            yield
        finally:
            self._reading.pop(connection, None)

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
