"""Read the settings of an operator from environment variables (`WARDROBE_*`) and the file `.env`.

They become one immutable `Settings`, which the parts of the service get as an argument. Credentials and
endpoint of S3 are boto3's own settings (`AWS_*`), and `.env` may contain them too. `make docs` writes the
table of docs/reference/settings.md from the docstring of `Settings`.
"""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.dotenv_file import DOTENV_PATH, load_dotenv
from app.setting_values import (
    MAX_WAIT_SECONDS,
    AcceptTarget,
    AnyCase,
    ForCommands,
    NotNegative,
    OptionalPath,
    Origins,
    Positive,
    Rate,
    Seconds,
    StorageAddress,
    Text,
)
from inference.pictures.decode import MAX_BYTES, MAX_PIXELS
from inference.text.plain_text import QUOTED_ADVICE, escape_unprintable, is_quoted, trim_text

PREFIX = "WARDROBE_"
"""Beginning of the names of this program's environment variables."""

CURRENT = "current"
"""Value of MODEL_VERSION with which the service serves whichever release of the store is current."""

KUBERNETES_NAMES = re.compile(
    rf"{PREFIX}([A-Z0-9_]+_)?"
    r"(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""Pattern of the environment variables that Kubernetes sets for a Service whose name begins with wardrobe.
They are not settings of this program."""

KUBERNETES_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+")
"""Pattern of the addresses that Kubernetes writes into variables of a Service, such as
`tcp://10.0.0.1:80`."""

UNPREFIXED_FIELDS = ("prometheus_dir",)
"""Fields of `Settings` that come from variables of other programs, whose names do not begin with
WARDROBE_."""

MAX_JSON_NUMBERS = 1_500_000
"""Default for the largest number of values in the JSON of a request. A JSON parser holds Python's lock for
0.1 microseconds a number, even in a native thread, and no other request is answered in this time."""

EXPECTED_VALUES = {
    "bool_parsing": "expected true or false",
    "float_parsing": "expected a number",
    "greater_than": "expected more than {gt:g}",
    "greater_than_equal": "expected {ge:g} or more",
    "int_parsing": "expected a whole number",
    "less_than": "expected less than {lt:g}, for example 0.95 for 95%",
    "less_than_equal": "expected {le:g} or less",
    "literal_error": "expected {expected}",
    "string_pattern_mismatch": "expected letters, digits, dots, hyphens and underscores alone",
    "string_too_short": "expected a value; without the variable, the default holds",
}
"""Sentences for error messages about the values that a setting may have, by the types of pydantic's errors.
The settings with such errors contain no password."""


class SettingsError(Exception):
    """A setting is unknown, or its value is not allowed. The message names the setting."""


class Settings(BaseModel):
    """All settings, each with a default, in the order in which operators need them.

    The service runs with the defaults.

    Attributes:
        model_store: `bundled`, a store (a folder or `s3://bucket/prefix`), or the folder of a release.
        model_version: `current`, which follows the promotions, or the version of a release to stay at.
        api_keys_file: file with a line `name:sha256-of-key` for each API key. If empty, no key is needed.
        cors_origins: origins, separated by commas, whose pages may call the service. `*` allows all.
        trusted_proxies: number of proxies in front that append to X-Forwarded-For. With 0, none is trusted.
        rate_limit: rate for each client, like `100/minute` or `5/second;1000/hour`. If empty, there is none.
        rate_limit_storage: place of the counters: `memory://` (each worker has its own) or one `redis://...`.
        log_level: the least serious level of log lines that are written.
        log_format: `text` for people, `json` for machines.
        accept_target: share of accepted answers that must be right, like 0.96. If empty, the release decides.
        taxonomy: path of a JSON file with your own category for each label. If empty, answers have none.
        model_name: name of the model, as clients see it.
        max_upload_bytes: largest size of one picture, in bytes, as it is sent.
        max_pixels: largest width x height of a picture, as its header says. Checked before decoding.
        max_batch: largest number of pictures in a batch.
        max_batch_bytes: largest size of a batch, and of the files in its ZIPs together, in bytes.
        max_batch_pixels: largest sum of width x height over all pictures in a batch.
        max_json_numbers: largest number of values in the JSON of a request. While it is parsed, others wait.
        slots: number of small requests that a worker answers at a time, besides one large request.
        queue_length: number of small requests that may wait for a slot. Large ones wait in a longer queue.
        queue_seconds: seconds for which a request may wait for a slot.
        request_seconds: seconds that a client may take to send a body, and to read each part of an answer.
        drain_seconds: seconds before a stopping worker refuses requests. `/readyz` already answers 503 then.
        refresh_seconds: seconds between two looks for a newer promotion. With 0, it never looks again.
        cache_dir: folder for the releases that are downloaded from a store.
        cache_keep: number of releases that stay in the cache, plus those used in the last ten minutes.
        trusted_keys: file of public keys. If set, a store's release needs a signature by one of them.
        prometheus_dir: PROMETHEUS_MULTIPROC_DIR, set by gunicorn.conf.py; None counts in this process alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model_store: Text = "bundled"
    model_version: Text = CURRENT
    api_keys_file: OptionalPath = None
    cors_origins: Origins = ()
    trusted_proxies: NotNegative = 0
    rate_limit: Rate = None
    rate_limit_storage: StorageAddress = "memory://"
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], AnyCase] = "INFO"
    log_format: Literal["text", "json"] = "text"
    accept_target: AcceptTarget = None
    taxonomy: Annotated[OptionalPath, ForCommands] = None
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
    cache_dir: Annotated[Path, ForCommands] = Path("~/.cache/wardrobe")
    cache_keep: Positive = 3
    trusted_keys: OptionalPath = None
    prometheus_dir: Path | None = None

    def format_for_log(self) -> str:
        """Return all settings as one line of `name=value` pairs, with passwords inside addresses masked."""
        return " ".join(f"{name}={value}" for name, value in self.dump_masked().items())

    def dump_masked(self) -> dict[str, object]:
        """Return all settings as JSON values by name, with passwords inside addresses masked."""
        return {name: _mask_passwords(value) for name, value in self.model_dump(mode="json").items()}


