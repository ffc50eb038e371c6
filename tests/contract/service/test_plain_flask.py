"""Flask without what is not needed still is Flask: what is found once is found for each request by itself."""

import pytest
from flask import Response, request
from flask.testing import FlaskClient

from app.plain_flask import PlainFlask


@pytest.fixture
def app() -> PlainFlask:
    """An app of one route."""
    app = PlainFlask(__name__, static_folder=None)

    @app.post("/shops/<name>")
    def shop(name: str) -> dict[str, object]:
        assert request.view_args is not None
        request.view_args["name"] = "spoilt"
        return {"name": name, "host": request.host, "query": dict(request.args)}

    return app


@pytest.fixture
def client(app: PlainFlask) -> FlaskClient:
    return app.test_client()


def test_a_request_that_was_known_is_answered_as_the_first(client: FlaskClient) -> None:
    answers = [client.post("/shops/one?a=1").get_json() for _ in range(3)]

    assert answers == [{"name": "one", "host": "localhost", "query": {"a": "1"}}] * 3


def test_requests_that_differ_in_one_thing_are_told_apart(client: FlaskClient) -> None:
    client.post("/shops/one?a=1")

    another_name = client.post("/shops/two?a=1").get_json()["name"]
    another_query = client.post("/shops/one?a=2").get_json()["query"]
    another_host = client.post("/shops/one?a=1", headers={"Host": "other"}).get_json()["host"]

    assert (another_name, another_query, another_host) == ("two", {"a": "2"}, "other")


def test_who_asks_by_another_method_is_told_which_there_are(client: FlaskClient) -> None:
    client.post("/shops/one")

    refused = [client.get("/shops/one") for _ in range(2)]
    options = [client.options("/shops/one") for _ in range(2)]

    assert [answer.status_code for answer in (*refused, *options)] == [405, 405, 200, 200]
    assert {frozenset(answer.allow) for answer in (*refused, *options)} == {frozenset({"POST", "OPTIONS"})}


def test_whoever_asked_to_be_called_is_called(app: PlainFlask, client: FlaskClient) -> None:
    called: list[str] = []

    def end(_: object) -> None:
        called.append("end")

    @app.after_request
    def after(answer: Response) -> Response:
        called.append("after")
        return answer

    app.before_request(lambda: called.append("before"))
    app.teardown_request(end)
    app.teardown_appcontext(end)
    client.post("/shops/one")

    assert called == ["before", "after", "end", "end"]
