"""Serve the model over HTTP, on PORT (8000) and BIND (127.0.0.1).

Its options stand for environment variables: docs/reference/settings.md has all of these. Other arguments go
to gunicorn.
"""

import argparse
import os

from app.__main__ import start_service
from scripts.__main__ import command
from scripts.parsers import make_command_parser

EXAMPLE_COMMANDS = (
    "wardrobe serve",
    "wardrobe serve --port 8080 --workers 2",
    "wardrobe serve --model s3://models/wardrobe --host 0.0.0.0",
)

SERVE_OPTIONS = (
    ("port", "PORT", "N", "port to listen on (default: 8000)"),
    ("host", "BIND", "ADDRESS", "address to listen on, or 0.0.0.0 for every one (default: 127.0.0.1)"),
    ("workers", "WEB_CONCURRENCY", "N", "number of processes (default: one for each core)"),
    (
        "model",
        "WARDROBE_MODEL_STORE",
        "STORE",
        "place of the model: bundled, a folder, or s3://bucket/prefix (default: bundled)",
    ),
)
"""Options of the command: name, environment variable, metavar and help. The service checks the values."""


def main(words: list[str]) -> int:
    """Start the service, which replaces this process. Options become environment variables.

    Args:
        words: the words after `wardrobe serve`. Those that are no options of this command go to gunicorn.
    """
    arguments, other_words = build_parser().parse_known_args(words)
    values = {variable: getattr(arguments, name) for name, variable, *_ in SERVE_OPTIONS}
    variables = {variable: value for variable, value in values.items() if value is not None}
    os.environ.update(variables)
    start_service(other_words)


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe serve`."""
    parser = make_command_parser("serve", __doc__, EXAMPLE_COMMANDS, json_help=None)
    for name, variable, metavar, text in SERVE_OPTIONS:
        parser.add_argument(f"--{name}", metavar=metavar, help=f"{text}; sets {variable}")
    parser.add_argument_group("other settings", "are variables, or lines of .env: docs/reference/settings.md")
    parser.add_argument_group("other arguments", "go to gunicorn")
    return parser


if __name__ == "__main__":
    raise SystemExit(command("serve"))
