"""`python -m app.healthcheck`: whether the service in this container is alive, for the image's HEALTHCHECK.

Asks /healthz on the port in use. Exit code 0: it is; 1, with why on stderr: it is not.
"""

import os
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from inference.plain_text import trimmed

FIRST_PROCESS = Path("/proc/1/environ")
SECONDS = 3

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks this machine itself, whatever proxy the environment names for others."""


def main() -> None:
    """Ask, and end."""
    address = f"http://127.0.0.1:{port_in_use(os.environ, FIRST_PROCESS)}/healthz"
    try:
        DIRECT.open(address, timeout=SECONDS).close()
    except OSError as error:
        sys.exit(f"wardrobe: {address}: {error}")


def port_in_use(environment: Mapping[str, str], first_process: Path) -> str:
    """The port on which the service listens.

    Args:
        environment: the container's, which is also a health check's.
        first_process: the environment of process 1 in /proc, where SageMaker's `serve` sets another port. In
            a shared process namespace this is another program's, or cannot be read.
    """
    try:
        entries = first_process.read_text("utf-8", "replace")
    except OSError:
        entries = ""
    own = dict(entry.partition("=")[::2] for entry in entries.split("\0"))
    return trimmed(own.get("PORT") or environment.get("PORT") or "") or "8000"


if __name__ == "__main__":
    main()
