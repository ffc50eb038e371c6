"""Faults on purpose: python -m benchmarks.chaos (or `make chaos`).

Twenty swaps and rollbacks under load, kill -9 of workers under load, every S3 fault in every situation, with
real gunicorn, Swift and a fault-making proxy. Prints a summary, saves docs/results/chaos.json, and ends with
1 if a promise was broken. The scenes are those of tests/s3_faults.py; e2e plays a few of them.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.results import save
from model_store.errors import StoreError
from model_store.store import open_store
from scripts.terminal import console
from tests import s3_servers
from tests.fault_proxy import FAULTS, Mode
from tests.s3_faults import SITUATIONS, Stage, a_stage, leak
from tests.s3_servers import S3Server
from tests.service import running
from tests.swaps import UPLOAD, a_shelf, swap, wait_until_served
from tests.witness import CLIENTS, CONNECTIONS, Testimony, witnesses

SWAPS = 20
KILLS = 5
BETWEEN_SECONDS = 1.0
"""Of load in peace, after each swap and each kill."""

LONGEST = 300
"""Letters kept of what went wrong."""

AT_ONCE = 8
"""Scenes that play at the same time; most of each is waiting."""

LEAKS = {
    Mode.SKEW: 50,
    Mode.FORBIDDEN: 50,
    Mode.DAMAGE: 50,
    Mode.REFUSE: 50,
    Mode.RESET: 50,
    Mode.SLOW_DOWN: 50,
    Mode.BLACK_HOLE: 3,
    Mode.SLOW: 3,
}
"""Failed polls for each fault; those that are given up after a time limit only are few."""


@dataclass(frozen=True)
class Shaken:
    """What a load has seen while something was done to the service so many times."""

    times: int
    seconds: float
    answered: int
    per_second: float
    mixed: int
    failed: int
    failed_allowed: int
    slowest_seconds: float
    examples: list[str]

    @property
    def kept(self) -> bool:
        """Whether it went as promised."""
        return self.answered > 0 and self.mixed == 0 and self.failed <= self.failed_allowed


@dataclass(frozen=True)
class Scene:
    """One fault in one situation; `error` says what was not as promised."""

    situation: str
    fault: str
    seconds: float | None
    recovered_seconds: float | None
    answered: int
    said: str
    error: str | None


@dataclass(frozen=True)
class Leaked:
    """What one worker held before and after so many failed polls; `error` says what went wrong instead."""

    fault: str
    polls: int
    threads: tuple[int, int] | None
    descriptors: tuple[int, int] | None
    error: str | None


def main() -> int:
    """Try everything, save, print."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        swapped, killed = swap_under_load(folder / "swaps"), kill_under_load(folder / "kills")
        with s3_servers.swift(folder / "swift") as server, _reaching(server):
            scenes, leaked = play_all(server, folder)
    broken = _count_broken(swapped, killed, scenes, leaked)
    figures = {
        "seconds": round(time.monotonic() - begun),
        "load_average_5_minutes": os.getloadavg()[1],
        "swaps_under_load": asdict(swapped),
        "kills_under_load": asdict(killed),
        "faults": [asdict(scene) for scene in scenes],
        "held_by_a_worker": [asdict(each) for each in leaked],
        "promises_broken": broken,
    }
    path = save("chaos", "make chaos", figures)
    _show(swapped, killed, scenes, leaked)
    console().print(f"{broken} promises broken. Saved to {path.name} in {path.parent}.")
    return 1 if broken else 0


def swap_under_load(folder: Path) -> Shaken:
    """Promote and roll back while clients ask as fast as they are answered."""
    shelf = a_shelf(open_store(str(folder / "store")), folder)
    with (
        running(folder, MODEL_STORE=shelf.store.address, REFRESH_SECONDS="0.2") as service,
        witnesses(service.url, UPLOAD, shelf.answers) as seen,
    ):
        for number in range(SWAPS):
            wait_until_served(service, swap(shelf, number))
            time.sleep(BETWEEN_SECONDS)
    return _shaken(SWAPS, seen, failed_allowed=0)


