"""Read the body of a request from its connection, within the limits of bytes and of memory.

A body counts with the bytes that have come; one for which there is no memory is refused. Large bodies share a
budget of their own, so that they leave the memory of small ones alone.

This comes before admission control: a client that sends slowly holds the bytes that it has sent, and no place
in the queue. Nothing replaces `wsgi.input`: its position shows the server whether a body was left unread.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from wsgiref.types import WSGIEnvironment

from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_content_length, get_input_stream

from app.errors import BadRequest, Busy, TooLarge, UnknownCoding
from app.native_threads import create_native_lock, run_in_native_thread
from app.payloads.limits import SMALL_BODY_BYTES, RequestLimits
from inference.inflate import inflate
from inference.opening import LARGE_BODY_BYTES
from inference.signatures import format_of
from inference.zip_file import MEMBER

READ_BYTES = 64 * 1024
"""What is read at a time. A body of no more is never refused for lack of memory."""

MAX_QUOTED_LENGTH = 60
"""Characters of a client's value that a message repeats."""

NATIVE_JOIN_BYTES = 1024 * 1024
"""From so many bytes on, a body is joined in a native thread: Python copies these without its lock."""

MEMORY_RETRY_SECONDS = 1
"""Retry-After of a body for which there is no memory."""

GZIP_BITS, ZLIB_BITS = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS
CONTENT_CODINGS = {"gzip": GZIP_BITS, "x-gzip": GZIP_BITS, "deflate": ZLIB_BITS}
"""Content codings that are inflated, with zlib's number for each (RFC 9110, section 8.4.1)."""

UNCOMPRESSED_CODINGS = ("", "identity")
"""What Content-Encoding says of a body that is not compressed."""


@dataclass(frozen=True)
class Body:
    """The whole body of a request, and what its headers say of it.

    Attributes:
        limits: of the request.
        mimetype: in lower case, without parameters; empty when the client names none.
        boundary: of a multipart form; empty when the client names none.
        coding: a key of CODINGS while the data is compressed, else one of UNCOMPRESSED.
        reserve_memory: counts bytes as held for this body until it has been answered; raises as
        `Bodies.read` does.
    """

    data: bytes
    limits: RequestLimits
    mimetype: str = ""
    boundary: str = ""
    coding: str = ""
    reserve_memory: Callable[[int], None] = field(default=lambda _: None, compare=False, repr=False)

    @property
    def is_compressed(self) -> bool:
        """Whether it is to be inflated, to a size that nothing says before."""
        return self.coding not in UNCOMPRESSED_CODINGS

    @property
    def is_large(self) -> bool:
        """Whether the request works among large ones: what its body becomes counts."""
        return len(self.data) >= LARGE_BODY_BYTES or self.is_compressed or MEMBER in self.data

    @property
    def is_slow_to_parse(self) -> bool:
        """Whether inflating, unpacking or parsing a large body would hold up the event loop."""
        is_form = self.mimetype == "multipart/form-data"  # whose preamble may look like a picture
        return self.is_compressed or is_form or format_of(self.data) is None

    def inflate(self) -> "Body":
        """The body without its content coding. Takes long for a large one: call it off the event loop.

        Raises:
            BadRequest: the data is not what the coding says, ends early or goes on behind its end.
            TooLarge: it inflates to more bytes than the limit; no more than that were made.
            Busy: as `Bodies.read`.
        """
        if not self.is_compressed:
            return self
        try:
            inflated = inflate(self.data, CONTENT_CODINGS[self.coding], self.limits.bytes)
        except zlib.error as error:
            raise BadRequest(f"The body is no {self.coding}, as Content-Encoding says: {error}.") from error
        if len(inflated.data) > self.limits.bytes:
            raise _create_size_error(self.limits)
        if not inflated.is_whole:
            raise BadRequest(f"The body's {self.coding} ends early, or something follows its end.")
        self.reserve_memory(
            max(len(inflated.data) - len(self.data), 0)
        )  # as archives count, with the larger of both
        return replace(self, data=inflated.data, coding="")


@dataclass(slots=True)
class _MemoryBudget:
    """Memory that bodies share.

    Attributes:
        max_bytes: bytes of all of them.
        reserved_bytes: bytes of those that are held now.
    """

    max_bytes: int
    reserved_bytes: int = 0


@dataclass(slots=True)
class _Reservation:
    """What one request holds of the memory for bodies."""

    budget: _MemoryBudget
    bytes: int = 0


