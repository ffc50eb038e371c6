"""A steady load of known uploads, and a record of everything that came back.

Each client keeps its connection as long as the service lets it. A request counts as cut when it was sent and
not answered; not getting a connection is another thing, told apart.
"""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CLIENTS = 4


@dataclass
class Record:
    """What the clients saw.

    Attributes:
        statuses: how often each came.
        versions: how often each release answered.
        cut: requests that were sent and not answered.
        turned_away: connections that could not be made.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    cut: list[str] = field(default_factory=list)
    turned_away: int = 0

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())


@contextmanager
def under_load(url: str, upload: bytes, clients: int = CLIENTS) -> Iterator[Record]:
    """Keep posting while the block runs."""
    record = Record()
    stop = threading.Event()
    threads = [
        threading.Thread(target=_client, args=(urlsplit(url).netloc, upload, record, stop))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield record
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _client(netloc: str, upload: bytes, record: Record, stop: threading.Event) -> None:
    connection = http.client.HTTPConnection(netloc, timeout=30)
    while not stop.is_set():
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
    connection.close()
