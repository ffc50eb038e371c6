"""`python -m app` starts the service: gunicorn with gunicorn.conf.py, in this process' place.

gunicorn reads WEB_CONCURRENCY before any file of ours, and ends in a traceback where that is no number; for
a port in use it tries for five seconds and then names no setting. So both are checked here first, and so are
the files that settings name: preflight.py. wsgi.py has to be importable; arguments after `-m app` go to
gunicorn.
"""

import json
import os
import re
import shlex
import socket
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from app.dotenv_file import read_dotenv
from inference.plain_text import QUOTED, is_quoted, shown, shown_lines, trimmed

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

WORKER = "app.worker.ClosingWorker"
"""gunicorn's gevent worker: docs/decisions/0005."""

OTHER_WORKER = (
    f"{{}} is no worker that serves here; {WORKER} is, which limits time. Leave --worker-class (-k) and "
    "--threads out, in GUNICORN_CMD_ARGS as well."
)

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
    words = [*gunicorn_words(given), *sys.argv]
    complaint = wrong_number(given) or ("" if _binds_elsewhere(words) else unusable_address(given))
    complaint = complaint or quoted_words(given) or other_worker(words) or wrong_file(given)
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
        if is_quoted(text):
            return f"{name}: {QUOTED}"
        if text and not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            return f"{name}={shown(text)}: expected {least} to {most}, {meaning}."
    return ""


def wrong_file(environment: Mapping[str, str]) -> str:
    """Describe the first fault of the files and of the store that settings name; empty if there is none."""
    if all(environment.get(name, "") in ("", "bundled") for name in FILES):
        return ""
    from app.preflight import fault_of  # noqa: PLC0415 - it would take 0.5 s of every start

    return fault_of(environment)


def wrong_host(host: str) -> str | None:
    """What to write in place of what BIND often holds besides a name or an address; None for any other."""
    if is_quoted(host):
        return QUOTED
    if host.startswith(("unix:", "fd:", "/")):
        path = host.removeprefix("unix:")
        bind = host if host.startswith("fd:") else f"unix:{path}"
        return f"BIND is a host. For a socket write GUNICORN_CMD_ARGS='--bind {shown(bind)}' in its place."
    if "/" in host:
        return "BIND is a host alone, as in BIND=0.0.0.0."
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal() and (":" not in name or name.endswith("]")):
        return f"BIND is a host alone. Write BIND={shown(name)} PORT={port}."
    return None


def gunicorn_words(environment: Mapping[str, str]) -> list[str]:
    """The words of GUNICORN_CMD_ARGS; none where gunicorn will refuse them."""
    try:
        return shlex.split(environment.get("GUNICORN_CMD_ARGS", ""))
    except ValueError:
        return []


def quoted_words(environment: Mapping[str, str]) -> str:
    """Describe GUNICORN_CMD_ARGS in quotation marks; empty where it is not.

    gunicorn takes its words for one, and ignores it.
    """
    text, words = environment.get("GUNICORN_CMD_ARGS", ""), gunicorn_words(environment)
    return f"GUNICORN_CMD_ARGS: {QUOTED}" if is_quoted(text) and len(words) == 1 and " " in words[0] else ""


def other_worker(words: Iterable[str]) -> str:
    """Describe a worker class that is chosen in place of ours; empty where none is.

    gunicorn ends in a traceback where it is not installed; gunicorn.conf.py has the others.
    """
    chosen = re.search(r"(?:^|\0)(?:-k|--worker-class)[=\0]?([^\0]+)", "\0".join(words))
    return OTHER_WORKER.format(shown(chosen[1])) if chosen and chosen[1] != WORKER else ""


def unusable_address(environment: Mapping[str, str]) -> str:
    """Describe why BIND and PORT cannot be listened on; empty if they can."""
    host, port = environment.get("BIND", "127.0.0.1"), environment.get("PORT", "8000")
    if (complaint := wrong_host(host)) is not None:
        return f"BIND={shown(host)}: {complaint}"
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