def kill_under_load(folder: Path) -> Shaken:
    """Kill workers with SIGKILL, one after another: no more is lost than what each was answering."""
    shelf = a_shelf(open_store(str(folder / "store")), folder, releases=1)
    with (
        running(folder, MODEL_STORE=shelf.store.address) as service,
        witnesses(service.url, UPLOAD, shelf.answers) as seen,
    ):
        for _ in range(KILLS):
            workers = service.worker_pids()
            service.kill_worker(workers[0])
            service.wait_for_workers(len(workers), other_than=workers[0])
            wait_until_served(service, shelf.versions[0])
            time.sleep(BETWEEN_SECONDS)
    return _shaken(KILLS, seen, failed_allowed=KILLS * CLIENTS * CONNECTIONS)


def play_all(server: S3Server, folder: Path) -> tuple[list[Scene], list[Leaked]]:
    """Every fault in every situation, and what polls that fail leave behind."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # The long ones begin first, so that the end is not a wait for one of them.
        leaks = {fault: pool.submit(_count, server, folder, fault) for fault in LEAKS}
        faults = sorted(FAULTS, key=lambda fault: fault not in (Mode.BLACK_HOLE, Mode.SLOW))
        named = [(situation, fault) for fault in faults for situation in SITUATIONS]
        scenes = [pool.submit(_play, server, folder, situation, fault) for situation, fault in named]
        return [scene.result() for scene in scenes], [leaked.result() for leaked in leaks.values()]


def _play(server: S3Server, folder: Path, situation: str, fault: Mode) -> Scene:
    try:
        outcome = SITUATIONS[situation](_stage(server, folder), fault)
    except (AssertionError, OSError, subprocess.TimeoutExpired, StoreError) as error:
        return Scene(situation, fault.value, None, None, 0, "", f"{type(error).__name__}: {error}"[:LONGEST])
    return Scene(
        situation,
        fault.value,
        round(outcome.seconds, 1),
        None if outcome.recovered is None else round(outcome.recovered, 1),
        outcome.answered,
        _without_names(outcome.said),
        None,
    )


def _count(server: S3Server, folder: Path, fault: Mode) -> Leaked:
    try:
        counted = leak(_stage(server, folder), fault, LEAKS[fault])
    except (AssertionError, OSError, StoreError) as error:
        return Leaked(fault.value, LEAKS[fault], None, None, f"{type(error).__name__}: {error}"[:LONGEST])
    before, after = counted.before, counted.after
    return Leaked(
        fault.value,
        counted.polls,
        (before.threads, after.threads),
        (before.descriptors, after.descriptors),
        None if counted.flat else "it grew",
    )


def _stage(server: S3Server, folder: Path) -> Stage:
    return a_stage(server, Path(tempfile.mkdtemp(dir=folder)))


def _shaken(times: int, seen: Testimony, *, failed_allowed: int) -> Shaken:
    return Shaken(
        times=times,
        seconds=round(seen.seconds, 1),
        answered=seen.answered,
        per_second=round(seen.rate),
        mixed=seen.mixed,
        failed=seen.failed,
        failed_allowed=failed_allowed,
        slowest_seconds=round(seen.slowest, 3),
        examples=seen.problems,
    )


def _without_names(said: str) -> str:
    """An error without what differs from run to run: the bucket's name and ports."""
    return re.sub(r":\d{4,5}", ":PORT", re.sub(r"shop-[0-9a-f]+", "BUCKET", said))


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


def _count_broken(swapped: Shaken, killed: Shaken, scenes: list[Scene], leaked: list[Leaked]) -> int:
    errors = [scene.error for scene in scenes] + [each.error for each in leaked]
    return sum(not shaken.kept for shaken in (swapped, killed)) + sum(error is not None for error in errors)


def _show(swapped: Shaken, killed: Shaken, scenes: list[Scene], leaked: list[Leaked]) -> None:
    out = console()
    for name, shaken in (("swaps and rollbacks", swapped), ("kill -9 of a worker", killed)):
        kept = "" if shaken.kept else ": BROKEN"
        out.print(
            f"{shaken.times} {name}: {shaken.answered} answers, {shaken.failed} failed "
            f"({shaken.failed_allowed} allowed), {shaken.mixed} mixed, "
            f"slowest {shaken.slowest_seconds:.2f} s{kept}"
        )
    out.print(f"{len(scenes)} scenes of faults, {len(leaked)} counts of what a worker holds.")
    errors = [(f"{scene.situation}, {scene.fault}", scene.error) for scene in scenes]
    for what, error in (*errors, *((each.fault, each.error) for each in leaked)):
        if error:
            out.print(f"BROKEN: {what}: {error}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
