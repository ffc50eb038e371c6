"""`python -m app` starts the service: it replaces this process by gunicorn with gunicorn.conf.py.

Before that it checks WEB_CONCURRENCY and the port, and ends with one clear line if one of them is wrong.
gunicorn itself ends with a traceback if WEB_CONCURRENCY is not a number, and tries a port that is in use for
five seconds. Arguments after `-m app` are passed on to gunicorn.
"""

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parent.parent
"""The folder with our packages, gunicorn.conf.py and wsgi.py."""

# `python -m` puts the current folder first. If that is no checkout, imports must not look there.
if __name__ == "__main__" and not sys.flags.safe_path and sys.path[0] not in ("", str(ROOT)):
    del sys.path[0]

from app.dotenv_file import load_dotenv

GUNICORN_CONFIG = ROOT / "gunicorn.conf.py"
"""Path of the configuration file of gunicorn, the HTTP server."""

HTTP_SERVER = ROOT / "app" / "http_server.py"
"""Path of the file that runs gunicorn."""

NUMBER_VARIABLES = {
    "WEB_CONCURRENCY": (1, 1024, "how many workers to start; without it there is one for each core"),
    "PORT": (1, 65535, "the port to listen on; without it that is 8000"),
}
"""Environment variables that gunicorn reads as numbers, each with its smallest value, its largest value, and
its meaning for an error message."""


def main() -> None:
    """Start the service with the words of the command line."""
    start_service(sys.argv[1:])


def start_service(words: Sequence[str]) -> NoReturn:
    """Start the service: replace this process by gunicorn, or exit with an error message.

    Args:
        words: arguments for gunicorn.
    """
    try:
        load_dotenv()
    except OSError as error:
        _exit_with_complaint(f"{error.filename}: {error.strerror}.")
    # Compose files set a variable that was left out to an empty text.
    environment = {
        name: value for name, value in os.environ.items() if value or name not in (*NUMBER_VARIABLES, "BIND")
    }
    # An address on the command line replaces BIND and PORT, so these two are not checked then.
    arguments = f" {environment.get('GUNICORN_CMD_ARGS', '')} {' '.join(words)}"
    complaint = describe_wrong_number(environment) or (
        "" if " -b" in arguments or " --bind" in arguments else describe_wrong_address(environment)
    )
    if complaint:
        _exit_with_complaint(complaint)
    # With -P, neither the current folder nor that of the file is put on the path of imports.
    program = [sys.executable, "-P", str(HTTP_SERVER)]
    command = [*program, "-c", str(GUNICORN_CONFIG), *words, "wsgi:app"]
    os.execve(sys.executable, command, environment)  # noqa: S606 - the command is a constant


def _exit_with_complaint(complaint: str) -> NoReturn:
    from app.observability.log_format import format_startup_error  # noqa: PLC0415 - it would take 0.2 s of every start

    sys.exit(format_startup_error(complaint, os.environ.get("WARDROBE_LOG_FORMAT", "")).rstrip("\n"))


def describe_wrong_number(environment: Mapping[str, str]) -> str:
    """Return an error message for the first of NUMBER_VARIABLES that is out of range; empty if all are valid.

    Args:
        environment: the environment variables by name.
    """
    for name, (smallest, largest, meaning) in NUMBER_VARIABLES.items():
        text = environment.get(name, str(smallest))
        if not (text.isascii() and text.isdecimal() and smallest <= int(text) <= largest):
            return f"{name}={text}: expected {smallest} to {largest}, {meaning}."
    return ""


def describe_wrong_address(environment: Mapping[str, str]) -> str:
    """Return an error message if the service cannot listen on the variables BIND and PORT; empty if it can.

    Args:
        environment: the environment variables by name.
    """
    host = environment.get("BIND", "127.0.0.1")
    port = environment.get("PORT", "8000")
    try:
        # Like gunicorn, this treats a port that is only closing (TIME_WAIT) as free.
        socket.create_server(
            (host.strip("[]"), int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        ).close()
    except OSError as error:
        # Errors of name resolution have numbers below 0, which strerror does not know.
        cause = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        return f"{host}:{port}: {cause}. Choose another port with PORT=, or address with BIND=."
    return ""


if __name__ == "__main__":
    main()
