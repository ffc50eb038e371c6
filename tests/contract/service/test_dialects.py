"""What holds for /predict holds for every dialect: doors, limits, places, counts, ids."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.api.health import DRAIN_RETRY_SECONDS
from tests.contract.service.conftest import INVOCATIONS, TF, V2, MakeApp, every_place_taken
from tests.uploads import a_garment

ROWS = a_garment().tolist()
TENSOR: dict[str, Any] = {"name": "pixels", "shape": [1, 28, 28], "datatype": "UINT8", "data": [ROWS]}
REQUESTS: dict[str, dict[str, Any]] = {
    TF: {"instances": [ROWS]},
    V2: {"inputs": [TENSOR]},
    INVOCATIONS: {"pixels": ROWS},
}
"""One picture in each dialect."""

each_dialect = pytest.mark.parametrize("path", REQUESTS)


def ask(client: FlaskClient, path: str, **how: Any) -> Any:
    return client.post(path, json=REQUESTS[path], **how)


def counted(path: str, status: int) -> str:
    route = path.replace("wardrobe", "<name>")
    return f'wardrobe_requests_total{{method="POST",route="{route}",status="{status}"}} 1.0'


@each_dialect
def test_an_answer_carries_its_ids_and_is_counted(fresh_client: FlaskClient, path: str) -> None:
    answer = ask(fresh_client, path, headers={"X-Request-ID": "order-66.a_b"})
    counts = fresh_client.get("/metrics/prometheus").text

    assert answer.status_code == 200
    assert answer.headers["X-Request-ID"] == "order-66.a_b"
    assert answer.headers["X-Model-Version"] == fresh_client.get("/model").get_json()["version"]
    assert counted(path, 200) in counts
    assert "\nwardrobe_confidence_count 1.0" in counts


def test_all_ways_to_classify_share_one_rate_and_health_has_none(make_app: MakeApp) -> None:
    client = make_app(rate_limit="3/day").test_client()

    answers = [ask(client, path) for path in (*REQUESTS, V2)]
    health = [client.get(path).status_code for path in ("/ping", "/v2/health/live", "/v2/health/ready")]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "3 per 1 day" in answers[-1].get_json()["error"]
    assert health == [200] * 3


@each_dialect
def test_while_every_place_is_taken_it_is_refused_with_the_time_to_wait(make_app: MakeApp, path: str) -> None:
    app = make_app(slots=1, queue_length=0)

    with every_place_taken(app):
        answer = ask(app.test_client(), path)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert ("error" in answer.get_json()) == path.startswith("/v")
    assert counted(path, 503) in app.test_client().get("/metrics/prometheus").text


@pytest.mark.parametrize("path", ["/readyz", "/ping", "/v2/health/ready", "/v2/models/wardrobe/ready"])
def test_a_stopping_worker_is_live_and_not_ready(make_app: MakeApp, path: str) -> None:
    app = make_app()

    app.extensions["wardrobe"].drain()
    answer = app.test_client().get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == str(DRAIN_RETRY_SECONDS)
    assert app.test_client().get("/healthz").get_json() == {"status": "live"}
