"""Read the body of a request until a deadline, in steps between which other connections go on.

A socket whose bytes are always there never waits, so gevent's loop and its timeouts get no chance to run.
Each step gives them one. worker.py puts these readers in place of gunicorn's. This file imports only gevent
and gunicorn's readers.
"""

from collections.abc import Iterator
from time import monotonic
from typing import Any, Final

import gevent
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException

STEP_SECONDS: Final = 0.002
"""Seconds for which a body is read before other connections go on."""

STEP_BYTES: Final = 65_536
"""Largest number of bytes that one step takes from the socket."""

DUE_SECONDS: Final = 1e-9
"""Seconds of the shortest pause in which gevent polls its sockets. With 0 it does not poll. A timer that is
not due yet would make epoll wait for at least a millisecond."""

TOO_SLOW_MESSAGE: Final = "the body came too slowly"
"""Message of the TimeoutError of a body that did not arrive in time."""

MAX_FRAMING_BYTES: Final = 65_536
"""Largest number of bytes of chunk sizes, extensions and line ends that a body may have beyond the size of
its data."""


class TooMuchFraming(ParseException):  # type: ignore[misc] # gunicorn has no types
    """The chunked coding of a body has too many more bytes than the data in it."""


class ReadingSteps:
    """The steps in which one body is read, and the deadline at which reading ends.

    Args:
        seconds: seconds that the body may take.
    """

    def __init__(self, seconds: float) -> None:
        self._deadline = monotonic() + seconds
        self._paused_at = monotonic()

    def create_timeout(self) -> Any:  # noqa: ANN401 - gevent has no types
        """Return a context manager that raises TimeoutError in a block that still waits at the deadline."""
        return gevent.Timeout(max(0, self._deadline - monotonic()), TimeoutError(TOO_SLOW_MESSAGE))

    def pause(self) -> None:
        """Let other connections go on if this step has taken its time.

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
    """The source of a chunked body. It counts bytes, and refuses a body with too much framing.

    Attributes:
        data_bytes: bytes of data that the parser has found so far.
    """

    def __init__(self, unreader: Any, steps: ReadingSteps) -> None:  # noqa: ANN401 - gunicorn has no types
        self._unreader = unreader
        self._steps = steps
        self._received = 0
        self.data_bytes = 0

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """Return the next bytes of the connection."""
        self.check_framing()
        self._steps.pause()
        data: bytes = self._unreader.read(size, min(read_ahead or 0, STEP_BYTES))
        self._received += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Give back bytes that belong to the next request."""
        self._received -= len(data)
        self._unreader.unread(data)

    def check_framing(self) -> None:
        """Check that the framing of the body has at most MAX_FRAMING_BYTES more than its data.

        Raises:
            TooMuchFraming: the framing has more bytes.
        """
        if self._received - self.data_bytes > self.data_bytes + MAX_FRAMING_BYTES:
            raise TooMuchFraming


class SteppedChunkedReader(ChunkedReader):  # type: ignore[misc] # as above
    """gunicorn's reader of chunked bodies, which reads one step at a time."""

    def __init__(self, request: Any, unreader: Any, steps: ReadingSteps, max_trailer_bytes: int) -> None:  # noqa: ANN401
        self._steps = steps
        super().__init__(request, MeteredUnreader(unreader, steps))
        self.limit_trailer_section = max_trailer_bytes

    def parse_chunked(self, unreader: MeteredUnreader) -> Iterator[bytes]:
        """Yield the data of each chunk, or of a part of it."""
        for data in super().parse_chunked(unreader):
            unreader.data_bytes += len(data)
            self._steps.pause()
            yield data


class BoundedBody:
    """The body of a request, which is read until a deadline and knows whether all of it has arrived."""

    def __init__(self, request: Any, seconds: float, max_trailer_bytes: int) -> None:  # noqa: ANN401 - as above
        reader, self._unreader = request.body.reader, request.unreader
        self._steps = ReadingSteps(seconds)
        self._missing: int = getattr(reader, "length", 0)
        self._chunks: SteppedChunkedReader | None = None
        if isinstance(reader, ChunkedReader):
            self._chunks = SteppedChunkedReader(request, request.unreader, self._steps, max_trailer_bytes)

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, or b"" at the end of the body.

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
        if len(data) > count:
            self._unreader.unread(data[count:])
            data = data[:count]
        self._missing -= len(data)
        return data

    @property
    def is_complete(self) -> bool:
        """Whether the whole body was read, so that the next request may follow on this connection."""
        return self._missing == 0 if self._chunks is None else self._chunks.parser is None
