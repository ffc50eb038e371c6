"""Settings: every default serves, every mistake is named."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings, SettingsError, parse_settings, settings_from_environment, unread_port
from tests.commands import done
from tests.service import ROOT


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PATH": "/bin", "AWS_REGION": "eu-west-1"},
        {"WARDROBE_RATE_LIMIT": "", "WARDROBE_API_KEYS_FILE": ""},
        # What Kubernetes injects beside a Service called wardrobe.
        {"WARDROBE_PORT": "tcp://10.0.0.1:8000", "WARDROBE_PORT_8000_TCP_ADDR": "10.0.0.1"},
        {"WARDROBE_SERVICE_HOST": "10.0.0.1"},
        # And one whose name begins so.
        {
            "WARDROBE_PREDICTOR_SERVICE_HOST": "10.96.0.10",
            "WARDROBE_PREDICTOR_SERVICE_PORT": "80",
            "WARDROBE_PREDICTOR_SERVICE_PORT_HTTP_METRICS": "80",
            "WARDROBE_PREDICTOR_PORT": "tcp://10.96.0.10:80",
            "WARDROBE_PREDICTOR_PORT_80_TCP": "tcp://10.96.0.10:80",
            "WARDROBE_PREDICTOR_PORT_80_TCP_PROTO": "tcp",
            "WARDROBE_PREDICTOR_PORT_80_TCP_PORT": "80",
            "WARDROBE_PREDICTOR_PORT_80_TCP_ADDR": "10.96.0.10",
            "WARDROBE_MODEL_STORE_2_PORT": "udp://[fd00::1]:53",
            "WARDROBE_MODEL_STORE_2_PORT_53_UDP_ADDR": "fd00::1",
        },
        # What Docker's old links inject.
        {
            "WARDROBE_REDIS_NAME": "/shop-app-1/wardrobe-redis",
            "WARDROBE_REDIS_PORT": "tcp://172.17.0.5:6379",
            "WARDROBE_REDIS_PORT_6379_TCP": "tcp://172.17.0.5:6379",
            "WARDROBE_REDIS_PORT_6379_TCP_PORT": "6379",
            "WARDROBE_REDIS_ENV_REDIS_VERSION": "7.2.4",
            "WARDROBE_REDIS_ENV_PATH": '"quoted"',
            "WARDROBE_NAME": "/app/wardrobe",
            "WARDROBE_ENV_GPG_KEY": "A035C8C1",
        },
    ],
)
def test_without_names_of_ours_the_bundled_release_is_served(environment: dict[str, str]) -> None:
    assert parse_settings(environment) == Settings(model_store="bundled", model_version="current")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PREDICTOR_PORT", "8000"),
        ("PORT_NUMBER", "8000"),
        ("SERVICE", "shop"),
        ("SERVICE_NAME", "shop"),
        ("REDIS_NAME", "redis"),
        ("REDIS_ENV_PATH", "/bin"),
    ],
)
def test_a_name_that_only_resembles_an_injected_one_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"WARDROBE_{name} is no setting"):
        parse_settings({f"WARDROBE_{name}": value})


@pytest.mark.parametrize("unseen", ["\r", "\n", " ", "\t", "\u00a0", "\ufeff", "\u200b"])
def test_unseen_characters_around_a_value_are_not_part_of_it(unseen: str) -> None:
    written = {"WARDROBE_LOG_FORMAT": f"json{unseen}", "WARDROBE_SLOTS": f"{unseen}3{unseen}"}

    settings = parse_settings(written)

    assert (settings.log_format, settings.slots) == ("json", 3)


def test_unseen_characters_inside_a_value_are_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings({"WARDROBE_LOG_FORMAT": "js\u200b\non"})

    assert str(refused.value) == r"WARDROBE_LOG_FORMAT=js\u200b\non: expected 'text' or 'json'."


@pytest.mark.parametrize("mark", ['"', "'"])
@pytest.mark.parametrize(
    "name",
    [
        "LOG_LEVEL",
        "MODEL_STORE",
        "CORS_ORIGINS",
        "RATE_LIMIT",
        "API_KEYS_FILE",
        "SLOTS",
        "MODEL_NAME",
        "CACHE_DIR",
    ],
)
def test_quotation_marks_that_are_part_of_a_value_are_named(name: str, mark: str) -> None:
    with pytest.raises(SettingsError, match=f"WARDROBE_{name}: the quotation marks around the value"):
        parse_settings({f"WARDROBE_{name}": f"{mark}INFO{mark} "})


def test_a_link_does_not_hide_a_setting() -> None:
    with pytest.raises(SettingsError, match="WARDROBE_MODEL_NAME=/app/model: expected letters"):
        parse_settings({"WARDROBE_MODEL_NAME": "/app/model"})


def test_an_unknown_name_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(SettingsError, match=r"WARDROBE_MODEL_STOER is no setting.*WARDROBE_MODEL_STORE"):
        parse_settings({"WARDROBE_MODEL_STOER": "bundled"})


ORIGIN, RATE, STORAGE = (
    "no origin. Write it as https://",
    "no rate. Write it as 100/minute",
    "'cache:6379' is no",
)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CORS_ORIGINS", "http://localhost:3000,https://shop.example/", ORIGIN),
        ("CORS_ORIGINS", "shop.example", ORIGIN),
        ("CORS_ORIGINS", "https://*.shop.example", ORIGIN),
        ("CORS_ORIGINS", "https://a.example b.example", ORIGIN),
        ("RATE_LIMIT", "100", RATE),
        ("RATE_LIMIT", "0/fortnight", RATE),
        ("RATE_LIMIT_STORAGE", "memcached://:word@cache:11211", "It is memory:// or redis://HOST:PORT."),
        ("RATE_LIMIT_STORAGE", "cache:6379", STORAGE),
        ("RATE_LIMIT_STORAGE", "redis://:pass/word@cache:6379", "%2F for a / in the password"),
        ("RATE_LIMIT_STORAGE", "redis://:password@cache:port/0", "the address cannot be read"),
    ],
)
def test_a_wrong_value_is_named_with_its_setting_and_no_password(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=f"^WARDROBE_{name}: ") as raised:
        parse_settings({f"WARDROBE_{name}": value})

    assert message in str(raised.value)
    assert "word@" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SLOTS", "0", "1 or more"),
        ("SLOTS", "many", "a whole number"),
        ("REFRESH_SECONDS", "nan", "86400 or less"),
        ("REFRESH_SECONDS", "soon", "a number"),
        ("REQUEST_SECONDS", "0", "more than 0"),
        ("ACCEPT_TARGET", "1", "less than 1"),
        ("LOG_FORMAT", "xml", "'text' or 'json'"),
        ("MODEL_NAME", "a b", "letters, digits, dots, hyphens and underscores alone"),
        ("MODEL_STORE", "", "a value; without the variable, the default holds"),
    ],
)
def test_a_value_that_does_not_do_is_answered_with_what_does(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_settings({f"WARDROBE_{name}": value})

    assert str(raised.value) == f"WARDROBE_{name}={value}: expected {expected}."


@pytest.mark.parametrize(
    ("written", "origins"),
    [
        ("https://shop.example, https://app.example", ("https://shop.example", "https://app.example")),
        ("*", ("*",)),
    ],
)
def test_origins_are_separated_by_commas(written: str, origins: tuple[str, ...]) -> None:
    assert parse_settings({"WARDROBE_CORS_ORIGINS": written}).cors_origins == origins


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
    described = Settings(**settings).described()

    assert "secret" not in described
    assert shown in described


def test_dotenv_fills_in_what_the_system_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("WARDROBE_SLOTS=3\nWARDROBE_LOG_LEVEL=ERROR\n", "utf-8")
    monkeypatch.delenv("WARDROBE_SLOTS", raising=False)
    monkeypatch.setenv("WARDROBE_LOG_LEVEL", "DEBUG")

    settings = settings_from_environment(tmp_path / ".env")

    assert (settings.slots, settings.log_level) == (3, "DEBUG")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfWARDROBE_SLOTS=3\r\nAWS_ACCESS_KEY_ID=key\r\n",
        "WARDROBE_SLOTS=3\nAWS_ACCESS_KEY_ID=\u00a0key\u200b\n".encode(),
        "WARDROBE_SLOTS=3\r\nAWS_ACCESS_KEY_ID=key".encode("utf-16"),
        "# Schlüssel\nWARDROBE_SLOTS = 3\nexport AWS_ACCESS_KEY_ID='key' \n".encode("cp1252"),
    ],
    ids=["byte order mark", "no-break space", "UTF-16", "code page"],
)
def test_dotenv_is_read_as_any_editor_saves_it(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_bytes(content)
    for name in ("WARDROBE_SLOTS", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "")  # so that it is undone
        monkeypatch.delenv(name)

    settings = settings_from_environment(tmp_path / ".env")

    assert (settings.slots, os.environ["AWS_ACCESS_KEY_ID"]) == (3, "key")


def test_a_port_in_dotenv_is_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    (tmp_path / ".env").write_text("PORT=70000\n", "utf-8")

    ended = done([sys.executable, "-m", "app"], tmp_path, PYTHONPATH=str(ROOT))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("wardrobe: PORT=70000: expected 1 to 65535")


@pytest.mark.parametrize(("drain", "graceful"), [("2", 30), ("40", 60)])
def test_requests_have_time_after_a_long_drain(drain: str, graceful: int) -> None:
    program = "import runpy; print(runpy.run_path('gunicorn.conf.py')['graceful_timeout'])"

    ended = done([sys.executable, "-c", program], WARDROBE_DRAIN_SECONDS=drain)

    assert ended.stdout == f"{graceful}\n", ended.stderr


@pytest.mark.parametrize(
    ("value", "is_warned"), [("9000", True), ("tcp://10.0.0.1:8000", False), ("", False), (None, False)]
)
def test_a_port_by_the_name_that_kubernetes_uses_is_warned_of(value: str | None, is_warned: bool) -> None:
    warning = unread_port({} if value is None else {"WARDROBE_PORT": value})

    assert (warning is not None) is is_warned
    assert warning is None or "PORT=9000 sets the port" in warning


@pytest.mark.parametrize("level", ["warning", "Warning", "WARNING"])
def test_a_log_level_is_read_in_any_case(level: str) -> None:
    assert parse_settings({"WARDROBE_LOG_LEVEL": level}).log_level == "WARNING"
