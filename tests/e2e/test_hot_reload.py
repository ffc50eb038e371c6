"""Swapping the model under load: no request fails, and no answer mixes two releases. `make chaos`: more."""

from pathlib import Path

import pytest

from model_store.store import open_store
from tests.bad_releases import corrupt
from tests.load import under_load
from tests.service import running
from tests.swaps import UPLOAD, a_shelf, swap, wait_until_served
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

SWAPS = 6


def test_swaps_and_rollbacks_under_load_fail_nothing_and_mix_nothing(tmp_path: Path) -> None:
    shelf = a_shelf(open_store(str(tmp_path / "store")), tmp_path)

    with running(tmp_path, MODEL_STORE=shelf.store.address, REFRESH_SECONDS="0.1") as service:
        with under_load(service.url, UPLOAD, shelf.answers) as seen:
            for number in range(SWAPS):
                wait_until_served(service, swap(shelf, number))
        log = service.text()

    assert (seen.mixed, seen.cut, set(seen.statuses)) == ([], [], {200})
    assert set(seen.versions) == set(shelf.versions)
    assert log.count("Serving ") >= SWAPS
    assert "Traceback" not in log


def test_a_refused_current_is_reported_by_every_worker_and_the_old_one_goes_on(tmp_path: Path) -> None:
    shelf = a_shelf(open_store(str(tmp_path / "store")), tmp_path, releases=1)

    with (
        running(tmp_path, MODEL_STORE=shelf.store.address, REFRESH_SECONDS="0.1") as service,
        under_load(service.url, UPLOAD, shelf.answers, pause=0.01) as seen,
    ):
        bad, workers = corrupt(tmp_path / "bad", shelf.store), len(service.worker_pids())
        wait_for("refusals", lambda: service.metric("wardrobe_releases_refused_total") == workers)
        ready = service.get("/readyz").json()

    assert (seen.mixed, seen.cut, set(seen.statuses)) == ([], [], {200})
    assert [refused["version"] for refused in ready["refused"]] == [bad.version]
    assert ready["model"]["version"] == shelf.versions[0]
