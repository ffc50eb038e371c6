"""Publishers in processes of their own: one that kills itself at a write, or many that race.

python -m tests.contract.store.publisher kill-before|kill-after N ADDRESS FOLDER
python -m tests.contract.store.publisher race ADDRESS FOLDER...

Racers are forked, one per folder, and let go together when all have come to their promotion. Their exit codes
are printed as JSON; they are those of the commands.
"""

import json
import multiprocessing
import os
import signal
import sys
from multiprocessing.synchronize import Barrier
from pathlib import Path

import model_store.s3  # noqa: F401 - imported once, before the racers are forked
from model_store.catalogue import PROBES
from model_store.publish import publish
from model_store.store import Entry, Store, open_store
from scripts.terminal import run


class Delegating:
    """A store that hands everything on; subclasses step in at writes."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.address = inner.address

    def read(self, key: str) -> bytes:
        return self._inner.read(key)

    def download(self, key: str, to: Path, limit: int | None = None) -> None:
        self._inner.download(key, to, limit)

    def upload(self, key: str, source: Path) -> None:
        self._inner.upload(key, source)

    def create(self, key: str, data: bytes) -> None:
        self._inner.create(key, data)

    def entries(self, prefix: str) -> list[Entry]:
        return self._inner.entries(prefix)

    def delete(self, key: str) -> None:
        self._inner.delete(key)


class Killed(Delegating):
    """Kills its own process before or after the n-th write of a release, as nothing can catch."""

    def __init__(self, inner: Store, *, before: int = 0, after: int = 0) -> None:
        super().__init__(inner)
        self._before, self._after, self._writes = before, after, 0

    def upload(self, key: str, source: Path) -> None:
        self._count_and_kill(self._before)
        super().upload(key, source)
        self._kill_if(self._writes == self._after)

    def create(self, key: str, data: bytes) -> None:
        if key.startswith(PROBES):
            super().create(key, data)
            return
        self._count_and_kill(self._before)
        super().create(key, data)
        self._kill_if(self._writes == self._after)

    def _count_and_kill(self, at: int) -> None:
        self._writes += 1
        self._kill_if(self._writes == at)

    def _kill_if(self, now: bool) -> None:
        if now:
            os.kill(os.getpid(), signal.SIGKILL)


class Held(Delegating):
    """Waits for all others before it writes its promotion."""

    def __init__(self, inner: Store, barrier: Barrier) -> None:
        super().__init__(inner)
        self._barrier = barrier

    def create(self, key: str, data: bytes) -> None:
        if key.startswith("promotions/"):
            self._barrier.wait(timeout=120)
        super().create(key, data)


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
    sys.exit(run(lambda: _publish(folder, Held(open_store(address), barrier))))


def _publish(folder: Path, store: Store) -> int:
    publish(folder, store, by=f"process {os.getpid()}")
    return 0


def main() -> int:
    match sys.argv[1:]:
        case ["kill-before", number, address, folder]:
            return _publish(Path(folder), Killed(open_store(address), before=int(number)))
        case ["kill-after", number, address, folder]:
            return _publish(Path(folder), Killed(open_store(address), after=int(number)))
        case ["race", address, *folders]:
            sys.stdout.write(json.dumps(race(address, [Path(folder) for folder in folders])))
            return 0
    return 2


if __name__ == "__main__":
    sys.exit(run(main))
