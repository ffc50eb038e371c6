"""Read the body of a request with a deadline, in short steps, so that other connections go on in between.

gevent serves all connections of a worker on one thread, and changes to another one when a socket has to wait.
A client that sends fast enough never makes it wait: then neither other connections nor timeouts would get
their turn. worker.py puts these readers in place of gunicorn's. gunicorn's master loads this file before
gevent patches Python, so it imports nothing but gevent and gunicorn.
"""

from collections.abc import Iterator
from time import monotonic
from typing import Any, Final

import gevent
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException

STEP_SECONDS: Final = 0.002
"""Seconds for which a worker reads one body before other connections go on."""

STEP_BYTES: Final = 65_536
"""Largest number of bytes that are read from a connection at a time."""

DUE_SECONDS: Final = 1e-9
"""Seconds of a pause that makes gevent poll its sockets once. With 0 it does not poll at all. A longer pause
makes epoll wait, and epoll waits for whole milliseconds."""

TOO_SLOW_MESSAGE: Final = "the body came too slowly"
"""Message of the TimeoutError for a body that did not arrive before its deadline."""

MAX_FRAMING_BYTES: Final = 65_536
"""Number of bytes by which the framing of a chunked body (chunk sizes, extensions, line ends) may exceed its
data. Without a limit, a client could send chunks of one byte with kilobytes of framing each."""


class ChunkFramingTooLarge(ParseException):  # type: ignore[misc] # gunicorn has no types
    """A chunked body has far more framing (chunk sizes, extensions, line ends) than data."""


class BodyReadTimer:
    """The timing of one body: short steps of reading, pauses between them, and a deadline.

    Args:
        seconds: the seconds from now until the deadline.
    """

    def __init__(self, seconds: float) -> None:
        self._deadline = monotonic() + seconds
        self._paused_at = monotonic()

    def create_timeout(self) -> Any:  # noqa: ANN401 - gevent has no types
        """Return a context manager that raises TimeoutError if its block still waits at the deadline."""
        return gevent.Timeout(max(0, self._deadline - monotonic()), TimeoutError(TOO_SLOW_MESSAGE))

    def pause(self) -> None:
        """Let other connections go on if the current step has lasted for STEP_SECONDS.

        Raises:
            TimeoutError: the deadline is over.
        """
        now = monotonic()
        if now >= self._deadline:
            raise TimeoutError(TOO_SLOW_MESSAGE)
        if now - self._paused_at >= STEP_SECONDS:
            gevent.sleep(DUE_SECONDS)
            self._paused_at = monotonic()


class MeteredUnreader:
    """A source of bytes for gunicorn's parser of chunked bodies, which refuses a body with too much framing.

    Framing is all that is not data: chunk sizes, extensions and line ends.

    Attributes:
        data_bytes: the number of bytes of data that the parser has found so far.
    """

    def __init__(self, unreader: Any, steps: BodyReadTimer) -> None:  # noqa: ANN401 - gunicorn has no types
        self._unreader = unreader
        self._steps = steps
        self._received = 0
        self.data_bytes = 0

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """Return the next bytes of the connection. The parameters are those of gunicorn's Unreader."""
        self.check_framing()
        self._steps.pause()
        data: bytes = self._unreader.read(size, min(read_ahead or 0, STEP_BYTES))
        self._received += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Put bytes back that belong to the next request on this connection."""
        self._received -= len(data)
        self._unreader.unread(data)

    def check_framing(self) -> None:
        """Check that the framing is not much larger than the data.

        Raises:
            ChunkFramingTooLarge: the framing has over MAX_FRAMING_BYTES more than the data.
        """
        if self._received - self.data_bytes > self.data_bytes + MAX_FRAMING_BYTES:
            raise ChunkFramingTooLarge


class SteppedChunkedReader(ChunkedReader):  # type: ignore[misc] # as above
    """gunicorn's reader of chunked bodies, which lets other connections go on after each step."""

    def __init__(self, request: Any, unreader: Any, steps: BodyReadTimer, max_trailer_bytes: int) -> None:  # noqa: ANN401
        self._steps = steps
        super().__init__(request, MeteredUnreader(unreader, steps))
        self.limit_trailer_section = max_trailer_bytes

    def parse_chunked(self, unreader: MeteredUnreader) -> Iterator[bytes]:
        """Yield the data of each chunk. A long chunk is yielded in several parts."""
        for data in super().parse_chunked(unreader):
            unreader.data_bytes += len(data)
            self._steps.pause()
            yield data


class BoundedBody:
    """The stream from which a WSGI application reads the body of a request, with a deadline."""

    def __init__(self, request: Any, seconds: float, max_trailer_bytes: int) -> None:  # noqa: ANN401 - as above
        reader = request.body.reader
        self._unreader = request.unreader
        self._steps = BodyReadTimer(seconds)
        self._missing: int = getattr(reader, "length", 0)  # a body in chunks declares no length
        self._chunks: SteppedChunkedReader | None = None
        if isinstance(reader, ChunkedReader):
            self._chunks = SteppedChunkedReader(request, request.unreader, self._steps, max_trailer_bytes)

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes of the body, or b"" at its end.

        Raises:
            TimeoutError: the deadline is over.
        """
        self._steps.pause()
        with self._steps.create_timeout():
            return self._read_part(size) if self._chunks is None else self._chunks.read(min(size, STEP_BYTES))

    def _read_part(self, size: int) -> bytes:
        count = min(size, self._missing, STEP_BYTES)
        if not count:
            return b""
        data: bytes = self._unreader.read(None, count)
        if len(data) > count:  # the rest belongs to the next request on this connection
            self._unreader.unread(data[count:])
            data = data[:count]
        self._missing -= len(data)
        return data

    @property
    def is_complete(self) -> bool:
        """Whether the whole body was read, so that the next request may follow on this connection."""
        return self._missing == 0 if self._chunks is None else self._chunks.parser is None
