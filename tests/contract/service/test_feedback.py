"""POST /feedback: what people say of answers is counted, with few values, and not stored."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from model_store.store import FolderStore
from tests.contract.service.conftest import MakeApp, poll
from tests.contract.service.test_access_control import bearer, keys_file
from tests.contract.service.test_following import publish_next
from tests.contract.service.test_prometheus import samples
from tests.releases import LABELS
from tests.uploads import UPLOAD


def feedback_on(client: FlaskClient, true_label: str, **other: object) -> dict[str, object]:
    """What a person says of an answer to the client's picture."""
    answer: dict[str, Any] = client.post("/predict", data=UPLOAD).get_json()
    said = {name: answer[name] for name in ("label", "decision")}
    return said | {"version": answer["model"]["version"], "true_label": true_label} | other


def counted(client: FlaskClient) -> dict[str, float]:
    """The samples of the metric."""
    return {name: value for name, value in samples(client).items() if name.startswith("feedback_total")}


def test_right_and_wrong_answers_are_counted_by_release_decision_and_label(fresh_client: FlaskClient) -> None:
    said = feedback_on(fresh_client, "")
    [other] = [label for label in LABELS if label != said["label"]][:1]

    outcomes = [
        fresh_client.post("/feedback", json=said | {"true_label": label}).get_json()["outcome"]
        for label in (said["label"], other, "none of these")
    ]

    assert outcomes == ["right", "wrong", "wrong"]
    labels = f'decision="{said["decision"]}",label="{said["label"]}"'
    assert counted(fresh_client) == {
        f'feedback_total{{{labels},outcome="right",version="{said["version"]}"}}': 1,
        f'feedback_total{{{labels},outcome="wrong",version="{said["version"]}"}}': 2,
    }


@pytest.mark.parametrize("field", ["version", "label", "decision", "true_label"])
def test_an_unknown_value_is_refused_named_and_not_counted(fresh_client: FlaskClient, field: str) -> None:
    said = feedback_on(fresh_client, LABELS[0])

    answer = fresh_client.post("/feedback", json=said | {field: "Gown"})

    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.get_json()["detail"].startswith(f"`{field}` is 'Gown'")
    assert counted(fresh_client) == {}


@pytest.mark.parametrize(
    "body", [{"json": {"label": "Shirt"}}, {"json": [1]}, {"data": b"label"}, {"data": b""}]
)
def test_what_is_no_feedback_is_a_bad_request(client: FlaskClient, body: dict[str, Any]) -> None:
    answer = client.post("/feedback", **body)

    assert (answer.status_code, answer.get_json()["title"]) == (400, "Bad request")


def test_an_answer_of_the_release_before_can_be_judged_and_older_ones_cannot(
    make_app: MakeApp, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "store")
    publish_next(store, tmp_path / "first")
    app = make_app(model_store=store.address, refresh_seconds=3600)
    first = feedback_on(app.test_client(), LABELS[0])

    statuses = []
    for name in ("second", "third"):
        publish_next(store, tmp_path / name)
        poll(app)
        statuses.append(app.test_client().post("/feedback", json=first).status_code)

    assert statuses == [200, 422]


def test_keys_and_rates_apply(make_app: MakeApp, tmp_path: Path) -> None:
    client = make_app(api_keys_file=keys_file(tmp_path, "alpha"), rate_limit="1/hour").test_client()

    statuses = [
        client.post("/feedback", json={}, headers=bearer(key)).status_code for key in ("", "alpha", "alpha")
    ]

    assert statuses == [401, 400, 429]


def test_what_else_a_client_sends_is_neither_needed_nor_logged(
    fresh_client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    said = feedback_on(fresh_client, LABELS[0], name="holiday.jpg")

    assert fresh_client.post("/feedback", json=said).status_code == 200
    assert "holiday" not in capsys.readouterr().err + str(samples(fresh_client))


def test_without_the_operator_s_leave_there_is_no_such_route(make_app: MakeApp) -> None:
    client = make_app(feedback=False).test_client()

    assert client.post("/feedback", json={}).status_code == 404


def test_what_other_sites_may_send_without_asking_is_refused(fresh_client: FlaskClient) -> None:
    said = json.dumps(feedback_on(fresh_client, LABELS[0]))

    answer = fresh_client.post("/feedback", data=said, content_type="text/plain")

    assert answer.status_code == 400
    assert "application/json" in answer.get_json()["detail"]
    assert counted(fresh_client) == {}
