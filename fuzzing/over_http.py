"""Send many hostile requests to a real gunicorn and see that it answers, lives and stays as small as it was.

    python -m fuzzing.over_http --requests 100000 --seed 1

Several processes send, each over one connection that is kept alive. Ends with 1 when an answer was a 5xx
other than 503, a worker died, memory grew or an answer took too long; fuzzing/crashers/ keeps such requests.
"""

import argparse
import http.client
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from fuzzing.asking import Ask, ask
from fuzzing.memory import Watch, trend
from fuzzing.reporting import HttpOutcome, Slowest, report
from tests.service import Service, running

CRASHERS = Path(__file__).with_name("crashers")
TIMEOUT_SECONDS = 30
CLIENTS = 3


@dataclass
class Tally:
    """What one client saw.

    Attributes:
        kinds: answers by kind of request and status; status 0 is a connection closed without an answer.
        bad: numbers of the requests whose answer must not be.
    """

    kinds: Counter[tuple[str, int]] = field(default_factory=Counter)
    bad: list[int] = field(default_factory=list)
    slowest: Slowest = field(default_factory=Slowest)


class Client:
    """One connection, opened again whenever the server closes it."""

    def __init__(self, address: str) -> None:
        place = urlsplit(address)
        self._connection = http.client.HTTPConnection(
            place.hostname or "", place.port, timeout=TIMEOUT_SECONDS
        )

    def send(self, asked: Ask) -> tuple[int, bytes]:
        """Status and body of the answer; status 0 when the connection closed without one."""
        try:
            self._connection.putrequest(asked.method, asked.target)
            for name, value in {**asked.headers, "Content-Length": str(len(asked.body))}.items():
                self._connection.putheader(name, value.encode("latin-1"))
            self._connection.endheaders(asked.body)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (ConnectionError, http.client.HTTPException):
            self._connection.close()
            return 0, b""


def main(argv: list[str] | None = None) -> int:
    """Attack, report, and say by the exit status whether all was well."""
    options = _options().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), LOG_LEVEL="WARNING") as service:
        outcome = attack(service, options.requests, options.seed)
    command = f"python -m fuzzing.over_http --requests {options.requests} --seed {options.seed}"
    return report(outcome, command, Console())


def attack(service: Service, requests: int, seed: int) -> HttpOutcome:
    """Send `requests` requests and gather what came of them."""
    pids, began = service.worker_pids(), time.monotonic()
    counters = [multiprocessing.Value("L", 0) for _ in range(CLIENTS)]
    watch = Watch(pids, done=lambda: sum(counter.value for counter in counters))
    shares = [(service.url, seed, range(first, requests, CLIENTS)) for first in range(CLIENTS)]
    with multiprocessing.Pool(CLIENTS, _take_counter, (counters,)) as pool:
        tallies = pool.starmap(
            _send_all, [(first, *share) for first, share in enumerate(shares)], chunksize=1
        )
    seconds = time.monotonic() - began
    watch.stop()
    return HttpOutcome(
        requests=requests,
        seed=seed,
        seconds=round(seconds, 1),
        kinds=sum((tally.kinds for tally in tallies), Counter()),
        bad=sorted(number for tally in tallies for number in tally.bad),
        slowest=max((tally.slowest for tally in tallies), key=lambda slowest: slowest.seconds),
        workers_before=pids,
        workers_after=service.worker_pids(),
        trends={pid: trend(samples) for pid, samples in watch.samples.items()},
        samples=watch.samples,
        tracebacks=service.log.read_text("utf-8", errors="replace").count("Traceback"),
    )


_counters: "list[Synchronized[int]]" = []


def _take_counter(counters: "list[Synchronized[int]]") -> None:
    _counters[:] = counters


def _send_all(client_number: int, address: str, seed: int, numbers: range) -> Tally:
    client, tally, counter = Client(address), Tally(), _counters[client_number]
    for number in numbers:
        asked = ask(seed, number)
        began = time.perf_counter()
        status, body = client.send(asked)
        took = time.perf_counter() - began
        tally.kinds[asked.kind, status] += 1
        tally.slowest = max(
            tally.slowest, Slowest(took, number, asked.kind, status), key=lambda one: one.seconds
        )
        if (status >= 500 and status != 503) or b"Traceback" in body:
            tally.bad.append(number)
            _keep(seed, number, asked)
        counter.value += 1
    return tally


def _keep(seed: int, number: int, asked: Ask) -> None:
    CRASHERS.mkdir(exist_ok=True)
    (CRASHERS / f"http-{seed}-{number}.body").write_bytes(asked.body)
    (CRASHERS / f"http-{seed}-{number}.txt").write_text(
        f"{asked.method} {asked.target}\n{asked.headers}\n", "utf-8", errors="replace"
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fuzzing.over_http", description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
