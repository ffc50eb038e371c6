"""Read the body of a request from its connection, within the limits of bytes and of memory.

A body counts with the bytes that have come. Where they fill the memory of all bodies, the one whose last
bytes are the oldest gives way to one that is coming.

This comes before admission control: a client that sends slowly holds the bytes that it has sent, and no place
in the queue. Nothing replaces `wsgi.input`: its position shows the server whether a body was left unread.
"""

import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_content_length, get_input_stream

from app.errors import BadRequest, Busy, ClientGone, TooLarge, UnknownCoding
from app.native_threads import native_lock, run_in_native_thread
from app.settings import MAX_JSON_NUMBERS
from inference.inflate import Pause, inflate, no_pause
from inference.zip_file import MEMBER

CHUNK_BYTES = 64 * 1024
"""What is read at a time. A body of no more is never refused for lack of memory."""

QUOTED_LENGTH = 60
"""Characters of a client's value that a message repeats."""

TCP_ESTABLISHED = 1
"""The state in which neither side has closed (linux/net/tcp_states.h). Asking for it waits for nothing, under
gevent too, whose `poll` does not report that the other side has closed."""

LARGE_BYTES = 256 * 1024
"""From so many bytes on, a body is parsed in a native thread."""

MEMORY_SECONDS = 1
"""Retry-After of a body for which there is no memory."""

GIVE_WAY_SECONDS = 1.0
"""How long a body may take for CHUNK_BYTES before it gives way to others, if they need its memory."""

UNPACK_SECONDS = 10.0
"""Processor time in which a body is unpacked; its limit of bytes takes a tenth."""

GZIP_BITS, ZLIB_BITS = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS
CODINGS = {"gzip": GZIP_BITS, "x-gzip": GZIP_BITS, "deflate": ZLIB_BITS}
"""Content codings that are inflated, with zlib's number for each (RFC 9110, section 8.4.1)."""

UNCOMPRESSED = ("", "identity")
"""What Content-Encoding says of a body that is not compressed."""


@dataclass(frozen=True)
class Body:
    """The whole body of a request, and what its headers say of it.

    Attributes:
        mimetype: in lower case, without parameters; empty when the client names none.
        boundary: of a multipart form; empty when the client names none.
        coding: a key of CODINGS while the data is compressed, else one of UNCOMPRESSED.
        limit: bytes that the data may have, as sent and inflated.
        setting: the name of the setting that says so.
        max_numbers: that its JSON may have.
        claim: counts bytes as held for this body until it has been answered; raises as `Bodies.read` does.
        pause: called between the steps in which it is unpacked; raises as `Unpacking.pause` does.
    """

    data: bytes
    mimetype: str = ""
    boundary: str = ""
    coding: str = ""
    limit: int = 0
    setting: str = ""
    max_numbers: int = MAX_JSON_NUMBERS
    claim: Callable[[int], None] = field(default=lambda _: None, compare=False, repr=False)
    pause: Pause = field(default=no_pause, compare=False, repr=False)

    @property
    def is_large(self) -> bool:
        """Whether inflating, unpacking or parsing it would hold up the event loop: what it becomes counts."""
        return len(self.data) >= LARGE_BYTES or self.coding not in UNCOMPRESSED or MEMBER in self.data

    def inflated(self) -> "Body":
        """The body without its content coding. Takes long for a large one: call it off the event loop.

        Raises:
            BadRequest: the data is not what the coding says, ends early or goes on behind its end.
            TooLarge: it inflates to more bytes than the limit; no more than that were made.
            ClientGone, TooLarge: as `Unpacking.pause`.
        """
        if self.coding in UNCOMPRESSED:
            return self
        try:
            inflated = inflate(self.data, CODINGS[self.coding], self.limit, self.pause)
        except zlib.error as error:
            raise BadRequest(f"The body is no {self.coding}, as Content-Encoding says: {error}.") from error
        if len(inflated.data) > self.limit:
            raise _too_long(self.limit, self.setting)
        if not inflated.is_whole:
            raise BadRequest(f"The body's {self.coding} ends early, or something follows its end.")
        return replace(self, data=inflated.data, coding="")


