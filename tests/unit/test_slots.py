"""Places and slots: who comes in, who infers, who is refused, and what a refusal says."""

import threading
from contextlib import ExitStack

import pytest

from app.errors import Busy
from app.prediction.slots import Slots


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_more_than_slots_and_queue_is_refused_at_once() -> None:
    slots = Slots(slots=2, queue_length=1, queue_seconds=60)

    with ExitStack() as inside:
        for _ in range(3):
            inside.enter_context(slots.place())
        with pytest.raises(Busy, match="All 2 slots and all places"), slots.place():
            pass


def test_a_place_is_given_back_when_the_work_fails() -> None:
    slots = Slots(slots=1, queue_length=0, queue_seconds=0)

    with pytest.raises(ZeroDivisionError), slots.place():
        raise ZeroDivisionError

    with slots.place():
        assert slots.inside == 1


def test_a_request_that_waited_too_long_is_refused() -> None:
    slots = Slots(slots=1, queue_length=1, queue_seconds=0.01)

    with slots.hold(), pytest.raises(Busy, match=r"within 0\.01 s"), slots.hold():
        pass


def test_a_waiting_request_gets_the_slot_that_comes_free() -> None:
    slots = Slots(slots=1, queue_length=1, queue_seconds=60)
    held = threading.Event()
    release = threading.Event()
    order: list[str] = []

    def occupy() -> None:
        with slots.hold():
            held.set()
            release.wait()
            order.append("first")

    first = threading.Thread(target=occupy)
    first.start()
    held.wait()
    threading.Timer(0.01, release.set).start()
    with slots.hold():
        order.append("second")
    first.join()

    assert order == ["first", "second"]


def test_a_slot_is_given_back_when_the_work_fails() -> None:
    slots = Slots(slots=1, queue_length=0, queue_seconds=0)

    with pytest.raises(ZeroDivisionError), slots.hold():
        raise ZeroDivisionError

    with slots.hold():
        pass


def test_retry_after_is_the_time_that_those_inside_need() -> None:
    clock = Clock()
    slots = Slots(slots=2, queue_length=2, queue_seconds=0, clock=clock)
    for _ in range(50):
        with slots.hold():
            clock.now += 4.0

    with ExitStack() as inside:
        for _ in range(4):
            inside.enter_context(slots.place())
        with pytest.raises(Busy) as refusal, slots.place():
            pass

    assert refusal.value.retry_after == 4 * 4 / 2


def test_retry_after_is_never_less_than_a_second() -> None:
    slots = Slots(slots=1, queue_length=0, queue_seconds=0)

    with slots.place(), pytest.raises(Busy) as refusal, slots.place():
        pass

    assert refusal.value.retry_after == 1
