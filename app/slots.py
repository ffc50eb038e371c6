"""Places and slots: how many requests a worker lets in, and how many of those may infer at a time.

A request takes a place before its body is read, so that a refusal costs nothing and comes at once; then it
waits for a slot to decode and infer in. Places = slots + queue. Knows neither Flask nor pictures.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
        self._free = threading.Semaphore(slots)
        self._lock = threading.Lock()
        self._inside = 0
        self._mean_hold = 0.0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Be inside for the block: reading, waiting, working.

        Raises:
            Busy: every place is taken; said at once.
        """
        with self._lock:
            self.check_room()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1

    def check_room(self) -> None:
        """Look whether a place is free, without taking it.

        Raises:
            Busy: every place is taken.
        """
        if self._inside >= self._places:
            raise self._busy(f"All {self._slots} slots and all places in the queue are taken.")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a slot for the block.

        Raises:
            Busy: none came free in time.
        """
        if not self._free.acquire(timeout=self._queue_seconds):
            raise self._busy(f"No slot came free within {self._queue_seconds:g} s.")
        began = self._clock()
        try:
            yield
        finally:
            self._free.release()
            self._learn(self._clock() - began)

    @property
    def inside(self) -> int:
        """How many requests have a place now."""
        return self._inside

    def _busy(self, what: str) -> Busy:
        seconds = math.ceil(self._inside * self._mean_hold / self._slots)
        return Busy(f"{what} Try again after the seconds in Retry-After.", retry_after=max(1, seconds))

    def _learn(self, held: float) -> None:
        with self._lock:
            self._mean_hold += SMOOTHING * (held - self._mean_hold)
