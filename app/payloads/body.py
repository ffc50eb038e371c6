"""Read the body of a request from its connection, within the limits of bytes and of memory.

A body for which there is no memory is refused. Large bodies share a budget of their own, so they do not use
the memory of small ones. A request is read before it queues up for its turn. So a client that sends slowly
holds the memory of its bytes, but no place in a queue.
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

from app.errors import BadRequest, RequestTooLarge, ServiceBusy, UnknownContentEncoding
from app.native_threads import create_native_lock, run_in_native_thread
from app.payloads.limits import SMALL_BODY_BYTES, RequestLimits
from inference.pictures.picture_opening import MIN_LARGE_BODY_BYTES
from inference.pictures.signatures import find_picture_format
from inference.sessions.inflate import inflate_stream
from inference.sessions.zip_file import MEMBER_SIGNATURE

READ_BYTES = 64 * 1024
"""Number of bytes of a body that are read at a time. A body up to this size is read even if memory is
short."""

MAX_QUOTED_LENGTH = 60
"""Largest number of characters of a client's value that an error message repeats."""

NATIVE_JOIN_BYTES = 1024 * 1024
"""Size in bytes from which the chunks of a body are joined in a native thread. From this size on, Python lets
other threads run while it copies."""

MEMORY_RETRY_SECONDS = 1
"""Value of Retry-After when a body is refused because other bodies use the memory."""

GZIP_BITS, ZLIB_BITS = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS  # zlib's `wbits`: 16 more asks for gzip's header
CONTENT_CODINGS = {"gzip": GZIP_BITS, "x-gzip": GZIP_BITS, "deflate": ZLIB_BITS}
"""Values of Content-Encoding that can be decompressed (RFC 9110, section 8.4.1), with zlib's `wbits` for
each."""

UNCOMPRESSED_CODINGS = ("", "identity")
"""Values of Content-Encoding for a body that is not compressed."""


@dataclass(frozen=True)
class RequestBody:
    """The whole body of a request, with facts from the headers.

    Attributes:
        data: the bytes, still compressed if `coding` is a key of CONTENT_CODINGS.
        limits: the limits of the request.
        mimetype: the media type in lower case, without parameters; empty if the client gives none.
        boundary: the boundary of a multipart form; empty if the client gives none.
        coding: a key of CONTENT_CODINGS if the data is compressed, otherwise one of UNCOMPRESSED_CODINGS.
        reserve_memory: a function that reserves further bytes of memory until the request has been answered.
            It raises ServiceBusy or RequestTooLarge if there are not so many.
    """

    data: bytes
    limits: RequestLimits
    mimetype: str = ""
    boundary: str = ""
    coding: str = ""
    reserve_memory: Callable[[int], None] = field(default=lambda _: None, compare=False, repr=False)

    @property
    def is_compressed(self) -> bool:
        """Whether the data has to be decompressed, so that its real size is not known yet."""
        return self.coding not in UNCOMPRESSED_CODINGS

    @property
    def is_large(self) -> bool:
        """Whether the request belongs to the queue for large requests, of which one runs at a time.

        It does if its body is large, or has to be decompressed, or contains a ZIP.
        """
        return len(self.data) >= MIN_LARGE_BODY_BYTES or self.is_compressed or MEMBER_SIGNATURE in self.data

    @property
    def is_slow_to_parse(self) -> bool:
        """Whether decompressing, unpacking or parsing this body would block the event loop for too long.

        Only the bytes of a single picture need no parsing.
        """
        is_form = (
            self.mimetype == "multipart/form-data"
        )  # the text before its first part may look like a picture
        return self.is_compressed or is_form or find_picture_format(self.data) is None

    def decompress(self) -> "RequestBody":
        """Return the body with decompressed data; the same body if the data is not compressed.

        Raises:
            BadRequest: the data is not in the coding that Content-Encoding names, ends early, or continues
                behind its end.
            RequestTooLarge: the decompressed data would have more bytes than the limit. Decompressing stops
                there.
            ServiceBusy: other bodies use the memory.
        """
        if not self.is_compressed:
            return self
        try:
            inflated = inflate_stream(self.data, CONTENT_CODINGS[self.coding], self.limits.bytes)
        except zlib.error as error:
            raise BadRequest(f"The body is no {self.coding}, as Content-Encoding says: {error}.") from error
        if len(inflated.data) > self.limits.bytes:
            raise _create_size_error(self.limits)
        if not inflated.is_whole:
            raise BadRequest(f"The body's {self.coding} ends early, or something follows its end.")
        # The compressed bytes, which are reserved already, are dropped now.
        self.reserve_memory(max(len(inflated.data) - len(self.data), 0))
        return replace(self, data=inflated.data, coding="")


