"""Whether a client still waits for its answer. Looks at the connection, and reads nothing from it."""

import socket
from collections.abc import Callable
from wsgiref.types import WSGIEnvironment

from app.errors import ClientGone

TCP_ESTABLISHED = 1
"""The state in which neither side has closed (linux/net/tcp_states.h). Asking for it waits for nothing, under
gevent too, whose `poll` does not report that the other side has closed."""


def has_client_left(environ: WSGIEnvironment) -> bool:
    """Whether the client has closed its side of the connection; False where the server does not show it."""
    connection = environ.get("gunicorn.socket")
    if connection is None:
        return False
    try:
        state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except (AttributeError, OSError):  # no Linux; no TCP
        return False
    return bool(state != TCP_ESTABLISHED)


def stop_if_client_left(has_left: Callable[[], bool]) -> None:
    """Raise ClientGone if the client has left."""
    if has_left():
        raise ClientGone(
            "The client closed its connection, or its side of it, before its request was finished. "
            "Keep both open until the answer has come; `nc -N` closes one."
        )
