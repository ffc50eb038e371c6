"""The worker pool: gives each worker the next chunks, returns rows as they come, replaces lost workers.

Where workers run is an engine's business: processes.py for this machine, on_ray.py for several.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol, TypeAlias

from labelling.errors import WorkersFailed
from labelling.items import Item
from labelling.row import Row
from labelling.workers.labeller import Setup

WAITING: Final = 2
"""Chunks with each worker: one in work, and the next, so that it need not wait."""

TRIES: Final = 3
"""How many workers may be lost over one chunk; then the chunk is at fault."""


Chunk: TypeAlias = list[Item]
"""Some pictures, at least one, in the order of the source."""


class Fatal(NamedTuple):
    """Why a worker cannot go on, and no other could."""

    why: str


class Ended(NamedTuple):
    """How a worker ended, as in `a worker process was ended by SIGKILL`; another may go on."""

    how: str


ChunkResult: TypeAlias = list[Row] | Fatal | Ended
"""The rows of a chunk, or why there are none."""


class Engine(AbstractContextManager["Engine"], Protocol):
    """Where workers run; a context, at whose end they are gone. Entering it may raise EngineUnusable."""

    @property
    def size(self) -> int:
        """How many workers to start, at least 1; known once it is entered."""

    def carried(self, items: Iterator[Item]) -> Iterator[Item]:
        """The same pictures, with their bytes where a worker could not fetch them."""

    def start(self) -> int:
        """Start a worker; returns a number that no other has had."""

    def give(self, worker: int, chunk: Chunk) -> None:
        """Hand a chunk to a worker, which does them in turn; `answers` reports a worker that has ended."""

    def answers(self) -> list[tuple[int, ChunkResult]]:
        """Wait for one worker at least: the rows of its oldest chunk, or how it ended."""


MakeEngine: TypeAlias = Callable[[Setup, int | None], Engine]
"""Makes an engine for a number of workers; None is one per core."""

Say = Callable[[str], None]
"""Receives a sentence for people."""

Watch = Callable[[int, int | None], None]
"""Receives how many are done, and of how many; None where that is not known."""


class WorkerPool:
    """The workers of one engine, and which chunks each has."""

    def __init__(self, engine: Engine, say: Say) -> None:
        """Start as many workers as the engine is good for.

        Args:
            engine: entered already.
            say: called with a sentence for each worker that is lost.
        """
        self._engine = engine
        self._say = say
        self._lost: Counter[int | None] = Counter()
        self._chunks: dict[int, deque[Chunk]] = {engine.start(): deque() for _ in range(engine.size)}

    def label(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, list[Row]]]:
        """Label chunks on all workers; each comes with its rows as soon as it is done.

        Args:
            chunks: taken only as fast as they are needed.

        Raises:
            WorkersFailed: a worker cannot go on and says why, or a chunk has ended TRIES of them.
        """
        coming = iter(chunks)
        self._feed(coming)
        while any(self._chunks.values()):
            yield from self._answers()
            self._feed(coming)

    def _feed(self, coming: Iterator[Chunk]) -> None:
        """Hand out chunks while a worker can take one."""
        while True:
            worker, chunks = min(self._chunks.items(), key=lambda item: len(item[1]))
            if len(chunks) >= WAITING or (chunk := next(coming, None)) is None:
                return
            chunks.append(chunk)
            self._engine.give(worker, chunk)

    def _answers(self) -> list[tuple[Chunk, list[Row]]]:
        """Wait until a worker has answered or ended; another one takes the chunks of one that ended."""
        labelled = []
        for worker, answer in self._engine.answers():
            if isinstance(answer, Fatal):
                raise WorkersFailed(answer.why)
            if isinstance(answer, Ended):
                self._replace(self._chunks.pop(worker), answer.how)
            else:
                labelled.append((self._chunks[worker].popleft(), answer))
        return labelled

    def _replace(self, chunks: deque[Chunk], how: str) -> None:
        """Start another worker and give it the chunks of the lost one.

        Raises:
            WorkersFailed: the oldest of them has ended several.
        """
        oldest = chunks[0][0] if chunks else None
        if oldest:
            how += f" at one of {len(chunks[0])} pictures from {oldest.name} on"
        self._lost[oldest and oldest.number] += 1
        if self._lost[oldest and oldest.number] == TRIES:
            raise WorkersFailed(
                f"{TRIES} worker processes in turn: the last {how}. What was labelled before is kept."
            )
        self._say(f"a worker process {how}. Another one does them again.")
        worker = self._engine.start()
        self._chunks[worker] = chunks
        for chunk in chunks:
            self._engine.give(worker, chunk)