@dataclass(slots=True)
class _MemoryBudget:
    """The memory that several bodies share.

    Attributes:
        max_bytes: the largest number of bytes of all bodies together.
        reserved_bytes: the number of bytes that are reserved now.
    """

    max_bytes: int
    reserved_bytes: int = 0


@dataclass(slots=True)
class _Reservation:
    """The memory that one request has reserved for its body."""

    budget: _MemoryBudget
    bytes: int = 0


class BodyReader:
    """A reader of request bodies that limits the memory of all bodies in this worker together.

    Bodies of more than SMALL_BODY_BYTES are large. Large and small bodies have separate limits, so that
    uploads of large files do not block small requests. If a body turns out to be large while it arrives, or
    after it is parsed, it is counted as a large one from then on.

    Args:
        large_bytes: the bytes that all large bodies may have at a time. A further one is refused with
            Retry-After.
        small_bytes: the bytes that all small bodies may have at a time.
    """

    def __init__(self, large_bytes: int, small_bytes: int) -> None:
        self._large = _MemoryBudget(large_bytes)
        self._small = _MemoryBudget(small_bytes)
        self._lock = create_native_lock()  # native threads reserve memory, too, when they decompress

    @contextmanager
    def read(self, environ: WSGIEnvironment, limits: RequestLimits) -> Iterator[RequestBody]:
        """Read the body of a request, and keep its memory reserved until the end of the block.

        Args:
            environ: the WSGI environment of the request.

        Raises:
            BadRequest: the body ends early, or its chunks cannot be read.
            UnknownContentEncoding: the body is compressed in a way that is not supported.
            RequestTooLarge: the body has more bytes than its limit, or needs more memory than all bodies may
                have.
            ServiceBusy: other bodies use the memory for bodies of this size. If Content-Length shows this
                already, nothing is read.
        """
        # `wsgi.input` is never replaced: its position shows the server whether a body was left unread.
        _check_transfer(environ)
        coding = _read_coding(environ)
        length = _read_length(environ, limits)
        reservation = self._create_reservation(length or 0)
        try:
            chunks = list[bytes]()
            for chunk in _read_chunks(environ, length, limits):
                self._reserve_bytes(reservation, len(chunk))
                chunks.append(chunk)
            data = _join_chunks(chunks)
            mimetype, options = parse_options_header(environ.get("CONTENT_TYPE"))
            boundary = options.get("boundary", "")
            yield RequestBody(
                data, limits, mimetype.lower(), boundary, coding, partial(self._reserve_bytes, reservation)
            )
        finally:
            with self._lock:
                reservation.budget.reserved_bytes -= reservation.bytes

    def _create_reservation(self, length: int) -> _Reservation:
        """Create an empty reservation for a body of this length.

        Raises:
            RequestTooLarge: all bodies together may not have so many bytes.
            ServiceBusy: there is not enough free memory for this length.
        """
        reservation = _Reservation(self._large if length > SMALL_BODY_BYTES else self._small)
        if length > reservation.budget.max_bytes:  # trying again could not help
            raise _create_excess_error()
        if length > READ_BYTES and reservation.budget.reserved_bytes + length > reservation.budget.max_bytes:
            raise _create_memory_error()
        return reservation

    def _reserve_bytes(self, reservation: _Reservation, count: int) -> None:
        with self._lock:
            reservation.budget.reserved_bytes -= reservation.bytes
            reservation.bytes += count
            if reservation.bytes > SMALL_BODY_BYTES:  # a small body has turned out to be large
                reservation.budget = self._large
            reservation.budget.reserved_bytes += reservation.bytes
            if reservation.bytes > reservation.budget.max_bytes:
                raise _create_excess_error()
            if (
                reservation.bytes > READ_BYTES
                and reservation.budget.reserved_bytes > reservation.budget.max_bytes
            ):
                raise _create_memory_error()


