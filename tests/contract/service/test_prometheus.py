"""What a scraper gets: requests, problems, answers, the reference distribution, the release, and the load."""

import re

import pytest
from flask.testing import FlaskClient

from app.observability.metrics import Metrics
from app.observability.reference_distribution import ReferenceDistribution
from tests.contract.service.conftest import MakeApp
from tests.releases import LABELS
from tests.uploads import a_garment, png


def samples(client: FlaskClient) -> dict[str, float]:
    """Every sample that is exposed, by its name and labels."""
    text = client.get("/metrics/prometheus").get_data(as_text=True)
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_a_prediction_is_timed_stage_by_stage(client: FlaskClient) -> None:
    client.post("/predict", data=png(a_garment()))

    exposed = samples(client)

    stages = ("queue", "decode", "convert", "infer")
    assert [exposed[f'wardrobe_stage_seconds_count{{stage="{stage}"}}'] for stage in stages] == [1, 1, 1, 1]
    spent = sum(exposed[f'wardrobe_stage_seconds_sum{{stage="{stage}"}}'] for stage in stages)
    assert 0 < spent <= exposed['wardrobe_request_seconds_sum{route="/predict"}']


def test_confidence_and_familiarity_are_spread_over_their_buckets(client: FlaskClient) -> None:
    answer = client.post("/predict", data=png(a_garment())).get_json()

    exposed = samples(client)

    assert exposed["wardrobe_confidence_sum"] == pytest.approx(answer["confidence"])
    assert exposed["wardrobe_familiarity_sum"] == pytest.approx(answer["familiarity"])
    assert exposed["wardrobe_familiarity_count"] == exposed['wardrobe_familiarity_bucket{le="1.0"}'] == 1


def test_pictures_of_a_batch_are_counted_one_by_one(client: FlaskClient) -> None:
    pixels = [[0] * 28] * 28

    client.post("/predict/batch", json={"images": [{"pixels": pixels}, {"pixels": pixels}, {"pixels": []}]})

    exposed = samples(client)
    assert exposed["wardrobe_confidence_count"] == exposed["wardrobe_filled_share_count"] == 2
    assert exposed['wardrobe_problems_total{type="bad-pixels"}'] == 1
    assert exposed['wardrobe_requests_total{method="POST",route="/predict/batch",status="200"}'] == 1


def test_problems_are_counted_by_their_type(client: FlaskClient) -> None:
    client.post("/predict", data=b"%PDF-1.7")
    client.post("/predict", data=b"")
    client.get("/nowhere")

    exposed = samples(client)

    types = ("unknown-format", "bad-request", "not-found")
    assert [exposed[f'wardrobe_problems_total{{type="{kind}"}}'] for kind in types] == [1, 1, 1]


def test_the_reference_distribution_is_exposed_with_todays(client: FlaskClient) -> None:
    exposed = samples(client)

    labels = [exposed[f'wardrobe_label_reference{{label="{label}"}}'] for label in LABELS]
    assert sum(labels) == pytest.approx(1)
    bounds = {re.sub(".*le=", "", name) for name in exposed if name.startswith("wardrobe_familiarity_bucket")}
    reference = {
        re.sub(".*bound=", "", name) for name in exposed if name.startswith("wardrobe_familiarity_ref")
    }
    assert bounds - reference == {'"+Inf"}'}
    assert exposed['wardrobe_familiarity_reference{bound="0.1"}'] == 0.1


def test_a_worker_exposes_its_places_and_what_is_in_progress(make_app: MakeApp) -> None:
    client = make_app(slots=3, queue_length=5).test_client()

    exposed = samples(client)

    assert (exposed["wardrobe_workers"], exposed["wardrobe_places"]) == (1, 8)
    assert exposed["wardrobe_requests_in_progress"] == 1  # this one


def test_what_was_in_progress_is_over_when_it_failed(client: FlaskClient) -> None:
    client.post("/predict", data=b"no picture")

    assert samples(client)["wardrobe_requests_in_progress"] == 1  # the scrape itself


def test_every_sample_of_an_idle_worker_is_there_from_the_start(client: FlaskClient) -> None:
    exposed = samples(client)

    assert exposed["wardrobe_store_failing"] == exposed["wardrobe_release_stale"] == 0
    assert exposed["wardrobe_releases_refused_total"] == exposed["wardrobe_confidence_count"] == 0


def test_nothing_that_a_client_chooses_becomes_a_label(client: FlaskClient) -> None:
    client.open("/oddity?query=oddity", method="ODDITY", headers={"User-Agent": "oddity"}, data=b"oddity")
    client.post("/predict?oddity=1", data=png(a_garment()))

    text = client.get("/metrics/prometheus").get_data(as_text=True)

    assert "oddity" not in text.lower()
    names = set(re.findall(r"[{,]([a-z_]+)=", text))
    assert names <= {"route", "method", "status", "stage", "le", "type", "label", "decision", "reason"} | {
        "version",
        "outcome",
        "bound",
    }


def test_another_release_brings_another_reference_distribution() -> None:
    metrics = Metrics(None)
    metrics.set_release("first", reference=ReferenceDistribution({"Hat": 0.4, "Scarf": 0.6}))

    metrics.set_release("second", "first", ReferenceDistribution({"Hat": 1.0}))

    exposed = metrics.exposition("")[0].decode()
    assert 'wardrobe_label_reference{label="Hat"} 1.0' in exposed
    assert 'wardrobe_label_reference{label="Scarf"} 0.0' in exposed
    assert 'wardrobe_release_info{version="first"} 0.0' in exposed


def test_two_apps_of_one_process_count_apart() -> None:
    first, second = Metrics(None), Metrics(None)

    first.count_poll("failed")

    assert b'wardrobe_polls_total{outcome="failed"} 1.0' in first.exposition("")[0]
    assert b"failed" not in second.exposition("")[0]
