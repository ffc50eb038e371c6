"""gunicorn's gevent worker with five faults corrected that no setting corrects (docs/decisions/0005).

gunicorn.conf.py chooses it, and it serves any WSGI application. gunicorn's master loads it before gevent
patches Python, so it may import only gunicorn, gevent and bounded_body.py.
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
"""Seconds for each open connection during which a worker accepts no further connection, so that other workers
get it."""

MAX_PAUSES = 10
"""Number of open connections from which on the pause does not grow any more."""

MAX_DRAINED_BYTES = 64_000_000
"""Bytes of a body that are still read after the answer, so that the client gets to see the answer. There is a
limit because a body that arrives as fast as it is read keeps the event loop busy."""

MAX_HEADER_BYTES = 16_384
"""Largest size in bytes of all headers of a request, and of the trailers of its body. Parsing them by RFC
9110 takes a microsecond a byte, on the event loop."""


class DrainingServer(StreamServer):  # type: ignore[misc] # gevent has no types
    """A gevent server that accepts all waiting connections before it closes its socket.

    Closing the socket would otherwise reset these connections.
    """

    max_accept = 1  # at a time: the worker with the fewest connections gets the next one
    _pauses = False

    def __init__(self, listener: Any, *, handler_class: Any, spawn: Any, **options: Any) -> None:  # noqa: ANN401
        ssl = {name: value for name, value in options.items() if name == "ssl_context"}
        address = listener.getsockname()
        listener_name = SimpleNamespace(
            getsockname=lambda: address
        )  # the listener itself is closed before the last
        super().__init__(listener, handle=partial(handler_class, listener_name), spawn=spawn, **ssl)

    def do_handle(self, *accepted: Any) -> None:  # noqa: ANN401
        """Serve a new connection, and pause before the next one, so that other workers can accept it."""
        super().do_handle(*accepted)
        if not self._pauses:
            self._pauses = True
            self.stop_accepting()
            pause = PAUSE_SECONDS * min(len(self.pool), MAX_PAUSES)
            gevent.spawn_later(pause, self._resume_accepting, pause, thread_time())

    def _resume_accepting(self, pause: float, began: float) -> None:
        self._pauses = False
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

    The headers of such an answer announce it. Otherwise the rest of the request would be read as the next
    one.
    """

    server_class = DrainingServer
    request_seconds = 60.0  # for a body to come, and for an answer to be taken
    drains = False  # while it does, every connection closes after its answer
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
        drains = self.drains  # as it is now: a head may promise to keep it

        def is_unread() -> bool:
            return bool(req.body.failed or not body.is_complete)

        req.should_close = lambda: drains or is_unread() or asked_to_close()
        sock.settimeout(self.request_seconds)
        try:
            super().handle_request(listener_name, req, sock, addr)
        except TimeoutError:  # the answer was not taken in time
            raise StopIteration from None
        finally:
            sock.settimeout(None)  # what comes next is gunicorn's keepalive
            if is_unread():
                # A plain close resets the connection, and with it an answer that is on its way.
                close_graceful(sock, max_drain=MAX_DRAINED_BYTES)
