"""What one scrape of a running service holds. Starts one with the store that is bundled, and stops it."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import requests

from benchmarks.side_by_side.uploads import picture_for
from tests.service import running

SCRAPES = 20
SOME_CLIENTS_WRONGS = (b"no picture", b"\x89PNG\r\n\x1a\n broken")


@dataclass(frozen=True)
class Scrape:
    """One answer of /metrics/prometheus.

    Attributes:
        series: lines that are no comment.
        size: bytes.
        milliseconds: the median of several, with the client's part.
    """

    series: int
    size: int
    milliseconds: float


def scrape_with(workers: int) -> Scrape:
    """Of so many workers, after some requests of every kind that a client makes."""
    with tempfile.TemporaryDirectory() as name, running(Path(name), WEB_CONCURRENCY=str(workers)) as service:
        _ask_for_some(service.url)
        took = []
        for _ in range(SCRAPES):
            began = time.perf_counter()
            answer = requests.get(f"{service.url}/metrics/prometheus", timeout=10)
            took.append((time.perf_counter() - began) * 1000)
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    return Scrape(len(lines), len(answer.content), median(took))


def _ask_for_some(url: str) -> None:
    for body in (picture_for("png"), picture_for("jpeg"), *SOME_CLIENTS_WRONGS):
        for _ in range(4):
            requests.post(f"{url}/predict", data=body, timeout=10)
    files = [("image", ("boot.png", picture_for("png")))] * 3
    requests.post(f"{url}/predict/batch", files=files, timeout=10)
    for path in ("/healthz", "/readyz", "/model", "/metrics", "/nowhere"):
        requests.get(f"{url}{path}", timeout=10)
