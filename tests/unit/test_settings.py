"""Settings: every default serves, what is written is read; mistakes are in test_typed_mistakes.py."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from app.dotenv_file import load_dotenv
from app.settings import (
    Settings,
    list_command_fields,
    parse_settings,
    read_command_settings,
    read_settings,
)
from tests.commands import done
from tests.service import ROOT

OF_KUBERNETES = {
    "WARDROBE_PORT": "tcp://10.0.0.1:8000",
    "WARDROBE_PORT_8000_TCP_ADDR": "10.0.0.1",
    "WARDROBE_SERVICE_HOST": "10.0.0.1",
}
"""What it injects beside a Service called wardrobe."""

OF_ONE_THAT_BEGINS_SO = {
    "WARDROBE_PREDICTOR_SERVICE_HOST": "10.96.0.10",
    "WARDROBE_PREDICTOR_SERVICE_PORT": "80",
    "WARDROBE_PREDICTOR_SERVICE_PORT_HTTP_METRICS": "80",
    "WARDROBE_PREDICTOR_PORT": "tcp://10.96.0.10:80",
    "WARDROBE_PREDICTOR_PORT_80_TCP": "tcp://10.96.0.10:80",
    "WARDROBE_PREDICTOR_PORT_80_TCP_PROTO": "tcp",
    "WARDROBE_PREDICTOR_PORT_80_TCP_PORT": "80",
    "WARDROBE_MODEL_STORE_2_PORT": "udp://[fd00::1]:53",
    "WARDROBE_MODEL_STORE_2_PORT_53_UDP_ADDR": "fd00::1",
}


@pytest.mark.parametrize(
    "environment",
    [
        {"PATH": "/bin", "AWS_REGION": "eu-west-1"},
        {f"WARDROBE_{name}": "" for name in ("RATE_LIMIT", "API_KEYS_FILE", "ACCEPT_TARGET", "TAXONOMY")},
        OF_KUBERNETES,
        OF_ONE_THAT_BEGINS_SO,
    ],
)
def test_without_names_of_ours_the_bundled_release_is_served(environment: dict[str, str]) -> None:
    assert parse_settings(environment) == Settings(model_store="bundled", model_version="current")


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        *(("slots", f"{unseen}3{unseen}", 3) for unseen in "\r\n \t\u00a0\ufeff\u200b"),
        ("log_format", "json\r", "json"),
        ("log_level", "Warning", "WARNING"),
        ("cors_origins", "https://a.example, https://b.example", ("https://a.example", "https://b.example")),
        ("cors_origins", "*", ("*",)),
    ],
)
def test_a_value_is_read_as_it_is_meant(field: str, written: str, read: object) -> None:
    settings = parse_settings({f"WARDROBE_{field.upper()}": written})

    assert getattr(settings, field) == read


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"model_store": "s3://key:secret@bucket/prefix"}, "model_store=s3://***@bucket/prefix"),
        ({"rate_limit_storage": "redis://:secret@cache:6379/0"}, "redis://***@cache:6379/0"),
        ({"rate_limit_storage": "redis://:sec@secret@cache"}, "cache"),
        ({"rate_limit_storage": "redis://cache:6379?db=1&password=secret"}, "cache"),
    ],
)
def test_passwords_inside_addresses_are_masked_in_print(settings: dict[str, Any], shown: str) -> None:
    described = Settings(**settings).format_for_log()

    assert "secret" not in described
    assert shown in described


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfWARDROBE_SLOTS=3\r\nAWS_ACCESS_KEY_ID=key\r\nWARDROBE_LOG_LEVEL=ERROR\r\n",
        "WARDROBE_SLOTS=3\nAWS_ACCESS_KEY_ID=\u00a0key\u200b\n".encode(),
        "WARDROBE_SLOTS=3\r\nAWS_ACCESS_KEY_ID=key".encode("utf-16"),
        "# Schlüssel\nWARDROBE_SLOTS = 3\nexport AWS_ACCESS_KEY_ID='key' \n".encode("cp1252"),
    ],
    ids=["byte order mark", "no-break space", "UTF-16", "code page"],
)
def test_dotenv_is_read_as_any_editor_saves_it_and_the_system_prevails(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_bytes(content)
    for name in ("WARDROBE_SLOTS", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "")  # so that it is undone
        monkeypatch.delenv(name)
    monkeypatch.setenv("WARDROBE_LOG_LEVEL", "DEBUG")

    settings = read_settings(tmp_path / ".env")

    assert (settings.slots, settings.log_level, os.environ["AWS_ACCESS_KEY_ID"]) == (3, "DEBUG", "key")


def test_every_setting_of_the_example_is_one_that_the_service_knows() -> None:
    named = re.findall(r"^# WARDROBE_(\w+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)

    assert "MODEL_STORE" in named
    assert {name.lower() for name in named} <= set(Settings.model_fields)


@pytest.mark.parametrize(("drain", "graceful"), [("2", 30), ("40", 60)])
def test_requests_have_time_after_a_long_drain(drain: str, graceful: int) -> None:
    program = "import runpy; print(runpy.run_path('gunicorn.conf.py')['graceful_timeout'])"

    ended = done([sys.executable, "-c", program], WARDROBE_DRAIN_SECONDS=drain)

    assert ended.stdout == f"{graceful}\n", ended.stderr


def test_dotenv_gives_only_the_variables_that_the_page_of_settings_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    named = re.findall(r"^\| `([A-Z_]+)\*?`", page, re.MULTILINE)
    read = [*(name + "NAME" * name.endswith("_") for name in named), "https_proxy"]
    foreign = ["PYTHONPATH", "PATH", "LD_PRELOAD", "wardrobe_slots", "XAWS_KEY", "PORTS"]
    for name in (*read, *foreign):
        monkeypatch.setenv(name, "")  # so that it is undone
        monkeypatch.delenv(name)
    lines = [f"{name}=${{HOME}}/{name}" for name in (*read, *foreign)]
    (tmp_path / ".env").write_text("\n".join(lines), "utf-8")
    monkeypatch.setenv("HOME", "/home")

    ignored = load_dotenv(tmp_path / ".env")

    assert {"WARDROBE_SLOTS", "AWS_NAME", "HTTPS_PROXY"} <= set(read)
    assert {name: os.environ.get(name) for name in read} == {name: f"/home/{name}" for name in read}
    assert (ignored, [name for name in foreign if name in os.environ]) == (foreign, [])


def test_commands_read_the_settings_that_are_marked_for_them_and_no_others() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "scripts").glob("*.py"))

    read = re.findall(r"read_command_settings\(\)(?:\.(\w+))?", code)

    assert {*read} == {*list_command_fields()}


def test_a_wrong_setting_of_the_service_stops_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WARDROBE_SLOTS", "WARDROBE_NO_SUCH_SETTING"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("WARDROBE_CACHE_DIR", "kept")
    monkeypatch.setenv("WARDROBE_TAXONOMY", "mine.json")

    settings = read_command_settings()

    assert (settings.cache_dir, settings.taxonomy) == (Path("kept"), Path("mine.json"))
