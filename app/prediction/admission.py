"""Admission control: how many requests of a worker work at a time, how many more wait, and who is refused.

One class, two instances: requests for small things, and those for large ones, of which one works at a time. A
request enters when its body has been read. It works at once, waits in the queue in order of arrival, or is
refused with Retry-After. How long it would wait is not foreseen: those before it may have left. Waiting
blocks the calling thread or greenlet alone: under gevent, `threading` is gevent's. Knows neither Flask nor
pictures.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from app.errors import Busy

SMOOTHING_WEIGHT: Final = 0.1
"""Weight of the newest working time in the running mean, from which Retry-After is made."""

MAX_LARGE_REQUESTS: Final = 1
"""Large pictures that a worker, which has one core, decodes at once. Each needs up to 16 bytes a pixel."""


class RequestQueue:
    """A concurrency limit behind a bounded queue.

    Args:
        limit: how many requests may work at a time, >= 1.
        queue_length: how many more may wait, >= 0.
        queue_seconds: how long each may wait.
        clock: monotonic seconds; tests hand in their own.
    """

    def __init__(
        self,
        limit: int,
        queue_length: int,
        queue_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._queue_length = queue_length
        self._queue_seconds = queue_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._free = limit  # more than 0 only while none waits: a request that has just come overtakes none
        self._queue: deque[threading.Event] = deque()
        self._mean_seconds = 0.0  # for which a slot is held, at the end or until its request gives way

    @property
    def waiting_count(self) -> int:
        """How many requests are in the queue."""
        return len(self._queue)

    def enter(self) -> float:
        """Take a free slot, after a wait if need be; returns when, for `leave`.

        Raises:
            Busy: the queue is full, or the wait was too long.
        """
        with self._lock:
            if self._free:
                self._free -= 1
                return self._clock()
            if len(self._queue) >= self._queue_length:
                raise self._create_busy_error(
                    f"All {self._limit} slots and all places in the queue are taken."
                )
            turn = threading.Event()
            self._queue.append(turn)
        if not self._wait_for_slot(turn, self._queue_seconds):
            raise self._create_busy_error(f"No slot came free within {self._queue_seconds:g} s.")
        return self._clock()

    def leave(self, entered: float) -> None:
        """Hand a slot on that was taken then."""
        self._count_working_time(entered)
        self._pass_slot_on()

    def give_way(self, entered: float) -> float:
        """Let the requests that wait work first, if there are any. This one waits as long as that takes.

        Args:
            entered: when the slot was taken.

        Returns:
            when it was taken again, for `leave`.
        """
        self._count_working_time(entered)
        if self._queue:
            turn = threading.Event()
            with self._lock:
                self._queue.append(turn)
            self._pass_slot_on()
            self._wait_for_slot(turn, None)
        return self._clock()

    def _count_working_time(self, entered: float) -> None:
        self._mean_seconds += SMOOTHING_WEIGHT * (self._clock() - entered - self._mean_seconds)

    def _wait_for_slot(self, turn: threading.Event, seconds: float | None) -> bool:
        """Wait for a slot; an interrupted wait leaves none behind."""
        try:
            return turn.wait(seconds) or not self._leave_queue(turn)
        except BaseException:
            if not self._leave_queue(turn):
                self._pass_slot_on()
            raise

    def _leave_queue(self, turn: threading.Event) -> bool:
        """Leave the queue; False if a slot was handed over before."""
        with self._lock:
            waits = turn in self._queue
            if waits:
                self._queue.remove(turn)
            return waits

    def _pass_slot_on(self) -> None:
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._free += 1

    def _create_busy_error(self, reason: str) -> Busy:
        inside = self._limit - self._free + len(self._queue)
        seconds = math.ceil(inside * self._mean_seconds / self._limit)
        return Busy(f"{reason} Try again after the seconds in Retry-After.", retry_after=max(1, seconds))


@dataclass(frozen=True)
class RequestQueues:
    """Where requests enter.

    Attributes:
        small: for small things, WARDROBE_SLOTS at a time.
        large: for large ones.
    """

    small: RequestQueue
    large: RequestQueue

    def create_turn(self, *, is_large: bool) -> "Turn":
        """The turn of a request whose body is large, or may hold small things alone."""
        return Turn(self.large if is_large else self.small, self.large)


class Turn:
    """The right of one request to work, held for a block: in one of two admissions, never in both.

    What turns out to be large moves to `heavy`, and leaves its slot to others while it waits there.

    Raises:
        Busy: on entering, as `Admission.enter`.
    """

    def __init__(self, first: RequestQueue, heavy: RequestQueue) -> None:
        self._admission, self._heavy = first, heavy
        self._entered: float | None = None

    def __enter__(self) -> "Turn":
        self._entered = self._admission.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._entered is not None:
            self._admission.leave(self._entered)

    @property
    def is_large(self) -> bool:
        """Whether large things may be done."""
        return self._admission is self._heavy

    def move_to_large(self) -> None:
        """Move to the large things, after a wait if need be.

        Raises:
            Busy: as `Admission.enter`; the request holds nothing then.
        """
        if self.is_large or self._entered is None:
            return
        self._admission.leave(self._entered)
        self._admission, self._entered = self._heavy, None
        self._entered = self._heavy.enter()

    def give_way(self) -> None:
        """Let the requests that wait work first."""
        if self._entered is not None:
            entered, self._entered = self._entered, None  # an interrupted wait holds nothing
            self._entered = self._admission.give_way(entered)
