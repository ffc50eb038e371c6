"""Memory over some time: `make measure ARGS=soak`.

Mixed uploads on eight kept-alive connections, at a rate that leaves the machine mostly idle, while another
release is promoted every minute. Saves docs/results/soak.json: the resident memory of each worker at the end
of every minute.
"""

import argparse
import http.client
import itertools
import json
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import family, processor_seconds, resident_megabytes
from benchmarks.results import FOLDER, commit, save
from benchmarks.servers import WORKERS, Running, serving
from benchmarks.side_by_side.forms import BOUNDARY, form_of
from benchmarks.side_by_side.peers import MULTIPART, RAW, ROWS, free_ports
from benchmarks.uploads import picture_for
from benchmarks.wrk import Request
from model_store.promotions import append_promotion, read_newest_promotion
from model_store.publish import publish_release
from model_store.release_files import MANIFEST_FILE
from model_store.store import Store, open_store
from reports.judge import judge_release
from scripts.terminal import run_main

ROOT = Path(__file__).parent.parent
BUNDLED = ROOT / "model_store" / "bundled"

CONNECTIONS = 8
TIMEOUT_SECONDS = 60
BATCH = 16

OLDER = "20200101T000000Z"
"""The date in the version of the copy that takes turns with the bundled release."""


@dataclass
class Seen:
    """What the clients saw: how often each status came, after how long, and what broke a connection."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main(argv: list[str] | None = None) -> int:
    """Load, promote and sample; save."""
    options = _options().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        store, versions = two_releases(Path(folder))
        (port,) = free_ports(1)
        environment = {
            "PORT": str(port),
            "WEB_CONCURRENCY": str(options.workers),
            "WARDROBE_MODEL_STORE": store.address,
            "WARDROBE_CACHE_DIR": str(Path(folder, "cache")),
            "WARDROBE_REFRESH_SECONDS": "1",
        }
        command = [sys.executable, "-m", "app"]
        with serving(command, port, ROOT, environment, lambda: _answers(port)) as service:
            figures = soak(service, store, versions, options)
    figures["commit"] = commit(ROOT)
    given = f"make measure ARGS='soak --samples {options.samples} --every {options.every:g}"
    given += f" --rate {options.rate:g} --workers {options.workers}'"
    print(f"Saved {save('soak', given, figures, options.out)}")
    return 0


def two_releases(folder: Path) -> tuple[Store, list[str]]:
    """A store with the bundled release, which is current, and a copy that differs in its date alone."""
    store = open_store(str(folder / "store"))
    copy = folder / "copy"
    shutil.copytree(BUNDLED, copy)
    manifest = json.loads((BUNDLED / MANIFEST_FILE).read_text("utf-8"))
    manifest["version"] = f"{OLDER}-{manifest['version'].rpartition('-')[2]}"
    (copy / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")
    copied = publish_release(copy, store, judge_release, author="soak", promote=False)
    return store, [
        copied.manifest.version,
        publish_release(BUNDLED, store, judge_release, author="soak").manifest.version,
    ]


def soak(
    service: Running, store: Store, versions: list[str], options: argparse.Namespace
) -> dict[str, object]:
    """Sample the memory of every process at the end of each interval, then promote the other release."""
    seen = Seen()
    stop = threading.Event()
    requests = mixed()
    every = CONNECTIONS / options.rate
    turns = itertools.cycle(versions)
    memory: dict[int, list[float]] = {pid: [] for pid in family(service.pid)}
    with ThreadPoolExecutor(CONNECTIONS) as clients:
        asking = [
            clients.submit(keep_asking, service.port, in_turn(requests, number), every, seen, stop)
            for number in range(CONNECTIONS)
        ]
        began = time.monotonic()
        try:
            for sample in range(options.samples):
                time.sleep(max(0.0, began + (sample + 1) * options.every - time.monotonic()))
                for pid, its in memory.items():
                    its.append(round(resident_megabytes(pid), 1))
                append_promotion(store, next(turns), "promote", "soak", read_newest_promotion(store))
                print(sample + 1, [its[-1] for its in memory.values()], dict(seen.statuses), flush=True)
        finally:
            stop.set()
    for client in asking:
        client.result()
    return {
        "plan": {
            "samples": options.samples,
            "every_seconds": options.every,
            "requests_per_second": options.rate,
            "connections": CONNECTIONS,
            "workers": options.workers,
        },
        "resident_megabytes": list(memory.values()),
        "processor_seconds": round(processor_seconds(family(service.pid)), 1),
        "seconds": round(time.monotonic() - began, 1),
        "promotions": options.samples,
        "answers": {str(status): count for status, count in sorted(seen.statuses.items())},
        "milliseconds": {
            str(share): round(statistics.quantiles(seen.milliseconds, n=100)[share - 1], 1)
            for share in (50, 99)
        },
        "broken": seen.broken,
    }


def in_turn(requests: list[Request], number: int) -> Iterator[Request]:
    """The requests of a client without an end; each client begins with another one."""
    return itertools.islice(itertools.cycle(requests), number * len(requests) // CONNECTIONS, None)


def keep_asking(
    port: int, requests: Iterator[Request], every: float, seen: Seen, stop: threading.Event
) -> None:
    """Send one request after another on one connection, pausing for about `every` seconds before each."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    while not stop.wait(every * random.uniform(0.5, 1.5)):
        request = next(requests)
        began = time.monotonic()
        try:
            connection.request("POST", request.path, request.body, {"Content-Type": request.content_type})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            with seen.lock:
                seen.broken.append(repr(error))
            connection.close()
            continue
        with seen.lock:
            seen.statuses[answer.status] += 1
            seen.milliseconds.append(1000 * (time.monotonic() - began))
    connection.close()


def mixed() -> list[Request]:
    """What a client sends in turn: thumbnails mostly, and some of everything else, a broken file too."""
    png = picture_for("png")
    batch = Request("/predict/batch", f"multipart/form-data; boundary={BOUNDARY}", form_of([png] * BATCH))
    small = [RAW.request(png)] * 6 + [MULTIPART.request(png), ROWS.request(png)]
    photo = RAW.request(picture_for("jpeg"))
    broken = RAW.request(png[: len(png) // 2])
    large = RAW.request(picture_for("jpeg-12mp"))
    return [*small, photo, *small, photo, *small, photo, batch, *small, photo, broken, large]


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=main.__doc__)
    parser.add_argument("--samples", type=int, default=60, help="of memory, with a promotion after each")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two of them")
    parser.add_argument("--rate", type=float, default=80.0, help="requests a second in all")
    parser.add_argument("--workers", type=int, default=WORKERS, help="of the service")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures")
    return parser


if __name__ == "__main__":
    sys.exit(run_main(main))
