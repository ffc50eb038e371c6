"""The worker processes: fed evenly, answered in order, replaced when one is killed.

A pipe to each instead of a queue for all: so it is known which chunk died with which worker, and a worker
whose parent was killed sees its pipe close and ends. What a worker does: worker.py.
"""

import signal
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Final, Self

from labelling.chunk import Labelled
from labelling.errors import WorkersFailed
from labelling.worker import Answer, Chunk, Failed, Orders, work

WAITING: Final = 2
"""Chunks with each worker: one in work, and one so that it need not wait for the next."""

AHEAD: Final = 8
"""Chunks per worker that may be done before the oldest is: what memory holds while one photo takes long."""

TRIES: Final = 3
"""How often a chunk is given to a worker; one that ends them all is not the workers' fault."""

LEAVING_SECONDS: Final = 5

_NONE: Final = -1
"""The number of no chunk."""

Say = Callable[[str], None]


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: "Connection[Chunk, Answer]"
    chunks: deque[Chunk] = field(default_factory=deque)

    def give(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)
        with suppress(OSError):  # it has just ended; that is seen when its answer is waited for
            self.pipe.send(chunk)


class Crew:
    """Some workers; a context, at whose end they are gone."""

    def __init__(self, orders: Orders, size: int, say: Say) -> None:
        """Nothing is started yet.

        Args:
            orders: what each is told.
            size: how many, at least 1.
            say: told when one was lost.
        """
        self._orders = orders
        self._size = size
        self._say = say
        self._workers: list[_Worker] = []
        self._tries: Counter[int] = Counter()

    def __enter__(self) -> Self:
        self._workers = [self._started() for _ in range(self._size)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(LEAVING_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def label(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Labelled]]:
        """Label chunks on all workers; results come in the order of the chunks.

        Args:
            chunks: numbered from 0, taken only as fast as they are needed.

        Raises:
            WorkersFailed: a worker cannot go on and says why, or a chunk has ended TRIES of them.
        """
        coming = iter(chunks)
        done: dict[int, tuple[Chunk, Labelled]] = {}
        given, due = self._feed(coming, 0, 0), 0
        while any(worker.chunks for worker in self._workers):
            done |= {chunk.number: (chunk, labelled) for chunk, labelled in self._answers()}
            while due in done:
                yield done.pop(due)
                due += 1
            given = self._feed(coming, given, due)

    def _feed(self, coming: Iterator[Chunk], given: int, due: int) -> int:
        """Hand out chunks while a worker could take one and none is too far ahead; how many were, in all."""
        while given - due < AHEAD * self._size:
            worker = min(self._workers, key=lambda one: len(one.chunks))
            if len(worker.chunks) >= WAITING or (chunk := next(coming, None)) is None:
                break
            worker.give(chunk)
            given += 1
        return given

    def _answers(self) -> list[tuple[Chunk, Labelled]]:
        """Wait until a worker has answered or ended; what was with one that ended goes to another."""
        ready = wait([worker.pipe for worker in self._workers])
        found = []
        for worker in [one for one in self._workers if one.pipe in ready]:
            try:
                answer = worker.pipe.recv()
            except (EOFError, OSError):
                self._replace(worker)
                continue
            if isinstance(answer, Failed):
                raise WorkersFailed(answer.why)
            found.append((worker.chunks.popleft(), answer[1]))
        return found

    def _replace(self, lost: _Worker) -> None:
        """Start another worker and give it what the lost one had.

        Raises:
            WorkersFailed: its chunk has been the end of several.
        """
        lost.process.join(LEAVING_SECONDS)
        lost.pipe.close()
        what = _ending(lost.process.exitcode)
        if lost.chunks:
            items = lost.chunks[0].items
            what += f" at one of {len(items)} pictures from {items[0].name} on"
        number = lost.chunks[0].number if lost.chunks else _NONE
        self._tries[number] += 1
        if self._tries[number] == TRIES:
            raise WorkersFailed(
                f"{TRIES} worker processes in turn: the last {what}. What was labelled before is kept."
            )
        self._say(f"a worker process {what}. Another one does them again.")
        worker = self._started()
        self._workers[self._workers.index(lost)] = worker
        for chunk in lost.chunks:
            worker.give(chunk)

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
