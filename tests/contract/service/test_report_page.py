"""GET /metrics as a page: what is on it, and that no release or artifact breaks it."""

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.factory import create_app
from app.settings import Settings
from model_store.local_releases import BUNDLED_FOLDER

REPORT = (BUNDLED_FOLDER / "report.json").read_bytes()


@pytest.fixture(scope="module")
def bundled() -> FlaskClient:
    return create_app(Settings(refresh_seconds=0)).test_client()


def page(client: FlaskClient, **headers: str) -> TestResponse:
    response = client.get("/metrics", headers={"Accept": "text/html"} | headers)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    return response


@contextmanager
def with_metrics(client: FlaskClient, metrics: bytes, **changes: object) -> Iterator[None]:
    """The service has these metrics for the block, without figures, perhaps without its manifest."""
    models = client.application.extensions["wardrobe"].models
    served, models.current = models.current, replace(models.current, report=metrics, figures={}, **changes)
    try:
        yield
    finally:
        models.current = served


@pytest.mark.parametrize(
    ("metrics", "shown"), [(REPORT, ">95,02\u00a0%<"), (b"{}", ">Die Metriken, wie sie kamen<")]
)
def test_the_page_is_in_the_readers_language(bundled: FlaskClient, metrics: bytes, shown: str) -> None:
    with with_metrics(bundled, metrics):
        german = page(bundled, **{"Accept-Language": "de-CH,en;q=0.5"})
        french = page(bundled, **{"Accept-Language": "fr"})

    assert {"Accept", "Accept-Language"} <= set(german.vary)
    assert '<html lang="en">' in french.text
    for text in ('<html lang="de">', "Wie gut es ist", shown):
        assert text in german.text


def test_everything_that_the_page_links_to_is_there(bundled: FlaskClient) -> None:
    links = set(re.findall(r'\b(?:href|src)="([^"#]+)"', page(bundled).text))

    paths = {f"/{unescape(link).removeprefix('./')}" for link in links}
    assert {path for path in paths if bundled.get(path).status_code != 200} == set()
    assert len(paths) > 10


@pytest.mark.parametrize(
    ("metrics", "shown"),
    [
        (b'{"accuracy": 0.9, "by": ["<script>"], "half": "\\ud800"}', '{\n  "accuracy": 0.9,\n  "by": ['),
        (b'"<script>alert(1)</script>"', '"<script>alert(1)</script>"'),
        (b"no JSON at all <script>", "no JSON at all <script>"),
        (b"[" * 100_000, "[" * 20_000 + "…"),
        (b"9" * 5000, "9" * 5000),
        (b"\xff", "\ufffd"),
        (b"", "are not a report"),
    ],
    ids=["json", "text", "no json", "deep", "a long number", "no text", "empty"],
)
def test_metrics_of_any_shape_make_an_honest_page(bundled: FlaskClient, metrics: bytes, shown: str) -> None:
    with with_metrics(bundled, metrics, manifest=None):
        text = page(bundled).text

    assert shown in unescape(text)
    assert "no report" in text or "are not a report" in text
    assert "<script" not in text


@pytest.mark.parametrize("path", ["/metrics", "/metrics/report.json"])
def test_the_report_as_json_is_compressed_and_sent_once(bundled: FlaskClient, path: str) -> None:
    first = bundled.get(path, headers={"Accept-Encoding": "gzip"})
    again = bundled.get(path, headers={"If-None-Match": first.headers["ETag"]})
    whole = bundled.get(path)

    assert whole.data == gzip.decompress(first.data)
    # Only the command that trained differs: it is shown without the folders of that machine.
    assert json.loads(whole.data)["test"] == json.loads(REPORT)["test"]
    assert whole.mimetype == first.mimetype == "application/json"
    assert (again.status_code, again.data) == (304, b"")
    assert ("Accept" in first.vary, "Accept-Encoding" in whole.vary) == (path == "/metrics", True)


def test_a_figure_has_its_hash_as_etag_and_is_cached(bundled: FlaskClient) -> None:
    path, version = "/metrics/figures/reliability.png", bundled.get("/model").get_json()["version"]

    first = bundled.get(path, query_string={"version": version})
    again = bundled.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert first.data == (BUNDLED_FOLDER / "figures" / "reliability.png").read_bytes()
    assert first.mimetype == "image/png"
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "no-cache")


@pytest.mark.parametrize(
    "path",
    ["other.png", "..%2freport.json", "%2e%2e/%2e%2e/manifest.json", "reliability.png?version=another"],
)
def test_only_figures_of_this_release_are_served(bundled: FlaskClient, path: str) -> None:
    assert bundled.get(f"/metrics/figures/{path}").status_code == 404
