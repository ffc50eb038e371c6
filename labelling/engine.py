"""What the crew needs of whatever runs its workers: the same few verbs for processes here and for Ray.

The engines: processes.py, which is all that one machine needs, and on_ray.py for several. Who feeds them:
crew.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self, TypeAlias

from labelling.chunk import Labelled
from labelling.rows import Form
from labelling.sources import Item, Source


@dataclass(frozen=True)
class Orders:
    """What every worker is told once.

    Attributes:
        release: the folder of a release.
    """

    source: Source
    release: Path
    form: Form


class Chunk(NamedTuple):
    """Some pictures in a row, and their number among the chunks of this run."""

    number: int
    items: list[Item]


class Failed(NamedTuple):
    """Why a worker cannot go on, and no other could."""

    why: str


class Ended(NamedTuple):
    """How a worker ended, as in `a worker process was ended by SIGKILL`; another may go on."""

    how: str


Answer: TypeAlias = Labelled | Failed | Ended


class Engine(Protocol):
    """Where workers run; a context, at whose end they are gone."""

    def __enter__(self) -> Self:
        """Make ready to start workers.

        Raises:
            EngineUnusable: it is not installed, or not there.
        """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def size(self) -> int:
        """How many workers there shall be, at least 1; known once it is entered."""

    def carried(self, items: Iterator[Item]) -> Iterator[Item]:
        """The same pictures, with whatever a worker cannot fetch where it runs."""

    def start(self) -> int:
        """Start a worker; returns a number that no other has had."""

    def give(self, worker: int, chunk: Chunk) -> None:
        """Hand a chunk to a worker, which does them in turn; one that has ended is told of by `answers`."""

    def answers(self) -> list[tuple[int, Answer]]:
        """Wait for one worker at least: what it made of its oldest chunk, or that it ended and is no more."""


Hire: TypeAlias = Callable[[Orders, int | None], Engine]
"""Makes an engine of what workers are told, and how many there shall be; None is one per core."""
