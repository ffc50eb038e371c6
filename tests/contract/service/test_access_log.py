"""The log: one line a request, latency split by stage, nothing that should not be there."""

import json
import re
import sys
from typing import Any

import pytest

from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_access_control import keys_file
from tests.uploads import a_garment, in_base64, png

UPLOAD = png(a_garment())


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged as JSON since the last look."""
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def test_a_request_is_one_line_with_the_time_of_each_stage(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_app(log_format="json").test_client()
    capsys.readouterr()

    response = client.post("/predict", data=UPLOAD)

    [line] = lines(capsys)
    assert (line["method"], line["path"], line["status"]) == ("POST", "/predict", 200)
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert line["version"] == response.headers["X-Model-Version"]
    stages = [line[f"{stage}_ms"] for stage in ("queue", "decode", "convert", "infer")]
    assert 0 < sum(stages) <= line["ms"]


def test_what_there_is_not_is_not_told(make_app: MakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    client = make_app(log_format="json").test_client()
    capsys.readouterr()

    client.get("/healthz")

    [line] = lines(capsys)
    assert not {"bytes", "key", "problem", "trace_id", "infer_ms"} & line.keys()
    assert None not in line.values()


@pytest.mark.parametrize(
    ("path", "level", "status"),
    [
        ("/", "INFO", 200),
        ("/page/page.css", "DEBUG", 200),
        ("/docs/swagger-ui.css", "DEBUG", 200),
        ("/page/nothing.css", "INFO", 404),
    ],
)
def test_static_files_are_logged_at_debug_unless_they_are_missing(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str], path: str, level: str, status: int
) -> None:
    client = make_app(log_format="json", log_level="DEBUG").test_client()
    capsys.readouterr()

    client.get(path)

    assert [(line["path"], line["level"], line["status"]) for line in lines(capsys)] == [
        (path, level, status)
    ]


@pytest.mark.parametrize("form", ["json", "text"])
def test_times_are_told_to_the_microsecond(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    client = make_app(log_format=form).test_client()
    capsys.readouterr()

    client.post("/predict", data=UPLOAD)

    times = re.findall(r"\b(?:\w+_)?ms[=\":]+([\d.]+)", capsys.readouterr().err)
    assert len(times) == 5
    assert all(re.fullmatch(r"\d+\.\d{1,3}", time) for time in times)


def test_neither_uploads_nor_queries_nor_keys_are_logged(
    make_app: MakeApp, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(log_format="json", log_level="DEBUG", api_keys_file=keys_file(tmp_path, "hush-hush"))
    capsys.readouterr()

    app.test_client().post(
        "/predict?top=3", json={"image": in_base64(UPLOAD)}, headers={"Authorization": "Bearer hush-hush"}
    )

    logged = capsys.readouterr().err
    assert '"/predict"' in logged
    assert not any(secret in logged for secret in (in_base64(UPLOAD)[:40], "top=3", "hush-hush"))


def test_a_person_reads_pairs_without_the_empty_ones(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_app(log_format="text").test_client()
    capsys.readouterr()

    client.get("/healthz")

    logged = capsys.readouterr().err
    assert "info    method=GET path=/healthz status=200 ms=" in logged
    assert "None" not in logged


def test_a_failure_of_ours_is_logged_with_its_traceback_in_one_json_line(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(log_format="json")

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("what went wrong")

    capsys.readouterr()

    response = app.test_client().get("/broken")

    failure = next(line for line in lines(capsys) if line["level"] == "ERROR")
    assert response.headers["X-Request-ID"] in failure["message"]
    assert "what went wrong" in failure["exception"]


def test_a_path_cannot_forge_a_line_or_a_field(make_app: MakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    client = make_app(log_format="text").test_client()
    capsys.readouterr()

    client.get("/a%0A2026-11-20T10:15:00.000+00:00 error forged%1B[31m status=200")

    [line] = capsys.readouterr().err.splitlines()
    assert r'path="/a\n2026-11-20T10:15:00.000+00:00 error forged\u001b[31m status=200"' in line


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/a%20status=200", '"/a status=200"'),
        ("/%1B[31mred", r'"/\u001b[31mred"'),
        ("/%E2%80%AElive", r'"/\u202elive"'),  # turns what follows around
        ("/%D1%81hino", r'"/\u0441hino"'),  # a Cyrillic letter that looks like a c
        ("/plain", "/plain"),
    ],
)
def test_what_could_mislead_a_reader_is_quoted(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str], path: str, told: str
) -> None:
    client = make_app(log_format="text").test_client()
    capsys.readouterr()

    client.get(path)

    assert f" path={told} status=404 " in capsys.readouterr().err


def test_what_a_client_was_told_is_in_its_line(make_app: MakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    client = make_app(log_format="json").test_client()
    capsys.readouterr()

    client.post("/predict", data=b"%PDF-1.7")

    [line] = lines(capsys)
    assert (line["status"], line["problem"]) == (415, "unknown-format")


def test_at_a_terminal_what_went_wrong_has_a_colour(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    client = make_app(log_format="text").test_client()
    capsys.readouterr()

    client.get("/healthz")
    client.get("/nowhere")

    good, wrong = capsys.readouterr().err.splitlines()
    assert "\x1b" not in good
    assert wrong.startswith("\x1b[33m")
    assert wrong.endswith("\x1b[0m")


@pytest.mark.parametrize("settings", [{"colours": False}, {"log_format": "json"}])
def test_who_wants_no_colours_gets_none(
    make_app: MakeApp,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, object],
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    client = make_app(**settings).test_client()
    capsys.readouterr()

    client.get("/nowhere")

    assert "\x1b" not in capsys.readouterr().err


def test_a_file_never_gets_colours(make_app: MakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    client = make_app(log_format="text").test_client()
    capsys.readouterr()

    client.get("/nowhere")

    assert "\x1b" not in capsys.readouterr().err
