"""Admission control: how many requests of a worker work at a time, how many more wait, and who is refused.

A request enters when its body has been read. It works at once, waits in the queue in order of arrival, or is
refused with Retry-After. Waiting blocks the calling thread or greenlet alone: under gevent, `threading` is
gevent's. Knows neither Flask nor pictures.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from app.errors import Busy

SMOOTHING = 0.1
"""Weight of the newest working time in the running mean that Retry-After is computed from."""


class Places:
    """Places of which each goes, once it is free, to the request that waits longest.

    A semaphore lets one that has just come take what was released for another, which then waits again.

    Args:
        count: how many there are, >= 0.
    """

    def __init__(self, count: int) -> None:
        self._free = count  # more than 0 only while none waits
        self._queue: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def take(self, seconds: float) -> bool:
        """Take a place, after a wait of at most so many seconds; False where none came free."""
        turn = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            if not seconds:
                return False
            self._queue.append(turn)
        try:
            turn.wait(seconds)
        except BaseException:
            if not self._has_left(turn):
                self.release()
            raise
        return not self._has_left(turn)

    def _has_left(self, turn: threading.Event) -> bool:
        """Leave the queue; False if a place was handed over before."""
        with self._lock:
            waits = turn in self._queue
            if waits:
                self._queue.remove(turn)
            return waits

    def release(self) -> None:
        """Hand a place on."""
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._free += 1


class Admission:
    """A concurrency limit behind a bounded queue.

    Args:
        limit: how many requests may work at a time, >= 1.
        queue_length: how many more may wait, >= 0.
        queue_seconds: how long each may wait.
        clock: monotonic seconds; tests hand in their own.
        counted: entered while a request has a slot or a place in the queue.
    """

    def __init__(
        self,
        limit: int,
        queue_length: int,
        queue_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        counted: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._limit = limit
        self._queue_length = queue_length
        self._queue_seconds = queue_seconds
        self._clock = clock
        self._counted = counted
        self._lock = threading.Lock()
        self._working = 0
        self._queue: deque[threading.Event] = deque()
        self._aside = 0  # requests that wait for something else, in a place of the queue and without a slot
        self._mean_seconds = 0.0

    @contextmanager
    def admit(self) -> Iterator["Slot"]:
        """Hold a slot for the block, after a wait if need be.

        Raises:
            Busy: on entering, when the queue is full or the wait was too long.
        """
        turn = threading.Event()
        try:
            self._enter(turn)
            with self._counted():
                if not turn.wait(self._queue_seconds):
                    raise self._busy(f"No slot came free within {self._queue_seconds:g} s.")
                began = self._clock()
                yield Slot(self, turn)
            self._mean_seconds += SMOOTHING * (self._clock() - began - self._mean_seconds)
        finally:
            self._leave(turn)

    @property
    def waiting(self) -> int:
        """How many requests have a place in the queue."""
        return len(self._queue) + self._aside

    def _enter(self, turn: threading.Event) -> None:
        """Take a free slot or the last place in the queue; the event is set while its request has a slot."""
        with self._lock:
            if self._working < self._limit:
                self._working += 1
                turn.set()
            elif self.waiting < self._queue_length:
                self._queue.append(turn)
            else:
                raise self._busy(f"All {self._limit} slots and all places in the queue are taken.")

    def _leave(self, turn: threading.Event) -> None:
        """Give up a slot, a place in the queue, or nothing: whichever this request has."""
        with self._lock:
            if turn in self._queue:
                self._queue.remove(turn)
            elif turn.is_set():
                self._hand_over()

    def _hand_over(self) -> None:
        if self._queue:
            self._queue.popleft().set()
        else:
            self._working -= 1

    def _wait_again(self, turn: threading.Event) -> None:
        with self._lock:
            if not self._queue:
                return
            turn.clear()
            self._queue.append(turn)
            self._hand_over()
        turn.wait()

    def _wait_aside(self, turn: threading.Event, places: Places) -> None:
        """Take one of some other places, then a slot again: a wait within the queue's limits."""
        with self._lock:
            if self.waiting >= self._queue_length:
                raise self._busy("All places in the queue are taken.")
            self._aside += 1
            turn.clear()
            self._hand_over()
        try:
            has_place = places.take(self._queue_seconds)
        finally:
            with self._lock:
                self._aside -= 1
        if not has_place:
            raise self._busy(f"No place for a large picture came free within {self._queue_seconds:g} s.")
        try:
            self._work_again(turn)
        except BaseException:
            places.release()
            raise

    def _work_again(self, turn: threading.Event) -> None:
        with self._lock:
            if self._working < self._limit:
                self._working += 1
                turn.set()
            else:
                self._queue.append(turn)
        if not turn.wait(self._queue_seconds):
            raise self._busy(f"No slot came free within {self._queue_seconds:g} s.")

    def _busy(self, reason: str) -> Busy:
        inside = self._working + self.waiting
        seconds = math.ceil(inside * self._mean_seconds / self._limit)
        return Busy(f"{reason} Try again after the seconds in Retry-After.", retry_after=max(1, seconds))


class Slot:
    """The right of one request to work."""

    def __init__(self, admission: Admission, turn: threading.Event) -> None:
        self._admission = admission
        self._turn = turn

    def give_way(self) -> None:
        """Let the requests that wait work first, if there are any. This one waits as long as that takes."""
        self._admission._wait_again(self._turn)

    @contextmanager
    def with_place(self, places: Places) -> Iterator[None]:
        """Hold one of some other places for the block; a request that waits for one holds no slot meanwhile.

        Raises:
            Busy: on entering, when the queue is full or the wait was too long.
        """
        if not places.take(0):
            self._admission._wait_aside(self._turn, places)
        try:
            yield
        finally:
            places.release()
