"""Publishers in processes of their own, all at once: killed before a write, or let go together to race.

python -m tests.contract.store.publisher kill FOLDER WRITE=ADDRESS...
python -m tests.contract.store.publisher race ADDRESS FOLDER...

They are forked, one per address or folder. Their exit codes, those of the commands, are printed as JSON.
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

import model_store.s3  # noqa: F401 - imported once, before the publishers are forked
from model_store.catalogue import PROBES, PROMOTIONS
from model_store.publish import publish
from model_store.store import Store, open_store
from reports.judge import judge
from scripts.terminal import run

BeforeWrite = Callable[[str], None]
"""Does something before a key is written."""


class Watched:
    """A store that calls a function before each write, and hands everything on."""

    def __init__(self, inner: Store, before_write: BeforeWrite) -> None:
        self._inner = inner
        self._before_write = before_write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def upload(self, key: str, source: Path) -> None:
        self._before_write(key)
        self._inner.upload(key, source)

    def create(self, key: str, data: bytes) -> None:
        self._before_write(key)
        self._inner.create(key, data)


def killed(number: int) -> BeforeWrite:
    """Kills this process before the n-th write of a release, as nothing can catch."""
    numbers = count(1)

    def before_write(key: str) -> None:
        if not key.startswith(PROBES) and next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return before_write


def held(barrier: Barrier) -> BeforeWrite:
    """Waits for all others before it writes its promotion."""

    def before_write(key: str) -> None:
        if key.startswith(PROMOTIONS):
            barrier.wait(timeout=120)

    return before_write


def _publish(folder: str, address: str, before_write: BeforeWrite) -> None:
    store = cast("Store", Watched(open_store(address), before_write))

    def published() -> int:
        publish(Path(folder), store, judge, by=f"process {os.getpid()}")
        return 0

    sys.exit(run(published))


def main() -> None:
    fork = multiprocessing.get_context("fork")
    how, first, *others = sys.argv[1:]
    barrier = fork.Barrier(len(others))
    if how == "kill":
        pairs = [other.split("=", 1) for other in others]
        publishers = [(first, address, killed(int(number))) for number, address in pairs]
    else:
        publishers = [(folder, first, held(barrier)) for folder in others]
    processes = [fork.Process(target=_publish, args=publisher) for publisher in publishers]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    sys.stdout.write(json.dumps([process.exitcode for process in processes]))


if __name__ == "__main__":
    main()
