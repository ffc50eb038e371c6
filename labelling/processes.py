"""Workers as processes of this machine, each on a pipe of its own.

A pipe to each instead of a queue for all: so it is known which chunk died with which worker, and a worker
whose parent was killed sees its pipe close and ends. What a worker does: worker.py.
"""

import signal
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Final, NamedTuple, Self

from inference.cores import usable_cores
from labelling.chunk import Labelled
from labelling.engine import Answer, Chunk, Ended, Failed, Orders
from labelling.sources import Item
from labelling.worker import work

LEAVING_SECONDS: Final = 5


class _Worker(NamedTuple):
    process: SpawnProcess
    pipe: "Connection[Chunk, Labelled | Failed]"


class Processes:
    """An engine on this machine alone; see engine.py."""

    def __init__(self, orders: Orders, size: int | None) -> None:
        """Nothing is started yet.

        Args:
            orders: what each is told.
            size: how many, at least 1; None is one per core.
        """
        self._orders = orders
        self._size = size or usable_cores()
        self._workers: dict[int, _Worker] = {}
        self._numbers = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers.values():
            worker.pipe.close()
        for worker in self._workers.values():
            worker.process.join(LEAVING_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    @property
    def size(self) -> int:
        return self._size

    def carried(self, items: Iterator[Item]) -> Iterator[Item]:
        return items  # a process here opens what this one could

    def start(self) -> int:
        number = next(self._numbers)
        self._workers[number] = self._started()
        return number

    def give(self, worker: int, chunk: Chunk) -> None:
        with suppress(OSError):  # it has just ended; that is seen when its answer is waited for
            self._workers[worker].pipe.send(chunk)

    def answers(self) -> list[tuple[int, Answer]]:
        ready = wait([worker.pipe for worker in self._workers.values()])
        return [
            (number, self._answer(number))
            for number, worker in list(self._workers.items())
            if worker.pipe in ready
        ]

    def _answer(self, number: int) -> Answer:
        try:
            return self._workers[number].pipe.recv()
        except (EOFError, OSError):
            lost = self._workers.pop(number)
            lost.process.join(LEAVING_SECONDS)
            lost.pipe.close()
            return Ended(_ending(lost.process.exitcode))

    def _started(self) -> _Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, self._orders), daemon=True)
        resource_tracker.ensure_running()  # started within what follows, it would let Ctrl-C through
        # Ctrl-C reaches the whole group; the parent alone decides what it means. Children inherit this.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        return _Worker(process, ours)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
