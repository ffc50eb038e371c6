"""A steady load of one known picture, and a record of everything that came back.

Each client keeps its connection as long as the service lets it. A request counts as cut when it was sent and
not answered; a connection that cannot be made is counted apart. Where the answers of each release are known,
an answer is mixed if the version in its body, its X-Model-Version and its probabilities disagree.
"""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

CLIENTS = 4

TOLERANCE = 1e-6
"""Between a probability here and in an answer: both come from the same graph on the same processor."""

Answers = Mapping[str, Mapping[str, float]]
"""By version, the probabilities of each label."""


@dataclass
class Record:
    """What the clients saw.

    Attributes:
        statuses: how often each came.
        versions: how often each release answered.
        cut: requests that were sent and not answered.
        mixed: answers made of two releases.
        turned_away: connections that could not be made.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    cut: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    turned_away: int = 0

    @property
    def answered(self) -> int:
        return self.statuses[200]


@contextmanager
def under_load(
    url: str, upload: bytes, answers: Answers | None = None, *, clients: int = CLIENTS, pause: float = 0.0
) -> Iterator[Record]:
    """Keep posting while the block runs.

    Args:
        url: of the service.
        upload: a picture.
        answers: of every release that may be served meanwhile; None checks no probabilities.
        clients: connections with a request on its way all the time.
        pause: seconds between two requests of a client.
    """
    record, stop = Record(), threading.Event()
    with ThreadPoolExecutor(clients) as pool:
        posting = [
            pool.submit(_post, urlsplit(url).netloc, upload, answers, record, stop, pause=pause)
            for _ in range(clients)
        ]
        try:
            yield record
        finally:
            stop.set()
    for client in posting:
        client.result()


def _post(
    netloc: str,
    upload: bytes,
    answers: Answers | None,
    record: Record,
    stop: threading.Event,
    *,
    pause: float,
) -> None:
    connection = http.client.HTTPConnection(netloc, timeout=30)
    while not stop.wait(pause):
        try:
            connection.connect() if connection.sock is None else None
        except ConnectionError:
            record.turned_away += 1
            stop.wait(0.05)
            continue
        try:
            connection.request("POST", "/predict", body=upload)
            answer = connection.getresponse()
            body = json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            record.cut.append(repr(error))
            connection.close()
            continue
        record.statuses[answer.status] += 1
        if answer.status == 200:
            record.versions[body["model"]["version"]] += 1
            record.mixed += _mixture(answer.headers["X-Model-Version"], body, answers)
    connection.close()


def _mixture(header: str, body: dict[str, Any], answers: Answers | None) -> list[str]:
    """What does not belong together in an answer, in words."""
    version, given = body["model"]["version"], body["probabilities"]
    if header != version:
        return [f"header {header}, body {version}"]
    if answers is None:
        return []
    known = answers.get(version, {})
    if given.keys() != known.keys() or any(abs(given[label] - known[label]) > TOLERANCE for label in known):
        return [f"{version} with probabilities of another release"]
    return []
