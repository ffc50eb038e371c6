"""GET /metrics, /model, /healthz and /readyz: what is served, how good it is, whether it is well."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from model_store.errors import NotFound, SignatureMissing
from model_store.local_releases import open_release
from model_store.signing import create_key_pair
from tests.contract.service.conftest import MakeApp
from tests.releases import LABELS, a_release

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PROMETHEUS_2 = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
PROMETHEUS_3 = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3"
)


@pytest.mark.parametrize(
    ("accept", "media_type", "beginning"),
    [
        *(
            (accept, "text/html", b"<!doctype html>")
            for accept in (FIREFOX, "text/html", "text/html, */*;q=0.9")
        ),
        *((accept, "application/json", b"{") for accept in ("*/*", "", "application/json", "text/plain")),
        *((accept, "application/json", b"{") for accept in ("text/html;q=0.5, */*", "rubbish")),
        *((accept, "application/openmetrics-text", b"# HELP") for accept in (PROMETHEUS_2, PROMETHEUS_3)),
        ("text/plain;version=0.0.4;q=1,*/*;q=0.1", "text/plain", b"# HELP"),
    ],
)
def test_browsers_scrapers_and_programs_get_metrics_in_their_own_form(
    client: FlaskClient, accept: str, media_type: str, beginning: bytes
) -> None:
    response = client.get("/metrics", headers={"Accept": accept})

    assert (response.status_code, response.mimetype) == (200, media_type)
    assert response.data.startswith(beginning)
    assert "accept" in response.vary.as_set()


@pytest.mark.parametrize(("path", "accept"), [("/metrics", "*/*"), ("/metrics/report.json", FIREFOX)])
def test_a_program_gets_the_stored_report_to_the_byte(
    client: FlaskClient, store_folder: Path, path: str, accept: str
) -> None:
    response = client.get(path, headers={"Accept": accept})

    assert response.mimetype == "application/json"
    assert response.data == next(store_folder.glob("releases/*/report.json")).read_bytes()


def test_model_tells_name_version_labels_and_contract(make_app: MakeApp) -> None:
    model = make_app(model_name="shop").test_client().get("/model").get_json()

    assert model["name"] == "shop"
    assert tuple(model["labels"]) == LABELS
    assert model["promotion"] == 1
    assert model["manifest"]["version"] == model["version"]
    assert model["manifest"]["networks"]["pixels"]["contract"]["input"]["polarity"] == "light-on-black"


def test_a_ready_service_names_what_it_serves(client: FlaskClient) -> None:
    ready = client.get("/readyz")

    assert ready.status_code == 200
    condition = ready.get_json()
    assert condition.pop("photos")["status"] == "unproven"  # it has no network for photos
    assert condition == {
        "status": "ready",
        "model": {"version": ready.headers["X-Model-Version"]},
        "stale": False,
        "stale_since": None,
        "store": {"status": "ok"},
        "refused": [],
    }


def test_the_folder_of_a_release_is_served_as_a_store_would_be(make_app: MakeApp, tmp_path: Path) -> None:
    sealed = a_release(tmp_path / "release")

    client = make_app(model_store=str(sealed)).test_client()

    assert client.get("/readyz").get_json()["model"] == {"version": open_release(sealed).version}
    with pytest.raises(SignatureMissing):
        make_app(model_store=str(sealed), trusted_keys=create_key_pair(tmp_path / "key"))


def test_the_bundled_release_does_not_stand_in_for_another_version(make_app: MakeApp) -> None:
    with pytest.raises(NotFound, match=r"20200101T000000Z-00000000, but the bundled release is"):
        make_app(model_store="bundled", model_version="20200101T000000Z-00000000")


def test_a_store_is_failing_since_its_first_fault_and_until_it_answers(make_app: MakeApp) -> None:
    app, first = make_app(), datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
    client, models = app.test_client(), app.extensions["wardrobe"].models

    for minutes in (0, 5):
        models.record_store_failure(OSError("no route to host"), first + timedelta(minutes=minutes))
    failing = client.get("/readyz").get_json()
    models.record_store_success()
    working = client.get("/readyz").get_json()

    assert (failing["store"]["since"], failing["stale_since"]) == (first.isoformat(),) * 2
    assert "since" not in working["store"]
    assert working["stale"] is False
