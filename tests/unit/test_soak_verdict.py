"""What a soak is judged by: wrong answers, cut connections, growth."""

from collections.abc import Callable

import pytest

from benchmarks.soak.traffic import CUT, Seen
from benchmarks.soak.verdict import Verdict, growth_of, judge
from benchmarks.soak.watch import Sample

SECONDS = 600


def samples(megabytes: Callable[[int], float], descriptors: Callable[[int], int]) -> list[Sample]:
    """One a second over ten minutes."""
    return [Sample(float(at), megabytes(at), descriptors(at), 10) for at in range(SECONDS)]


FLAT = samples(lambda _: 150.0, lambda _: 20)


def verdict(
    *seen: Seen, kills: tuple[float, ...] = (), held: list[Sample] = FLAT, tracebacks: tuple[str, ...] = ()
) -> Verdict:
    return judge(seen, kills, {1: held}, SECONDS, tracebacks=list(tracebacks), caught_up=True)


def test_right_answers_and_steady_workers_are_sound() -> None:
    assert verdict(Seen(1.0, "photo", 200, 0.01, fine=True)).sound


@pytest.mark.parametrize(
    "wrong",
    [
        Seen(100.0, "photo", 500, 0.01, fine=False, note="500"),
        Seen(100.0, "photo", 200, 0.01, fine=False, note="another release's answer"),
        Seen(100.0, "photo", CUT, 0.01, fine=False, note="reset"),
    ],
)
def test_one_wrong_answer_or_one_cut_request_is_not(wrong: Seen) -> None:
    judged = verdict(wrong, kills=(90.0,))

    assert not judged.sound
    assert judged.unexpected == [{"at": 100.0, "kind": "photo", "what": wrong.note}]


def test_what_a_killed_worker_cuts_is_counted_apart() -> None:
    judged = verdict(Seen(100.2, "photo", CUT, 0.01, fine=False), kills=(100.0,))

    assert judged.sound
    assert judged.cut_by_kills == 1


def test_a_wrong_status_beside_a_kill_is_no_cut() -> None:
    assert not verdict(Seen(100.2, "photo", 500, 0.01, fine=False), kills=(100.0,)).sound


def test_a_traceback_in_the_log_is_not_sound() -> None:
    assert not verdict(tracebacks=("KeyError: 'x'",)).sound


@pytest.mark.parametrize(
    "leaking",
    [
        samples(lambda at: 150 + at * 0.05, lambda _: 20),  # 30 MB in ten minutes
        samples(lambda _: 150.0, lambda at: 20 + at // 60),
    ],
)
def test_a_slow_leak_of_memory_or_descriptors_is_found(leaking: list[Sample]) -> None:
    judged = verdict(held=leaking)

    assert judged.grows
    assert not judged.sound


def test_what_a_large_picture_needs_for_a_moment_is_no_leak() -> None:
    peaks = samples(lambda at: 150.0 + (250.0 if at % 10 > at // 100 + 3 else 0), lambda at: 20 + at % 7)

    growth = growth_of(peaks)

    assert growth.megabytes == pytest.approx(0, abs=0.1)
    assert growth.peak_megabytes == 400
    assert not verdict(held=peaks).grows


def test_a_large_picture_in_the_last_seconds_is_no_leak() -> None:
    # From 590 s on: the beginning of a stretch that the end cuts short.
    ending = samples(lambda at: 600.0 if at >= 590 else 150.0, lambda _: 20)

    assert not verdict(held=ending).grows


def test_what_is_found_in_the_warm_up_is_no_leak() -> None:
    warming = samples(lambda at: 100.0 + min(at, 140), lambda at: min(10 + at, 30))

    assert not verdict(held=warming).grows


def test_without_a_worker_that_lived_through_it_nothing_is_known() -> None:
    assert not verdict(held=FLAT[:300]).sound
