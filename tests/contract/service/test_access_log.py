"""The log: one line a request, latency split by stage, nothing that should not be there."""

import json
import logging
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, cast

import pytest
from werkzeug.test import EnvironBuilder

from app.observability.log_format import create_formatter
from app.settings import Settings
from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_access_control import bearer, keys_file
from tests.uploads import UPLOAD, in_base64

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What was logged of requests as JSON."""

    def parsed() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        return [line for line in found if line["logger"] == "wardrobe.access"]

    return parsed


def test_a_request_is_one_line_with_the_time_of_each_stage(make_app: MakeApp, lines: Lines) -> None:
    response = make_app(log_format="json").test_client().post("/predict", data=UPLOAD)

    [line] = lines()
    stages = [line[f"{stage}_ms"] for stage in ("queue", "decode", "infer")]
    assert (line["method"], line["path"], line["status"]) == ("POST", "/predict", 200)
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert line["version"] == response.headers["X-Model-Version"]
    assert 0 < sum(stages) <= line["ms"]
    assert [round(stage, 3) for stage in stages] == stages, "to the microsecond"


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_times_are_in_utc_wherever_the_machine_is(log_format: str) -> None:
    record = logging.makeLogRecord({"msg": "ready", "created": 0.0, "msecs": 0.0})

    line = create_formatter(Settings.model_validate({"log_format": log_format})).format(record)

    assert "1970-01-01T00:00:00.000+00:00" in line


def test_a_line_holds_the_problem_and_no_field_without_a_value_and_a_page_s_files_have_none(
    make_app: MakeApp, lines: Lines
) -> None:
    client = make_app(log_format="json").test_client()

    client.get("/healthz")
    client.post("/predict", data=b"%PDF-1.7")
    client.get("/page/page.css")
    client.get("/page/no-such.css")

    health, refused, missing = lines()
    assert not {"bytes", "key", "problem", "infer_ms"} & health.keys()
    assert None not in health.values()
    assert (refused["status"], refused["problem"]) == (415, "unknown-format")
    assert (missing["path"], missing["status"], missing["problem"]) == ("/page/no-such.css", 404, "not-found")


@pytest.mark.parametrize("leaves", [False, True], ids=["stays", "leaves"])
def test_a_client_has_its_answer_before_it_is_logged_and_counted(
    make_app: MakeApp, lines: Lines, leaves: bool
) -> None:
    app = make_app(log_format="json")
    environ = EnvironBuilder("/predict", method="POST", data=UPLOAD).get_environ()

    answer = cast("Generator[bytes]", app(environ, lambda *_: lambda _: None))
    received, before = json.loads(next(answer)), lines()
    answer.close() if leaves else list(answer)

    [line] = lines()
    assert (received["request_id"], before) == (line["request_id"], [])
    assert "wardrobe_confidence_count 1.0" in app.test_client().get("/metrics/prometheus").text


def test_neither_uploads_nor_queries_nor_keys_are_logged(
    make_app: MakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(log_format="json", log_level="DEBUG", api_keys_file=keys_file(tmp_path, "hush-hush"))

    app.test_client().post("/predict?top=3", json={"image": in_base64(UPLOAD)}, headers=bearer("hush-hush"))

    logged = capsys.readouterr().err
    assert '"/predict"' in logged
    assert not any(secret in logged for secret in (in_base64(UPLOAD)[:40], "top=3", "hush-hush"))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/a%20status=200", '"/a status=200"'),
        ("/a%0A2026-11-20 error forged", r'"/a\n2026-11-20 error forged"'),
        ("/%1B[31mred", r'"/\u001b[31mred"'),
        ("/%E2%80%AElive", r'"/\u202elive"'),  # turns what follows around
        ("/%D1%81hino", r'"/\u0441hino"'),  # a Cyrillic letter that looks like a c
        ("/plain", "/plain"),
    ],
)
def test_a_path_cannot_forge_a_line_or_a_field(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str], path: str, told: str
) -> None:
    client = make_app(log_format="text").test_client()
    capsys.readouterr()

    client.get(path)

    [line] = capsys.readouterr().err.splitlines()
    assert f"method=GET path={told} status=404 ms=" in line
    assert "\x1b" not in line
