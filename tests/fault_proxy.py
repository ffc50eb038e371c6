"""A proxy that breaks what passes through it, between the service and an S3 server.

One request per connection, so that a change of mode is felt by the very next request. Its own thread, on
loopback. What is broken is what networks and servers break: connections, time, bytes, statuses and clocks.
"""

import asyncio
import base64
import re
import socket
import struct
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from urllib.parse import urlsplit


class Mode(Enum):
    """What happens to a request."""

    PASS = "pass"
    REFUSE = "connection refused"
    BLACK_HOLE = "accepted, never answered"
    SLOW = "1 byte a second"
    RESET = "reset in the middle of the body"
    TRUNCATE = "closed in the middle of the body"
    BEHEAD = "closed in the middle of the headers"
    FORBIDDEN = "403 AccessDenied"
    NO_BUCKET = "404 NoSuchBucket"
    BROKEN = "500 InternalError"
    SLOW_DOWN = "503 SlowDown"
    CHECKSUM = "bytes that do not fit the checksum"
    DAMAGE = "bytes that do not fit the ETag"
    SKEW = "403 RequestTimeTooSkewed"


ANSWERS = {
    Mode.FORBIDDEN: (403, "AccessDenied", "Access Denied"),
    Mode.NO_BUCKET: (404, "NoSuchBucket", "The specified bucket does not exist"),
    Mode.BROKEN: (500, "InternalError", "We encountered an internal error. Please try again."),
    Mode.SLOW_DOWN: (503, "SlowDown", "Please reduce your request rate."),
    Mode.SKEW: (
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and ours is too large.",
    ),
}
"""Status, code and message, as S3's API reference words them ("Error responses")."""

FAULTS = tuple(mode for mode in Mode if mode is not Mode.PASS)

SLOW_SECONDS = 1.0
"""Between two bytes of `SLOW`, unless it is told otherwise."""

LARGEST_HEAD = 1 << 16


class FaultProxy:
    """A port on loopback that hands requests on to a server, or breaks them as `mode` says.

    Attributes:
        pause: seconds between two bytes of an answer when it is slow.
        requests: how many have come so far, broken ones included; refused connections cannot be seen.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._mode = Mode.PASS
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self.port = 0
        self.pause = SLOW_SECONDS
        self.requests = 0

    @property
    def endpoint(self) -> str:
        """What to set AWS_ENDPOINT_URL_S3 to."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; returns once it does."""
        self._thread.start()
        self._await(self._listen)

    def stop(self) -> None:
        """Close everything; returns once it is."""
        self._await(self._close)
        self._await(self._cut)  # also whoever came through the door as it closed
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def break_by(self, mode: Mode) -> None:
        """Change what happens from now on; what is under way is cut, as a fault would."""

        async def change() -> None:
            self._mode = mode
            await (self._close if mode is Mode.REFUSE else self._cut)()
            if mode is not Mode.REFUSE and self._server is None:
                await self._listen()

        self._await(change)

    def heal(self) -> None:
        """Hand everything on again."""
        self.break_by(Mode.PASS)

    def _await(self, coroutine: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await coroutine()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=30)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, limit=LARGEST_HEAD, backlog=512
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        await asyncio.sleep(0)  # whoever was just let in begins, and can be cut
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.sleep(0)  # an aborted connection is gone one round later

    async def _accept(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._serve(client, answers)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            answers.transport.abort()
        finally:
            self._open.discard(task)
            await _closed(answers)

    async def _serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        head = await client.readuntil(b"\r\n\r\n")
        self.requests += 1
        mode = self._mode
        if mode is Mode.BLACK_HOLE:
            await client.read()  # until the client gives up
            return
        if mode in ANSWERS:
            answers.write(_refusal(*ANSWERS[mode]))
        elif mode is Mode.SLOW:
            await _slowly(await self._fetched(head, client), answers, self.pause)
        else:
            await _DELIVERIES[mode](await self._fetched(head, client), answers)
        await answers.drain()

    async def _fetched(self, head: bytes, client: asyncio.StreamReader) -> bytes:
        """The server's whole answer."""
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        body = await client.readexactly(int(length[1])) if length else b""
        host, port = self._upstream.hostname, self._upstream.port
        server, requests = await asyncio.open_connection(host, port)
        try:
            # Not signed, so it may be added: the answer then ends where the connection does.
            requests.write(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + body)
            await requests.drain()
            return await server.read()
        finally:
            await _closed(requests)


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """A proxy before a server, stopped at the end."""
    proxy = FaultProxy(upstream)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        with suppress(OSError):
            await writer.wait_closed()
    except asyncio.CancelledError:
        writer.transport.abort()  # the other side does not read what is left to be sent
        raise


def _refusal(status: int, code: str, message: str) -> bytes:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>0A49CE4060975EAC</RequestId></Error>"
    ).encode()
    head = (
        f"HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


async def _whole(answer: bytes, answers: asyncio.StreamWriter) -> None:
    answers.write(answer)


async def _slowly(answer: bytes, answers: asyncio.StreamWriter, pause: float) -> None:
    for byte in answer:
        answers.write(bytes([byte]))
        await answers.drain()
        await asyncio.sleep(pause)


async def _half(answer: bytes, answers: asyncio.StreamWriter) -> None:
    head, body = _split(answer)
    answers.write(head + body[: len(body) // 2])
    await answers.drain()


async def _part_of_the_head(answer: bytes, answers: asyncio.StreamWriter) -> None:
    status, end, _ = answer.partition(b"\r\n")
    answers.write(status + end + b"Content-")


async def _half_then_reset(answer: bytes, answers: asyncio.StreamWriter) -> None:
    await _half(answer, answers)
    connection = answers.get_extra_info("socket")
    # Closing with no time to linger is what sends an RST instead of a FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    answers.transport.abort()


async def _damaged(answer: bytes, answers: asyncio.StreamWriter) -> None:
    head, body = _split(answer)
    answers.write(head + _flipped(body))


async def _damaged_under_a_checksum(answer: bytes, answers: asyncio.StreamWriter) -> None:
    """As AWS answers where a checksum was kept; Swift keeps none. Errors have none anywhere."""
    head, body = _split(answer)
    if b" 200 " in head.partition(b"\r\n")[0]:
        crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big"))
        head = head[:-2] + b"x-amz-checksum-crc32: " + crc + b"\r\n\r\n"
    answers.write(head + _flipped(body))


def _split(answer: bytes) -> tuple[bytes, bytes]:
    head, end, body = answer.partition(b"\r\n\r\n")
    return head + end, body


def _flipped(body: bytes) -> bytes:
    """The body with a bit changed in its middle; an empty one stays."""
    middle = len(body) // 2
    return body[:middle] + bytes(byte ^ 1 for byte in body[middle : middle + 1]) + body[middle + 1 :]


_DELIVERIES: dict[Mode, Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]] = {
    Mode.PASS: _whole,
    Mode.RESET: _half_then_reset,
    Mode.TRUNCATE: _half,
    Mode.BEHEAD: _part_of_the_head,
    Mode.DAMAGE: _damaged,
    Mode.CHECKSUM: _damaged_under_a_checksum,
}
