"""GET /metrics, /model, /healthz and /readyz: what is served, how good it is, whether it is well."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from model_store.errors import NotFound
from model_store.report import parse_report
from tests.contract.service.conftest import MakeApp
from tests.releases import LABELS
from tests.uploads import a_garment, png

PROMETHEUS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"


def test_metrics_is_the_stored_report_to_the_byte(client: FlaskClient, store_folder: Path) -> None:
    response = client.get("/metrics")

    stored = next(store_folder.glob("releases/*/report.json")).read_bytes()
    assert response.mimetype == "application/json"
    assert response.data == stored
    assert parse_report(stored, "stored").test.accuracy == json.loads(stored)["test"]["accuracy"]


@pytest.mark.parametrize("accept", [PROMETHEUS, "text/plain; version=0.0.4", "application/openmetrics-text"])
def test_a_scraper_gets_prometheus_exposition_from_metrics(client: FlaskClient, accept: str) -> None:
    response = client.get("/metrics", headers={"Accept": accept})

    assert response.mimetype in ("application/openmetrics-text", "text/plain")
    assert b"# TYPE wardrobe_requests" in response.data


@pytest.mark.parametrize("accept", ["*/*", "application/json", "", "text/plain"])
def test_everybody_else_gets_the_report(client: FlaskClient, accept: str) -> None:
    assert client.get("/metrics", headers={"Accept": accept}).mimetype == "application/json"


def test_predictions_are_counted_by_label_and_decision(client: FlaskClient) -> None:
    answer = client.post("/predict", data=png(a_garment())).get_json()

    exposed = client.get("/metrics/prometheus").get_data(as_text=True)

    labels = f'decision="{answer["decision"]}",label="{answer["label"]}",reason="{answer["reason"] or ""}"'
    assert f"wardrobe_predictions_total{{{labels}}} 1.0" in exposed
    assert 'wardrobe_requests_total{method="POST",route="/predict",status="200"} 1.0' in exposed
    assert f'wardrobe_release_info{{version="{answer["model"]["version"]}"}} 1.0' in exposed


def test_paths_that_strangers_make_up_add_no_label(client: FlaskClient) -> None:
    client.get("/made-up-by-a-stranger")

    assert "made-up" not in client.get("/metrics/prometheus").get_data(as_text=True)


def test_methods_that_strangers_make_up_add_no_label(client: FlaskClient) -> None:
    client.open("/predict", method="BREW")

    exposed = client.get("/metrics/prometheus").get_data(as_text=True)

    assert "BREW" not in exposed
    assert 'wardrobe_requests_total{method="other",route="none",status="405"} 1.0' in exposed


def test_model_tells_name_version_labels_and_contract(client: FlaskClient) -> None:
    model = client.get("/model").get_json()

    assert model["name"] == "wardrobe"
    assert tuple(model["labels"]) == LABELS
    assert model["promotion"] == 1
    assert model["manifest"]["version"] == model["version"]
    assert model["manifest"]["model"]["input"]["polarity"] == "light-on-black"


def test_the_models_name_can_be_set(make_app: MakeApp) -> None:
    assert make_app(model_name="shop").test_client().get("/model").get_json()["name"] == "shop"


def test_a_ready_service_names_what_it_serves(client: FlaskClient) -> None:
    ready = client.get("/readyz")

    assert ready.status_code == 200
    assert ready.get_json() == {
        "status": "ready",
        "model": {"version": ready.headers["X-Model-Version"]},
        "stale": False,
        "stale_since": None,
        "store": {"status": "ok"},
        "refused": [],
    }


def test_a_draining_service_is_live_but_not_ready(make_app: MakeApp) -> None:
    app = make_app()
    app.extensions["wardrobe"].drain()
    client = app.test_client()

    ready = client.get("/readyz")

    assert (ready.status_code, ready.headers["Retry-After"]) == (503, "5")
    assert client.get("/healthz").get_json() == {"status": "live"}


def test_the_bundled_release_does_not_stand_in_for_another_version(make_app: MakeApp) -> None:
    with pytest.raises(NotFound, match=r"20200101T000000Z-00000000, but the bundled release is"):
        make_app(model_store="bundled", model_version="20200101T000000Z-00000000")


def test_a_version_can_be_pinned(make_app: MakeApp, store_folder: Path) -> None:
    version = next(store_folder.glob("releases/*")).name

    assert make_app(model_version=version).test_client().get("/model").get_json()["version"] == version
