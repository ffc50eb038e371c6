"""What a worker keeps of answers that their clients have not read yet."""

import gc

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from app.api.problems import register_problem_handlers
from app.middleware.request_context import CONTEXT_KEY, RequestContext
from app.middleware.unread_answers import SMALL_ANSWER_BYTES, UnreadAnswerLimit
from app.prediction import classify_items
from inference.pictures.convert import ModelInput
from tests.contract.service.conftest import MakeApp
from tests.uploads import UPLOAD, in_base64, zipped

BATCH = zipped(**{f"{number}.png": UPLOAD for number in range(9)})


@pytest.mark.parametrize(
    ("path", "body"), [("/predict?seen=1&explain=1", UPLOAD), ("/predict/batch?seen=1", BATCH)]
)
def test_an_answer_that_is_not_read_yet_keeps_no_pixels(client: FlaskClient, path: str, body: bytes) -> None:
    gc.collect()
    of_others = {id(one) for one in gc.get_objects() if isinstance(one, ModelInput)}

    answer = client.post(path, data=body, buffered=False)

    kept = [one for one in gc.get_objects() if isinstance(one, ModelInput) and id(one) not in of_others]
    assert kept == []
    assert answer.get_json()["request_id"]


def test_a_batch_shows_no_more_of_what_the_model_read_than_one_answer_may_have(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classify_items, "MAX_SEEN_BYTES", 2 * 28 * 28)
    answers = [
        client.post(f"/predict/batch{query}", json={"images": [in_base64(UPLOAD)] * count})
        for query, count in (("?seen=1", 2), ("?seen=1", 3), ("", 3))
    ]

    assert [answer.status_code for answer in answers] == [200, 413, 200]
    assert "leave `seen` out" in answers[1].get_json()["detail"]


@pytest.fixture
def talkative(make_app: MakeApp) -> FlaskClient:
    """A client of an app whose answers are as long as their path says; 200,000 bytes may be unread."""
    app, served = Flask(__name__), make_app().extensions["wardrobe"].models.current
    register_problem_handlers(app)

    @app.get("/<int:size>")
    def answer(size: int) -> Response:
        return Response(bytes(size))

    app.after_request(UnreadAnswerLimit(200_000).limit_unread_answer)
    client = app.test_client()
    client.environ_base.update({CONTEXT_KEY: RequestContext("id", served)})  # type: ignore[dict-item] # of any type
    return client


def test_unread_answers_together_are_bounded_and_small_ones_are_always_sent(talkative: FlaskClient) -> None:
    unread = [talkative.get("/100000", buffered=False) for _ in range(3)]
    small = talkative.get(f"/{SMALL_ANSWER_BYTES}")
    unread[0].close()
    afterwards = talkative.get("/100000")

    assert [answer.status_code for answer in (*unread, small, afterwards)] == [200, 200, 503, 200, 200]
    assert int(unread[2].headers["Retry-After"]) >= 1
