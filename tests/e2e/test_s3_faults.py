"""A bucket that is sometimes not there: a few faults on real gunicorn; `make chaos` tries all.

Most of the time is spent waiting, so the scenes play at the same time.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.fault_proxy import Mode
from tests.s3_faults import SITUATIONS, Held, Outcome, a_stage, held_while_polls_fail
from tests.s3_servers import S3Server

pytestmark = pytest.mark.slow

SCENES = [
    ("start, no cache", Mode.BLACK_HOLE),
    ("start, no cache", Mode.FORBIDDEN),
    ("start, cached", Mode.SLOW),
    ("start, cached", Mode.REFUSE),
    ("running", Mode.RESET),
    ("running", Mode.DAMAGE),
    ("running", Mode.SLOW_DOWN),
]
AT_ONCE = 4
LEAKY_POLLS = 50

Played = tuple[list["Future[Outcome]"], "Future[tuple[Held, Held]]"]


@pytest.fixture(scope="module")
def played(swift_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """All scenes, under way."""

    def play(situation: str, fault: Mode) -> Outcome:
        return SITUATIONS[situation](a_stage(swift_server, tmp_path_factory.mktemp("scene")), fault)

    def count() -> tuple[Held, Held]:
        stage = a_stage(swift_server, tmp_path_factory.mktemp("leak"))
        return held_while_polls_fail(stage, Mode.SKEW, LEAKY_POLLS)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        for name, value in swift_server.environment().items():
            patch.setenv(name, value)
        yield [pool.submit(play, *scene) for scene in SCENES], pool.submit(count)


@pytest.mark.parametrize(
    "number", range(len(SCENES)), ids=[f"{when}-{fault.name.lower()}" for when, fault in SCENES]
)
def test_a_fault_costs_no_prediction_and_is_reported_in_time(played: Played, number: int) -> None:
    scenes, _ = played

    assert scenes[number].result().said


def test_failed_polls_leave_no_thread_and_no_descriptor_in_the_worker(played: Played) -> None:
    _, counted = played

    before, after = counted.result()
    assert not after.exceeds(before), (before, after)
