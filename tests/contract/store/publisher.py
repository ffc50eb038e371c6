"""Publishers in processes of their own that race: each waits for all others before its promotion.

python -m tests.contract.store.publisher ADDRESS FOLDER...

They are forked, one per folder. Their exit codes, those of the commands, are printed as JSON.
"""

import json
import multiprocessing
import os
import sys
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, cast

import model_store.s3  # noqa: F401 - imported once, before the publishers are forked
from model_store.publish import publish_release
from model_store.store import Store, open_store
from model_store.store_keys import PROMOTIONS
from reports.judge import judge_release
from scripts.terminal import run_main


class Held:
    """A store that waits for the other publishers before it creates a promotion, and hands everything on."""

    def __init__(self, inner: Store, barrier: Barrier) -> None:
        self._inner = inner
        self._barrier = barrier

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create(self, key: str, data: bytes) -> None:
        if key.startswith(PROMOTIONS):
            self._barrier.wait(timeout=120)
        self._inner.create(key, data)


def _publish(folder: str, address: str, barrier: Barrier) -> None:
    store = cast("Store", Held(open_store(address), barrier))

    def published() -> int:
        publish_release(Path(folder), store, judge_release, author=f"process {os.getpid()}")
        return 0

    sys.exit(run_main(published))


def main() -> None:
    fork = multiprocessing.get_context("fork")
    address, *folders = sys.argv[1:]
    barrier = fork.Barrier(len(folders))
    processes = [fork.Process(target=_publish, args=(folder, address, barrier)) for folder in folders]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    sys.stdout.write(json.dumps([process.exitcode for process in processes]))


if __name__ == "__main__":
    main()
