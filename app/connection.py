"""A client's connection that costs few system calls.

Around each of them Python lets another thread run and has to wait for it, which costs more than the call.
Used by worker.py; what is a request and what an answer is gunicorn's affair.
"""

import select
import socket
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from wsgiref.types import WSGIEnvironment

from gunicorn.http.parser import RequestParser
from gunicorn.http.wsgi import create
from gunicorn.workers.gthread import TConn

from app.messages import Answer, Asked, Requests

LASTING = (
    *("wsgi.version", "wsgi.errors", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"),
    *("wsgi.file_wrapper", "wsgi.input_terminated", "wsgi.url_scheme", "gunicorn.socket", "SERVER_SOFTWARE"),
    *("SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT", "SCRIPT_NAME"),
)
"""What is the same for all requests of a connection."""


class AnsweringSocket(socket.socket):
    """A socket that can keep what is sent until more follows."""

    _joining = False
    _kept = b""

    @classmethod
    def of(cls, accepted: socket.socket) -> "AnsweringSocket":
        """Take the place of a socket that was just accepted."""
        return cls(accepted.family, accepted.type, accepted.proto, accepted.detach())

    def joined(self) -> "_Joined":
        """Send the first two parts of the block in one: one call and one packet less."""
        return _Joined(self)

    def begin_joining(self) -> None:
        """Keep what is sent first."""
        self._joining = True

    def end_joining(self, sends: bool) -> None:
        """Send what is still kept, or forget it."""
        try:
            if sends and self._kept:
                self.sendall(b"")
        finally:
            self._joining, self._kept = False, b""

    def sendall(self, data: bytes, flags: int = 0, /) -> None:  # type: ignore[override] # all that gunicorn sends
        """Send, or keep the first part of what is joined."""
        if self._joining and not self._kept:
            self._kept = data
            return
        whole = self._kept + data
        self._joining, self._kept = False, b""
        super().sendall(whole, flags)

    def setblocking(self, flag: bool, /) -> None:
        """Change what is not as it should be; gunicorn asks for it with every request."""
        if flag != self.getblocking():
            super().setblocking(flag)


# Not by `contextlib.contextmanager`: a generator for each block took three times as long.
class _Joined:
    """What is sent in a block, joined."""

    __slots__ = ("_socket",)

    def __init__(self, answering: AnsweringSocket) -> None:
        self._socket = answering

    def __enter__(self) -> None:
        self._socket.begin_joining()

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._socket.end_joining(sends=kind is None)


class Connection(TConn):  # type: ignore[misc] # gunicorn has no types
    """A connection of gunicorn's.

    Attributes:
        takes_turns: whether turns.py looks after it.
    """

    takes_turns = False
    parser: Any
    _lasting: WSGIEnvironment | None = None

    def __init__(self, cfg: object, accepted: socket.socket, client: object, server: object) -> None:
        """Take over an accepted socket; the other arguments are gunicorn's."""
        super().__init__(cfg, AnsweringSocket.of(accepted), client, server)

    def init(self) -> None:
        """Begin with HTTP, once."""
        if not self.initialized:
            super().init()
            if isinstance(self.parser, RequestParser):
                begun, self.parser = self.parser, Requests(self.cfg, self.sock, self.client)
                self.parser.unreader = begun.unreader

    def environ_of(self, asked: Asked) -> WSGIEnvironment:
        """The WSGI environment of a request: gunicorn's own, of which the connection's part is made once."""
        if self._lasting is None or asked.environ is None:
            environ: WSGIEnvironment
            _, environ = create(asked, self.sock, self.client, self.server, self.cfg, Answer)
            environ["wsgi.multithread"] = True
            if not environ["SCRIPT_NAME"]:  # else it is cut from every path
                self._lasting = {name: environ[name] for name in LASTING if name in environ}
            return environ
        return {**self._lasting, **asked.environ, "wsgi.input": asked.body}

    def joined(self) -> AbstractContextManager[None]:
        """Send head and body of an answer in one, unless TLS lies in between: gunicorn writes them apart."""
        return self.sock.joined() if isinstance(self.sock, AnsweringSocket) else nullcontext()

    def wait_for_data(self, timeout: float) -> bool:
        """Wait for the first bytes, without the selector that gunicorn makes for it: three calls less."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        self.data_ready: bool = self.data_ready or bool(poll.poll(timeout * 1000))
        return self.data_ready

    @property
    def has_read_ahead(self) -> bool:
        """Whether the next request, or a part of it, came with the last one."""
        return bool(self.parser.unreader.buf.getvalue())
