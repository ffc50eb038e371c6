"""Places and slots: how many requests a worker lets in, and how many of those may infer at a time.

A request takes a place before its body is read, so that a refusal costs nothing and comes at once; then it
waits for a slot to decode and infer in. Places = slots + queue. Knows neither Flask nor pictures.
"""

import math
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from app.errors import Busy

SMOOTHING = 0.1
"""Weight of the newest hold time in the running mean that Retry-After is computed from."""


class Slots:
    """A counting semaphore behind a bounded number of places.

    Args:
        slots: how many may hold one at a time, >= 1.
        queue_length: how many more may be inside, >= 0.
        queue_seconds: how long each may wait for a slot.
        clock: monotonic seconds; tests hand in their own.
    """

    def __init__(
        self, slots: int, queue_length: int, queue_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._slots = slots
        self._places = slots + queue_length
        self._queue_seconds = queue_seconds
        self._clock = clock
        # A semaphore is written in Python and takes five times as long; this queue is written in C.
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(slots):
            self._free.put(None)
        self._lock = threading.Lock()
        self._inside = 0
        self._mean_hold = 0.0

    def place(self) -> "_Place":
        """Be inside for the block: reading, waiting, working.

        Raises:
            Busy: on entering, when every place is taken; said at once.
        """
        return _Place(self)

    def check_room(self) -> None:
        """Look whether a place is free, without taking it.

        Raises:
            Busy: every place is taken.
        """
        if self._inside >= self._places:
            raise self._busy(f"All {self._slots} slots and all places in the queue are taken.")

    def hold(self) -> "_Hold":
        """Hold a slot for the block.

        Raises:
            Busy: on entering, when none came free in time.
        """
        return _Hold(self)

    @property
    def inside(self) -> int:
        """How many requests have a place now."""
        return self._inside

    def _come_in(self) -> None:
        with self._lock:
            self.check_room()
            self._inside += 1

    def _go_out(self) -> None:
        with self._lock:
            self._inside -= 1

    def _take(self) -> float:
        """Take a slot; returns when that was."""
        try:
            self._free.get(timeout=self._queue_seconds)
        except Empty:
            raise self._busy(f"No slot came free within {self._queue_seconds:g} s.") from None
        return self._clock()

    def _give_back(self, since: float) -> None:
        self._free.put(None)
        held = self._clock() - since
        with self._lock:
            self._mean_hold += SMOOTHING * (held - self._mean_hold)

    def _busy(self, what: str) -> Busy:
        seconds = math.ceil(self._inside * self._mean_hold / self._slots)
        return Busy(f"{what} Try again after the seconds in Retry-After.", retry_after=max(1, seconds))


# Not by `contextlib.contextmanager`: a generator for each block took three times as long.
class _Place:
    """A place, for a block."""

    __slots__ = ("_slots",)

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def __enter__(self) -> None:
        self._slots._come_in()

    def __exit__(self, *error: object) -> None:
        self._slots._go_out()


class _Hold:
    """A slot, for a block."""

    __slots__ = ("_since", "_slots")

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def __enter__(self) -> None:
        self._since = self._slots._take()

    def __exit__(self, *error: object) -> None:
        self._slots._give_back(self._since)
