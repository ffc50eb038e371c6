"""`python -m app` starts the service: gunicorn with gunicorn.conf.py, in this process' place.

gunicorn reads WEB_CONCURRENCY before any file of ours, and ends in a traceback where that is no number; so
it is looked at here first. Runs where wsgi.py lies; gunicorn gets what stands behind `-m app`, too.
"""

import os
import sys
from collections.abc import Mapping

NUMBERS = {
    "WEB_CONCURRENCY": (1, 1024, "how many workers to start; without it there is one for each core"),
    "PORT": (1, 65535, "the port to listen on; without it that is 8000"),
}
"""What gunicorn and its file read as numbers: the least, the most, and what it is."""


def main() -> None:
    """Become gunicorn, or end with a line that says what is wrong."""
    complaint = wrong_number(os.environ)
    if complaint:
        sys.exit(f"wardrobe: {complaint}")
    # Compose files set what was left out to nothing.
    environment = {name: value for name, value in os.environ.items() if value or name not in NUMBERS}
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", *sys.argv[1:], "wsgi:app"]
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own words


def wrong_number(environment: Mapping[str, str]) -> str:
    """What is wrong with the first of NUMBERS that is none, and what would be right; empty if nothing is."""
    for name, (least, most, meaning) in NUMBERS.items():
        text = environment.get(name, "")
        if text and not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            return f"{name}={text}: expected {least} to {most}, {meaning}."
    return ""


if __name__ == "__main__":
    main()
