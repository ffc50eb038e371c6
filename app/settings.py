"""What an operator may set: one frozen value, read once from the environment and `.env`.

The only file that reads the environment. Credentials and endpoints of S3 are boto3's own (`AWS_*`); `.env`
may hold them too. `make docs` writes the table of docs/reference/settings.md out of the docstring.
"""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.dotenv_file import DOTENV_PATH, read_dotenv
from inference.decode import MAX_BYTES, MAX_PIXELS
from inference.plain_text import QUOTED, is_quoted, shown, trimmed

PREFIX = "WARDROBE_"

CURRENT = "current"
"""The MODEL_VERSION that follows the promotions."""

MAX_WAIT_SECONDS = 86_400
"""The longest wait in seconds that makes sense; "inf" would be an OverflowError where it is waited for."""

KUBERNETES_NAMES = re.compile(
    rf"{PREFIX}([A-Z0-9_]+_)?"
    r"(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""What kubelet injects for a Service whose name begins with wardrobe, as wardrobe-predictor; never ours."""

KUBERNETES_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+")
"""What it injects under the name of the Service and _PORT."""

ORIGIN_PATTERN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[A-Za-z0-9.-]+(:[0-9]+)?")
"""What a browser may send as Origin, or * for all. The rest matches nothing, or is taken for a pattern."""

STORAGE_SCHEMES = ("memory", "redis", "rediss", "redis+unix")
"""The schemes of RATE_LIMIT_STORAGE; Valkey and KeyDB answer to `redis` too."""

UNPREFIXED_FIELDS = ("prometheus_dir",)
"""Fields that come from variables whose names others have settled, so that they have no prefix of ours."""

MAX_JSON_NUMBERS = 1_500_000
"""Numbers in the JSON of a request, unless an operator says otherwise. A parser of JSON holds Python's lock
for 0.1 microseconds a number, in a native thread as well: no other request is answered meanwhile."""


EXPECTED_VALUES = {
    "bool_parsing": "expected true or false",
    "float_parsing": "expected a number",
    "greater_than": "expected more than {gt:g}",
    "greater_than_equal": "expected {ge:g} or more",
    "int_parsing": "expected a whole number",
    "less_than": "expected less than {lt:g}",
    "less_than_equal": "expected {le:g} or less",
    "literal_error": "expected {expected}",
    "string_pattern_mismatch": "expected letters, digits, dots, hyphens and underscores alone",
    "string_too_short": "expected a value; without the variable, the default holds",
}
"""What would do, by the types of pydantic's errors; none of these settings holds a password."""


class SettingsError(Exception):
    """A setting is unknown or its value is none that it may have; the message names it."""


def _split_at_commas(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if not ORIGIN_PATTERN.fullmatch(origin):
            raise ValueError(
                f"{origin!r} is no origin. Write it as https://shop.example, without a path or a pattern"
            )
    return origins


def _check_rate(rate: str | None) -> str | None:
    if rate is not None:
        # Here: its libraries would take 0.04 s of every start.
        from limits import parse_many  # noqa: PLC0415

        try:
            parse_many(rate)
        except ValueError as error:
            raise ValueError(f"{rate!r} is no rate. Write it as 100/minute") from error
    return rate


def _check_storage(address: str) -> str:
    # No message quotes the address: it may hold a password.
    scheme = address.partition("://")[0]
    if scheme not in STORAGE_SCHEMES:
        raise ValueError(f"{scheme[:20]!r} is no storage. It is memory:// or redis://HOST:PORT")
    try:
        urlsplit(address).port  # noqa: B018 - reading it checks it
    except ValueError as error:
        raise ValueError(
            "the address cannot be read. "
            "Write it as redis://:PASSWORD@HOST:PORT/0, with %2F for a / in the password"
        ) from error
    return address


Positive = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, le=MAX_WAIT_SECONDS)]
Target = Annotated[float, Field(ge=0.5, lt=1)]
Text = Annotated[str, Field(min_length=1)]
AnyCase = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)

Empty = BeforeValidator(lambda value: None if value == "" else value)
OptionalPath = Annotated[Path | None, Empty]
Origins = Annotated[tuple[str, ...], BeforeValidator(_split_at_commas), AfterValidator(_check_origins)]


