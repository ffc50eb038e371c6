"""`--json`: one JSON document on stdout, and what a command says to people on stderr.

An error leaves stdout empty: its line and its exit code are those that terminal.py gives it without `--json`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout

Emit = Callable[[Mapping[str, object]], None]
"""Prints what a command found or did, as one JSON document."""


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object; what is said meanwhile goes to stderr"
    )


def with_json() -> argparse.ArgumentParser:
    """A parent of a parser and of its subcommands, so that --json may stand before and after these.

    What was not given is then not in the namespace: a subcommand would reset what stands before it.
    """
    parent = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    add_json(parent)
    return parent


@contextmanager
def json_output(arguments: argparse.Namespace) -> Iterator[Emit]:
    """Keep stdout for one document while a block runs, if that is what the arguments ask for.

    Args:
        arguments: with `json`, or without if it was not given.

    Yields:
        what prints the document; without --json it prints nothing, and stdout is left to the words.
    """
    if not getattr(arguments, "json", False):
        yield lambda document: None
        return
    stdout = sys.stdout
    with redirect_stdout(sys.stderr):
        yield lambda document: print(json.dumps(document, indent=1, ensure_ascii=False), file=stdout)
