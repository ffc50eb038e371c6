"""Bodies are read in steps between which others get a turn, until a deadline."""

from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import IterUnreader

from app import bounded_body
from app.bounded_body import STEP_BYTES, BoundedBody, ChunkFramingTooLarge

NEXT = b"GET / HTTP/1.1\r\n\r\n"
"""The request that follows on the connection."""

SECONDS = 600


class Turns:
    """Counts how often another greenlet gets a turn."""

    def __init__(self) -> None:
        self.count = 0
        self._other = gevent.spawn(self._take)

    def _take(self) -> None:
        while True:
            gevent.sleep()
            self.count += 1

    def end(self) -> None:
        self._other.kill()


def bounded(parts: list[bytes], length: int | None, seconds: float = SECONDS) -> tuple[BoundedBody, Any]:
    """The body of a request of which these parts come, and the request."""
    unreader = IterUnreader(parts)
    request = SimpleNamespace(unreader=unreader, parse_headers=lambda *_, **__: [])
    reader = ChunkedReader(request, unreader) if length is None else LengthReader(unreader, length)
    request.body = Body(reader)
    body = request.body.reader = BoundedBody(request, seconds, 1000)
    return body, request


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@pytest.mark.parametrize("length", [300_000, None], ids=["length", "chunks"])
def test_a_body_is_read_whole_and_what_follows_stays(length: int | None) -> None:
    data = bytes(range(250)) * 1200
    sent = data + NEXT if length else chunk(data[:100_000]) + chunk(data[100_000:]) + b"0\r\n\r\n" + NEXT
    body, request = bounded([sent[at : at + 7001] for at in range(0, len(sent), 7001)], length)

    read = request.body.read(1_000_000)

    assert read == data
    assert body.is_complete
    assert request.unreader.take_buffered() == NEXT


@pytest.mark.parametrize("length", [100 * STEP_BYTES, None], ids=["length", "chunks"])
def test_a_body_that_is_always_there_gives_others_a_turn_at_each_step(
    monkeypatch: pytest.MonkeyPatch, length: int | None
) -> None:
    monkeypatch.setattr(bounded_body, "STEP_SECONDS", 0)
    parts = [bytes(STEP_BYTES)] * 100
    body, _ = bounded(parts if length else [*map(chunk, parts), b"0\r\n\r\n"], length)
    turns = Turns()

    while body.read(1_000_000):
        pass

    turns.end()
    assert turns.count >= 100


def test_a_body_that_is_always_there_ends_at_its_deadline() -> None:
    body, _ = bounded([bytes(STEP_BYTES)] * 10, 10 * STEP_BYTES, seconds=0)

    with pytest.raises(TimeoutError):
        body.read(1_000_000)


@pytest.mark.parametrize(
    "framed", [chunk(b"a"), b"1;" + b"a" * 4000 + b"\r\na\r\n"], ids=["chunks of a byte", "extensions"]
)
def test_more_framing_than_data_is_refused(framed: bytes) -> None:
    _, request = bounded([framed * 1000] * 100, None)

    with pytest.raises(ChunkFramingTooLarge):
        request.body.read(1_000_000)

    assert request.body.failed


def test_a_long_body_in_small_chunks_is_read() -> None:
    _, request = bounded([*[chunk(b"a" * 50) * 100] * 500, b"0\r\n\r\n"], None)

    assert len(request.body.read(10_000_000)) == 50 * 100 * 500
