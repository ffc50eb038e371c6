"""GET /metrics as a page: who gets it, what is on it, and that no release or artifact breaks it."""

import gzip
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from model_store.local import BUNDLED
from model_store.manifest import DataSet
from model_store.publish import publish
from model_store.report import report_bytes
from model_store.store import open_store
from tests.contract.service.conftest import MakeApp
from tests.releases import a_release, a_report

CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3 = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
VMAGENT = "text/plain;version=0.0.4;q=1,*/*;q=0.1"


THE_DATA = DataSet(name="made-up", train_sha256="d" * 64, test_sha256="e" * 64)


class Tags(HTMLParser):
    """The tags of a page, with their attributes, and its words."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(response.get_data(as_text=True))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def page(client: FlaskClient) -> TestResponse:
    response = client.get("/metrics", headers={"Accept": FIREFOX})
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    return response


def serving(app: Flask, **changes: object) -> FlaskClient:
    """A client of the app, once it serves another report, or one without its manifest."""
    models = app.extensions["wardrobe"].models
    models.swap(replace(models.current, **changes))
    return app.test_client()


@pytest.fixture(scope="session")
def hostile_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release whose classes are called what would do harm if it were not escaped."""
    folder = tmp_path_factory.mktemp("hostile-store")
    labels = ("<script>alert(1)</script>", '" onload="alert(2)', "Größe & {{ 7 * 7 }}")
    publish(a_release(folder / "made", labels=labels), open_store(str(folder / "store")), by="tests")
    return folder / "store"


@pytest.mark.parametrize("accept", [CHROME, FIREFOX, "text/html", "text/html, application/json;q=0.9"])
def test_a_browser_gets_a_page(client: FlaskClient, accept: str) -> None:
    response = client.get("/metrics", headers={"Accept": accept})

    assert response.mimetype == "text/html"
    assert response.vary.as_set() == {"accept", "accept-encoding"}
    assert response.headers["Cache-Control"] == "no-cache"


def test_a_browser_that_can_unpack_gets_the_page_packed_and_once(client: FlaskClient) -> None:
    headers = {"Accept": FIREFOX, "Accept-Encoding": "gzip, deflate, br"}

    first = client.get("/metrics", headers=headers)
    again = client.get("/metrics", headers=headers | {"If-None-Match": first.headers["ETag"]})

    assert gzip.decompress(first.data) == page(client).data
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "accept",
    ["*/*", "", "application/json", "application/json, text/html", "text/html;q=0.5, */*", "rubbish"],
)
def test_who_does_not_prefer_a_page_gets_json(client: FlaskClient, accept: str) -> None:
    response = client.get("/metrics", headers={"Accept": accept})

    assert response.mimetype == "application/json"
    assert response.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept", [PROMETHEUS_2, PROMETHEUS_3, VMAGENT])
def test_a_scraper_gets_exposition(client: FlaskClient, accept: str) -> None:
    response = client.get("/metrics", headers={"Accept": accept})

    assert b"# TYPE wardrobe_requests" in response.data
    assert response.headers["Vary"] == "Accept"


def test_every_client_gets_json_from_its_own_address(client: FlaskClient) -> None:
    response = client.get("/metrics/report.json", headers={"Accept": FIREFOX})

    assert response.mimetype == "application/json"
    assert response.data == client.get("/metrics").data


def test_the_page_has_every_section_of_the_bundled_report(make_app: MakeApp) -> None:
    text = page(make_app(model_store="bundled").test_client()).get_data(as_text=True)

    report = json.loads((BUNDLED / "report.json").read_bytes())
    assert f"{report['test']['accuracy']:.2%}" in text
    assert f"{report['model']['parameters']:,}" in text
    for shown in (
        "Shirt is taken for T-shirt/top in 71 of 1,000 (7.1%).",
        "smooth noise",
        "X_kaggle_Belts",
        "muon",
    ):
        assert shown in text
    assert "Undefined" not in text


def test_the_page_carries_no_script_and_no_style_of_its_own(make_app: MakeApp) -> None:
    tags = Tags(page(make_app(model_store="bundled").test_client())).tags

    assert [tag for tag, _ in tags if tag in ("script", "style", "iframe", "object", "base")] == []
    assert [
        name for _, attributes in tags for name in attributes if name == "style" or name.startswith("on")
    ] == []


