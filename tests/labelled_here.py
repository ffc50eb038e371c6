"""An engine without worker processes: a test that starts none takes a tenth of the time."""

from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType

from inference.errors import InferenceError
from labelling.errors import LabellingError
from labelling.items import Item
from labelling.workers.labeller import Setup, open_labeller
from labelling.workers.pool import Chunk, ChunkResult, Fatal
from model_store.errors import StoreError


class Here(AbstractContextManager["Here"]):
    """One worker, which is the process of the run itself; see pool.py."""

    size = 1

    def __init__(self, setup: Setup, _: int | None) -> None:
        self._labeller = open_labeller(setup)
        self._chunks: deque[Chunk] = deque()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chunks.clear()

    def carried(self, items: Iterator[Item]) -> Iterator[Item]:
        return items

    def start(self) -> int:
        return 0

    def give(self, worker: int, chunk: Chunk) -> None:
        self._chunks.append(chunk)

    def answers(self) -> list[tuple[int, ChunkResult]]:
        try:
            return [(0, self._labeller.label(self._chunks.popleft()))]
        except (InferenceError, StoreError, LabellingError) as error:
            return [(0, Fatal(str(error)))]
