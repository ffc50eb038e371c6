"""Every error is problem+json with a request id, on every route, the framework's own included."""

from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.contract.service.conftest import MakeApp
from tests.uploads import a_garment, in_base64, png

UPLOAD = png(a_garment())


def assert_problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The one place that knows what a problem looks like (RFC 9457)."""
    document: dict[str, Any] = response.get_json()
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert document.pop("error", document["detail"]) == document["detail"]
    assert set(document) == {"type", "title", "status", "detail", "request_id"}
    assert document["status"] == status
    assert document["request_id"] == response.headers["X-Request-ID"]
    assert response.headers["X-Model-Version"]
    return document


def test_an_unknown_path_is_a_problem(client: FlaskClient) -> None:
    assert_problem(client.get("/no/such/path"), 404)


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/problem+json, text/html;q=0.5"])
def test_a_program_gets_a_short_problem_for_an_unknown_path(client: FlaskClient, accept: str) -> None:
    answer = client.get("/no/such/path", headers={"Accept": accept})

    detail = assert_problem(answer, 404)["detail"]
    assert detail == "Nothing is found at /no/such/path. GET /openapi.json lists the routes."


@pytest.mark.parametrize(
    ("path", "home"),
    [("/nowhere", "./"), ("/a/b/", "../../"), ("/docs/nothing.js", "../"), ("/page/x", "../")],
)
def test_a_browser_gets_a_page_with_a_link_home_for_an_unknown_path(
    client: FlaskClient, path: str, home: str
) -> None:
    answer = client.get(path, headers={"Accept": BROWSER})

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert f'<a href="{home}">' in answer.text
    assert urljoin(f"http://shop.example{path}", home) == "http://shop.example/"
    assert len(answer.data) < 1000
    assert "Accept" in answer.headers["Vary"]


def test_the_page_for_an_unknown_path_shows_it_as_text(client: FlaskClient) -> None:
    answer = client.get("/<script>alert(1)</script>", headers={"Accept": BROWSER})

    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_every_route_refuses_a_method_that_it_does_not_have(make_app: MakeApp) -> None:
    app = make_app()
    client = app.test_client()

    for rule in app.url_map.iter_rules():
        response = client.delete(_path(rule.rule))
        assert_problem(response, 405)
        assert "DELETE" not in response.headers["Allow"]


def test_a_body_above_the_limit_is_a_problem_on_every_route_that_reads_one(make_app: MakeApp) -> None:
    client = make_app(max_upload_bytes=1000, max_batch_bytes=1000).test_client()

    for path in ("/predict", "/predict/batch"):
        assert_problem(client.post(path, data=bytes(100_000)), 413)


def test_a_picture_just_above_the_limit_is_told_the_limit(make_app: MakeApp) -> None:
    client = make_app(max_upload_bytes=len(UPLOAD) - 1).test_client()

    raw = assert_problem(client.post("/predict", data=UPLOAD), 413)
    in_json = assert_problem(client.post("/predict", json={"image": in_base64(UPLOAD)}), 413)

    assert f"{len(UPLOAD) - 1:,} are taken (MAX_UPLOAD_BYTES)" in raw["detail"]
    assert raw["detail"] == in_json["detail"]


def test_more_pixels_than_allowed_are_refused_from_the_header(make_app: MakeApp) -> None:
    client = make_app(max_pixels=28 * 28 - 1).test_client()

    document = assert_problem(client.post("/predict", data=UPLOAD), 413)

    assert "28 x 28" in document["detail"]


def test_our_own_mistakes_leak_nothing_but_a_request_id(make_app: MakeApp) -> None:
    app = make_app()
    _break(app)

    document = assert_problem(app.test_client().get("/broken"), 500)

    assert "secret" not in str(document)


def test_a_clients_request_id_is_kept(client: FlaskClient) -> None:
    response = client.get("/nowhere", headers={"X-Request-ID": "order-66.a_b"})

    assert assert_problem(response, 404)["request_id"] == "order-66.a_b"


@pytest.mark.parametrize("offered", ["", "with space", "x" * 65, "<script>", "ümlaut"])
def test_a_request_id_that_could_do_harm_is_replaced(client: FlaskClient, offered: str) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": offered.encode().decode("latin-1")}).headers[
        "X-Request-ID"
    ]

    assert given != offered
    assert len(given) == 32


def _path(rule: str) -> str:
    return rule.replace("<name>", "wardrobe")


def _break(app: Flask) -> None:
    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret of the house")
