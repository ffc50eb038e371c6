"""GET /metrics as a page: what is on it, and that no release or artifact breaks it."""

import gzip
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.factory import create_app
from app.settings import Settings
from model_store.local import BUNDLED
from tests.contract.service.conftest import MakeApp
from tests.service import ROOT


class Tags(HTMLParser):
    """The tags of a page, with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())

    def active(self) -> list[str]:
        """Tags and attributes that could run code or change how the page looks."""
        attributes = [name for _, attributes in self.tags for name in attributes]
        return [tag for tag, _ in self.tags if tag in ("script", "style", "iframe", "object", "base")] + [
            name for name in attributes if name == "style" or name.startswith("on")
        ]


def page(client: FlaskClient, **headers: str) -> TestResponse:
    response = client.get("/metrics", headers={"Accept": "text/html"} | headers)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    return response


def page_of(app: Flask, report: bytes, **changes: object) -> str:
    """The page of an app that serves another report, without figures, perhaps without its manifest."""
    models = app.extensions["wardrobe"].models
    models.current = replace(models.current, report=report, figures={}, **changes)
    return page(app.test_client()).text


@pytest.fixture(scope="module")
def bundled() -> FlaskClient:
    return create_app(Settings(refresh_seconds=0)).test_client()


@pytest.mark.parametrize("served", ["a report", "other metrics"])
def test_the_page_is_in_the_readers_language(make_app: MakeApp, served: str) -> None:
    app = make_app()
    report = (BUNDLED / "report.json").read_bytes() if served == "a report" else b"{}"
    page_of(app, report)

    german = page(app.test_client(), **{"Accept-Language": "de-CH,en;q=0.5"})
    french = page(app.test_client(), **{"Accept-Language": "fr"})

    assert {"Accept", "Accept-Language"} <= set(german.vary)
    assert '<html lang="de">' in german.text
    assert '<html lang="en">' in french.text
    words = Tags(german.text).words
    assert "Wie gut es ist" in words
    assert ("95,02\u00a0%" in words, "Die Metriken, wie sie kamen" in words) == (
        served == "a report",
        served != "a report",
    )


def test_everything_that_the_page_links_to_is_there(bundled: FlaskClient) -> None:
    attributes = [attributes for _, attributes in Tags(page(bundled).text).tags]

    links = {one.get("href") or one.get("src") or "#" for one in attributes}

    paths = {f"/{link.removeprefix('./')}" for link in links if not link.startswith("#")}
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
def test_metrics_of_any_shape_make_an_honest_page(make_app: MakeApp, metrics: bytes, shown: str) -> None:
    tags = Tags(page_of(make_app(), metrics, manifest=None))

    text = "".join(tags.words)
    assert shown in text
    assert "no report" in text or "are not a report" in text
    assert tags.active() == []


def test_reports_of_version_1_0_are_shown(make_app: MakeApp) -> None:
    text = page_of(make_app(), (ROOT / "tests" / "fixtures" / "schema-5" / "report.json").read_bytes())

    assert "93.00%" in Tags(text).words


@pytest.mark.parametrize("path", ["/metrics", "/metrics/report.json"])
def test_the_report_as_json_is_compressed_and_sent_once(bundled: FlaskClient, path: str) -> None:
    first = bundled.get(path, headers={"Accept-Encoding": "gzip"})
    again = bundled.get(path, headers={"If-None-Match": first.headers["ETag"]})
    whole = bundled.get(path)

    assert whole.data == gzip.decompress(first.data) == (BUNDLED / "report.json").read_bytes()
    assert whole.mimetype == first.mimetype == "application/json"
    assert (again.status_code, again.data) == (304, b"")
    assert ("Accept" in first.vary, "Accept-Encoding" in whole.vary) == (path == "/metrics", True)


def test_a_figure_has_its_hash_as_etag_and_is_cached(bundled: FlaskClient) -> None:
    path, version = "/metrics/figures/reliability.png", bundled.get("/model").get_json()["version"]

    first = bundled.get(path, query_string={"version": version})
    again = bundled.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert first.data == (BUNDLED / "figures" / "reliability.png").read_bytes()
    assert first.mimetype == "image/png"
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "no-cache")


@pytest.mark.parametrize(
    "path",
    ["other.png", "..%2freport.json", "%2e%2e/%2e%2e/manifest.json", "reliability.png?version=another"],
)
def test_only_figures_of_this_release_are_served(bundled: FlaskClient, path: str) -> None:
    assert bundled.get(f"/metrics/figures/{path}").status_code == 404
