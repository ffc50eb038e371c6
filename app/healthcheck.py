"""`python -m app.healthcheck`: whether the service in this container is alive, for the image's HEALTHCHECK.

Asks /healthz on the port in use. Exit code 0: it is; 1, with why on stderr: it is not.
"""

import os
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

FIRST_PROCESS = Path("/proc/1/environ")
SECONDS = 3


def main() -> None:
    """Ask, and end."""
    address = f"http://127.0.0.1:{port_in_use(os.environ, FIRST_PROCESS)}/healthz"
    try:
        urllib.request.urlopen(address, timeout=SECONDS).close()
    except OSError as error:
        sys.exit(f"wardrobe: {address}: {error}")


def port_in_use(environment: Mapping[str, str], first_process: Path) -> str:
    """The port that the service was told.

    Args:
        environment: the container's, which is also a health check's.
        first_process: what /proc tells of the service's own, where SageMaker's `serve` sets another port. In
            a namespace that is shared with others it is somebody else's, or not to be read.
    """
    try:
        told = first_process.read_text("utf-8", "replace")
    except OSError:
        told = ""
    own = dict(entry.partition("=")[::2] for entry in told.split("\0"))
    return own.get("PORT") or environment.get("PORT") or "8000"


if __name__ == "__main__":
    main()
