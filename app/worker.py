"""gunicorn's threaded worker with a deadline for every request, and an end that cuts none.

gunicorn waits without end for headers and bodies that trickle in (slowloris). This worker stops reading from
a connection that has not finished its request in time: what is being read ends early and the connection
closes. What is no HTTP is answered by unreadable.py. Chosen in gunicorn.conf.py; knows nothing of pictures.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, ClassVar

from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import TConn, ThreadWorker

from app.unreadable import answer_unreadable

SWEEP_SECONDS = 0.5
"""How often deadlines are looked at, and so by how much they may be overrun."""


class Deadlines:
    """Sockets that are being read from, each with the time by which that must be over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._reading: dict[socket.socket, float] = {}

    @contextmanager
    def of(self, connection: socket.socket) -> Iterator[None]:
        """Give the block its deadline, counted from now."""
        with self._lock:
            self._reading[connection] = time.monotonic() + self._seconds
        try:
            yield
        finally:
            with self._lock:
                self._reading.pop(connection, None)

    def watch(self) -> None:
        """Look after the deadlines in the background, as long as the process lives."""
        threading.Thread(target=self._sweep_for_ever, name="deadlines", daemon=True).start()

    def sweep(self) -> None:
        """Stop reading from every connection whose time is over; what it is being told still goes out."""
        now = time.monotonic()
        with self._lock:
            late = [connection for connection, deadline in self._reading.items() if deadline < now]
            for connection in late:
                del self._reading[connection]
                with suppress(OSError):  # it may have closed by itself
                    connection.shutdown(socket.SHUT_RD)

    def _sweep_for_ever(self) -> None:
        while True:
            time.sleep(SWEEP_SECONDS)
            self.sweep()


class DeadlineWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's threaded worker, with `seconds` for a client to send its request and take its answer."""

    seconds: ClassVar[float] = 60.0

    def init_process(self) -> None:
        """Start the sweep in the worker, since threads do not survive the fork."""
        self._deadlines = Deadlines(self.seconds)
        self._deadlines.watch()
        super().init_process()

    def keep_no_connection(self) -> None:
        """Close every connection with its next answer, so that clients turn to another worker."""
        # Not by its keepalive setting: that would cut those that were just promised to be kept.
        self.max_keepalived = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking requests and finish those that are here."""
        super().handle_exit(sig, frame)
        self.method_queue.defer(self._close_listeners)

    def _close_listeners(self) -> None:
        """Take the connections that wait, then close; gunicorn would cut them at its end."""
        for listener in self.sockets:
            before = -1
            while before != self.nr_conns:
                before = self.nr_conns
                self.accept(listener)
            listener.close()

    def handle_error(
        self, _req: object, client: socket.socket, addr: tuple[str, int] | None, exc: Exception
    ) -> None:
        """Answer what failed outside of the app, as the app answers; gunicorn would send HTML without ids."""
        # A Unix socket has no address.
        answer = answer_unreadable(self.wsgi, exc, addr[0] if addr else "")
        with suppress(OSError):  # it may have gone, or read nothing for long
            write_nonblock(client, answer)

    def handle(self, conn: TConn) -> Any:  # noqa: ANN401 - whatever gunicorn's own answers
        """Serve one request of a connection before its deadline, and close the connection if it was the last.

        gunicorn would close it on the thread that accepts connections, where a client that neither sends nor
        closes stops all the others for two seconds each; 39 of them were seen to stop a worker for a minute.
        """
        with self._deadlines.of(conn.sock):
            served = super().handle(conn)
        if served is False:
            conn.close(graceful=True)
            conn.close = _is_closed
        return served


def _is_closed(graceful: bool = False) -> None:
    """What closing a closed connection does."""
