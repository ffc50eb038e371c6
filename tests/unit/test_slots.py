"""Slots: who may infer, who waits, who is refused, and what a refusal says."""

import threading

import pytest

from app.errors import Busy
from app.slots import Slots


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_full_queue_is_refused_at_once() -> None:
    slots = Slots(slots=1, queue_length=0, queue_seconds=60)

    with slots.hold(), pytest.raises(Busy, match="0 requests wait"), slots.hold():
        pass


def test_a_request_that_waited_too_long_is_refused() -> None:
    slots = Slots(slots=1, queue_length=1, queue_seconds=0.01)

    with slots.hold(), pytest.raises(Busy, match=r"within 0\.01 s"), slots.hold():
        pass


def test_a_waiting_request_gets_the_slot_that_comes_free() -> None:
    slots = Slots(slots=1, queue_length=1, queue_seconds=60)
    held = threading.Event()
    release = threading.Event()

    def occupy() -> None:
        with slots.hold():
            held.set()
            release.wait()

    first = threading.Thread(target=occupy)
    first.start()
    held.wait()
    second = threading.Timer(0.01, release.set)
    second.start()
    with slots.hold():
        first.join()

    assert slots.waiting == 0


def test_a_slot_is_given_back_when_the_work_fails() -> None:
    slots = Slots(slots=1, queue_length=0, queue_seconds=0)

    with pytest.raises(ZeroDivisionError), slots.hold():
        raise ZeroDivisionError

    with slots.hold():
        assert slots.waiting == 0


def test_retry_after_grows_with_what_a_slot_is_held_for() -> None:
    clock = Clock()
    slots = Slots(slots=1, queue_length=0, queue_seconds=0, clock=clock)
    for _ in range(50):
        with slots.hold():
            clock.now += 4.0

    with slots.hold(), pytest.raises(Busy) as refusal, slots.hold():
        pass

    assert refusal.value.retry_after == 4


def test_retry_after_is_never_less_than_a_second() -> None:
    slots = Slots(slots=1, queue_length=0, queue_seconds=0)

    with slots.hold(), pytest.raises(Busy) as refusal, slots.hold():
        pass

    assert refusal.value.retry_after == 1
