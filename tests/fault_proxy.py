"""A proxy that breaks what passes through it, between the service and an S3 server.

One request per connection, so that a change of mode is felt by the very next request. What is broken is what
networks and servers break: connections, time, bytes, statuses and clocks.
"""

import base64
import re
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit


class Mode(Enum):
    """What happens to a request."""

    PASS = "pass"
    REFUSE = "connection refused"
    BLACK_HOLE = "accepted, never answered"
    STALL = "silence in the middle of the headers"
    RESET = "reset in the middle of the body"
    TRUNCATE = "closed in the middle of the body"
    BEHEAD = "closed in the middle of the headers"
    FORBIDDEN = "403 AccessDenied"
    NO_BUCKET = "404 NoSuchBucket"
    BROKEN = "500 InternalError"
    SLOW_DOWN = "503 SlowDown"
    CHECKSUM = "bytes that do not fit the checksum"
    SKEW = "403 RequestTimeTooSkewed"


STATUSES = (Mode.FORBIDDEN, Mode.NO_BUCKET, Mode.BROKEN, Mode.SLOW_DOWN, Mode.SKEW)
"""Answers of S3 ("Error responses" in its API reference) that are sent in the server's place."""

FAULTS = tuple(mode for mode in Mode if mode is not Mode.PASS)


class FaultProxy:
    """A port on loopback that hands requests on to a server, or breaks them."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._mode = Mode.PASS
        self._open: set[socket.socket] = set()
        self._server: ThreadingTCPServer | None = None
        # Bound and never listening: the port stays ours, and refuses, while no server listens on it.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._held.bind(("127.0.0.1", 0))
        self._port: int = self._held.getsockname()[1]
        self._listen()

    @property
    def endpoint(self) -> str:
        """What to set AWS_ENDPOINT_URL_S3 to."""
        return f"http://127.0.0.1:{self._port}"

    def break_by(self, mode: Mode) -> None:
        """Change what happens from now on; requests on their way are cut, as a fault would."""
        self._mode = mode
        self._stop()
        if mode is not Mode.REFUSE:
            self._listen()

    def heal(self) -> None:
        """Hand everything on again."""
        self.break_by(Mode.PASS)

    def close(self) -> None:
        """Refuse connections, cut those that are open, and give the port back."""
        self._stop()
        self._held.close()

    def _stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for client in list(self._open):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        proxy = self

        class Connection(BaseRequestHandler):
            def handle(self) -> None:
                proxy._open.add(self.request)
                with suppress(OSError):  # the client gave up, or was cut
                    proxy._serve(self.request)
                proxy._open.discard(self.request)

        class Server(ThreadingTCPServer):
            allow_reuse_address = True
            allow_reuse_port = True
            daemon_threads = True
            request_queue_size = 512

        self._server = Server(("127.0.0.1", self._port), Connection)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client.makefile("rb") as request:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = request.readline()
                if not line:
                    return
                head += line
            mode = self._mode
            if mode is Mode.BLACK_HOLE:
                request.read()  # until the client gives up
                return
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            body = request.read(int(length[1])) if length else b""
        if mode in STATUSES:
            client.sendall(_refusal(mode))
        elif mode is Mode.STALL:
            client.sendall(self._fetched(head, body)[:20])
            client.recv(1)  # until the client gives up
        else:
            client.sendall(_broken(mode, self._fetched(head, body)))
        if mode is Mode.RESET:
            # Closing with no time to linger sends an RST instead of a FIN.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()

    def _fetched(self, head: bytes, body: bytes) -> bytes:
        """The server's whole answer."""
        with socket.create_connection((self._upstream.hostname, self._upstream.port)) as server:
            # The header is not signed, so it may be added: the answer then ends where the connection does.
            server.sendall(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + body)
            return b"".join(iter(lambda: server.recv(65536), b""))


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """A proxy before a server, closed at the end."""
    proxy = FaultProxy(upstream)
    try:
        yield proxy
    finally:
        proxy.close()


def _refusal(mode: Mode) -> bytes:
    status, code = mode.value.split()
    body = f"<Error><Code>{code}</Code><Message>Made up</Message><RequestId>0A49CE40</RequestId></Error>"
    head = f"HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n{body}".encode()


def _broken(mode: Mode, answer: bytes) -> bytes:
    """What arrives of an answer before its connection ends."""
    head, _, body = answer.partition(b"\r\n\r\n")
    middle = len(body) // 2
    flipped = body[:middle] + bytes(byte ^ 1 for byte in body[middle : middle + 1]) + body[middle + 1 :]
    if mode is Mode.BEHEAD:
        return head.partition(b"\r\n")[0] + b"\r\nContent-"
    if mode in (Mode.RESET, Mode.TRUNCATE):
        body = body[:middle]
    if mode is Mode.CHECKSUM:
        if b" 200 " in head.partition(b"\r\n")[0]:
            # As AWS answers where a checksum was kept; Swift keeps none. Errors have none anywhere.
            head += b"\r\nx-amz-checksum-crc32: " + base64.b64encode(zlib.crc32(body).to_bytes(4, "big"))
        body = flipped
    return head + b"\r\n\r\n" + body
