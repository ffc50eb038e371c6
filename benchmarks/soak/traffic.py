"""Clients that send all kinds of requests at a modest pace, and write down what came back.

Each client is a thread with one connection, kept for some requests, as browsers and proxies do.
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np

from benchmarks.soak.kinds import HUNG_UP, PROBE, Kind, kinds

CUT = 0
"""The status of a request that was sent and not answered."""

HUNG = -1
"""The status of a request whose client went away."""

BUSY = 503

CLIENTS = 8
PAUSE_SECONDS = 0.08
"""Mean pause of a client between two requests: the machine is to be busy, not overloaded."""

KEPT = 0.95
"""Chance that a client keeps its connection for its next request; a new one may lead to another worker."""

TOLERANCE = 1e-5
"""Between a release's probabilities here and there."""


@dataclass(frozen=True)
class Seen:
    """One request as its client saw it.

    Attributes:
        at: seconds from the beginning to when it was over.
        fine: whether the status and what was answered are right for its kind.
        note: what is wrong with it.
    """

    at: float
    kind: str
    status: int
    seconds: float
    fine: bool
    note: str = ""


class Traffic:
    """All clients.

    Args:
        url: of the service.
        key: its API key.
        right: the probabilities of the known picture, by the version of each release.
    """

    def __init__(self, url: str, key: str, right: Mapping[str, list[float]]) -> None:
        self._address = urlsplit(url)
        self._key = key
        self._right = right
        self._kinds = kinds()
        self._began = time.monotonic()
        self._stopped = threading.Event()
        self.seen: list[Seen] = []

    @contextmanager
    def flowing(self) -> Iterator["Traffic"]:
        """Send while the block runs; every request is over when it ends."""
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def _client(self, number: int) -> None:
        dice = random.Random(number)
        shares = [kind.share for kind in self._kinds]
        connection = self._connection()
        while not self._stopped.wait(dice.expovariate(1 / PAUSE_SECONDS)):
            [kind] = dice.choices(self._kinds, shares)
            self.seen.append(self._hang_up(kind) if kind.name == HUNG_UP else self._ask(connection, kind))
            if dice.random() > KEPT:
                connection.close()
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._address.netloc, timeout=90)

    def _ask(self, connection: http.client.HTTPConnection, kind: Kind) -> Seen:
        began = time.monotonic()
        try:
            answer = self._exchange(connection, kind)
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            spent = time.monotonic() - began
            return Seen(self.now, kind.name, CUT, spent, fine=False, note=repr(error))
        wrong = self._wrong(kind, answer, body)
        spent = time.monotonic() - began
        return Seen(self.now, kind.name, answer.status, spent, fine=not wrong, note=wrong)

    def _exchange(self, connection: http.client.HTTPConnection, kind: Kind) -> http.client.HTTPResponse:
        # An answer may come before the body is sent, and the sending then breaks.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(kind.method, kind.path, kind.body or None, self._headers(kind))
        return connection.getresponse()

    def _headers(self, kind: Kind) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._key}"} if kind.bearer else {}
        if kind.method == "POST":
            headers |= {"Content-Type": kind.content_type, "Content-Length": str(len(kind.body))}
        return headers

    def _wrong(self, kind: Kind, answer: http.client.HTTPResponse, body: bytes) -> str:
        """What is wrong with an answer; empty if nothing is."""
        if answer.status == BUSY and kind.method == "POST":
            return "" if answer.getheader("Retry-After") else "503 without Retry-After"
        if answer.status not in kind.expected:
            return f"{kind.path}: {answer.status} {body[:200]!r}"
        if kind.name != PROBE:
            return ""
        document = json.loads(body)
        right = self._right[document["model"]["version"]]
        probabilities = list(document["probabilities"].values())
        agrees = np.allclose(probabilities, right, atol=TOLERANCE)
        named = answer.getheader("X-Model-Version") == document["model"]["version"]
        return "" if agrees and named else "the answer is not that of the release that it names"

    def _hang_up(self, kind: Kind) -> Seen:
        began = time.monotonic()
        with suppress(OSError):
            connection = self._connection()
            connection.putrequest(kind.method, kind.path)
            connection.putheader("Authorization", f"Bearer {self._key}")
            connection.putheader("Content-Length", str(len(kind.body)))
            connection.endheaders(kind.body[: len(kind.body) // 2])
            connection.close()
        return Seen(self.now, kind.name, HUNG, time.monotonic() - began, fine=True)
