"""`python -m app` starts the service: gunicorn with gunicorn.conf.py, in this process' place.

gunicorn ends in a traceback where WEB_CONCURRENCY is no number, and tries a port in use for five seconds. So
these are checked here first. wsgi.py has to be importable; arguments after `-m app` go to gunicorn.
"""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from app.dotenv_file import read_dotenv

GUNICORN_CONFIG = Path(__file__).parent.parent / "gunicorn.conf.py"

NUMBER_VARIABLES = {
    "WEB_CONCURRENCY": (1, 1024, "how many workers to start; without it there is one for each core"),
    "PORT": (1, 65535, "the port to listen on; without it that is 8000"),
}
"""What gunicorn and its file read as numbers: the least, the most, and what it is."""


def main() -> None:
    """Become gunicorn, or end with a line that says what is wrong."""
    try:
        read_dotenv()
    except OSError as error:
        _exit_with(f"{error.filename}: {error.strerror}.")
    # Compose files set what was left out to nothing.
    environment = {
        name: value for name, value in os.environ.items() if value or name not in (*NUMBER_VARIABLES, "BIND")
    }
    words = f" {environment.get('GUNICORN_CMD_ARGS', '')} {' '.join(sys.argv[1:])}"
    complaint = describe_wrong_number(environment) or (
        "" if " -b" in words or " --bind" in words else describe_wrong_address(environment)
    )
    if complaint:
        _exit_with(complaint)
    command = [sys.executable, "-m", "gunicorn", "-c", str(GUNICORN_CONFIG), *sys.argv[1:], "wsgi:app"]
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own words


def _exit_with(complaint: str) -> NoReturn:
    from app.observability.log_format import format_startup_error  # noqa: PLC0415 - it would take 0.2 s of every start

    sys.exit(format_startup_error(complaint, os.environ.get("WARDROBE_LOG_FORMAT", "")).rstrip("\n"))


def describe_wrong_number(environment: Mapping[str, str]) -> str:
    """Describe the first of NUMBERS that is out of range, and what would be right; empty if all are fine."""
    for name, (least, most, meaning) in NUMBER_VARIABLES.items():
        text = environment.get(name, str(least))
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            return f"{name}={text}: expected {least} to {most}, {meaning}."
    return ""


def describe_wrong_address(environment: Mapping[str, str]) -> str:
    """Describe why BIND and PORT cannot be listened on; empty if they can."""
    host, port = environment.get("BIND", "127.0.0.1"), environment.get("PORT", "8000")
    try:
        # As gunicorn does: a port that is only closing (TIME_WAIT) counts as free.
        socket.create_server(
            (host.strip("[]"), int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        ).close()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        return f"{host}:{port}: {why}. Choose another port with PORT=, or address with BIND=."
    return ""


if __name__ == "__main__":
    main()
