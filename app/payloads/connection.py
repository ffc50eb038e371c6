"""Find out whether a client still waits for its answer, by the state of its TCP connection."""

import socket
from collections.abc import Callable
from wsgiref.types import WSGIEnvironment

from app.errors import ClientGone

TCP_ESTABLISHED = 1
"""Number of the state of a TCP connection that neither side has closed (linux/net/tcp_states.h)."""


def has_client_left(environ: WSGIEnvironment) -> bool:
    """Return whether the client has closed its side of the connection; False if that is not known.

    Args:
        environ: the WSGI environment of the request.
    """
    connection = environ.get("gunicorn.socket")
    if connection is None:
        return False
    try:
        # This never waits. gevent's `poll` does not report that the other side has closed.
        state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except (AttributeError, OSError):  # a system other than Linux, or a socket of another sort
        return False
    return bool(state != TCP_ESTABLISHED)


def stop_if_client_left(has_client_left: Callable[[], bool]) -> None:
    """Raise an error if the client does not wait for its answer any more.

    Args:
        has_client_left: a function that returns whether the client has closed its connection.

    Raises:
        ClientGone: the client has closed its connection.
    """
    if has_client_left():
        raise ClientGone(
            "The client closed its connection, or its side of it, before its request was finished. "
            "Keep both open until the answer has come; `nc -N` closes one."
        )