class Unpacking:
    """Ends the unpacking of one body when it is not worth going on.

    Args:
        has_left: whether the client has gone.
        clock: seconds of the processor that this thread took; tests hand in their own.
    """

    def __init__(self, has_left: Callable[[], bool], clock: Callable[[], float] = time.thread_time) -> None:
        self._has_left = has_left
        self._clock = clock
        self._began: float | None = None

    def pause(self) -> None:
        """Go on, or end the work.

        Raises:
            ClientGone: the client has left.
            TooLarge: unpacking took UNPACK_SECONDS since the first call.
        """
        stop_if(self._has_left)
        if self._began is None:
            self._began = self._clock()
        if self._clock() - self._began > UNPACK_SECONDS:
            raise TooLarge(
                f"Unpacking the body took more than {UNPACK_SECONDS:g} s of the processor. Send less in one "
                "request, or pictures as they are."
            )


class Holding:
    """What one request holds of the memory for bodies.

    Attributes:
        connection: None where the server does not show it; such a body gives way to none.
        moved_at: when its last chunk had come.
    """

    def __init__(self, connection: socket.socket | None, now: float) -> None:
        self.connection = connection
        self.moved_at = now
        self.held = 0
        self.chunks: list[bytes] = []
        self.gave_way = False

    def give_way(self) -> None:
        """Drop what has come, and end the wait for the rest."""
        self.gave_way = True
        self.held = 0
        self.chunks.clear()
        with suppress(OSError):
            if self.connection is not None:
                self.connection.shutdown(socket.SHUT_RD)