def test_everything_that_the_page_links_to_is_there(make_app: MakeApp) -> None:
    client = make_app(model_store="bundled").test_client()

    links = {
        link
        for _, attributes in Tags(page(client)).tags
        for link in (attributes.get("href"), attributes.get("src"))
        if link and not link.startswith("#")
    }

    answers = {link: client.get(f"/{link.removeprefix('./')}").status_code for link in links}
    assert {link: status for link, status in answers.items() if status != 200} == {}
    assert len(links) > 10


def test_labels_are_shown_as_they_are_and_do_nothing(make_app: MakeApp, hostile_store: Path) -> None:
    shown = Tags(page(make_app(model_store=str(hostile_store)).test_client()))

    assert [tag for tag, _ in shown.tags if tag == "script"] == []
    assert [attributes for _, attributes in shown.tags if "onload" in attributes] == []
    assert {"<script>alert(1)</script>", '" onload="alert(2)', "Größe & {{ 7 * 7 }}"} <= set(shown.words)


@pytest.mark.parametrize(
    "metrics",
    [
        b'{"accuracy": 0.9, "labels": ["<script>alert(1)</script>"], "loss": NaN, "half": "\\ud800"}',
        b'"<script>alert(1)</script>"',
        b"[]",
        b"no JSON at all <script>",
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_metrics_of_any_shape_make_an_honest_page(make_app: MakeApp, metrics: bytes) -> None:
    client = serving(make_app(), report=metrics, manifest=None, figures={})

    shown = Tags(page(client))

    assert any("no report" in words or "are not a report" in words for words in shown.words)
    assert [tag for tag, _ in shown.tags if tag == "script"] == []


def test_photographs_come_first_and_the_test_set_second(make_app: MakeApp) -> None:
    text = page(make_app(model_store="bundled").test_client()).get_data(as_text=True)

    places = [text.index(heading) for heading in ("Photos, tier A", "Photos, tier C", ">Accuracy<")]
    assert places == sorted(places)


def test_two_hundred_classes_get_a_line_each_and_no_matrix_of_numbers(make_app: MakeApp) -> None:
    report = a_report([f"kind {number:03}" for number in range(200)], 0.9, THE_DATA)
    client = serving(make_app(), report=report_bytes(report), figures={})

    text = page(client).get_data(as_text=True)

    assert text.count('<th scope="row">kind ') == 200 + 10 + 1  # classes, pairs confused most, example
    assert "The matrix in numbers" not in text


def test_a_training_without_a_history_or_with_a_diverged_loss_is_shown(make_app: MakeApp) -> None:
    report = a_report(["hat", "scarf"], 0.9, THE_DATA)
    app = make_app()
    without = report.model_copy(update={"history": ()})
    epoch = report.history[0].model_copy(update={"loss": 1e300})
    diverged = report.model_copy(update={"history": (epoch,)})

    texts = [
        page(serving(app, report=report_bytes(one))).get_data(as_text=True) for one in (without, diverged)
    ]

    assert "The report has no history of this training." in texts[0]
    assert "The report has no history of this training." not in texts[1]


def test_a_report_without_a_manifest_is_shown_in_full(make_app: MakeApp) -> None:
    client = serving(make_app(), manifest=None, figures={})

    assert "What is taken for what" in Tags(page(client)).words


@pytest.mark.parametrize("schema", ["schema-1", "schema-2"])
def test_reports_of_old_releases_are_shown(make_app: MakeApp, schema: str) -> None:
    kept = Path(__file__).parents[2] / "fixtures" / schema / "report.json"

    words = Tags(page(serving(make_app(), report=kept.read_bytes()))).words

    assert "93.00%" in words
    assert "Photographs, by tier" not in words


def test_a_figure_has_its_hash_as_etag_and_is_cached(make_app: MakeApp) -> None:
    client = make_app(model_store="bundled").test_client()
    version = client.get("/model").get_json()["version"]

    first = client.get("/metrics/figures/reliability.png", query_string={"version": version})
    again = client.get("/metrics/figures/reliability.png", headers={"If-None-Match": first.headers["ETag"]})

    assert first.data == (BUNDLED / "figures" / "reliability.png").read_bytes()
    assert first.mimetype == "image/png"
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "no-cache")


@pytest.mark.parametrize(
    "path",
    ["other.png", "..%2freport.json", "%2e%2e/%2e%2e/manifest.json", "..", "reliability.png?version=another"],
)
def test_only_figures_of_this_release_are_served(make_app: MakeApp, path: str) -> None:
    client = make_app(model_store="bundled").test_client()

    assert client.get(f"/metrics/figures/{path}").status_code == 404
