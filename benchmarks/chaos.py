"""Faults on purpose: python -m benchmarks.chaos (or `make chaos`).

Twenty swaps and rollbacks under load, kill -9 of workers under load, every S3 fault in every situation, and
JSON that is no text, with real gunicorn, Swift and a fault-making proxy. Saves docs/results/chaos.json,
prints what is broken, and ends with 1 if anything is. The scenes are those of tests/s3_faults.py; e2e plays
a few of them. A start's faults are in tests/contract/service/test_starting.py, commands that meet in
tests/contract/store/test_prune_races.py.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.results import save
from model_store.errors import StoreError
from model_store.store import open_store
from scripts.progress import counting
from scripts.terminal import console
from tests import s3_servers
from tests.fault_proxy import Mode
from tests.json_attack import HEALTH_SECONDS, health_during_attack
from tests.load import CLIENTS, Record, under_load
from tests.s3_faults import SCENES, SITUATIONS, Stage, a_stage, held_while_polls_fail
from tests.s3_servers import S3Server
from tests.service import running
from tests.swaps import UPLOAD, a_shelf, swap, wait_until_served

SWAPS = 20
KILLS = 5
BETWEEN_SECONDS = 1.0
"""Of load in peace, after each swap and each kill."""

EXAMPLES = 20
LONGEST = 300
"""Letters kept of what went wrong."""

AT_ONCE = 8
"""Scenes that play at the same time; most of each is waiting."""

SLOW = (Mode.BLACK_HOLE, Mode.STALL)
"""Faults that are reported after a time limit only."""

LEAKS = {
    **dict.fromkeys((Mode.SKEW, Mode.FORBIDDEN, Mode.REFUSE, Mode.RESET, Mode.SLOW_DOWN), 50),
    Mode.BLACK_HOLE: 3,
}
"""Failed polls for each fault."""

Figures = dict[str, Any]
"""What is saved of one trial; `error` says which promise was broken."""


def main() -> int:
    """Try everything, save, print."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        swapped, killed = swap_under_load(folder / "swaps"), kill_under_load(folder / "kills")
        with s3_servers.swift(folder / "swift") as server, _reaching(server):
            scenes, leaked = play_all(server, folder)
        attacked = attack_by_json(folder / "attack")
    trials = [swapped, killed, *scenes, *leaked, attacked]
    broken = [trial for trial in trials if trial["error"]]
    figures = {
        "seconds": round(time.monotonic() - begun),
        "load_average_5_minutes": os.getloadavg()[1],
        "swaps_under_load": swapped,
        "kills_under_load": killed,
        "faults": scenes,
        "held_by_a_worker": leaked,
        "json_attack": attacked,
        "promises_broken": len(broken),
    }
    path = save("chaos", "make chaos", figures)
    out = console()
    for trial in broken:
        out.print(f"BROKEN: {trial}")
    out.print(f"{len(broken)} of {len(trials)} promises broken. Saved to {path.name} in {path.parent}.")
    return 1 if broken else 0


def swap_under_load(folder: Path) -> Figures:
    """Promote and roll back while clients ask as fast as they are answered."""
    shelf = a_shelf(open_store(str(folder / "store")), folder)
    with (
        running(folder, MODEL_STORE=shelf.store.address, REFRESH_SECONDS="0.2") as service,
        under_load(service.url, UPLOAD, shelf.answers) as seen,
        counting("swapping releases under load") as watch,
    ):
        for number in range(SWAPS):
            wait_until_served(service, swap(shelf, number))
            time.sleep(BETWEEN_SECONDS)
            watch(number + 1, SWAPS)
    return _seen(SWAPS, seen, failed_allowed=0)


def kill_under_load(folder: Path) -> Figures:
    """Kill workers with SIGKILL, one after another: no more is lost than what each was answering."""
    shelf = a_shelf(open_store(str(folder / "store")), folder, releases=1)
    with (
        running(folder, MODEL_STORE=shelf.store.address) as service,
        under_load(service.url, UPLOAD, shelf.answers) as seen,
        counting("killing workers under load") as watch,
    ):
        for number in range(KILLS):
            workers = service.worker_pids()
            service.kill_worker(workers[0])
            service.wait_for_workers(len(workers), other_than=workers[0])
            wait_until_served(service, shelf.versions[0])
            time.sleep(BETWEEN_SECONDS)
            watch(number + 1, KILLS)
    return _seen(KILLS, seen, failed_allowed=KILLS * CLIENTS)


