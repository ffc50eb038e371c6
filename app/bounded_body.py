"""Reads a request's body until a deadline, in steps between which other connections go on. Used by worker.py.

A socket whose bytes are always there never waits, so neither gevent's loop nor its timeouts get a turn: each
step gives them one. Replaces gunicorn's body readers; imports gevent and these readers alone.
"""

from collections.abc import Iterator
from time import monotonic
from typing import Any, Final

import gevent
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException

STEP_SECONDS: Final = 0.002
"""How long a body is read before other connections get a turn."""

STEP_BYTES: Final = 65_536
"""How much of a body one step takes from the socket at most."""

DUE_SECONDS: Final = 1e-9
"""Seconds: a wait that is over when gevent has polled its sockets. 0 does not poll them, and for a timer
that is not due epoll waits for a millisecond at least."""

TOO_SLOW_MESSAGE: Final = "the body came too slowly"

MAX_FRAMING_BYTES: Final = 65_536
"""Bytes of chunk sizes, extensions and line ends that a body may have beyond as many as it has of data."""


class TooMuchFraming(ParseException):  # type: ignore[misc] # gunicorn has no types
    """The chunked coding of a body has more bytes than the data in it."""


class ReadingSteps:
    """Gives other connections a turn between the steps of one body, and ends them at its deadline.

    Args:
        seconds: that the body may take.
    """

    def __init__(self, seconds: float) -> None:
        self._deadline = monotonic() + seconds
        self._paused_at = monotonic()

    def create_timeout(self) -> Any:  # noqa: ANN401 - gevent has no types
        """What raises TimeoutError in a block that is still waiting at the deadline."""
        return gevent.Timeout(max(0, self._deadline - monotonic()), TimeoutError(TOO_SLOW_MESSAGE))

    def pause(self) -> None:
        """Let others go on, if it is their turn; raises TimeoutError at the deadline."""
        now = monotonic()
        if now >= self._deadline:
            raise TimeoutError(TOO_SLOW_MESSAGE)
        if now - self._paused_at >= STEP_SECONDS:
            gevent.sleep(DUE_SECONDS)
            self._paused_at = monotonic()


class MeteredUnreader:
    """What a chunked body is read from; counts its bytes, and refuses a body of too much framing.

    Attributes:
        data_bytes: bytes of data that the parser found until now.
    """

    def __init__(self, unreader: Any, steps: ReadingSteps) -> None:  # noqa: ANN401 - gunicorn has no types
        self._unreader = unreader
        self._steps = steps
        self._received = 0
        self.data_bytes = 0

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """The next bytes of the connection."""
        self.check_framing()
        self._steps.pause()
        data: bytes = self._unreader.read(size, min(read_ahead or 0, STEP_BYTES))
        self._received += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Give back what belongs to the next request."""
        self._received -= len(data)
        self._unreader.unread(data)

    def check_framing(self) -> None:
        """Raise TooMuchFraming if what came and is no data is more than data, by MOST_FRAMING."""
        if self._received - self.data_bytes > self.data_bytes + MAX_FRAMING_BYTES:
            raise TooMuchFraming


class SteppedChunkedReader(ChunkedReader):  # type: ignore[misc] # as above
    """gunicorn's reader of chunked bodies, a step at a time."""

    def __init__(self, request: Any, unreader: Any, steps: ReadingSteps, max_trailer_bytes: int) -> None:  # noqa: ANN401
        self._steps = steps
        super().__init__(request, MeteredUnreader(unreader, steps))
        self.limit_trailer_section = max_trailer_bytes

    def parse_chunked(self, unreader: MeteredUnreader) -> Iterator[bytes]:
        """The data of each chunk, or of a part of it."""
        for data in super().parse_chunked(unreader):
            unreader.data_bytes += len(data)
            self._steps.pause()
            yield data


class BoundedBody:
    """Reads a request's body until a deadline, and knows whether all of it has come."""

    def __init__(self, request: Any, seconds: float, max_trailer_bytes: int) -> None:  # noqa: ANN401 - as above
        reader, self._unreader = request.body.reader, request.unreader
        self._steps = ReadingSteps(seconds)
        self._missing: int = getattr(reader, "length", 0)
        self._chunks: SteppedChunkedReader | None = None
        if isinstance(reader, ChunkedReader):
            self._chunks = SteppedChunkedReader(request, request.unreader, self._steps, max_trailer_bytes)

    def read(self, size: int) -> bytes:
        """At most `size` bytes, b"" at the end; raises TimeoutError at the deadline."""
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
        """Whether the next request may follow on this connection."""
        return self._missing == 0 if self._chunks is None else self._chunks.parser is None
