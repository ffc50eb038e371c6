"""Swapping the model under load: no request fails, and no answer mixes two releases."""

from pathlib import Path

import pytest

from model_store.store import open_store
from tests.load import under_load
from tests.service import running
from tests.swaps import UPLOAD, a_shelf, swap, wait_until_served

pytestmark = pytest.mark.slow

SWAPS = 6


def test_swaps_and_rollbacks_under_load_fail_nothing_and_mix_nothing(tmp_path: Path) -> None:
    shelf = a_shelf(open_store(str(tmp_path / "store")), tmp_path)

    with running(tmp_path, MODEL_STORE=shelf.store.address, REFRESH_SECONDS="0.1") as service:
        with under_load(service.url, UPLOAD, shelf.answers) as seen:
            for number in range(SWAPS):
                wait_until_served(service, swap(shelf, number))
        log = service.text()

    assert (seen.mixed, seen.cut, seen.turned_away, set(seen.statuses)) == ([], [], 0, {200})
    assert set(seen.versions) == set(shelf.versions)
    assert log.count("Serving ") >= SWAPS
    assert "Traceback" not in log
