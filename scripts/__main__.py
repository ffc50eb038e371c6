"""`python -m scripts` lists the commands; `python -m scripts VERB ...` is `python -m scripts.VERB ...`.

Exit code 2 for a verb that there is not, with the nearest that there is. Where the list comes from: verbs.py.
"""

import argparse
import difflib
import json
import sys
from dataclasses import asdict

from scripts.command_line import command_parser
from scripts.terminal import complain, run
from scripts.verbs import verbs

EXAMPLES = (
    "python -m scripts",
    "python -m scripts --json",
    "python -m scripts predict --help",
)

NO_SUCH_VERB = 2
"""What argparse ends with, too, when arguments are wrong."""


def main(argv: list[str] | None = None) -> int:
    """List the verbs, or run the one that is named first."""
    words = sys.argv[1:] if argv is None else argv
    if words and not words[0].startswith("-"):
        return _run(words[0], words[1:])
    arguments = build_parser().parse_args(words)
    if arguments.json:
        print(json.dumps([asdict(verb) for verb in verbs()], indent=1, ensure_ascii=False))
        return 0
    width = max(len(verb.name) for verb in verbs())
    for verb in verbs():
        print(f"{verb.name:{width}}  {verb.summary}")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What is taken where no verb is named."""
    parser = command_parser(None, "Run one of our commands, or list them.", EXAMPLES)
    parser.add_argument("--json", action="store_true", help="list the verbs as JSON")
    parser.add_argument("verb", nargs="?", metavar="VERB ...", help="a verb, and what it takes")
    return parser


def _run(name: str, rest: list[str]) -> int:
    known = {verb.name: verb for verb in verbs()}
    if name in known:
        return known[name].load().main(rest)
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    complain(f"{name}: no such verb. {meant}`python -m scripts` lists them all.")
    return NO_SUCH_VERB


if __name__ == "__main__":
    sys.exit(run(main))
