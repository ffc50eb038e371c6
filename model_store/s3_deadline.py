"""A limit on the whole of a transfer, which boto3 has none for: its own limits are on silence alone.

A server that sends one byte a second is never silent, and would hold a poll for ever. So every socket that
a transfer uses is watched, from before the TLS handshake, and shut down when the time is up: the thread that
waits for bytes gets an error, which s3.py translates. No thread or socket is left behind.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_running = threading.local()
"""`.deadline`: of this thread's transfer, if any."""


class Deadline:
    """The time that one transfer has, retries included.

    Attributes:
        seconds: how long that is.
        passed: it is over; every connection of the transfer is cut.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()

    def watch(self, used: socket.socket) -> None:
        """Cut this connection too when the time is up.

        Raises:
            TimeoutError: it is up already.
        """
        # A copy: TLS takes the original apart, and boto3 closes it while its answer is still being read.
        copy = socket.socket(fileno=os.dup(used.fileno()))
        with self._lock:
            self._sockets.append(copy)
            if self.passed:
                raise TimeoutError(f"{self.seconds:g} s are over")

    def cut(self) -> None:
        """Time is up: shut every watched connection down."""
        with self._lock:
            self.passed = True
            for watched in self._sockets:
                with suppress(OSError):  # the other side was faster
                    watched.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the watched connections, which boto3 goes on using."""
        for watched in self._sockets:
            watched.close()


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """Limit what this thread sends and receives through a limited client to so many seconds in all."""
    started = Deadline(seconds)
    timer = threading.Timer(seconds, started.cut)
    timer.daemon = True
    _running.deadline = started
    timer.start()
    try:
        yield started
    finally:
        _running.deadline = None
        timer.cancel()
        timer.join()
        started.close()


def limit_transfers(client: "S3Client") -> None:
    """Make a client's connections keep the deadlines of the threads that use them."""
    # boto3 offers no other way to its sockets. Were this name to change, test_s3.py would notice.
    pools = client._endpoint.http_session._pool_classes_by_scheme  # type: ignore[attr-defined]
    pools.update({"http": _Pool, "https": _TlsPool})


def _watch(used: socket.socket | None) -> None:
    started: Deadline | None = getattr(_running, "deadline", None)
    if started is not None and used is not None:
        started.watch(used)


class _Watched:
    """What both kinds of connection add to boto3's, whose methods these are."""

    sock: socket.socket | None

    def _new_conn(self) -> socket.socket:
        opened: socket.socket = super()._new_conn()  # type: ignore[misc]  # of the class this is mixed into
        try:
            _watch(opened)
        except TimeoutError:
            opened.close()
            raise
        return opened

    def request(self, *args: object, **kwargs: object) -> None:
        _watch(self.sock)  # kept open since an earlier transfer
        super().request(*args, **kwargs)  # type: ignore[misc]  # likewise


# The stubs of botocore and urllib3 contradict each other about the classes that these two join.
class _Connection(_Watched, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _TlsConnection(_Watched, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _TlsConnection
