"""gunicorn's threaded worker with a deadline for every request, an even share, and an end that cuts none.

First requests get a thread each, and so do those of clients that pause; turns.py serves whoever keeps asking.
What is no HTTP is answered by unreadable.py. Chosen in gunicorn.conf.py; knows nothing of pictures.
"""

import socket
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import FrameType
from typing import Any, ClassVar

from gunicorn.util import close_graceful, write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from app.connection import Connection
from app.deadlines import Deadlines
from app.messages import Answer
from app.shares import Shares
from app.turns import Turns
from app.unreadable import answer_unreadable

YIELD_SECONDS = 0.001
"""For how long a worker that has more connections than another lets that one go first."""

SHED_EVERY = 100
"""Requests of one connection between two looks whether another worker has much fewer."""

TAKES_TURNS = object()
"""Says of a connection that turns.py has it."""


class DeadlineWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's threaded worker, with `seconds` for a client to send its request and take its answer."""

    seconds: ClassVar[float] = 60.0
    shares: ClassVar[Shares]
    """Set with `seconds`, before workers are forked."""

    _takes_part = False
    _connections = 0

    def init_process(self) -> None:
        """Start the sweep in the worker, since threads do not survive the fork."""
        # They do not change any more, and a request reads twenty of them: 10 us by gunicorn's look-up.
        self.cfg.__dict__.update({name: getattr(self.cfg, name) for name in self.cfg.settings})
        self._deadlines = Deadlines(self.seconds)
        self._deadlines.watch()
        super().init_process()

    def run(self) -> None:
        """Serve, and tell the other workers how many connections it holds."""
        self._takes_part = True
        self.nr_conns = 0
        self._turns = Turns(self.tpool, self._serve_turn, self._hand_back)
        self._turns.begin()
        try:
            super().run()
        finally:
            self._turns.end()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """The threads that are set, and the one that turns.py always has."""
        return ThreadPoolExecutor(max_workers=self.cfg.threads + 1)

    @property
    def nr_conns(self) -> int:
        """Connections that are here, as gunicorn counts them."""
        return self._connections

    @nr_conns.setter
    def nr_conns(self, connections: int) -> None:
        """Count, and tell the other workers."""
        self._connections = connections
        if self._takes_part:
            self.shares.tell(self.age, connections)

    def keep_no_connection(self) -> None:
        """Close every connection with its next answer, so that clients turn to another worker."""
        # Not by its keepalive setting: that would cut those that were just promised to be kept.
        self.max_keepalived = 0
        self._leave()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking requests and finish those that are here."""
        super().handle_exit(sig, frame)
        self._leave()
        self.method_queue.defer(self._close_listeners)

    def _leave(self) -> None:
        self._takes_part = False
        self.shares.leave(self.age)

    def _close_listeners(self) -> None:
        """Take the connections that wait, then close; gunicorn would cut them at its end."""
        for listener in self.sockets:
            while self._take(listener):
                pass
            listener.close()

    def accept(self, listener: socket.socket) -> None:
        """Take one connection that waits, unless a worker with fewer of them is quicker."""
        if self._takes_part and self.shares.excess(self.age) > 0:
            # Two workers with 8 connections held 4 and 4, or 5 and 3, instead of up to 8 and 0.
            time.sleep(YIELD_SECONDS)
        self._take(listener)

    def _take(self, listener: socket.socket) -> bool:
        try:
            accepted, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False
        self.nr_conns += 1
        self.enqueue_req(Connection(self.cfg, accepted, client, listener.getsockname()))
        return True

    def handle_error(
        self, _req: object, client: socket.socket, addr: tuple[str, int] | None, exc: Exception
    ) -> None:
        """Answer what failed outside of the app, as the app answers; gunicorn would send HTML without ids."""
        # A Unix socket has no address.
        answer = answer_unreadable(self.wsgi, exc, addr[0] if addr else "")
        with suppress(OSError):  # it may have gone, or read nothing for long
            write_nonblock(client, answer)

    def handle(self, conn: Connection) -> Any:  # noqa: ANN401 - whatever gunicorn's own answers
        """Serve requests of a connection, each before its deadline, and close the connection after its last.

        gunicorn would close it on the thread that accepts connections, where a client that neither sends nor
        closes stops all the others for two seconds each; 39 of them were seen to stop a worker for a minute.
        """
        served = self._serve(conn)
        if served is True and self.alive:
            self._turns.add(conn)
            return TAKES_TURNS
        return served

    def _serve(self, conn: Connection) -> Any:  # noqa: ANN401 - as above
        with self._deadlines.of(conn.sock):
            served = super().handle(conn)
        while served is True and conn.has_read_ahead:
            with self._deadlines.of(conn.sock):
                served = super().handle(conn)
        if served is False:
            conn.close(graceful=True)
            conn.close = _is_closed
        return served

    def _serve_turn(self, conn: Connection) -> bool:
        return self._serve(conn) is True

    def _hand_back(self, conn: Connection, stays: bool) -> None:
        """Let gunicorn wait for a client that pauses, or forget one that has gone."""
        served: Future[bool] = Future()
        served.set_result(stays)
        self.method_queue.defer(self.finish_request, conn, served)

    def finish_request(self, conn: Connection, fs: "Future[Any]") -> None:
        """Take over a connection that a thread has done with, unless it takes turns now."""
        if fs.cancelled() or fs.exception() or fs.result() is not TAKES_TURNS:
            super().finish_request(conn, fs)

    def handle_request(self, req: Any, conn: Connection) -> bool:  # noqa: ANN401 - gunicorn's
        """Have one request answered, the last of its connection if another worker has much fewer of them."""
        if req.req_number % SHED_EVERY == 0 and self._takes_part and self.shares.excess(self.age) > 1:
            req.force_close()
        with conn.joined():
            return self._answer(req, conn)

    def _answer(self, req: Any, conn: Connection) -> bool:  # noqa: ANN401 - gunicorn's
        """As gunicorn, without its hooks and its access log: 10 us; messages.py spares some more."""
        answer, environ = Answer(req, conn.sock, self.cfg), conn.environ_of(req)
        self._count_request()
        if not (self.alive and self.cfg.keepalive and len(self.keepalived_conns) < self.max_keepalived):
            answer.force_close()
        try:
            _send(self.wsgi(environ, answer.start_response), answer)
        except OSError:
            raise
        except (Exception, SystemExit):
            if not answer.headers_sent:
                raise
            self.log.exception("Error handling request")
            close_graceful(conn.sock)  # an answer that has begun cannot become another one
            raise StopIteration from None
        return not answer.should_close()

    def _count_request(self) -> None:
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive: bool = False


def _send(body: Iterable[bytes], answer: Answer) -> None:
    try:
        for part in body:
            answer.write(part)
        answer.close()
    finally:
        if hasattr(body, "close"):
            body.close()


def _is_closed(graceful: bool = False) -> None:
    """What closing a closed connection does."""
