"""The workers of a run: fed evenly, answered in order, replaced when one is lost.

Where they run is the engine's affair: engine.py says what it must do.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from labelling.chunk import Labelled
from labelling.engine import Chunk, Ended, Engine, Failed
from labelling.errors import WorkersFailed

WAITING: Final = 2
"""Chunks with each worker: one in work, and one so that it need not wait for the next."""

AHEAD: Final = 8
"""Chunks per worker that may be done before the oldest is: what memory holds while one photo takes long."""

TRIES: Final = 3
"""How often a chunk is given to a worker; one that ends them all is not the workers' fault."""

_NONE: Final = -1
"""The number of no chunk."""

Say = Callable[[str], None]


class Crew:
    """The workers of one engine, and which chunks each has."""

    def __init__(self, engine: Engine, say: Say) -> None:
        """Start as many as the engine is good for.

        Args:
            engine: entered already.
            say: told when one was lost.
        """
        self._engine = engine
        self._say = say
        self._tries: Counter[int] = Counter()
        self._chunks: dict[int, deque[Chunk]] = {engine.start(): deque() for _ in range(engine.size)}

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
        while any(self._chunks.values()):
            done |= {chunk.number: (chunk, labelled) for chunk, labelled in self._answers()}
            while due in done:
                yield done.pop(due)
                due += 1
            given = self._feed(coming, given, due)

    def _feed(self, coming: Iterator[Chunk], given: int, due: int) -> int:
        """Hand out chunks while a worker could take one and none is too far ahead; how many were, in all."""
        while given - due < AHEAD * self._engine.size:
            worker, chunks = min(self._chunks.items(), key=lambda one: len(one[1]))
            if len(chunks) >= WAITING or (chunk := next(coming, None)) is None:
                break
            chunks.append(chunk)
            self._engine.give(worker, chunk)
            given += 1
        return given

    def _answers(self) -> list[tuple[Chunk, Labelled]]:
        """Wait until a worker has answered or ended; what was with one that ended goes to another."""
        found = []
        for worker, answer in self._engine.answers():
            if isinstance(answer, Failed):
                raise WorkersFailed(answer.why)
            if isinstance(answer, Ended):
                self._replace(self._chunks.pop(worker), answer.how)
            else:
                found.append((self._chunks[worker].popleft(), answer))
        return found

    def _replace(self, chunks: deque[Chunk], how: str) -> None:
        """Start another worker and give it what the lost one had.

        Raises:
            WorkersFailed: its chunk has been the end of several.
        """
        if chunks:
            items = chunks[0].items
            how += f" at one of {len(items)} pictures from {items[0].name} on"
        number = chunks[0].number if chunks else _NONE
        self._tries[number] += 1
        if self._tries[number] == TRIES:
            raise WorkersFailed(
                f"{TRIES} worker processes in turn: the last {how}. What was labelled before is kept."
            )
        self._say(f"a worker process {how}. Another one does them again.")
        worker = self._engine.start()
        self._chunks[worker] = chunks
        for chunk in chunks:
            self._engine.give(worker, chunk)
