"""Load that knows the right answers: processes that post one picture and check each answer.

A release is told by its probabilities: each seed of `a_release` has its own. An answer is whole when the
version in its body, the X-Model-Version header and its probabilities belong to the same release. Raw sockets,
since the clients share the machine with the service.
"""

import json
import multiprocessing
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier, Event
from urllib.parse import urlsplit

CLIENTS = 2
CONNECTIONS = 4
"""Of each client; a request is on its way on every one of them all the time."""

TOLERANCE = 1e-6
"""Between a probability here and in an answer: both come from the same graph on the same processor."""

START_SECONDS = 60
"""The most that the clients may take until they ask: each is a fresh Python, and the machine may be busy."""

KEPT_PROBLEMS = 20
MIXED = "mixed"

Answers = Mapping[str, Mapping[str, float]]
"""By version, the probabilities of each label."""


@dataclass
class Testimony:
    """What one load has seen.

    Attributes:
        seconds: how long it went on.
        answered: requests that were answered rightly.
        versions: how many of those by each release.
        mixed: answers whose version, header and probabilities do not belong together.
        failed: requests that were not answered, or not with 200.
        problems: the first of both in words.
        slowest: seconds that the slowest answer took.
    """

    seconds: float = 0.0
    answered: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    mixed: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def rate(self) -> float:
        """Right answers per second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def add(self, other: "Testimony") -> None:
        """Take in what another client has seen at the same time."""
        self.seconds = max(self.seconds, other.seconds)
        self.answered += other.answered
        self.mixed += other.mixed
        self.failed += other.failed
        self.problems = (self.problems + other.problems)[:KEPT_PROBLEMS]
        self.slowest = max(self.slowest, other.slowest)
        for version, count in other.versions.items():
            self.versions[version] = self.versions.get(version, 0) + count


@contextmanager
def witnesses(
    url: str, upload: bytes, answers: Answers, *, clients: int = CLIENTS, pause: float = 0.0
) -> Iterator[Testimony]:
    """Keep asking while the block runs; what was seen is in the value once it has ended.

    Args:
        url: of the service.
        upload: a picture.
        answers: of every release that may be served meanwhile.
        clients: processes.
        pause: seconds between two rounds of a client; 0 asks as fast as it is answered.
    """
    fresh = multiprocessing.get_context("spawn")  # a fork would take over locks that other threads hold
    begun, stop, seen = fresh.Barrier(clients + 1), fresh.Event(), fresh.Queue()
    processes = [
        fresh.Process(
            target=_ask, args=(_Client(url, upload, answers), pause, begun, stop, seen), daemon=True
        )
        for _ in range(clients)
    ]
    for process in processes:
        process.start()
    testimony = Testimony()
    begun.wait(START_SECONDS)
    try:
        yield testimony
    finally:
        stop.set()
        for _ in processes:
            testimony.add(seen.get(timeout=60))
        for process in processes:
            process.join()
        seen.close()


def _ask(client: "_Client", pause: float, ready: Barrier, stop: Event, seen: "Queue[Testimony]") -> None:
    ready.wait(START_SECONDS)
    begun = time.monotonic()
    while not stop.is_set():
        client.round()
        stop.wait(pause) if pause else None
    client.testimony.seconds = time.monotonic() - begun
    seen.put(client.testimony)


class _Client:
    """Some connections, kept open, and a round of one request on each."""

    def __init__(self, url: str, upload: bytes, answers: Answers) -> None:
        self._address = (urlsplit(url).hostname, urlsplit(url).port)
        self._request = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(upload)}\r\n\r\n".encode()
        self._request += upload
        self._answers = answers
        self._open: list[socket.socket | None] = [None] * CONNECTIONS
        self.testimony = Testimony()

    def round(self) -> None:
        begun = time.monotonic()
        for place in range(CONNECTIONS):
            self._send(place)
        for place in range(CONNECTIONS):
            self._receive(place)
        self.testimony.slowest = max(self.testimony.slowest, time.monotonic() - begun)

    def _send(self, place: int) -> None:
        try:
            connection = self._open[place] or socket.create_connection(self._address, timeout=30)
            self._open[place] = connection
            connection.sendall(self._request)
        except OSError as error:
            self._fail(place, f"not sent: {error!r}")

    def _receive(self, place: int) -> None:
        connection = self._open[place]
        if connection is None:
            return
        try:
            head, body = _read_answer(connection)
        except (OSError, ValueError) as error:
            self._fail(place, f"not answered: {error!r}")
            return
        problem = _problem(head, body, self._answers)
        if problem is None:
            version = _header(head, b"x-model-version")
            self.testimony.answered += 1
            self.testimony.versions[version] = self.testimony.versions.get(version, 0) + 1
        else:
            self._note(problem)
        if b"\r\nconnection: close" in head.lower():  # said politely: nothing was lost
            connection.close()
            self._open[place] = None

    def _fail(self, place: int, problem: str) -> None:
        connection = self._open[place]
        if connection is not None:
            connection.close()
        self._open[place] = None
        self._note(problem)

    def _note(self, problem: str) -> None:
        if problem.startswith(MIXED):
            self.testimony.mixed += 1
        else:
            self.testimony.failed += 1
        if len(self.testimony.problems) < KEPT_PROBLEMS:
            self.testimony.problems.append(problem)


def _read_answer(connection: socket.socket) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(_header(head, b"content-length"))
    while len(body) < length:
        body += _some(connection)
    return head, body


def _some(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise ConnectionResetError("closed before the answer was whole")
    return chunk


def _header(head: bytes, name: bytes) -> str:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip().decode()
    raise ValueError(f"no header {name.decode()}")


def _problem(head: bytes, body: bytes, answers: Answers) -> str | None:
    """What is wrong with an answer, in words."""
    if not head.startswith(b"HTTP/1.1 200 "):
        return f"{head[:30]!r} {body[:200]!r}"
    told = json.loads(body)
    header, version = _header(head, b"x-model-version"), told["model"]["version"]
    if header != version:
        return f"{MIXED}: header {header}, body {version}"
    known = answers.get(version)
    if known is None:
        return f"{MIXED}: {version} was never published"
    given = told["probabilities"]
    if given.keys() != known.keys() or any(abs(given[label] - known[label]) > TOLERANCE for label in known):
        return f"{MIXED}: probabilities of another release than {version}"
    return None
