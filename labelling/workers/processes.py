"""Workers as processes of this machine, each on a pipe of its own.

A pipe for each worker, not a queue for all: it shows which chunk was lost with which worker, and a worker
whose parent was killed sees its pipe close, and ends.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from itertools import count
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Final, NamedTuple

from inference.cores import usable_cores
from inference.errors import InferenceError
from labelling.errors import LabellingError
from labelling.items import Item
from labelling.row import Row
from labelling.workers.labeller import Setup, open_labeller
from labelling.workers.pool import Chunk, ChunkResult, Ended, Fatal
from model_store.errors import StoreError

LEAVING_SECONDS: Final = 5


class _Worker(NamedTuple):
    process: SpawnProcess
    pipe: "Connection[Chunk, list[Row] | Fatal]"


class Processes(AbstractContextManager["Processes"]):
    """An engine on this machine alone; see pool.py."""

    def __init__(self, setup: Setup, size: int | None) -> None:
        """Nothing is started yet.

        Args:
            setup: what each worker starts with.
            size: how many, at least 1; None is one per core.
        """
        self._setup = setup
        self._size = size or usable_cores()
        self._workers: dict[int, _Worker] = {}
        self._numbers = count()

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
        return items  # a process here opens what this one can

    def start(self) -> int:
        number = next(self._numbers)
        self._workers[number] = self._started()
        return number

    def give(self, worker: int, chunk: Chunk) -> None:
        with suppress(OSError):  # it has just ended, which `answers` reports
            self._workers[worker].pipe.send(chunk)

    def answers(self) -> list[tuple[int, ChunkResult]]:
        ready = wait([worker.pipe for worker in self._workers.values()])
        numbers = [number for number, worker in self._workers.items() if worker.pipe in ready]
        return [(number, self._answer(number)) for number in numbers]

    def _answer(self, number: int) -> ChunkResult:
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
        process = context.Process(target=_work, args=(theirs, self._setup), daemon=True)
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


def _work(pipe: "Connection[list[Row] | Fatal, Chunk]", setup: Setup) -> None:
    """Label chunks until the pipe closes: a worker's whole life.

    A thread reads the pipe, so that the next chunk is here when the last is done, neither side waits for the
    other to read, and a killed parent is noticed at once.
    """
    inbox: SimpleQueue[Chunk] = SimpleQueue()
    Thread(target=_receive, args=(pipe, inbox), daemon=True).start()
    try:
        labeller = open_labeller(setup)
        while True:
            pipe.send(labeller.label(inbox.get()))
    except (InferenceError, StoreError, LabellingError) as error:
        pipe.send(Fatal(str(error)))
    except OSError:  # the parent is gone
        os._exit(1)


def _receive(pipe: "Connection[list[Row] | Fatal, Chunk]", inbox: "SimpleQueue[Chunk]") -> None:
    """Take chunks as they come; end the process when there will be no more."""
    try:
        while True:
            inbox.put(pipe.recv())
    except (EOFError, OSError):
        os._exit(0)  # the other thread may be in the middle of a picture
