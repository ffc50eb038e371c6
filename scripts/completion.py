"""Write what lets a shell complete our verbs and options, for a command `wardrobe` that you define.

python -m scripts.completion bash|zsh [--json]

A shell completes by the first word of a line, and `python -m scripts` begins as every Python program does;
so the script is for `wardrobe`, a function of one line: docs/commands.md. It is a fixed text and
starts no Python while you type.
"""

import argparse
import json
import sys
from pathlib import Path

import shtab

from scripts.command_line import command_parser
from scripts.terminal import run
from scripts.verbs import verbs

EXAMPLES = (
    "python -m scripts.completion bash",
    "python -m scripts.completion zsh",
)

COMMAND = "wardrobe"
SHELLS = ("bash", "zsh")


def main(argv: list[str] | None = None) -> int:
    """Write the script to stdout."""
    arguments = build_parser().parse_args(argv)
    written = script(arguments.shell)
    print(json.dumps({"shell": arguments.shell, "script": written}) if arguments.json else written)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("completion", __doc__, EXAMPLES)
    parser.add_argument("shell", choices=SHELLS, help="what you type in")
    parser.add_argument("--json", action="store_true", help="the script as a string in a JSON object")
    return parser


def script(shell: str) -> str:
    """What a shell has to read in.

    Args:
        shell: one of SHELLS.
    """
    parser = argparse.ArgumentParser(prog=COMMAND)
    parser.add_argument("--json", action="store_true", help="list the verbs as JSON")
    commands = parser.add_subparsers()
    for verb in verbs():
        own = verb.load().build_parser()
        _complete_files(own)
        commands.add_parser(verb.name, parents=[own], add_help=False, help=verb.summary)
    return shtab.complete(parser, shell)


def _complete_files(parser: argparse.ArgumentParser) -> None:
    """Offer files where a path is taken; argparse has no public list of its options."""
    for action in parser._actions:
        if action.type is Path:
            vars(action)["complete"] = shtab.FILE  # where shtab looks for it
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                _complete_files(each)


if __name__ == "__main__":
    sys.exit(run(main))
