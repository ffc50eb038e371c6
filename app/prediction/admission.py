"""Admission control: how many requests of a worker run at a time, how many wait, and which are refused.

A worker has a queue for small requests, and one for large requests, of which one runs at a time. A request
enters a queue after its body has been read. It runs at once, waits in the order of arrival, or is refused
with Retry-After. Waiting blocks only the calling thread or greenlet, since gevent replaces `threading`.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from app.errors import ServiceBusy

SMOOTHING_WEIGHT: Final = 0.1
"""Weight (0 to 1) of the newest request in the running mean of working times, from which Retry-After is
computed."""

MAX_LARGE_REQUESTS: Final = 1
"""Number of large requests that a worker runs at a time. A worker has one core, and a large picture takes up
to 16 bytes of memory for each pixel while it is decoded."""


class RequestQueue:
    """A limit for the number of requests that run at a time, with a bounded queue for further ones.

    Args:
        limit: the number of slots, 1 or more. A request holds a slot while it runs.
        queue_length: the number of requests that may wait for a slot, 0 or more.
        queue_seconds: the seconds that each of them may wait at most.
        clock: a function that returns monotonic seconds.
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
        self._free = limit  # above 0 only while nobody waits, so a new request overtakes none
        self._queue: deque[threading.Event] = deque()
        self._mean_seconds = 0.0  # how long a request holds its slot, until it ends or gives way

    @property
    def waiting_count(self) -> int:
        """Number of requests that wait for a slot."""
        return len(self._queue)

    def acquire_slot(self) -> float:
        """Take a slot, with which the request may run. If no slot is free, wait for one.

        Returns:
            The time at which the slot was taken, to pass to `leave`.

        Raises:
            ServiceBusy: the queue is full, or no slot became free in time.
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

    def release_slot(self, acquired_at: float) -> None:
        """Give the slot to the next waiting request; if none waits, the slot is free.

        Args:
            acquired_at: the time at which the slot was taken, as `enter` or `yield_slot` returned it.
        """
        self._count_working_time(acquired_at)
        self._pass_slot_on()

    def yield_slot(self, acquired_at: float) -> float:
        """Give the slot to the next waiting request, and queue up behind the others for another slot.

        If no request waits, the slot is kept.

        Args:
            acquired_at: the time at which the slot was taken, as `enter` or `yield_slot` returned it.

        Returns:
            The time from which the request runs again, to pass to `leave`.
        """
        self._count_working_time(acquired_at)
        if self._queue:
            turn = threading.Event()
            with self._lock:
                self._queue.append(turn)
            self._pass_slot_on()  # after queueing up: if all others have left meanwhile, the slot comes back
            self._wait_for_slot(turn, None)
        return self._clock()

    def _count_working_time(self, entered: float) -> None:
        self._mean_seconds += SMOOTHING_WEIGHT * (self._clock() - entered - self._mean_seconds)

    def _wait_for_slot(self, turn: threading.Event, seconds: float | None) -> bool:
        """Wait for a slot, and return whether it came. If not, the place in the queue is given up."""
        try:
            # A slot that was handed over just after the wait has ended is taken, or it would be lost.
            return turn.wait(seconds) or not self._leave_queue(turn)
        except BaseException:  # also gevent's Timeout and the end of a greenlet
            if not self._leave_queue(turn):  # the slot came at the last moment, and nobody else would free it
                self._pass_slot_on()
            raise

    def _leave_queue(self, turn: threading.Event) -> bool:
        """Leave the queue, and return whether the request was still in it; if not, it was given a slot."""
        with self._lock:
            is_waiting = turn in self._queue
            if is_waiting:
                self._queue.remove(turn)
            return is_waiting

    def _pass_slot_on(self) -> None:
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._free += 1

    def _create_busy_error(self, reason: str) -> ServiceBusy:
        # The time is only a guess for Retry-After: requests ahead may leave, or take longer.
        inside = self._limit - self._free + len(self._queue)
        seconds = math.ceil(inside * self._mean_seconds / self._limit)
        return ServiceBusy(
            f"{reason} Try again after the seconds in Retry-After.", retry_after=max(1, seconds)
        )


@dataclass(frozen=True)
class RequestQueues:
    """The two queues of a worker, for small and for large requests.

    Attributes:
        small: the queue for small requests; WARDROBE_SLOTS of them run at a time.
        large: the queue for large requests; MAX_LARGE_REQUESTS of them run at a time.
    """

    small: RequestQueue
    large: RequestQueue

    def create_slot(self, *, is_large: bool) -> "RequestSlot":
        """Create the `RequestSlot` of a request, a context manager that waits for a slot and holds it.

        Args:
            is_large: whether the body of the request is large. A small body may turn out to contain a large
                picture later.
        """
        return RequestSlot(self.large if is_large else self.small, self.large)


class RequestSlot:
    """The permission of one request to run, as a context manager that holds a slot during its block.

    A request that turns out to be large moves to the queue for large requests. While it waits there, another
    one uses its slot.

    Args:
        queue: the queue in which the request waits first.
        large_queue: the queue for large requests.

    Raises:
        ServiceBusy: at the beginning of the block: the queue is full, or no slot became free in time.
    """

    def __init__(self, queue: RequestQueue, large_queue: RequestQueue) -> None:
        self._queue = queue
        self._large_queue = large_queue
        self._entered: float | None = None

    def __enter__(self) -> "RequestSlot":
        self._entered = self._queue.acquire_slot()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._entered is not None:
            self._queue.release_slot(self._entered)

    @property
    def is_large(self) -> bool:
        """Whether the request is in the queue for large requests."""
        return self._queue is self._large_queue

    def move_to_large_queue(self) -> None:
        """Give back the slot, and wait for a slot in the queue for large requests.

        A large request keeps its slot.

        Raises:
            ServiceBusy: the queue for large requests is full, or no slot became free in time. The request
                then has no slot.
        """
        if self.is_large or self._entered is None:
            return
        self._queue.release_slot(self._entered)
        self._queue = self._large_queue
        self._entered = None  # `enter` may raise, and then `__exit__` must not give back a slot
        self._entered = self._large_queue.acquire_slot()

    def yield_slot(self) -> None:
        """Let the requests that wait in this queue run first, and return with a slot again."""
        if self._entered is not None:
            entered = self._entered
            self._entered = None  # after an interrupted wait, no slot is held
            self._entered = self._queue.yield_slot(entered)
