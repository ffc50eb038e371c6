"""A bucket that is sometimes not there: a few faults on real gunicorn; `make chaos` tries all.

Most of the time is spent waiting, so the scenes play at the same time.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.fault_proxy import Mode
from tests.s3_faults import SITUATIONS, Outcome, a_stage
from tests.s3_servers import S3Server

pytestmark = pytest.mark.slow

SCENES = [
    ("start, no cache", Mode.FORBIDDEN),
    ("start, cached", Mode.REFUSE),
    ("running", Mode.RESET),
    ("running", Mode.CHECKSUM),
]

Played = list["Future[Outcome]"]


@pytest.fixture(scope="module")
def played(swift_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """All scenes, under way."""

    def play(situation: str, fault: Mode) -> Outcome:
        return SITUATIONS[situation](a_stage(swift_server, tmp_path_factory.mktemp("scene")), fault)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(SCENES)) as pool:
        for name, value in swift_server.environment().items():
            patch.setenv(name, value)
        yield [pool.submit(play, *scene) for scene in SCENES]


@pytest.mark.parametrize(
    "number", range(len(SCENES)), ids=[f"{when}-{fault.name.lower()}" for when, fault in SCENES]
)
def test_a_fault_costs_no_prediction_and_is_reported_in_time(played: Played, number: int) -> None:
    assert played[number].result().said
