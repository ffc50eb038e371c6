"""A bucket that is sometimes not there: each fault in each situation, on real gunicorn.

Most of the time is spent waiting, so the scenes play at the same time.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.fault_proxy import Mode
from tests.s3_faults import SCENES, SITUATIONS, a_stage
from tests.s3_servers import S3Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

AT_ONCE = 8

SILENT = (Mode.BLACK_HOLE, Mode.STALL)
"""Faults that are reported after a time limit only."""

Played = Mapping[tuple[str, Mode], "Future[None]"]


@pytest.fixture(scope="module")
def played(swift_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """All scenes, under way; the long ones begin first, so that the end is not a wait for one of them."""

    def play(when: str, fault: Mode) -> None:
        SITUATIONS[when](a_stage(swift_server, tmp_path_factory.mktemp("scene")), fault)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        for name, value in swift_server.environment().items():
            patch.setenv(name, value)
        scenes = sorted(SCENES, key=lambda scene: scene[1] not in SILENT)
        yield {scene: pool.submit(play, *scene) for scene in scenes}


@pytest.mark.parametrize("scene", SCENES, ids=[f"{when}-{fault.name.lower()}" for when, fault in SCENES])
def test_a_fault_costs_no_prediction_and_is_reported_in_time(played: Played, scene: tuple[str, Mode]) -> None:
    played[scene].result()
