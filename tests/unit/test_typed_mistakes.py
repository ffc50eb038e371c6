"""What an operator mistypes, and the line that says so: of settings, of the files they name, of the address.

e2e/test_start.py has starts that only workers see fail, test_commands.py the options of commands.
"""

import os
import sys
from pathlib import Path

import pytest

from app.__main__ import main
from app.preflight import fault_of
from app.security.api_keys import hash_of
from tests.commands import done
from tests.service import ROOT, free_port

ORIGIN = ": 'https://*.shop.example' is no origin. Write it as https://"
RATE = " is no rate. Write it as 100/minute"
MARKS = ": the quotation marks around the value"
UNKNOWN = " is no setting. The nearest is "

SETTINGS = (
    ("MODEL_STOER", "bundled", f"{UNKNOWN}WARDROBE_MODEL_STORE"),
    # What only resembles a name that Kubernetes or a link of Docker's injects.
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
    ("ACCEPT_TARGET", "1", "=1: expected less than 1."),
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
    fault = fault_of({f"WARDROBE_{name}": typed})

    assert fault.startswith(f"WARDROBE_{name}")
    assert said in fault
    assert "word@" not in fault


AT_START = (
    ("WEB_CONCURRENCY", "two", "WEB_CONCURRENCY=two: expected 1 to 1024, how many workers to start"),
    ("PORT", "70000", "PORT=70000: expected 1 to 65535, the port to listen on"),
    ("BIND", "192.0.2.1", "192.0.2.1:"),
    ("WARDROBE_MODEL_STORE", "/nowhere/at/all", "/nowhere/at/all"),
    ("WARDROBE_MODEL_STORE", "s3://", "s3://"),
    ("WARDROBE_MODEL_STORE", "ftp://models", "ftp://models"),
    ("WARDROBE_MODEL_STORE", "a-file", "a-file is a file, and neither a store nor a release"),
    ("WARDROBE_API_KEYS_FILE", "a-file", "a-file, line 1: not `name:sha256`"),
    ("WARDROBE_API_KEYS_FILE", "/nowhere", "/nowhere: No such file or directory."),
    ("WARDROBE_TAXONOMY", "a-file", "WARDROBE_TAXONOMY: a-file: it is no JSON"),
    ("WARDROBE_TAXONOMY", "/nowhere", "WARDROBE_TAXONOMY: /nowhere: No such file or directory."),
    ("WARDROBE_TRUSTED_KEYS", "empty", "empty: no key is in it"),
    ("WARDROBE_TRUSTED_KEYS", "/nowhere", "/nowhere: No such file or directory."),
)
"""The variable, what was typed, and what is said before there is a server."""


@pytest.mark.parametrize(("name", "typed", "said"), AT_START)
def test_a_wrong_address_or_file_is_named_before_there_is_a_server(
    name: str, typed: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a-file").write_text("{", "utf-8")
    Path("empty").touch()
    monkeypatch.setattr(sys, "argv", ["app"])
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("gunicorn would start"))
    for variable, value in {"PORT": str(free_port()), "WARDROBE_CACHE_DIR": "cache", name: typed}.items():
        monkeypatch.setenv(variable, value)

    with pytest.raises(SystemExit) as ended:
        main()

    assert str(ended.value).startswith("wardrobe: ")
    assert said in str(ended.value)


def test_a_mistake_in_dotenv_ends_the_start_with_its_line_and_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    (tmp_path / ".env").write_text("PORT=70000\n", "utf-8")

    ended = done([sys.executable, "-m", "app"], tmp_path, PYTHONPATH=str(ROOT))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("wardrobe: PORT=70000: expected 1 to 65535")


def test_files_that_can_be_read_and_stores_that_need_not_answer_are_no_fault(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"shop:{hash_of('secret')}\n", "utf-8")
    bucket = {"WARDROBE_MODEL_STORE": "s3://bucket/prefix", "AWS_DEFAULT_REGION": "eu-central-1"}

    assert fault_of({"WARDROBE_MODEL_STORE": str(tmp_path), "WARDROBE_API_KEYS_FILE": str(keys)}) == ""
    assert fault_of(bucket) == ""


def test_a_start_names_the_store_before_it_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = str(tmp_path / "hangs")

    fault_of({"WARDROBE_MODEL_STORE": address})
    fault_of({"WARDROBE_MODEL_STORE": "bundled"})

    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(f" info    Opening {address}.")
