"""gunicorn's gevent worker, with corrections that no setting of gunicorn makes (docs/decisions/0005).

1. A connection closes after a request that was not read whole.
2. Bodies and answers have a time limit.
3. A body that arrives without a pause does not stop other connections.
4. A worker that stops accepts the connections that wait, instead of resetting them.
5. Connections spread over the workers.

The worker serves any WSGI application. gunicorn's master loads this file before gevent patches Python, so it
imports nothing but gunicorn, gevent and bounded_body.py.
"""

from functools import partial
from time import thread_time
from types import SimpleNamespace
from typing import Any

import gevent
from gevent.server import StreamServer
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.util import close_graceful
from gunicorn.workers.ggevent import GeventWorker

from app.bounded_body import BoundedBody

PAUSE_SECONDS = 0.0002
"""Seconds for which a worker accepts no further connection, for each one that it has. Meanwhile another
worker takes the next one."""

MAX_PAUSES = 10
"""Largest number of open connections for which the pause grows: it is at most 2 ms."""

MAX_DRAINED_BYTES = 64_000_000
"""Bytes of an unread body that are read and dropped after the answer, because a client that is still sending
may not see its answer. The limit keeps an endless body from occupying the event loop."""

MAX_HEADER_BYTES = 16_384
"""Largest size in bytes of all headers of a request, and of the trailers of its body. Parsing takes a
microsecond a byte, during which no other request is answered."""


class DrainingServer(StreamServer):  # type: ignore[misc] # gevent has no types
    """A gevent server that accepts all waiting connections before it closes its socket.

    Closing the socket would otherwise reset these connections.
    """

    max_accept = 1  # at a time: the worker with the fewest connections gets the next one
    _is_paused = False

    def __init__(self, listener: Any, *, handler_class: Any, spawn: Any, **options: Any) -> None:  # noqa: ANN401
        ssl = {name: value for name, value in options.items() if name == "ssl_context"}
        address = listener.getsockname()
        # The listener itself is closed before the last connection has been handled.
        listener_name = SimpleNamespace(getsockname=lambda: address)
        super().__init__(listener, handle=partial(handler_class, listener_name), spawn=spawn, **ssl)

    def do_handle(self, *accepted: Any) -> None:  # noqa: ANN401
        """Serve a new connection, and pause before the next one, so that other workers can accept it."""
        super().do_handle(*accepted)
        if not self._is_paused:
            self._is_paused = True
            self.stop_accepting()
            pause = PAUSE_SECONDS * min(len(self.pool), MAX_PAUSES)
            gevent.spawn_later(pause, self._resume_accepting, pause, thread_time())

    def _resume_accepting(self, pause: float, began: float) -> None:
        self._is_paused = False
        # While the worker was busy for longer than the pause, more came; other workers get their share.
        self.max_accept = min(1 + int((thread_time() - began) / pause), max(1, len(self.pool)))
        if not self.closed:
            self.start_accepting()

    def close(self) -> None:
        """Accept the connections that are waiting, then close the socket."""
        while not self.closed and not self.full() and (accepted := self.do_read()):
            self.do_handle(*accepted)
        super().close()


class ClosingWorker(GeventWorker):  # type: ignore[misc] # gunicorn has no types
    """A gunicorn worker that closes the connection after an answer if the request was not read whole.

    If it stayed open, the rest of the request would be parsed as the next one. The answer announces the end
    in its header `Connection`.
    """

    server_class = DrainingServer
    request_seconds = 60.0  # for a body to come, and for an answer to be taken
    is_draining = False  # meanwhile, every connection closes after its answer
    polled_at = 0.0  # by time.monotonic(), when `post_request` last let all connections go on

    @property
    def wsgi_handler(self) -> Any:  # noqa: ANN401 - gunicorn has no types
        """The function that handles a connection; `server_class` gets it as its `handler_class`."""
        return self.handle

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:  # noqa: ANN401
        """Answer a request whose headers have been read, with limits for the size of headers and for time.

        The parameters are those of gunicorn's worker.

        Raises:
            LimitRequestHeaders: the headers have more than MAX_HEADER_BYTES.
            StopIteration: the client did not read the answer in time, so the connection ends.
        """
        if sum(len(name) + len(value) for name, value in req.headers) > MAX_HEADER_BYTES:
            raise LimitRequestHeaders(f"more than {MAX_HEADER_BYTES:,} bytes of headers")
        body = req.body.reader = BoundedBody(req, self.request_seconds, MAX_HEADER_BYTES)
        asked_to_close = req.should_close
        is_draining = (
            self.is_draining
        )  # read once, because the headers may have promised to keep the connection

        def is_unread() -> bool:
            return bool(req.body.failed or not body.is_complete)

        req.should_close = lambda: is_draining or is_unread() or asked_to_close()
        sock.settimeout(self.request_seconds)
        try:
            super().handle_request(listener_name, req, sock, addr)
        except TimeoutError:  # the client did not read the answer in time
            raise StopIteration from None
        finally:
            sock.settimeout(None)  # gunicorn's keepalive limits the time until the next request
            if is_unread():
                # A plain close resets the connection, and with it an answer that is on its way.
                close_graceful(sock, max_drain=MAX_DRAINED_BYTES)
