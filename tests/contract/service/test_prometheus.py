"""What a scraper gets: requests, problems, answers, the reference distribution, the release, and the load."""

import io
import re
import time
from typing import TYPE_CHECKING

import pytest
from flask.testing import FlaskClient

from app.observability.metrics import Metrics
from app.observability.reference_distribution import ReferenceDistribution
from tests.contract.service.conftest import INVOCATIONS, MakeApp
from tests.releases import LABELS
from tests.uploads import UPLOAD

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def samples(client: FlaskClient) -> dict[str, float]:
    """Every sample that is exposed, by its name and labels, without the prefix `wardrobe_`."""
    lines = client.get("/metrics/prometheus").text.splitlines()
    found = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name.removeprefix("wardrobe_"): float(value) for name, _, value in found}


def test_a_prediction_is_counted_and_timed_stage_by_stage(fresh_client: FlaskClient) -> None:
    answer = fresh_client.post("/predict", data=UPLOAD).get_json()

    exposed = samples(fresh_client)

    labels = f'decision="{answer["decision"]}",label="{answer["label"]}",reason="{answer["reason"] or ""}"'
    assert exposed[f"predictions_total{{{labels}}}"] == 1
    assert exposed['requests_total{method="POST",route="/predict",status="200"}'] == 1
    assert exposed[f'release_info{{version="{answer["model"]["version"]}"}}'] == 1
    assert exposed["confidence_sum"] == pytest.approx(answer["confidence"])
    assert exposed["familiarity_sum"] == pytest.approx(answer["familiarity"])
    assert exposed["familiarity_count"] == exposed['familiarity_bucket{le="1.0"}'] == 1
    stages = ("queue", "decode", "infer")
    spent = sum(exposed[f'stage_seconds_total{{stage="{stage}"}}'] for stage in stages)
    assert 0 < spent <= exposed['request_seconds_sum{route="/predict"}']


class SlowBody(io.BytesIO):
    """A body that comes slowly; notes what a scraper sees meanwhile."""

    def __init__(self, body: bytes, client: FlaskClient) -> None:
        super().__init__(body)
        self._client = client
        self.seen: dict[str, float] = {}

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        time.sleep(0.05)
        self.seen = samples(self._client)
        return super().readinto(buffer)


@pytest.mark.parametrize("path", ["/predict", INVOCATIONS])
def test_a_body_that_comes_slowly_is_neither_load_nor_a_slow_answer(
    fresh_client: FlaskClient, path: str
) -> None:
    body = SlowBody(UPLOAD, fresh_client.application.test_client())

    begun = time.perf_counter()
    answer = fresh_client.post(path, input_stream=body, content_length=len(UPLOAD))
    seconds = time.perf_counter() - begun

    exposed = samples(fresh_client)
    assert answer.status_code == 200
    assert not any(name.startswith("stage_seconds_total") for name in body.seen)
    reading = exposed['stage_seconds_total{stage="read"}']
    assert 0.05 <= reading <= seconds - exposed[f'request_seconds_sum{{route="{path}"}}']


def test_pictures_of_a_batch_are_counted_one_by_one(fresh_client: FlaskClient) -> None:
    black = {"pixels": [[0] * 28] * 28}

    fresh_client.post("/predict/batch", json={"images": [black, black, {"pixels": []}]})

    exposed = samples(fresh_client)
    assert exposed["confidence_count"] == 2
    assert exposed['problems_total{type="bad-pixels"}'] == 1
    assert exposed['requests_total{method="POST",route="/predict/batch",status="200"}'] == 1


def test_an_idle_worker_exposes_places_state_and_reference_distribution(make_app: MakeApp) -> None:
    exposed = samples(make_app(slots=3, queue_length=5).test_client())

    assert (exposed["workers"], exposed["places"]) == (1, 8)
    assert exposed["store_failing"] == exposed["release_stale"] == 0
    assert exposed["releases_refused_total"] == exposed["confidence_count"] == 0
    assert sum(exposed[f'label_reference{{label="{label}"}}'] for label in LABELS) == pytest.approx(1)
    assert exposed['familiarity_reference{bound="0.1"}'] == 0.1
    assert {'familiarity_bucket{le="0.1"}', 'familiarity_bucket{le="+Inf"}'} <= exposed.keys()


def test_nothing_that_a_client_chooses_becomes_a_label(fresh_client: FlaskClient) -> None:
    fresh_client.open(
        "/oddity?query=oddity", method="ODDITY", headers={"User-Agent": "oddity"}, data=b"oddity"
    )
    fresh_client.open("/predict", method="ODDITY")
    fresh_client.post("/predict?oddity=1", data=UPLOAD)
    fresh_client.get("/v1/models/oddity")
    fresh_client.post("/v2/models/oddity/versions/oddity/infer", json={})
    fresh_client.post("/v1/models/oddity/1:oddity", json={})

    exposed = samples(fresh_client)

    assert "oddity" not in str(exposed).lower()
    assert exposed['requests_total{method="other",route="none",status="405"}'] == 1
    known = {"route", "method", "status", "stage", "le", "type", "label", "decision", "reason", "version"}
    assert set(re.findall(r"[{,]([a-z_]+)=", str(exposed))) <= known | {"outcome", "bound"}


def test_another_release_brings_another_reference_distribution() -> None:
    metrics = Metrics(None)
    metrics.set_release(
        "first", reference=ReferenceDistribution({"Hat": 0.4, "Scarf": 0.6}, has_familiarity=True)
    )

    metrics.set_release("second", "first", ReferenceDistribution({"Hat": 1.0}))

    exposed = metrics.encode_metrics("")[0].decode()
    assert 'wardrobe_label_reference{label="Hat"} 1.0' in exposed
    assert 'wardrobe_label_reference{label="Scarf"} 0.0' in exposed
    assert 'wardrobe_release_info{version="first"} 0.0' in exposed
