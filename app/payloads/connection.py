"""Find out whether a client still waits for its answer, by the state of its connection; nothing is read."""

import socket
from collections.abc import Callable
from wsgiref.types import WSGIEnvironment

from app.errors import ClientGone

TCP_ESTABLISHED = 1
"""State of a TCP connection that neither side has closed (linux/net/tcp_states.h). Reading the state waits
for nothing. gevent's `poll` does not report that the other side has closed."""


def has_client_left(environ: WSGIEnvironment) -> bool:
    """Return whether the client has closed its side of the connection; False if that is not known."""
    connection = environ.get("gunicorn.socket")
    if connection is None:
        return False
    try:
        state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except (AttributeError, OSError):  # no Linux; no TCP
        return False
    return bool(state != TCP_ESTABLISHED)


def stop_if_client_left(has_left: Callable[[], bool]) -> None:
    """Check that the client still waits.

    Args:
        has_left: returns whether the client has left.

    Raises:
        ClientGone: the client has left.
    """
    if has_left():
        raise ClientGone(
            "The client closed its connection, or its side of it, before its request was finished. "
            "Keep both open until the answer has come; `nc -N` closes one."
        )
