"""Publishers in processes of their own: one that kills itself at a write, or many that race.

python -m tests.contract.store.publisher kill N ADDRESS FOLDER
python -m tests.contract.store.publisher race ADDRESS FOLDER...

Racers are forked, one per folder, and let go together when all have come to their promotion. Their exit codes
are printed as JSON; they are those of the commands.
"""

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, cast

import model_store.s3  # noqa: F401 - imported once, before the racers are forked
from model_store.catalogue import PROBES, PROMOTIONS
from model_store.publish import publish
from model_store.store import Store, open_store
from reports.judge import judge
from scripts.terminal import run

AtWrite = Callable[[str, Callable[[], None]], None]
"""Does a write, given its key and what writes, or something else in its place."""


class Watched:
    """A store that leaves its writes to a function, and hands everything else on."""

    def __init__(self, inner: Store, at_write: AtWrite) -> None:
        self._inner = inner
        self._at_write = at_write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def upload(self, key: str, source: Path) -> None:
        self._at_write(key, lambda: self._inner.upload(key, source))

    def create(self, key: str, data: bytes) -> None:
        self._at_write(key, lambda: self._inner.create(key, data))


def watched(address: str, at_write: AtWrite) -> Store:
    return cast("Store", Watched(open_store(address), at_write))


def killed(before: int) -> AtWrite:
    """Kills this process before the n-th write of a release, as nothing can catch."""
    numbers = count(1)

    def at_write(key: str, write: Callable[[], None]) -> None:
        if not key.startswith(PROBES) and next(numbers) == before:
            os.kill(os.getpid(), signal.SIGKILL)
        write()

    return at_write


def held(barrier: Barrier) -> AtWrite:
    """Waits for all others before it writes its promotion."""

    def at_write(key: str, write: Callable[[], None]) -> None:
        if key.startswith(PROMOTIONS):
            barrier.wait(timeout=120)
        write()

    return at_write


def race(address: str, folders: list[Path]) -> list[int | None]:
    """Publish all folders at once; the exit code of each publisher."""
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(len(folders))
    racers = [fork.Process(target=_publish_held, args=(folder, address, barrier)) for folder in folders]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    return [racer.exitcode for racer in racers]


def _publish_held(folder: Path, address: str, barrier: Barrier) -> None:
    sys.exit(run(lambda: _publish(folder, watched(address, held(barrier)))))


def _publish(folder: Path, store: Store) -> int:
    publish(folder, store, judge, by=f"process {os.getpid()}")
    return 0


def main() -> int:
    match sys.argv[1:]:
        case ["kill", number, address, folder]:
            return _publish(Path(folder), watched(address, killed(int(number))))
        case ["race", address, *folders]:
            sys.stdout.write(json.dumps(race(address, [Path(folder) for folder in folders])))
            return 0
    return 2


if __name__ == "__main__":
    sys.exit(run(main))