class BodyReader:
    """Reads bodies, and bounds the memory that all of them take together.

    What has more than SMALL_BODY_BYTES is large. A body that turns out to be large while it comes, or once it
    is parsed, moves to the budget of large ones.

    Args:
        large_bytes: of large bodies that are held at a time; what exceeds them is refused with Retry-After.
        small_bytes: likewise, of all others.
    """

    def __init__(self, large_bytes: int, small_bytes: int) -> None:
        self._large, self._small = _MemoryBudget(large_bytes), _MemoryBudget(small_bytes)
        self._lock = create_native_lock()  # bodies are inflated in native threads

    @contextmanager
    def read(self, environ: WSGIEnvironment, limits: RequestLimits) -> Iterator[Body]:
        """Read a request's body, and hold it for the block.

        Raises:
            BadRequest: it ends early, or its chunks cannot be read.
            UnknownCoding: it is compressed in a way that is not read here.
            TooLarge: it has more bytes than its limit, or takes more memory than there is for all bodies.
            Busy: other bodies take the memory that there is for those of its size. Where its length says so,
                nothing is read.
        """
        _check_transfer(environ)
        coding = _read_coding(environ)
        length = _read_length(environ, limits)
        reservation = self._create_reservation(length or 0)
        try:
            chunks = list[bytes]()
            for chunk in _read_chunks(environ, length, limits):
                self._reserve(reservation, len(chunk))
                chunks.append(chunk)
            data = _join_chunks(chunks)
            mimetype, options = parse_options_header(environ.get("CONTENT_TYPE"))
            boundary = options.get("boundary", "")
            yield Body(data, limits, mimetype.lower(), boundary, coding, partial(self._reserve, reservation))
        finally:
            with self._lock:
                reservation.budget.reserved_bytes -= reservation.bytes

    def _create_reservation(self, length: int) -> _Reservation:
        """Where a body of this length counts; it holds nothing until it comes.

        Raises:
            Busy: less is free now.
        """
        reservation = _Reservation(self._large if length > SMALL_BODY_BYTES else self._small)
        if length > READ_BYTES and reservation.budget.reserved_bytes + length > reservation.budget.max_bytes:
            raise _create_memory_error()
        return reservation

    def _reserve(self, reservation: _Reservation, count: int) -> None:
        with self._lock:
            reservation.budget.reserved_bytes -= reservation.bytes
            reservation.bytes += count
            if reservation.bytes > SMALL_BODY_BYTES:
                reservation.budget = self._large
            reservation.budget.reserved_bytes += reservation.bytes
            if reservation.bytes > reservation.budget.max_bytes:
                raise TooLarge(
                    "There is not so much memory. Send pictures as files, or fewer in one request."
                )
            if (
                reservation.bytes > READ_BYTES
                and reservation.budget.reserved_bytes > reservation.budget.max_bytes
            ):
                raise _create_memory_error()


def _create_memory_error() -> Busy:
    return Busy("There is no memory for another large body. Try again.", MEMORY_RETRY_SECONDS)


def _join_chunks(chunks: list[bytes]) -> bytes:
    """One body of its chunks, which are dropped; other requests go on while a large one is joined."""
    if sum(map(len, chunks)) < NATIVE_JOIN_BYTES:
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    else:
        data = run_in_native_thread(b"".join, chunks)
    chunks.clear()
    return data


def _check_transfer(environ: WSGIEnvironment) -> None:
    """Refuse codings that servers read in different ways: a proxy may see another end of the body."""
    if environ.get("HTTP_TRANSFER_ENCODING", "chunked").strip().lower() != "chunked":
        raise BadRequest("Transfer-Encoding is not `chunked` alone. Send the body in chunks, or its length.")


def _read_coding(environ: WSGIEnvironment) -> str:
    coding: str = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding not in UNCOMPRESSED_CODINGS and coding not in CONTENT_CODINGS:
        shown = repr(coding[:MAX_QUOTED_LENGTH])
        raise UnknownCoding(
            f"Content-Encoding is {shown}. Send the body as it is, or in gzip or deflate alone."
        )
    return coding


def _read_length(environ: WSGIEnvironment, limits: RequestLimits) -> int | None:
    """What Content-Length says; None of a body in chunks.

    Raises:
        TooLarge: more than the limit.
    """
    length = get_content_length(environ)
    if length is not None and length > limits.bytes:
        raise _create_size_error(limits)
    return length


def _read_chunks(environ: WSGIEnvironment, length: int | None, limits: RequestLimits) -> Iterator[bytes]:
    """What the client sends, to its end: the end of chunked coding is read as well."""
    stream = get_input_stream(environ)
    received = 0
    while length is None or received < length:
        try:
            chunk = stream.read(READ_BYTES if length is None else min(READ_BYTES, length - received))
        except ParseException as error:  # gunicorn reads the chunked coding only now
            raise BadRequest(
                "The body's chunked coding cannot be read, or is longer than its data."
            ) from error
        except (OSError, ValueError, ClientDisconnected) as error:  # of the server, a stream, Werkzeug
            raise _create_cut_error() from error
        if not chunk:
            break
        received += len(chunk)
        if received > limits.bytes:
            raise _create_size_error(limits)
        yield chunk
    if received < (length or 0):
        raise _create_cut_error()


def _create_size_error(limits: RequestLimits) -> TooLarge:
    return TooLarge(
        f"The body has more bytes than the {limits.bytes:,} that {limits.bytes_setting} allows here."
    )


def _create_cut_error() -> BadRequest:
    return BadRequest("The body ended early: less came than Content-Length says, or it came too slowly.")