def read_settings(dotenv: Path = DOTENV_PATH) -> Settings:
    """Read the file `.env` into the environment of the process, and the settings from the environment.

    Args:
        dotenv: the path of the file, which need not exist.

    Raises:
        SettingsError: a name is unknown, or a value is not allowed.
    """
    load_dotenv(dotenv)
    return parse_settings(os.environ)


def read_command_settings() -> Settings:
    """Read the settings that have the mark ForCommands, which are those that commands use.

    Other settings are ignored, even if their values are wrong, because they are about the service.

    Raises:
        SettingsError: a value is in quotation marks.
    """
    names = [PREFIX + field.upper() for field in list_command_fields()]
    return parse_settings({name: os.environ[name] for name in names if name in os.environ})


def parse_settings(environment: Mapping[str, str]) -> Settings:
    """Create the settings from the `WARDROBE_*` variables of an environment, and check them.

    Args:
        environment: the environment variables by name.

    Raises:
        SettingsError: a name is unknown (the message suggests the nearest one), or a value is not allowed.
    """
    values: dict[str, object] = {
        trim_text(name).removeprefix(PREFIX).lower(): trim_text(value)
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
    """Return whether Kubernetes has set a variable for a Service whose name begins with wardrobe.

    An example is WARDROBE_PORT=tcp://10.0.0.1:80. Such variables are no settings of this program.
    """
    is_port = name.endswith("_PORT") and KUBERNETES_ADDRESS.fullmatch(value)
    return bool(is_port or KUBERNETES_NAMES.fullmatch(name))


def list_command_fields() -> list[str]:
    """Return the names of the fields of `Settings` that have the mark ForCommands."""
    return [name for name, field in Settings.model_fields.items() if ForCommands in field.metadata]


def list_setting_names() -> list[str]:
    """Return the names of all environment variables that an operator may set."""
    return [PREFIX + field.upper() for field in Settings.model_fields if field not in UNPREFIXED_FIELDS]


def _refuse_unknown(values: Mapping[str, object]) -> None:
    names = list_setting_names()
    for name in values:
        full_name = PREFIX + name.upper()
        if full_name not in names:
            nearest = get_close_matches(full_name, names, n=1, cutoff=0)[0]
            raise SettingsError(
                f"{escape_unprintable(full_name)} is no setting. The nearest is {nearest}; see "
                "docs/reference/settings.md."
            )


def _refuse_quoted(values: Mapping[str, object]) -> None:
    for name, value in values.items():
        if is_quoted(str(value)):
            raise SettingsError(f"{PREFIX}{name.upper()}: {QUOTED_ADVICE}")


def _describe_first_error(error: ValidationError, values: Mapping[str, object]) -> str:
    """Return a sentence about the first wrong setting: its name, its value, and what would be right."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0])
    if first["type"] not in EXPECTED_VALUES:
        return f"{PREFIX}{field.upper()}: {first['msg'].removeprefix('Value error, ')}."
    expected = EXPECTED_VALUES[first["type"]].format_map(first.get("ctx", {}))
    return f"{PREFIX}{field.upper()}={escape_unprintable(str(values[field]))}: {expected}."


def _mask_passwords(value: object) -> object:
    if not isinstance(value, str):
        return value
    # The match goes up to the last @, since a password that is not quoted may contain an @ or a slash.
    masked = re.sub(r"//\S+@", "//***@", value)
    return re.sub(r"([?&](?:username|password)=)[^&\s]+", r"\1***", masked)
