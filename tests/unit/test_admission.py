"""Admission control: who works, who waits in which order, who is refused, and what a refusal says."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from app.errors import Busy
from app.prediction.admission import Admission
from tests.waiting import wait_for


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def in_line(admission: Admission, threads: ThreadPoolExecutor, work: Callable[[], None]) -> "Future[None]":
    """A request that waits in the queue, and does its work once it is admitted."""
    before = admission.waiting

    def wait_and_work() -> None:
        with admission.admit():
            work()

    waiting = threads.submit(wait_and_work)
    wait_for("a request in the queue", lambda: admission.waiting > before)
    return waiting


def test_one_more_than_limit_and_queue_is_refused_at_once(threads: ThreadPoolExecutor) -> None:
    admission = Admission(limit=2, queue_length=1, queue_seconds=60)

    with ExitStack() as working:
        working.enter_context(admission.admit())
        working.enter_context(admission.admit())
        waiting = in_line(admission, threads, lambda: None)
        with pytest.raises(Busy, match="All 2 slots and all places"), admission.admit():
            pass

    assert waiting.result() is None


def test_a_request_that_waited_too_long_is_refused_and_leaves_the_queue() -> None:
    admission = Admission(limit=1, queue_length=1, queue_seconds=0.01)

    with admission.admit():
        for _ in range(3):
            with pytest.raises(Busy, match=r"within 0\.01 s"), admission.admit():
                pass

    assert admission.waiting == 0


def test_requests_work_in_the_order_in_which_they_came(threads: ThreadPoolExecutor) -> None:
    admission = Admission(limit=1, queue_length=3, queue_seconds=60)
    order: list[str] = []

    with admission.admit():
        waiting = [
            in_line(admission, threads, lambda name=name: order.append(name))  # type: ignore[misc]
            for name in ("first", "second", "third")
        ]
        order.append("holder")
    for each in waiting:
        each.result()

    assert order == ["holder", "first", "second", "third"]


def test_who_gives_way_continues_after_those_that_waited(threads: ThreadPoolExecutor) -> None:
    admission = Admission(limit=1, queue_length=2, queue_seconds=60)
    order: list[str] = []

    with admission.admit() as slot:
        slot.give_way()
        order.append("holder")
        waiting = [
            in_line(admission, threads, lambda name=name: order.append(name))  # type: ignore[misc]
            for name in ("first", "second")
        ]
        slot.give_way()
        order.append("holder")
    for each in waiting:
        each.result()

    assert order == ["holder", "first", "second", "holder"]


def test_a_slot_is_given_back_when_the_work_fails() -> None:
    admission = Admission(limit=1, queue_length=0, queue_seconds=0)

    with pytest.raises(ZeroDivisionError), admission.admit():
        raise ZeroDivisionError

    with admission.admit():
        pass


class Interrupted(BaseException):
    """What a worker raises in a waiting request: its time is up, or it is killed."""


class InterruptedTurn(threading.Event):
    """A turn whose wait is interrupted, before or after the slot was handed over."""

    def wait(self, timeout: float | None = None) -> bool:
        raise Interrupted


@pytest.mark.parametrize("free", [True, False], ids=["with a slot", "in the queue"])
def test_an_interrupted_wait_costs_no_slot_and_no_place(free: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    admission = Admission(limit=1, queue_length=1, queue_seconds=60)

    with ExitStack() as working:
        if not free:
            working.enter_context(admission.admit())
        with monkeypatch.context() as interrupting:
            interrupting.setattr(threading, "Event", InterruptedTurn)
            with pytest.raises(Interrupted), admission.admit():
                pass

    assert admission.waiting == 0
    with admission.admit():
        pass


def test_retry_after_is_the_time_that_those_inside_need() -> None:
    clock = Clock()
    admission = Admission(limit=2, queue_length=0, queue_seconds=0, clock=clock)
    for _ in range(50):
        with admission.admit():
            clock.now += 4.0

    with admission.admit(), admission.admit(), pytest.raises(Busy) as refusal, admission.admit():
        pass

    assert refusal.value.retry_after == 2 * 4 / 2


def test_retry_after_is_never_less_than_a_second() -> None:
    admission = Admission(limit=1, queue_length=0, queue_seconds=0)

    with admission.admit(), pytest.raises(Busy) as refusal, admission.admit():
        pass

    assert refusal.value.retry_after == 1
