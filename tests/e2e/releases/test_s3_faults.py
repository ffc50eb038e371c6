"""A bucket that is sometimes not there: each fault in each situation, on real gunicorn.

Most of the time is spent waiting, so the scenes play at the same time.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.fault_proxy import Mode
from tests.s3_faults import SCENES, SITUATIONS, a_stage, held_while_polls_fail
from tests.s3_servers import S3Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

AT_ONCE = 8

SILENT = (Mode.BLACK_HOLE, Mode.STALL)
"""Faults that are reported after a time limit only."""

LEAKS = {Mode.FORBIDDEN: 50, Mode.RESET: 50, Mode.BLACK_HOLE: 1}
"""Failed polls for each fault."""

Played = Mapping[object, "Future[Any]"]


@pytest.fixture(scope="module")
def played(swift_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """All scenes, under way; the long ones begin first, so that the end is not a wait for one of them."""

    def play(scene: Callable[..., object], *of: object) -> object:
        return scene(a_stage(swift_server, tmp_path_factory.mktemp("scene")), *of)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        for name, value in swift_server.environment().items():
            patch.setenv(name, value)
        leaks = {fault: pool.submit(play, held_while_polls_fail, fault, LEAKS[fault]) for fault in LEAKS}
        scenes = sorted(SCENES, key=lambda scene: scene[1] not in SILENT)
        yield leaks | {(when, fault): pool.submit(play, SITUATIONS[when], fault) for when, fault in scenes}


@pytest.mark.parametrize("scene", SCENES, ids=[f"{when}-{fault.name.lower()}" for when, fault in SCENES])
def test_a_fault_costs_no_prediction_and_is_reported_in_time(played: Played, scene: tuple[str, Mode]) -> None:
    played[scene].result()


@pytest.mark.parametrize("fault", LEAKS, ids=lambda fault: fault.name.lower())
def test_polls_that_fail_leave_no_thread_and_no_descriptor_behind(played: Played, fault: Mode) -> None:
    before, after = played[fault].result()

    assert not after.exceeds(before)
