"""JSON that is no text, for as long as a batch may be: does /healthz answer meanwhile? `make chaos` asks."""

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.service import running

HEALTH_SECONDS = 5
"""In which /healthz answers on however busy a machine; the attack held it for 26."""

SURROGATES = gzip.compress(b"\xff\xfe" + b'"\0' + b"\0\xd8" * 24_000_000, 9)
"""47 kB that unpack to 48 MB of UTF-16 with lone surrogates: a batch may not be much larger."""


def health_during_attack(folder: Path, requests: int = 8, at_once: int = 4) -> tuple[float, list[int]]:
    """Seconds of the slowest /healthz while such bodies arrive, and the statuses of these."""
    waits, ended = list[float](), threading.Event()
    with running(folder, MODEL_STORE="bundled", WEB_CONCURRENCY="1") as service:

        def attack(_: int) -> int:
            headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
            return service.post("/predict/batch", data=SURROGATES, headers=headers).status_code

        def ask() -> None:
            while not ended.is_set():
                begun = time.monotonic()
                assert service.get("/healthz").status_code == 200
                waits.append(time.monotonic() - begun)

        with ThreadPoolExecutor(at_once + 1) as clients:
            asking = clients.submit(ask)
            statuses = list(clients.map(attack, range(requests)))
            ended.set()
            asking.result()
    return max(waits), statuses
