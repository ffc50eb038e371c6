"""`python -m app.healthcheck`: whether the service in this container is alive, for the image's HEALTHCHECK.

Asks /healthz on PORT, by default 8000. Exit code 0: it is; 1, with why on stderr: it is not.
"""

import os
import sys
import urllib.request

from inference.plain_text import trimmed

TIMEOUT_SECONDS = 3

DIRECT_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks this machine itself, whatever proxy the environment names for others."""


def main() -> None:
    """Ask, and end."""
    address = f"http://127.0.0.1:{trimmed(os.environ.get('PORT', '')) or '8000'}/healthz"
    try:
        DIRECT_OPENER.open(address, timeout=TIMEOUT_SECONDS).close()
    except OSError as error:
        sys.exit(f"wardrobe: {address}: {error}")


if __name__ == "__main__":
    main()
