"""Every error is problem+json with a request id, on every route, the framework's own included."""

import gc
import socket
from typing import Any
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.middleware.request_context import RequestContext
from app.payloads.request_items import Upload
from tests.contract.service.conftest import MakeApp
from tests.uploads import UPLOAD, in_base64, zipped

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


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


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/problem+json, text/html;q=0.5"])
def test_a_program_gets_a_short_problem_for_an_unknown_path(client: FlaskClient, accept: str) -> None:
    answer = client.get("/no/such/path", headers={"Accept": accept})

    detail = assert_problem(answer, 404)["detail"]
    assert detail == "Nothing is found at /no/such/path. GET /openapi.json lists the routes."


@pytest.mark.parametrize("path", ["/predict/", "/predict/batch/"])
def test_a_slash_too_many_is_pointed_out(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=b"x")

    assert f"{path[:-1]}, without a slash at its end" in assert_problem(answer, 404)["detail"]


@pytest.mark.parametrize("scheme", ["https", "HTTP"])
def test_a_url_in_place_of_a_picture_is_said_not_to_be_fetched_and_is_not(
    client: FlaskClient, scheme: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/shirt.jpg"

        alone = [client.post("/predict", json={field: url}) for field in ("image", "url")]
        batch = client.post("/predict/batch", json={"images": [url, {"url": url}]})

        with pytest.raises(TimeoutError):
            server.accept()
    details = [assert_problem(answer, 400)["detail"] for answer in alone]
    details += [answer["error"]["detail"] for answer in batch.get_json()["predictions"]]
    assert ["URLs are not fetched" in detail for detail in details] == [True] * 4


@pytest.mark.parametrize(
    ("path", "home"),
    [("/nowhere", "./"), ("/a/b/", "../../"), ("/docs/nothing.js", "../"), ("/page/<script>", "../")],
)
def test_a_browser_gets_a_page_in_its_language_for_an_unknown_path(
    client: FlaskClient, path: str, home: str
) -> None:
    answer, german = (
        client.get(path, headers={"Accept": BROWSER, "Accept-Language": language})
        for language in ("ja,en;q=0.5,de;q=0.2", "de-AT,de;q=0.9,en;q=0.8")
    )

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert f'<a href="{home}">' in answer.text
    assert urljoin(f"http://shop.example{path}", home) == "http://shop.example/"
    assert path.replace("<", "&lt;").replace(">", "&gt;") in answer.text
    assert f'href="{home}page/frame.css"' in answer.text
    assert '<html lang="en">' in answer.text
    assert '<html lang="de">' in german.text
    assert "<h1>Seite nicht gefunden" in german.text
    assert {"Accept", "Accept-Language"} <= set(answer.vary)


def test_every_route_refuses_a_method_that_it_does_not_have(make_app: MakeApp) -> None:
    app = make_app()

    for rule in app.url_map.iter_rules():
        response = app.test_client().delete(rule.rule.replace("<name>", "wardrobe"))
        assert_problem(response, 405)
        assert "DELETE" not in response.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/predict", {"data": UPLOAD}, "are taken (WARDROBE_MAX_UPLOAD_BYTES)"),
        ("/predict", {"json": {"image": in_base64(UPLOAD)}}, "are taken (WARDROBE_MAX_UPLOAD_BYTES)"),
        (
            "/predict",
            {"data": bytes(100_000)},
            f"MAX_UPLOAD_BYTES ({len(UPLOAD) - 1} for the picture itself) allows",
        ),
        ("/predict/batch", {"data": bytes(100_000)}, "MAX_BATCH_BYTES allows"),
    ],
)
def test_more_bytes_than_allowed_are_refused(
    make_app: MakeApp, path: str, body: dict[str, Any], says: str
) -> None:
    limit = len(UPLOAD) - 1
    client = make_app(max_upload_bytes=limit, max_batch_bytes=limit).test_client()

    document = assert_problem(client.post(path, **body), 413)

    assert says in document["detail"]


def test_our_own_mistakes_leak_nothing_but_a_request_id(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(log_format="json")
    app.add_url_rule("/broken", view_func=lambda: str(1 // 0))

    document = assert_problem(app.test_client().get("/broken"), 500)

    assert "division" not in str(document)
    log = capsys.readouterr().err
    assert document["request_id"] in log
    assert "division" in log


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/predict", b"no picture", 415),
        ("/predict/batch", b"no picture", 400),
        ("/predict/batch", zipped(broken=UPLOAD[:40]), 200),
        ("/nowhere", b"no picture", 404),
        ("/model", b"no picture", 405),
    ],
)
def test_a_refused_request_holds_neither_its_upload_nor_its_release_any_longer(
    client: FlaskClient, path: str, body: bytes, status: int
) -> None:
    gc.collect()

    def held() -> list[object]:
        return [part for part in gc.get_objects() if isinstance(part, (RequestContext, Upload))]

    before = {id(part) for part in held()}  # an error that another test raised may hold its request
    gc.disable()
    try:
        answered = client.post(path, data=body).status_code
        left = [part for part in held() if id(part) not in before]
    finally:
        gc.enable()

    assert (answered, left) == (status, [])


@pytest.mark.parametrize("offered", ["", "with space", "x" * 65, "<script>", "ümlaut"])
def test_a_request_id_that_could_do_harm_is_replaced(client: FlaskClient, offered: str) -> None:
    headers = {"X-Request-ID": offered.encode().decode("latin-1")}

    given = client.get("/healthz", headers=headers).headers["X-Request-ID"]

    assert given != offered
    assert len(given) == 32
