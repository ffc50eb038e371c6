"""What an operator mistypes, and the line that says so: of settings, of the files they name, of the address.

e2e/test_start.py has starts that only workers see fail, test_commands.py the options of commands.
"""

import os
import sys
from pathlib import Path

import pytest

from app.__main__ import main
from app.factory import create_app
from app.settings import SettingsError, parse_settings
from model_store.errors import StoreError
from tests.commands import done
from tests.service import ROOT, free_port

ORIGIN = ": 'https://*.shop.example' is no origin. Write it as https://"
RATE = " is no rate. Write it as 100/minute"
MARKS = ": the quotation marks around the value"
UNKNOWN = " is no setting. The nearest is "

SETTINGS = (
    ("MODEL_STOER", "bundled", f"{UNKNOWN}WARDROBE_MODEL_STORE"),
    # What only resembles a name that Kubernetes injects.
    ("PORT", "9000", UNKNOWN),
    ("PREDICTOR_PORT", "8000", UNKNOWN),
    ("SERVICE", "shop", UNKNOWN),
    ("SERVICE_NAME", "shop", UNKNOWN),
    ("REDIS_NAME", "redis", UNKNOWN),
    ("REDIS_ENV_PATH", "/bin", UNKNOWN),
    (
        "MODEL_NAME",
        "/app/model",
        "=/app/model: expected letters, digits, dots, hyphens and underscores alone.",
    ),
    ("SLOTS", "0", "=0: expected 1 or more."),
    ("SLOTS", "many", "=many: expected a whole number."),
    ("REFRESH_SECONDS", "nan", "=nan: expected 86400 or less."),
    ("REFRESH_SECONDS", "soon", "=soon: expected a number."),
    ("REQUEST_SECONDS", "0", "=0: expected more than 0."),
    ("ACCEPT_TARGET", "1", "=1: expected less than 1, for example 0.95 for 95%."),
    ("LOG_FORMAT", "js\u200b\non", r"=js\u200b\non: expected 'text' or 'json'."),
    ("MODEL_STORE", "", "=: expected a value; without the variable, the default holds."),
    ("LOG_LEVEL", '"INFO" ', MARKS),
    ("SLOTS", "'3'", MARKS),
    ("CACHE_DIR", '"cache"', MARKS),
    ("CORS_ORIGINS", '"*"', MARKS),
    ("CORS_ORIGINS", "http://localhost:3000,https://shop.example/", "'https://shop.example/' is no origin."),
    ("CORS_ORIGINS", "shop.example", "'shop.example' is no origin."),
    ("CORS_ORIGINS", "https://*.shop.example", ORIGIN),
    ("CORS_ORIGINS", "https://a.example b.example", " is no origin."),
    ("RATE_LIMIT", "100", RATE),
    ("RATE_LIMIT", "0/fortnight", RATE),
    ("RATE_LIMIT_STORAGE", "memcached://:word@cache:11211", "It is memory:// or redis://HOST:PORT."),
    ("RATE_LIMIT_STORAGE", "cache:6379", ": 'cache:6379' is no storage."),
    ("RATE_LIMIT_STORAGE", "redis://:pass/word@cache:6379", "%2F for a / in the password"),
    ("RATE_LIMIT_STORAGE", "redis://:word@cache:port/0", ": the address cannot be read"),
)
"""The name without WARDROBE_, what was typed, and what is said after the name."""


@pytest.mark.parametrize(("name", "typed", "said"), SETTINGS)
def test_a_mistyped_setting_is_named_with_what_would_do_and_no_password(
    name: str, typed: str, said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings({f"WARDROBE_{name}": typed})

    fault = str(refused.value)
    assert fault.startswith(f"WARDROBE_{name}")
    assert said in fault
    assert "word@" not in fault


AT_START = (
    ("WEB_CONCURRENCY", "two", "WEB_CONCURRENCY=two: expected 1 to 1024, how many workers to start"),
    ("PORT", "70000", "PORT=70000: expected 1 to 65535, the port to listen on"),
    ("BIND", "192.0.2.1", "192.0.2.1:"),
)
"""The variable, what was typed, and what is said before there is a server."""


@pytest.mark.parametrize(("name", "typed", "said"), AT_START)
def test_a_wrong_number_or_address_is_named_before_there_is_a_server(
    name: str, typed: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["app"])
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("gunicorn would start"))
    for variable, value in {"PORT": str(free_port()), name: typed}.items():
        monkeypatch.setenv(variable, value)

    with pytest.raises(SystemExit) as ended:
        main()

    assert str(ended.value).startswith("wardrobe: ")
    assert said in str(ended.value)


FILES = (
    ("WARDROBE_MODEL_STORE", "/nowhere/at/all", "/nowhere/at/all"),
    ("WARDROBE_MODEL_STORE", "s3://", "s3://"),
    ("WARDROBE_MODEL_STORE", "ftp://models", "ftp://models"),
    ("WARDROBE_MODEL_STORE", "a-file", "a-file is a file, and neither a store nor a release"),
    ("WARDROBE_API_KEYS_FILE", "a-file", "a-file, line 1: not `name:sha256`"),
    ("WARDROBE_API_KEYS_FILE", "/nowhere", "/nowhere: No such file or directory."),
    ("WARDROBE_TAXONOMY", "a-file", "WARDROBE_TAXONOMY: a-file: the whole: Invalid JSON"),
    ("WARDROBE_TAXONOMY", "/nowhere", "WARDROBE_TAXONOMY: /nowhere: No such file or directory."),
)
"""The variable, what was typed, and what the start says."""


@pytest.mark.parametrize(("name", "typed", "said"), FILES)
def test_a_wrong_file_or_store_is_named_by_the_start(
    name: str, typed: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a-file").write_text("{", "utf-8")

    with pytest.raises((SettingsError, StoreError)) as ended:
        create_app(parse_settings({"WARDROBE_CACHE_DIR": "cache", name: typed}))

    assert said in str(ended.value)


def test_a_mistake_in_dotenv_ends_the_start_with_its_line_and_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    (tmp_path / ".env").write_text("PORT=70000\n", "utf-8")

    ended = done([sys.executable, "-m", "app"], tmp_path, PYTHONPATH=str(ROOT))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("wardrobe: PORT=70000: expected 1 to 65535")