class Settings(BaseModel):
    """Every setting with its default; each default serves. In the order in which operators meet them.

    Attributes:
        model_store: `bundled`, a store (a folder or `s3://bucket/prefix`), or a release's own folder.
        model_version: `current` follows the promotions; a version stays at that release.
        api_keys_file: lines of `name:sha256-of-key`; empty asks for no key.
        cors_origins: origins whose pages may call this service, comma-separated, or *; none by default.
        trusted_proxies: how many proxies in front append to X-Forwarded-For; 0 believes none.
        rate_limit: per client, as `100/minute` or `5/second;1000/hour`; empty is unlimited.
        rate_limit_storage: where rates are counted: `memory://`, each worker for itself, or one `redis://...`.
        log_level: the least serious log line that is written.
        log_format: `text` for people, `json` for machines.
        accept_target: share of accepted answers that is to be right; empty keeps the release's thresholds.
        taxonomy: file of the platform's own categories, JSON; empty adds none.
        model_name: the name under which the model is known to clients.
        max_upload_bytes: the largest single picture, in bytes as sent.
        max_pixels: the largest picture, in pixels as its header says, checked before decoding.
        max_batch: the most pictures in one batch request.
        max_batch_bytes: the largest batch request, and the most its ZIP may unpack to, in bytes.
        max_batch_pixels: the most pixels of a batch, as its pictures' headers say, checked before decoding.
        max_json_numbers: the most numbers in the JSON of one request, which one thread parses at a time.
        slots: how many requests of one worker may decode and infer at a time.
        queue_length: how many more may be sent or wait for a slot; the next one is refused at once.
        queue_seconds: how long a request may wait for a slot.
        request_seconds: how long a client may take to send a body, and to read an answer.
        drain_seconds: how long a stopping worker still takes requests while `/readyz` answers 503.
        refresh_seconds: how often a worker asks the store for a newer promotion; 0 never asks.
        cache_dir: where releases are kept that are pulled from a store.
        cache_keep: how many releases stay in the cache, beside those used within ten minutes.
        trusted_keys: file of public keys; nothing from a store is served that none of them has signed.
        prometheus_dir: PROMETHEUS_MULTIPROC_DIR, set by gunicorn.conf.py; None counts in this process alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model_store: Text = "bundled"
    model_version: Text = CURRENT
    api_keys_file: OptionalPath = None
    cors_origins: Origins = ()
    trusted_proxies: NotNegative = 0
    rate_limit: Annotated[str | None, Empty, AfterValidator(_check_rate)] = None
    rate_limit_storage: Annotated[str, AfterValidator(_check_storage)] = "memory://"
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], AnyCase] = "INFO"
    log_format: Literal["text", "json"] = "text"
    accept_target: Annotated[Target | None, Empty] = None
    taxonomy: OptionalPath = None
    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")] = "wardrobe"
    max_upload_bytes: Positive = MAX_BYTES
    max_pixels: Positive = MAX_PIXELS
    max_batch: Positive = 256
    max_batch_bytes: Positive = 50_000_000
    max_batch_pixels: Positive = 4 * MAX_PIXELS
    max_json_numbers: Positive = MAX_JSON_NUMBERS
    slots: Positive = 8
    queue_length: NotNegative = 56
    queue_seconds: Seconds = 10.0
    request_seconds: Annotated[float, Field(gt=0, le=MAX_WAIT_SECONDS)] = 60.0
    drain_seconds: Seconds = 2.0
    refresh_seconds: Seconds = 30
    cache_dir: Path = Path("~/.cache/wardrobe")
    cache_keep: Positive = 3
    trusted_keys: OptionalPath = None
    prometheus_dir: Path | None = None

    def format_for_log(self) -> str:
        """One line of `name=value` for the log, with passwords inside addresses masked."""
        return " ".join(f"{name}={value}" for name, value in self.dump_masked().items())

    def dump_masked(self) -> dict[str, object]:
        """Every setting as JSON has it, with passwords inside addresses masked."""
        return {name: _mask_passwords(value) for name, value in self.model_dump(mode="json").items()}


def read_settings(dotenv: Path = DOTENV_PATH) -> Settings:
    """Read `.env` and the process's environment.

    Raises:
        SettingsError: as `parse_settings`.
    """
    read_dotenv(dotenv)
    return parse_settings(os.environ)


def read_command_settings() -> Settings:
    """WARDROBE_CACHE_DIR and WARDROBE_TAXONOMY alone: a command serves nothing, so no other has to be right.

    Raises:
        SettingsError: its value stands in quotation marks.
    """
    names = (f"{PREFIX}CACHE_DIR", f"{PREFIX}TAXONOMY")
    return parse_settings({name: os.environ[name] for name in names if name in os.environ})


def parse_settings(environment: Mapping[str, str]) -> Settings:
    """Turn `WARDROBE_*` names into settings.

    Raises:
        SettingsError: a removed name, an unknown one with the nearest known one, or a value in quotation
            marks or out of bounds.
    """
    values: dict[str, object] = {
        trimmed(name).removeprefix(PREFIX).lower(): trimmed(value)
        for name, value in environment.items()
        if name.startswith(PREFIX) and not is_kubernetes_variable(name, value)
    }
    _refuse_unknown(values)
    _refuse_quoted(values)
    values["prometheus_dir"] = environment.get("PROMETHEUS_MULTIPROC_DIR") or None
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_describe_first_error(error, values)) from error


def is_kubernetes_variable(name: str, value: str) -> bool:
    """Whether kubelet injects variables like this one."""
    is_port = name.endswith("_PORT") and KUBERNETES_ADDRESS.fullmatch(value)
    return bool(is_port or KUBERNETES_NAMES.fullmatch(name))


def list_setting_names() -> list[str]:
    """The names that an operator may set, prefix included."""
    return [PREFIX + field.upper() for field in Settings.model_fields if field not in UNPREFIXED_FIELDS]


def _refuse_unknown(values: Mapping[str, object]) -> None:
    names = list_setting_names()
    for name in values:
        full = PREFIX + name.upper()
        if full not in names:
            nearest = get_close_matches(full, names, n=1, cutoff=0)[0]
            raise SettingsError(
                f"{shown(full)} is no setting. The nearest is {nearest}; see docs/reference/settings.md."
            )


def _refuse_quoted(values: Mapping[str, object]) -> None:
    for name, value in values.items():
        if is_quoted(str(value)):
            raise SettingsError(f"{PREFIX}{name.upper()}: {QUOTED}")


def _describe_first_error(error: ValidationError, values: Mapping[str, object]) -> str:
    """The first thing that is wrong: the setting, what it was, and what would do."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0])
    if first["type"] not in EXPECTED_VALUES:
        return f"{PREFIX}{field.upper()}: {first['msg'].removeprefix('Value error, ')}."
    expected = EXPECTED_VALUES[first["type"]].format_map(first.get("ctx", {}))
    return f"{PREFIX}{field.upper()}={shown(str(values[field]))}: {expected}."


def _mask_passwords(value: object) -> object:
    if not isinstance(value, str):
        return value
    # Up to the last @: a password that is not quoted may hold one, or a slash.
    masked = re.sub(r"//\S+@", "//***@", value)
    return re.sub(r"([?&](?:username|password)=)[^&\s]+", r"\1***", masked)
