"""Swapping the model under load: no request fails, and no answer mixes two releases. `make chaos`: more."""

from pathlib import Path

from model_store.store import open_store
from tests.bad_releases import corrupt
from tests.service import running, start
from tests.swaps import UPLOAD, a_shelf, swap, wait_until_served
from tests.waiting import wait_for
from tests.witness import witnesses

SWAPS = 6


def test_swaps_and_rollbacks_under_load_fail_nothing_and_mix_nothing(tmp_path: Path) -> None:
    shelf = a_shelf(open_store(str(tmp_path / "store")), tmp_path)

    with running(tmp_path, MODEL_STORE=shelf.store.address, REFRESH_SECONDS="0.1") as service:
        with witnesses(service.url, UPLOAD, shelf.answers) as seen:
            for number in range(SWAPS):
                wait_until_served(service, swap(shelf, number))
        log = service.log.read_text("utf-8")

    assert (seen.mixed, seen.failed, seen.problems) == (0, 0, [])
    assert set(seen.versions) == set(shelf.versions)
    assert log.count("Serving ") >= SWAPS
    assert "Traceback" not in log


def test_a_refused_current_and_no_cache_is_told_in_one_line_at_the_start(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    bad = corrupt(tmp_path / "bad", store)

    service = start(tmp_path, MODEL_STORE=store.address)
    status = service.process.wait(60)

    log = service.log.read_text("utf-8")
    [told] = {line for line in log.splitlines() if line.startswith("wardrobe: ")}
    assert status != 0
    assert bad.version in told or "model.onnx" in told
    assert "Traceback" not in log


def test_a_refused_current_is_told_by_every_worker_and_the_old_one_goes_on(tmp_path: Path) -> None:
    shelf = a_shelf(open_store(str(tmp_path / "store")), tmp_path, releases=1)

    with (
        running(tmp_path, MODEL_STORE=shelf.store.address, REFRESH_SECONDS="0.1") as service,
        witnesses(service.url, UPLOAD, shelf.answers, pause=0.01) as seen,
    ):
        bad = corrupt(tmp_path / "bad", shelf.store)
        refused = f"wardrobe_releases_refused_total {len(service.worker_pids())}.0"
        wait_for(refused, lambda: refused in service.get("/metrics/prometheus").text)
        ready = service.get("/readyz").json()

    assert seen.problems == []
    assert [told["version"] for told in ready["refused"]] == [bad.version]
    assert ready["model"]["version"] == shelf.versions[0]