def _seen(times: int, seen: Record, *, failed_allowed: int) -> Figures:
    """What a load has seen while something was done to the service so many times."""
    failed = len(seen.cut) + seen.refused
    kept = seen.answered > 0 and not seen.mixed and failed <= failed_allowed
    return {
        "times": times,
        "seconds": round(seen.seconds, 1),
        "answered": seen.answered,
        "per_second": round(seen.answered / seen.seconds),
        "mixed": len(seen.mixed),
        "failed": failed,
        "failed_allowed": failed_allowed,
        "slowest_seconds": round(seen.slowest, 3),
        "examples": [*seen.cut, *seen.mixed][:EXAMPLES],
        "error": None if kept else "answers were mixed, or more failed than may",
    }


def play_all(server: S3Server, folder: Path) -> tuple[list[Figures], list[Figures]]:
    """Every fault in every situation, and what polls that fail leave behind."""

    def tried(trial: Callable[[Stage], Figures], **of: str) -> "Future[Figures]":
        return pool.submit(_tried, trial, server, folder, of)

    with ThreadPoolExecutor(AT_ONCE) as pool, counting("breaking the store in each situation") as watch:
        # The long ones begin first, so that the end is not a wait for one of them.
        leaks = [tried(partial(_count, fault=fault), fault=fault.value) for fault in LEAKS]
        scenes = [
            tried(partial(_play, situation=situation, fault=fault), situation=situation, fault=fault.value)
            for situation, fault in sorted(SCENES, key=lambda scene: scene[1] not in SLOW)
        ]
        for done, _ in enumerate(as_completed([*leaks, *scenes]), start=1):
            watch(done, len(leaks) + len(scenes))
        return [scene.result() for scene in scenes], [leaked.result() for leaked in leaks]


def _tried(trial: Callable[[Stage], Figures], server: S3Server, folder: Path, of: dict[str, str]) -> Figures:
    """The figures of a trial, or the error that ended it."""
    try:
        return {**of, **trial(a_stage(server, Path(tempfile.mkdtemp(dir=folder))))}
    except (AssertionError, OSError, subprocess.TimeoutExpired, StoreError) as error:
        return {**of, "error": f"{type(error).__name__}: {error}"[:LONGEST]}


def _play(stage: Stage, situation: str, fault: Mode) -> Figures:
    """One fault in one situation."""
    outcome = SITUATIONS[situation](stage, fault)
    return {
        "seconds": round(outcome.seconds, 1),
        "recovered_seconds": None if outcome.recovered is None else round(outcome.recovered, 1),
        "answered": outcome.answered,
        "said": _constant(outcome.said),
        "error": None,
    }


def _count(stage: Stage, fault: Mode) -> Figures:
    """What one worker held before and after so many failed polls."""
    before, after = held_while_polls_fail(stage, fault, LEAKS[fault])
    return {
        "polls": LEAKS[fault],
        "threads": (before.threads, after.threads),
        "descriptors": (before.descriptors, after.descriptors),
        "error": "it grew" if after.exceeds(before) else None,
    }


def attack_by_json(folder: Path) -> Figures:
    """Ask for /healthz while JSON that is no text arrives."""
    slowest, statuses = health_during_attack(folder)
    kept = slowest < HEALTH_SECONDS and set(statuses) <= {400, 503}
    return {
        "bodies": len(statuses),
        "slowest_seconds": round(slowest, 3),
        "error": None if kept else f"/healthz waited, or a body was answered with one of {set(statuses)}",
    }


def _constant(message: str) -> str:
    """Without what differs from run to run."""
    for pattern, name in (
        (r"shop-[0-9a-f]+", "BUCKET"),
        (r":\d{4,5}", ":PORT"),
        (r"(?:/\w+)+/filled", "CACHE"),
    ):
        message = re.sub(pattern, name, message)
    return message


@contextmanager
def _reaching(server: S3Server) -> Iterator[None]:
    """Let boto3 in this process reach the server and nothing else, as the tests do."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(server.environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    sys.exit(main())
