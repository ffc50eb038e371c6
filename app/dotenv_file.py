"""Read the settings in the file `.env` into the environment of the process.

The file may belong to another project that is developed in the same folder. Therefore only the variables of
docs/reference/settings.md are taken: PYTHONPATH, for example, would decide which code runs.

`python -m app` needs no more than this before gunicorn takes its place, and saves the 0.2 s that importing
settings.py takes.
"""

import os
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv.main import DotEnv

from inference.text.plain_text import decode_text, escape_unprintable, trim_text

DOTENV_PATH: Final = Path(".env")
"""Path of the file with environment variables, relative to the working directory."""

READ_PREFIXES: Final = ("WARDROBE_", "AWS_")
"""Beginnings of the names of variables that are read from `.env`."""

READ_NAMES: Final = ("PORT", "BIND", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "RAY_ADDRESS", "SSL_CERT_FILE")
"""Names of further variables that are read from `.env`."""

PROXY_NAMES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Names of the variables about proxies that are read from `.env`. They may be written in small letters."""


def load_dotenv(path: Path = DOTENV_PATH) -> list[str]:
    """Add the settings of a `.env` file to the environment of this process.

    Variables that the environment already has keep their values.

    Args:
        path: the path of the file. If the file does not exist, nothing happens.

    Returns:
        The names of variables in the file that were left out, because they are no settings.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.is_file():
        return []
    content = path.read_bytes()
    try:
        text = decode_text(content)
    except UnicodeDecodeError:  # a comment in an old code page, or a path: the environment takes any bytes
        text = content.decode(errors="surrogateescape")
    stream = StringIO("\n".join(map(trim_text, text.splitlines())))
    variables = DotEnv(None, stream, override=False).dict()
    for name, value in variables.items():
        if is_read_from_dotenv(name) and value is not None:
            os.environ.setdefault(name, value)
    return [name for name in variables if not is_read_from_dotenv(name)]


def is_read_from_dotenv(name: str) -> bool:
    """Return whether an environment variable is one that a `.env` file may set."""
    return name.startswith(READ_PREFIXES) or name in READ_NAMES or name.upper() in PROXY_NAMES


def describe_ignored_names(names: Iterable[str]) -> str:
    """Return a sentence about variables of a `.env` file that were left out; empty if there are none.

    Args:
        names: the names that `load_dotenv` has returned.
    """
    listed = ", ".join(map(escape_unprintable, names))
    if not listed:
        return ""
    return (
        f"{DOTENV_PATH}: left out {listed}. Only the variables of docs/reference/settings.md are read from "
        "this file. Set others in the environment."
    )
