"""`python -m app.healthcheck`: the command of HEALTHCHECK in the Dockerfile.

It asks for /healthz on PORT, by default 8000. The exit code is 0 if the service is alive. Otherwise it is 1,
and the reason is on stderr.
"""

import os
import sys
import urllib.request

from inference.text.plain_text import trim_text

TIMEOUT_SECONDS = 3
"""Seconds to wait for an answer. Without an answer, the service counts as not alive."""

DIRECT_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A urllib opener that uses no proxy, even if the environment names one."""


def main() -> None:
    """Ask the service in this container whether it is alive, and exit with a message if it is not."""
    address = f"http://127.0.0.1:{trim_text(os.environ.get('PORT', '')) or '8000'}/healthz"
    try:
        DIRECT_OPENER.open(address, timeout=TIMEOUT_SECONDS).close()
    except OSError as error:
        sys.exit(f"wardrobe: {address}: {error}")


if __name__ == "__main__":
    main()
