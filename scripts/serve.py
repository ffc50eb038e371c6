"""Serve the model over HTTP, on PORT (8000) and BIND (127.0.0.1).

Arguments after `serve` go to gunicorn. The settings are environment variables: docs/reference/settings.md.
"""

import argparse
import os
import sys

from scripts.terminal import command_parser, run

EXAMPLES = (
    "wardrobe serve",
    "wardrobe serve --workers 2",
)


def main(argv: list[str] | None = None) -> int:
    """Become the service (app/__main__.py)."""
    _, rest = build_parser().parse_known_args(argv)
    os.execv(sys.executable, [sys.executable, "-m", "app", *rest])  # noqa: S606 - our own words


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command; it takes no option of its own."""
    return command_parser("serve", __doc__, EXAMPLES, allow_abbrev=False, json_help=None)


if __name__ == "__main__":
    sys.exit(run(main))
