"""`python -m app` starts the service: gunicorn with gunicorn.conf.py, in this process' place.

gunicorn reads WEB_CONCURRENCY before any file of ours, and ends in a traceback where that is no number; for
a port in use it tries for five seconds and then names no setting. So both are checked here first, and so are
the files that settings name: preflight.py. wsgi.py has to be importable; arguments after `-m app` go to
gunicorn.
"""

import json
import os
import socket
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from app.dotenv_file import read_dotenv
from inference.plain_text import shown, shown_lines, trimmed

CONFIGURATION = Path(__file__).parent.parent / "gunicorn.conf.py"

NUMBERS = {
    "WEB_CONCURRENCY": (1, 1024, "how many workers to start; without it there is one for each core"),
    "PORT": (1, 65535, "the port to listen on; without it that is 8000"),
}
"""What gunicorn and its file read as numbers: the least, the most, and what it is."""

FILES = (
    "WARDROBE_API_KEYS_FILE",
    "WARDROBE_MODEL_STORE",
    "WARDROBE_TAXONOMY",
    "WARDROBE_TRUSTED_KEYS",
)
"""The settings that name a file or the store; without any of them, app/preflight.py has nothing to check."""

MEMORY = {"MALLOC_MMAP_THRESHOLD_": "524288", "MALLOC_TRIM_THRESHOLD_": "1048576"}
"""From which sizes glibc gives memory back to the system (mallopt(3)). By itself it raises both, and a worker
keeps most of what replaced releases held: after 30 of them 300 MB in place of 180. Answers take as long."""


def main() -> None:
    """Become gunicorn, or end with a line that says what is wrong."""
    try:
        read_dotenv()
    except OSError as error:
        _end(f"{error.filename}: {error.strerror}.")
    given = readable(os.environ)
    complaint = wrong_number(given) or ("" if _binds_elsewhere(sys.argv) else unusable_address(given))
    complaint = complaint or wrong_file(given)
    if complaint:
        _end(complaint)
    command = [sys.executable, "-m", "gunicorn", "-c", str(CONFIGURATION), *sys.argv[1:], "wsgi:app"]
    os.execve(sys.executable, command, MEMORY | given)  # noqa: S606 - our own words


def readable(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, in which the values that are read here have no unseen characters around them."""
    ours = (*NUMBERS, "BIND")
    found = {
        name: trimmed(value) if name in ours or name.startswith("WARDROBE_") else value
        for name, value in environment.items()
    }
    # Compose files set what was left out to nothing.
    return {name: value for name, value in found.items() if value or name not in ours}


def _end(complaint: str) -> NoReturn:
    text = f"wardrobe: {shown_lines(complaint)}"
    if trimmed(os.environ.get("WARDROBE_LOG_FORMAT", "")) == "json":
        # As app/observability/log_format.py has it, whose imports take 0.2 s.
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "level": "CRITICAL", "logger": "wardrobe", "message": complaint}
        text = json.dumps(line, separators=(",", ":"))
    sys.exit(text)


def wrong_number(environment: Mapping[str, str]) -> str:
    """Describe the first of NUMBERS that is out of range, and what would be right; empty if all are fine."""
    for name, (least, most, meaning) in NUMBERS.items():
        text = environment.get(name, "")
        if text and not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            return f"{name}={shown(text)}: expected {least} to {most}, {meaning}."
    return ""


def wrong_file(environment: Mapping[str, str]) -> str:
    """Describe the first fault of the files and of the store that settings name; empty if there is none."""
    if all(environment.get(name, "") in ("", "bundled") for name in FILES):
        return ""
    from app.preflight import fault_of  # noqa: PLC0415 - it would take 0.5 s of every start

    return fault_of(environment)


def unusable_address(environment: Mapping[str, str]) -> str:
    """Describe why BIND and PORT cannot be listened on; empty if they can."""
    host, port = environment.get("BIND", "127.0.0.1"), environment.get("PORT", "8000")
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind, protocol) as probe:
            # As gunicorn does: a port that is only closing (TIME_WAIT) counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return f"{host}:{port}: {error.strerror}. Choose another port with PORT=, or address with BIND=."
    return ""


def _binds_elsewhere(arguments: list[str]) -> bool:
    return any(argument.startswith(("-b", "--bind")) for argument in arguments)


if __name__ == "__main__":
    main()
