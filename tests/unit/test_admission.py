"""Admission control: who works, who waits in which order, who is refused, and what a refusal says."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from app.errors import ServiceBusy
from app.prediction.admission import RequestQueue, RequestQueues
from tests.waiting import wait_for


@contextmanager
def admitted(admission: RequestQueue) -> Iterator[None]:
    """A request that works for the block."""
    entered = admission.acquire_slot()
    try:
        yield
    finally:
        admission.release_slot(entered)


InLine = Callable[[RequestQueue, Callable[[], object]], None]


@pytest.fixture
def in_line() -> Iterator[InLine]:
    """Puts a request into the queue, which does its work once it is admitted; all end with the test."""
    with ThreadPoolExecutor(8) as threads:

        def put(admission: RequestQueue, work: Callable[[], object]) -> None:
            before = admission.waiting_count

            def wait_and_work() -> None:
                with admitted(admission):
                    work()

            threads.submit(wait_and_work)
            wait_for("a request in the queue", lambda: admission.waiting_count > before)

        yield put


def refused(admission: RequestQueue) -> ServiceBusy:
    """The refusal of one more request."""
    with pytest.raises(ServiceBusy) as refusal, admitted(admission):
        pass
    return refusal.value


def test_one_more_than_limit_and_queue_is_refused_at_once(in_line: InLine) -> None:
    admission = RequestQueue(limit=2, queue_length=1, queue_seconds=60)

    with admitted(admission), admitted(admission):
        in_line(admission, lambda: None)
        refusal = refused(admission)

    assert "All 2 slots and all places" in str(refusal)
    assert refusal.retry_after == 1


def test_a_request_that_waited_too_long_is_refused_and_leaves_the_queue() -> None:
    admission = RequestQueue(limit=1, queue_length=1, queue_seconds=0.01)

    with admitted(admission):
        refusals = [str(refused(admission)) for _ in range(3)]

    assert ["within 0.01 s" in refusal for refusal in refusals] == [True] * 3
    assert admission.waiting_count == 0


def test_a_place_in_the_queue_is_had_however_long_those_before_worked(in_line: InLine) -> None:
    now = [0.0]
    admission = RequestQueue(limit=2, queue_length=3, queue_seconds=7, clock=lambda: now[0])
    for _ in range(50):
        with admitted(admission):
            now[0] += 6

    with admitted(admission), admitted(admission):
        for _ in range(3):  # whose clients may have left, so that they take no time
            in_line(admission, lambda: None)
        refusal = refused(admission)

    assert "All 2 slots and all places" in str(refusal)
    assert refusal.retry_after == (2 + 3) * 6 / 2


def test_requests_work_in_the_order_in_which_they_came_and_none_that_has_just_come_goes_first(
    in_line: InLine,
) -> None:
    admission = RequestQueue(limit=1, queue_length=2, queue_seconds=60)
    order: list[str] = []

    with admitted(admission):
        in_line(admission, lambda: order.append("first"))
        in_line(admission, lambda: order.append("second"))
        order.append("holder")
    with admitted(admission):
        order.append("has just come")

    assert order == ["holder", "first", "second", "has just come"]


def test_who_gives_way_continues_after_those_that_waited(in_line: InLine) -> None:
    admission = RequestQueue(limit=1, queue_length=2, queue_seconds=60)
    order: list[str] = []

    with RequestQueues(admission, admission).create_slot(is_large=False) as turn:
        turn.yield_slot()
        order.append("holder")
        in_line(admission, lambda: order.append("first"))
        in_line(admission, lambda: order.append("second"))
        turn.yield_slot()
        order.append("holder")

    assert order == ["holder", "first", "second", "holder"]


class Interrupted(BaseException):
    """What a worker raises in a waiting request: its time is up, or it is killed."""


@pytest.mark.parametrize("is_handed_over", [True, False], ids=["with a slot", "in the queue"])
def test_an_interrupted_wait_costs_no_slot_or_place(
    is_handed_over: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    admission = RequestQueue(limit=1, queue_length=1, queue_seconds=60)
    entered = admission.acquire_slot()

    class InterruptedTurn(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if is_handed_over:
                admission.release_slot(entered)
            raise Interrupted

    with monkeypatch.context() as interrupting:
        interrupting.setattr(threading, "Event", InterruptedTurn)
        with pytest.raises(Interrupted):
            admission.acquire_slot()
    if not is_handed_over:
        admission.release_slot(entered)

    assert admission.waiting_count == 0
    with admitted(admission):
        pass


def test_who_is_interrupted_while_it_gives_way_hands_no_slot_on_twice(
    in_line: InLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    admission = RequestQueue(limit=1, queue_length=1, queue_seconds=60)
    works, end = threading.Event(), threading.Event()

    def work() -> None:
        works.set()
        end.wait(60)

    class InterruptedTurn(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            works.wait(60)
            raise Interrupted

    with pytest.raises(Interrupted), RequestQueues(admission, admission).create_slot(is_large=False) as turn:
        in_line(admission, work)
        with monkeypatch.context() as interrupting:
            interrupting.setattr(threading, "Event", InterruptedTurn)
            turn.yield_slot()
    in_line(admission, lambda: None)  # still waits for the one that works
    end.set()


def test_what_turns_out_to_be_large_leaves_its_slot_to_small_things_while_it_waits() -> None:
    light, heavy = (RequestQueue(limit=1, queue_length=1, queue_seconds=60) for _ in range(2))
    queues, order = RequestQueues(light, heavy), list[str]()

    def turns_out_to_be_large() -> None:
        with queues.create_slot(is_large=False) as turn:
            turn.move_to_large_queue()
            order.append("large")

    with ThreadPoolExecutor(1) as others:
        with queues.create_slot(is_large=True):
            waiting = others.submit(turns_out_to_be_large)
            wait_for("a large thing in the queue", lambda: heavy.waiting_count)
            with queues.create_slot(is_large=False):
                order.append("small")
        waiting.result(60)

    assert order == ["small", "large"]
    assert light.waiting_count == heavy.waiting_count == 0
