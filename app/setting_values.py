"""The types of settings: which values an operator may write, and what a value becomes.

Each type checks the text of an environment variable. A wrong one raises a ValueError whose message says what
would be right.
"""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

MIN_ACCEPT_TARGET = 0.5
"""Smallest value of ACCEPT_TARGET: at least half of the accepted answers have to be right."""

MAX_WAIT_SECONDS = 86_400
"""Largest number of seconds, one day, in settings that say how long to wait. A much larger one, such as
"inf", would raise an OverflowError when a thread waits."""

ORIGIN_PATTERN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[A-Za-z0-9.-]+(:[0-9]+)?")
"""Pattern of a web origin (scheme, host and port) in CORS_ORIGINS, or * for all. Any other text would match
nothing, or be read as a pattern."""

STORAGE_SCHEMES = ("memory", "redis", "rediss", "redis+unix")
"""Allowed beginnings of the address in RATE_LIMIT_STORAGE. Valkey and KeyDB also work with `redis`."""


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
        # Imported here, because its libraries take 0.04 s and most services set no rate.
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
Text = Annotated[str, Field(min_length=1)]

AnyCase = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)
"""Mark of a setting whose value may be written in small letters."""

Empty = BeforeValidator(lambda value: None if value == "" else value)
"""Mark of a setting that is None if its value is empty, since a variable is often emptied to unset it."""


class ForCommands:
    """Mark of a setting that commands such as `label` read, too; all others are about the service."""


OptionalPath = Annotated[Path | None, Empty]
AcceptTarget = Annotated[Annotated[float, Field(ge=MIN_ACCEPT_TARGET, lt=1)] | None, Empty]

Origins = Annotated[tuple[str, ...], BeforeValidator(_split_at_commas), AfterValidator(_check_origins)]
"""Web origins that are separated by commas, such as `https://shop.example,https://www.shop.example`."""

Rate = Annotated[str | None, Empty, AfterValidator(_check_rate)]
"""One or several rates of requests, such as `5/second;1000/hour`."""

StorageAddress = Annotated[str, AfterValidator(_check_storage)]
"""Address of the storage in which rates are counted, such as `redis://counts:6379`."""
