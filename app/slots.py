"""Slots: how many requests of this worker may decode and infer at a time, and who waits.

A full queue is refused at once, so that the refusal costs nothing and its Retry-After is worth reading.
Knows neither Flask nor pictures.
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
    """A counting semaphore with a bounded queue.

    Args:
        slots: how many may hold one at a time, >= 1.
        queue_length: how many more may wait, >= 0.
        queue_seconds: how long each may wait.
        clock: monotonic seconds; tests hand in their own.
    """

    def __init__(
        self, slots: int, queue_length: int, queue_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._slots = slots
        self._queue_length = queue_length
        self._queue_seconds = queue_seconds
        self._clock = clock
        self._free = threading.Semaphore(slots)
        self._lock = threading.Lock()
        self._waiting = 0
        self._mean_hold = 0.0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a slot for the block.

        Raises:
            Busy: the queue is full, or no slot came free in time.
        """
        if not self._free.acquire(blocking=False):
            self._wait()
        began = self._clock()
        try:
            yield
        finally:
            self._free.release()
            self._learn(self._clock() - began)

    @property
    def waiting(self) -> int:
        """How many requests wait now."""
        return self._waiting

    def _wait(self) -> None:
        with self._lock:
            if self._waiting >= self._queue_length:
                raise self._busy(f"All {self._slots} slots are taken and {self._waiting} requests wait.")
            self._waiting += 1
        try:
            if not self._free.acquire(timeout=self._queue_seconds):
                raise self._busy(f"No slot came free within {self._queue_seconds:g} s.")
        finally:
            with self._lock:
                self._waiting -= 1

    def _busy(self, what: str) -> Busy:
        seconds = math.ceil((self._waiting + 1) * self._mean_hold / self._slots)
        return Busy(f"{what} Try again after the seconds in Retry-After.", retry_after=max(1, seconds))

    def _learn(self, held: float) -> None:
        with self._lock:
            self._mean_hold += SMOOTHING * (held - self._mean_hold)
