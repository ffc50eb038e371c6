"""Admission control: who works, who waits in which order, who is refused, and what a refusal says."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from app.errors import Busy
from app.prediction.admission import Admission, Places
from tests.waiting import wait_for

InLine = Callable[[Admission, Callable[[], object]], None]


@pytest.fixture
def in_line() -> Iterator[InLine]:
    """Puts a request into the queue, which does its work once it is admitted; all end with the test."""
    with ThreadPoolExecutor(8) as threads:

        def put(admission: Admission, work: Callable[[], object]) -> None:
            before = admission.waiting

            def wait_and_work() -> None:
                with admission.admit():
                    work()

            threads.submit(wait_and_work)
            wait_for("a request in the queue", lambda: admission.waiting > before)

        yield put


def refused(admission: Admission) -> Busy:
    """The refusal of one more request."""
    with pytest.raises(Busy) as refusal, admission.admit():
        pass
    return refusal.value


def test_one_more_than_limit_and_queue_is_refused_at_once(in_line: InLine) -> None:
    admission = Admission(limit=2, queue_length=1, queue_seconds=60)

    with admission.admit(), admission.admit():
        in_line(admission, lambda: None)
        refusal = refused(admission)

    assert "All 2 slots and all places" in str(refusal)
    assert refusal.retry_after == 1


def test_a_request_that_waited_too_long_is_refused_and_leaves_the_queue() -> None:
    admission = Admission(limit=1, queue_length=1, queue_seconds=0.01)

    with admission.admit():
        refusals = [str(refused(admission)) for _ in range(3)]

    assert ["within 0.01 s" in refusal for refusal in refusals] == [True] * 3
    assert admission.waiting == 0


def test_requests_work_in_the_order_in_which_they_came(in_line: InLine) -> None:
    admission = Admission(limit=1, queue_length=3, queue_seconds=60)
    order: list[str] = []
    done = threading.Event()

    with admission.admit():
        in_line(admission, lambda: order.append("first"))
        in_line(admission, lambda: order.append("second"))
        in_line(admission, done.set)
        order.append("holder")
    done.wait(60)

    assert order == ["holder", "first", "second"]


def test_who_gives_way_continues_after_those_that_waited(in_line: InLine) -> None:
    admission = Admission(limit=1, queue_length=2, queue_seconds=60)
    order: list[str] = []

    with admission.admit() as slot:
        slot.give_way()
        order.append("holder")
        in_line(admission, lambda: order.append("first"))
        in_line(admission, lambda: order.append("second"))
        slot.give_way()
        order.append("holder")

    assert order == ["holder", "first", "second", "holder"]


class Interrupted(BaseException):
    """What a worker raises in a waiting request: its time is up, or it is killed."""


class InterruptedTurn(threading.Event):
    """A turn whose wait is interrupted, before or after the slot was handed over."""

    def wait(self, timeout: float | None = None) -> bool:
        raise Interrupted


@pytest.mark.parametrize("working", [0, 1], ids=["with a slot", "in the queue"])
def test_an_interrupted_wait_costs_no_slot_or_place(working: int, monkeypatch: pytest.MonkeyPatch) -> None:
    admission = Admission(limit=1, queue_length=1, queue_seconds=60)

    with ExitStack() as others:
        for _ in range(working):
            others.enter_context(admission.admit())
        with monkeypatch.context() as interrupting:
            interrupting.setattr(threading, "Event", InterruptedTurn)
            with pytest.raises(Interrupted), admission.admit():
                pass

    assert admission.waiting == 0
    with admission.admit():
        pass


def test_retry_after_is_the_time_that_those_inside_need() -> None:
    now = iter(range(0, 1000, 4))
    admission = Admission(limit=2, queue_length=0, queue_seconds=0, clock=lambda: float(next(now)))
    for _ in range(50):
        with admission.admit():
            pass

    with admission.admit(), admission.admit():
        assert refused(admission).retry_after == 2 * 4 / 2


def test_a_request_that_waits_for_another_place_leaves_its_slot_to_others(in_line: InLine) -> None:
    admission = Admission(limit=1, queue_length=1, queue_seconds=60)
    places, order = Places(0), []

    def waits() -> None:
        with admission.admit() as slot, slot.with_place(places):
            order.append("waited")

    with ThreadPoolExecutor(1) as others:
        waiting = others.submit(waits)
        wait_for("the place in the queue to be taken", lambda: admission.waiting == 1)
        with admission.admit():
            order.append("other")
            assert "places in the queue" in str(refused(admission))
        places.release()
        waiting.result(60)

    assert order == ["other", "waited"]
    assert places.take(0)
    with admission.admit():
        pass


def test_a_free_place_goes_to_who_waits_longest_and_not_to_who_has_just_come() -> None:
    places = Places(1)
    assert places.take(0)

    with ThreadPoolExecutor(1) as others:
        waiting = others.submit(places.take, 60)
        wait_for("a request that waits", lambda: len(places._queue) == 1)
        places.release()
        has_come = places.take(0)
        has_waited = waiting.result(60)

    assert (has_waited, has_come) == (True, False)


def test_a_wait_that_was_too_long_takes_no_place() -> None:
    places = Places(0)

    assert not places.take(0.01)
    places.release()

    assert places.take(0)
