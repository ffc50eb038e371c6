"""What browsers are told with every answer, whoever gives it and whatever went wrong."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.middleware.headers import HEADERS
from tests.contract.service.conftest import MakeApp
from tests.uploads import a_garment, png

UPLOAD = png(a_garment())
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE")
SHOP = "https://shop.example"


def told(response: TestResponse) -> dict[str, str | None]:
    """The headers of an answer that `HEADERS` promises."""
    return {name: response.headers.get(name) for name in HEADERS}


def answers_of(app: Flask) -> Iterator[tuple[str, TestResponse]]:
    """Every method on every route, and on one that is none."""
    client = app.test_client()
    for path in (*(rule.rule for rule in app.url_map.iter_rules()), "/made-up"):
        for method in METHODS:
            response = client.open(path, method=method)
            yield f"{method} {path}: {response.status_code}", response


def test_every_route_tells_browsers_to_keep_out(make_app: MakeApp) -> None:
    answers = list(answers_of(make_app()))

    differing = [what for what, response in answers if told(response) != HEADERS]
    kept = {f"{method} {path}: 200" for method in ("GET", "HEAD") for path in ("/", "/docs", "/openapi.json")}
    assert set(differing) == kept, "pages, and what they are made of, may be kept"
    assert {response.status_code for _, response in answers} >= {200, 400, 404, 405}


def test_answers_and_refusals_tell_it_too(make_app: MakeApp) -> None:
    client = make_app(rate_limit="4/minute", max_upload_bytes=1000).test_client()

    bodies = (UPLOAD, b"hello", UPLOAD[:-30], bytes(200_000), UPLOAD)
    answers = [client.post("/predict", data=body) for body in bodies]

    assert [answer.status_code for answer in answers] == [200, 415, 422, 413, 429]
    assert [answer.status for answer in answers if told(answer) != HEADERS] == []


def test_our_own_mistakes_tell_it_too(make_app: MakeApp) -> None:
    app = make_app()
    app.add_url_rule("/broken", view_func=lambda: str(1 // 0))

    response = app.test_client().get("/broken")

    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert told(response) == HEADERS
    assert "division" not in response.text


def test_a_view_may_let_its_own_files_be_cached(make_app: MakeApp) -> None:
    app = make_app()
    app.add_url_rule("/page.css", view_func=lambda: ("", {"Cache-Control": "max-age=3600"}))

    assert app.test_client().get("/page.css").headers["Cache-Control"] == "max-age=3600"


def test_no_page_may_frame_sniff_lend_or_keep_an_answer(client: FlaskClient) -> None:
    headers = client.post("/predict", data=UPLOAD).headers

    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_no_page_may_run_what_is_not_ours() -> None:
    policy = HEADERS["Content-Security-Policy"]

    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.fixture
def open_to_the_shop(make_app: MakeApp) -> FlaskClient:
    """A client of a service that one origin may call."""
    return make_app(cors_origins=SHOP).test_client()


def preflight(client: FlaskClient, origin: str) -> TestResponse:
    """What a browser asks before it sends a key to another site."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    return client.options("/predict", headers=asked)


def test_a_preflight_of_the_named_origin_passes_and_no_other(open_to_the_shop: FlaskClient) -> None:
    named = preflight(open_to_the_shop, SHOP)
    strange = [
        preflight(open_to_the_shop, origin) for origin in ("https://evil.example", f"{SHOP}.evil", "null")
    ]

    assert named.headers["Access-Control-Allow-Origin"] == SHOP
    assert "POST" in named.headers["Access-Control-Allow-Methods"]
    assert all("Access-Control-Allow-Origin" not in answer.headers for answer in strange)


def test_a_preflight_passes_nowhere_unless_an_origin_is_named(client: FlaskClient) -> None:
    assert not [name for name in preflight(client, SHOP).headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118 - Headers iterate as pairs


def test_cookies_of_other_sites_are_never_asked_for(open_to_the_shop: FlaskClient) -> None:
    answers = [preflight(open_to_the_shop, SHOP), open_to_the_shop.get("/model", headers={"Origin": SHOP})]

    assert all("Access-Control-Allow-Credentials" not in answer.headers for answer in answers)