def _create_excess_error() -> RequestTooLarge:
    return RequestTooLarge("There is not so much memory. Send pictures as files, or fewer in one request.")


def _create_memory_error() -> ServiceBusy:
    return ServiceBusy("There is no memory for another body of this size. Try again.", MEMORY_RETRY_SECONDS)


def _join_chunks(chunks: list[bytes]) -> bytes:
    """Join the chunks of a body, and empty the list, so that no byte is kept twice."""
    if sum(map(len, chunks)) < NATIVE_JOIN_BYTES:
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    else:
        data = run_in_native_thread(b"".join, chunks)
    chunks.clear()
    return data


def _check_transfer(environ: WSGIEnvironment) -> None:
    """Refuse a Transfer-Encoding other than `chunked`.

    Servers read such headers differently. If a proxy sees another end of the body than this service does, a
    client could hide a second request in it.
    """
    if environ.get("HTTP_TRANSFER_ENCODING", "chunked").strip().lower() != "chunked":
        raise BadRequest("Transfer-Encoding is not `chunked` alone. Send the body in chunks, or its length.")


def _read_coding(environ: WSGIEnvironment) -> str:
    coding: str = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding not in UNCOMPRESSED_CODINGS and coding not in CONTENT_CODINGS:
        quoted = repr(coding[:MAX_QUOTED_LENGTH])
        raise UnknownContentEncoding(
            f"Content-Encoding is {quoted}. Send the body as it is, or in gzip or deflate alone."
        )
    return coding


def _read_length(environ: WSGIEnvironment, limits: RequestLimits) -> int | None:
    """Return the value of Content-Length; None for a body in chunks.

    Raises:
        RequestTooLarge: the length is above the limit.
    """
    length = get_content_length(environ)
    if length is not None and length > limits.bytes:
        raise _create_size_error(limits)
    return length


def _read_chunks(environ: WSGIEnvironment, length: int | None, limits: RequestLimits) -> Iterator[bytes]:
    """Yield the bytes of a body as they arrive, up to its end."""
    stream = get_input_stream(environ)
    received = 0
    while length is None or received < length:
        try:
            chunk = stream.read(READ_BYTES if length is None else min(READ_BYTES, length - received))
        except ParseException as error:  # gunicorn parses chunks while they are read
            raise BadRequest(
                "The body's chunked coding cannot be read, or is longer than its data."
            ) from error
        # The three are raised by the server, by its stream and by Werkzeug.
        except (OSError, ValueError, ClientDisconnected) as error:
            raise _create_cut_error() from error
        if not chunk:
            break
        received += len(chunk)
        if received > limits.bytes:
            raise _create_size_error(limits)
        yield chunk
    if received < (length or 0):
        raise _create_cut_error()


def _create_size_error(limits: RequestLimits) -> RequestTooLarge:
    return RequestTooLarge(
        f"The body has more bytes than the {limits.bytes:,} that {limits.bytes_setting} allows here."
    )


def _create_cut_error() -> BadRequest:
    return BadRequest("The body ended early: less came than Content-Length says, or it came too slowly.")
