"""What holds for /predict holds for every dialect: doors, limits, places, counts, ids."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.api.health import DRAIN_RETRY_SECONDS
from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_access_control import keys_file
from tests.contract.service.test_overload import every_place_taken
from tests.uploads import a_garment

ROWS = a_garment().tolist()
TENSOR: dict[str, Any] = {"name": "pixels", "shape": [1, 28, 28], "datatype": "UINT8", "data": [ROWS]}
REQUESTS: dict[str, dict[str, Any]] = {
    "/v1/models/wardrobe:predict": {"instances": [ROWS]},
    "/v2/models/wardrobe/infer": {"inputs": [TENSOR]},
    "/invocations": {"pixels": ROWS},
}
"""One picture in each dialect."""

PATHS = list(REQUESTS)
HEALTH = ["/ping", "/v2/health/live", "/v2/health/ready"]


def ask(client: FlaskClient, path: str, **headers: str) -> Any:
    return client.post(path, json=REQUESTS[path], headers=headers)


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_carries_its_request_and_its_model(client: FlaskClient, path: str) -> None:
    answer = ask(client, path, **{"X-Request-ID": "order-66"})

    assert answer.status_code == 200
    assert answer.headers["X-Request-ID"] == "order-66"
    assert answer.headers["X-Model-Version"] == client.get("/model").get_json()["version"]


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_the_door_stays_shut(make_app: MakeApp, tmp_path: Path, path: str) -> None:
    client = make_app(api_keys_file=keys_file(tmp_path, "alpha")).test_client()

    assert ask(client, path).status_code == 401
    assert ask(client, path, Authorization="Bearer alpha").status_code == 200


def test_health_needs_no_key_and_all_else_does(make_app: MakeApp, tmp_path: Path) -> None:
    client = make_app(api_keys_file=keys_file(tmp_path, "alpha")).test_client()

    health = [client.get(path).status_code for path in HEALTH]
    told = [client.get(path).status_code for path in ("/v1/models/wardrobe", "/v2", "/execution-parameters")]

    assert health == [200] * 3
    assert told == [401] * 3


def test_all_ways_to_classify_share_one_rate_and_health_has_none(make_app: MakeApp) -> None:
    client = make_app(rate_limit="3/minute").test_client()

    answers = [ask(client, path) for path in (*PATHS, PATHS[0])]
    health = [client.get(path).status_code for path in HEALTH * 2]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "3 per 1 minute" in answers[-1].get_json()["error"]
    assert health == [200] * 6


@pytest.mark.parametrize("path", PATHS)
def test_while_every_place_is_taken_it_is_refused_with_the_time_to_wait(make_app: MakeApp, path: str) -> None:
    app = make_app(slots=1, queue_length=0)

    with every_place_taken(app):
        answer = ask(app.test_client(), path)
    counts = app.test_client().get("/metrics/prometheus").text

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert ("error" in answer.get_json()) == path.startswith("/v")
    assert f'route="{path.replace("wardrobe", "<name>")}",status="503"}} 1.0' in counts


@pytest.mark.parametrize("path", [*HEALTH[::2], "/v2/models/wardrobe/ready"])
def test_a_stopping_worker_says_that_it_is_not_ready(make_app: MakeApp, path: str) -> None:
    app = make_app()

    app.extensions["wardrobe"].drain()
    answer = app.test_client().get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == str(DRAIN_RETRY_SECONDS)


@pytest.mark.parametrize("path", PATHS)
def test_pictures_and_requests_are_counted_by_route(make_app: MakeApp, path: str) -> None:
    client = make_app().test_client()

    assert ask(client, path).status_code == 200
    counts = client.get("/metrics/prometheus").text

    assert f'route="{path.replace("wardrobe", "<name>")}",status="200"}} 1.0' in counts
    assert re.findall(r"^wardrobe_confidence_count (.*)$", counts, re.MULTILINE) == ["1.0"]


def test_strangers_cannot_add_labels_to_the_counts(make_app: MakeApp) -> None:
    client = make_app().test_client()

    for number in range(5):
        client.get(f"/v1/models/made-up-{number}")
        client.post(f"/v2/models/made-up-{number}/versions/{number}/infer", json={})
        client.post(f"/v1/models/made-up/{number}:{number}", json={})
    counts = client.get("/metrics/prometheus").text

    assert "made-up" not in counts


@pytest.mark.parametrize("path", PATHS)
def test_a_body_above_the_limit_is_refused(make_app: MakeApp, path: str) -> None:
    client = make_app(max_batch_bytes=1000).test_client()

    answer = ask(client, path)

    assert answer.status_code == 413
    assert "MAX_BATCH_BYTES" in answer.get_json()["detail"]
