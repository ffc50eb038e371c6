"""Settings: every default serves, every mistake is named."""

from pathlib import Path

import pytest

from app.settings import (
    Settings,
    SettingsError,
    parse_settings,
    settings_from_environment,
)


def test_an_empty_environment_serves_the_bundled_release() -> None:
    assert parse_settings({}) == Settings(model_store="bundled", model_version="current")


def test_names_of_other_programs_are_left_alone() -> None:
    assert parse_settings({"PATH": "/bin", "AWS_REGION": "eu-west-1"}) == Settings()


def test_an_unknown_name_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(SettingsError, match=r"WARDROBE_MODEL_STOER is no setting.*WARDROBE_MODEL_STORE"):
        parse_settings({"WARDROBE_MODEL_STOER": "bundled"})


@pytest.mark.parametrize(
    "name",
    ["WARDROBE_PORT", "WARDROBE_PORT_8000_TCP", "WARDROBE_PORT_8000_TCP_ADDR", "WARDROBE_SERVICE_HOST"],
)
def test_what_kubernetes_injects_beside_a_service_called_wardrobe_is_ignored(name: str) -> None:
    assert parse_settings({name: "tcp://10.0.0.1:8000"}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WARDROBE_SLOTS", "0"),
        ("WARDROBE_SLOTS", "two"),
        ("WARDROBE_QUEUE_SECONDS", "-1"),
        ("WARDROBE_QUEUE_SECONDS", "inf"),
        ("WARDROBE_REFRESH_SECONDS", "nan"),
        ("WARDROBE_MAX_UPLOAD_BYTES", "20MB"),
        ("WARDROBE_LOG_LEVEL", "LOUD"),
        ("WARDROBE_MODEL_STORE", ""),
        ("WARDROBE_MODEL_NAME", "a b"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_setting(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        parse_settings({name: value})


def test_lists_are_separated_by_commas() -> None:
    settings = parse_settings({"WARDROBE_CORS_ORIGINS": "https://shop.example, https://app.example"})

    assert settings.cors_origins == ("https://shop.example", "https://app.example")


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example/",
        "shop.example",
        "https://*.shop.example",
        r"https://.*\.shop\.example",
        "https://a.example b.example",
    ],
)
def test_what_no_browser_sends_as_origin_is_refused(origin: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^WARDROBE_CORS_ORIGINS: .* is no origin\. Write it as https://"
    ):
        parse_settings({"WARDROBE_CORS_ORIGINS": f"http://localhost:3000,{origin}"})


def test_every_origin_may_be_let_in() -> None:
    assert parse_settings({"WARDROBE_CORS_ORIGINS": "*"}).cors_origins == ("*",)


@pytest.mark.parametrize("rate", ["100", "a lot", "0/fortnight", "100 per"])
def test_what_is_no_rate_is_refused_with_an_example(rate: str) -> None:
    with pytest.raises(SettingsError, match=r"^WARDROBE_RATE_LIMIT: .* is no rate\. Write it as 100/minute"):
        parse_settings({"WARDROBE_RATE_LIMIT": rate})


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("memcached://cache:11211", "'memcached' is no storage. It is memory:// or redis://HOST:PORT."),
        ("cache:6379", "'cache:6379' is no storage"),
        ("redis://:pass/word@cache:6379", "%2F for a / in the password"),
        ("redis://:password@cache:port/0", "the address cannot be read"),
    ],
)
def test_what_is_no_storage_is_refused_without_its_password(storage: str, message: str) -> None:
    with pytest.raises(SettingsError, match=r"^WARDROBE_RATE_LIMIT_STORAGE: ") as raised:
        parse_settings({"WARDROBE_RATE_LIMIT_STORAGE": storage})

    assert message in str(raised.value)
    assert "word@" not in str(raised.value)


def test_an_empty_value_of_an_optional_setting_is_the_same_as_none() -> None:
    settings = parse_settings({"WARDROBE_RATE_LIMIT": "", "WARDROBE_API_KEYS_FILE": ""})

    assert (settings.rate_limit, settings.api_keys_file) == (None, None)


def test_passwords_inside_addresses_are_masked_when_settings_are_printed() -> None:
    described = Settings(model_store="s3://key:secret@bucket/prefix").described()

    assert "secret" not in described
    assert "model_store=s3://***@bucket/prefix" in described


@pytest.mark.parametrize(
    "address",
    [
        "redis://:secret@cache:6379/0",
        "redis://:sec@secret@cache",
        "redis://cache:6379?db=1&password=secret",
    ],
)
def test_the_password_of_the_rate_storage_is_never_printed(address: str) -> None:
    described = Settings(rate_limit_storage=address).described()

    assert "secret" not in described
    assert "cache" in described


def test_settings_never_change_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().slots = 5


def test_dotenv_fills_in_what_the_environment_leaves_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("WARDROBE_SLOTS=3\nWARDROBE_LOG_LEVEL=ERROR\n", "utf-8")
    monkeypatch.delenv("WARDROBE_SLOTS", raising=False)
    monkeypatch.setenv("WARDROBE_LOG_LEVEL", "DEBUG")

    settings = settings_from_environment(dotenv)

    assert (settings.slots, settings.log_level) == (3, "DEBUG")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_turned_off_as_everywhere(environment: dict[str, str]) -> None:
    assert parse_settings({"NO_COLOR": "", "TERM": "xterm"}).colours
    assert not parse_settings(environment).colours