class Bodies:
    """Reads bodies, and bounds the memory that all of them take together.

    Args:
        max_bytes: of the bodies that are held at a time; what exceeds them is refused with Retry-After.
        max_numbers: in the JSON of one body.
        clock: monotonic seconds; tests hand in their own.
    """

    def __init__(
        self,
        max_bytes: int,
        max_numbers: int = MAX_JSON_NUMBERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_numbers = max_numbers
        self._clock = clock
        self._lock = native_lock()  # bodies are inflated in native threads
        self._held = 0
        self._coming: set[Holding] = set()

    @contextmanager
    def read(self, request: Request, limit: int, setting: str) -> Iterator[Body]:
        """Read a request's body, and hold it for the block.

        Args:
            request: whose body it is.
            limit: bytes that it may have.
            setting: the name of the setting that says so.

        Raises:
            BadRequest: it ends early, or its chunks cannot be read.
            UnknownCoding: it is compressed in a way that is not read here.
            TooLarge: it has more bytes than `limit`, or takes more memory than there is for all bodies.
            Busy: other bodies take all the memory that there is for them, or needed that of this one while
                it came slowly.
        """
        _check_transfer(request)
        coding = _coding(request)
        holding = Holding(request.environ.get("gunicorn.socket"), self._clock())
        try:
            self._receive(holding, _chunks(request, limit, setting))
            data = _joined(holding.chunks)
            boundary = request.mimetype_params.get("boundary", "")
            claim = partial(self._claim, holding)
            pause = Unpacking(partial(client_has_left, request)).pause
            yield Body(
                data, request.mimetype, boundary, coding, limit, setting, self._max_numbers, claim, pause
            )
        finally:
            with self._lock:
                self._held -= holding.held

    def _receive(self, holding: Holding, chunks: Iterator[bytes]) -> None:
        self._coming.add(holding)
        try:
            for chunk in chunks:
                self._claim(holding, len(chunk))
                holding.chunks.append(chunk)
                holding.moved_at = self._clock()
        except BadRequest:  # its connection was shut for reading
            if not holding.gave_way:
                raise
        finally:
            self._coming.discard(holding)
        if holding.gave_way:
            raise Busy("Other bodies needed the memory of this one, which came slowly.", MEMORY_SECONDS)

    def _claim(self, holding: Holding, count: int) -> None:
        with self._lock:
            if holding.gave_way:
                return
            holding.held += count
            self._held += count
            if holding.held > self._max_bytes:
                raise TooLarge(
                    "There is not so much memory. Send pictures as files, or fewer in one request."
                )
            if holding.held > CHUNK_BYTES and not self._has_room(holding):
                raise Busy("There is no memory for another large body. Try again.", MEMORY_SECONDS)

    def _has_room(self, holding: Holding) -> bool:
        """Whether all bodies have room, once the slowest gave way to one that is coming."""
        while self._held > self._max_bytes:
            others = [
                one
                for one in self._coming - {holding}
                if one.held > CHUNK_BYTES and one.connection is not None
            ]
            slowest = min(others, key=lambda one: one.moved_at, default=None)
            if slowest is None or self._clock() - slowest.moved_at < GIVE_WAY_SECONDS:
                return False
            if holding not in self._coming:  # it is parsed in a native thread, which shuts no connection
                return False
            self._held -= slowest.held
            slowest.give_way()
            self._coming.discard(slowest)
        return True


def _joined(chunks: list[bytes]) -> bytes:
    """One body of its chunks, which are dropped; other requests go on while a large one is joined."""
    if sum(map(len, chunks)) < LARGE_BYTES:
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    else:
        data = run_in_native_thread(b"".join, chunks)
    chunks.clear()
    return data


def _check_transfer(request: Request) -> None:
    """Refuse codings that servers read in different ways: a proxy may see another end of the body."""
    if request.headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":
        raise BadRequest("Transfer-Encoding is not `chunked` alone. Send the body in chunks, or its length.")


def _coding(request: Request) -> str:
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in UNCOMPRESSED and coding not in CODINGS:
        shown = repr(coding[:QUOTED_LENGTH])
        raise UnknownCoding(
            f"Content-Encoding is {shown}. Send the body as it is, or in gzip or deflate alone."
        )
    return coding


def _chunks(request: Request, limit: int, setting: str) -> Iterator[bytes]:
    """What the client sends, to its end: the end of chunked coding is read as well."""
    length = get_content_length(request.environ)
    if length is not None and length > limit:
        raise _too_long(limit, setting)
    stream = get_input_stream(request.environ)
    received = 0
    while length is None or received < length:
        try:
            chunk = stream.read(CHUNK_BYTES if length is None else min(CHUNK_BYTES, length - received))
        except ParseException as error:  # gunicorn reads the chunked coding only now
            raise BadRequest(
                "The body's chunked coding cannot be read, or is longer than its data."
            ) from error
        except (OSError, ValueError, ClientDisconnected) as error:  # of the server, a stream, Werkzeug
            raise _cut_short() from error
        if not chunk:
            break
        received += len(chunk)
        if received > limit:
            raise _too_long(limit, setting)
        yield chunk
    if received < (length or 0):
        raise _cut_short()


def client_has_left(request: Request) -> bool:
    """Whether the client has closed its side of the connection; False where the server does not show it."""
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        return False
    try:
        state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except (AttributeError, OSError):  # no Linux; no TCP
        return False
    return bool(state != TCP_ESTABLISHED)


def stop_if(has_left: Callable[[], bool]) -> None:
    """Raise ClientGone if the client has left."""
    if has_left():
        raise ClientGone(
            "The client closed its connection, or its side of it, before its batch was finished. "
            "Keep both open until the answer has come; `nc -N` closes one."
        )


def _too_long(limit: int, setting: str) -> TooLarge:
    return TooLarge(f"The body has more bytes than the {limit:,} that {setting} allows here.")


def _cut_short() -> BadRequest:
    return BadRequest("The body ended early: less came than Content-Length says, or it came too slowly.")
