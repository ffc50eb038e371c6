"""The command `wardrobe`: list the verbs, or run one. `python -m scripts` is the same.

A verb is the first word after `wardrobe`, such as `train`. It is a file of this folder with EXAMPLE_COMMANDS,
`build_parser` and `execute`. The file is imported only when it is run, since some imports take seconds. After
an unknown verb, the nearest known one is named, and the exit code is 2. The container image contains only
some of the verbs.
"""

import os
import sys
from pathlib import Path

ROOT = str(Path(__file__).parent.parent)
"""The folder with our packages."""

# `python -m` puts the current folder first. If that is no checkout, imports must not look there.
if __name__ == "__main__" and not sys.flags.safe_path and sys.path[0] not in ("", ROOT):
    del sys.path[0]

import ast
import difflib
import importlib
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import asdict, dataclass
from functools import partial
from types import ModuleType

from scripts.interrupts import is_interrupt

INTERRUPTED_EXIT_CODE = 130
"""Exit code after Ctrl-C: 128 + SIGINT. terminal.py has it too, but cannot be imported yet."""

try:
    from app import __version__
    from scripts.console import print_message
    from scripts.parsers import (
        add_subcommands,
        list_subcommands,
        make_command_parser,
        read_first_docstring_line,
    )
    from scripts.terminal import run_command, run_main
except BaseException as error:
    # These imports take a second, in which `run_main` is not there yet.
    if not is_interrupt(error):
        raise
    sys.stderr.write("wardrobe: interrupted.\n")
    sys.exit(INTERRUPTED_EXIT_CODE)

VERB_NAMES = (
    "serve",
    "predict",
    "label",
    "data",
    "train",
    "improve",
    "evaluate",
    "compare",
    "tune",
    "adopt",
    "diff",
    "publish",
    "releases",
    "signing",
    "keys",
)

EXAMPLE_COMMANDS = (
    "wardrobe serve",
    "wardrobe predict shirt.jpg",
    "wardrobe train --help",
)

OTHER_PROJECTS_HINT = "docs/how-to/from-other-projects.md has what replaces the commands of other projects."

VERB_BY_SCRIPT_NAME = {"main": "train", "app": "serve"}
"""Command to suggest if somebody types the name of another project's script, such as `main.py`, by this
name."""

UNKNOWN_VERB_EXIT_CODE = 2
"""Exit code if a command does not exist: 2, as argparse has it for wrong arguments."""


@dataclass(frozen=True)
class Verb:
    """A command of `wardrobe`, such as `train`.

    Attributes:
        name: the name of the command, which is also that of its file.
        summary: the first line of the docstring of its file, which the help shows.
    """

    name: str
    summary: str = ""

    def load_module(self) -> ModuleType:
        """Import the module of the command, and return it."""
        return importlib.import_module(f"scripts.{self.name}")

    def run(self, words: list[str]) -> int:
        """Run the command, and return its exit code.

        Args:
            words: the words that were typed after its name. Some commands parse them in their own `main`.
        """
        module = self.load_module()
        # `improve` divides the words at `--`, `serve` passes options on, and `predict` prints JSON line by
        # line.
        if main := getattr(module, "main", None):
            return int(main(words))
        return run_command(module.build_parser(), module.execute, words)


def list_verbs() -> tuple[Verb, ...]:
    """Return the commands whose files exist in this installation, with their summaries."""
    files = {name: Path(__file__).with_name(f"{name}.py") for name in VERB_NAMES}
    return tuple(
        Verb(name, read_first_docstring_line(ast.get_docstring(ast.parse(file.read_text("utf-8")))))
        for name, file in files.items()
        if file.exists()
    )


def main(argv: list[str] | None = None) -> int:
    """Run the command that is named first, or list all commands if none is named.

    Args:
        argv: the words after `wardrobe`; None for those of `sys.argv`.

    Returns:
        The exit code; UNKNOWN_VERB_EXIT_CODE if there is no such command.
    """
    words = sys.argv[1:] if argv is None else argv
    # `wardrobe --json data FOLDER` means `wardrobe data --json FOLDER`.
    if words[:1] == ["--json"] and words[1:] and not words[1].startswith("-"):
        words = [words[1], "--json", *words[2:]]
    installed_verbs = [name for name in VERB_NAMES if Path(__file__).with_name(f"{name}.py").exists()]
    if words and words[0] in installed_verbs:
        return Verb(words[0]).run(words[1:])
    if words and not words[0].startswith("-"):
        file = Path(words[0])
        stem = VERB_BY_SCRIPT_NAME.get(file.stem, file.stem) if file.suffix == ".py" else words[0]
        close_matches = " or ".join(f"`wardrobe {verb}`" for verb in _find_close_verbs(stem, installed_verbs))
        suggestion = f"Did you mean {close_matches}? " if close_matches else ""
        if file.suffix == ".py":
            suggestion += f"{OTHER_PROJECTS_HINT} "
        print_message(f"{words[0]}: no such verb. {suggestion}`wardrobe` lists them all.")
        return UNKNOWN_VERB_EXIT_CODE
    if words and not _is_global_option(words[0]):
        print_message(
            f"{words[0]}: an option stands after its verb, as in `wardrobe train`. {OTHER_PROJECTS_HINT}"
        )
        return UNKNOWN_VERB_EXIT_CODE
    return run_command(build_parser(), _print_verbs, words)


def _find_close_verbs(word: str, verbs: list[str]) -> list[str]:
    """Return the commands that a person probably meant, such as `releases promote` for `promote`."""
    subcommands = [(verb, name) for verb in verbs for name in _list_subcommands(verb)]
    exact_matches = [f"{verb} {name}" for verb, name in subcommands if name == word.lower()]
    near_verbs = difflib.get_close_matches(word, verbs, n=1)
    near_names = difflib.get_close_matches(word, {name for _, name in subcommands}, n=1)
    return (
        exact_matches or near_verbs or [f"{verb} {name}" for verb, name in subcommands if name in near_names]
    )


def _list_subcommands(verb: str) -> list[str]:
    """Return the subcommands of a command, such as `promote` of `releases`; empty if it has none."""
    # Only three commands have subcommands. Importing the others would take seconds.
    if add_subcommands.__name__ not in Path(__file__).with_name(f"{verb}.py").read_text("utf-8"):
        return []
    return list_subcommands(Verb(verb).load_module().build_parser())


def _is_global_option(word: str) -> bool:
    """Tell whether an option may be used without a verb, as in `wardrobe --version`."""
    return word.partition("=")[0].lower() in {"-h", "--help", "--json", "--version"}


def _print_verbs(_: Namespace) -> object:
    """Print the help with all commands, and return them for --json."""
    build_parser().print_help()
    return [asdict(verb) for verb in list_verbs()]


def build_parser() -> ArgumentParser:
    """Return the parser of a command line without a verb. Each verb has a parser of its own, in its file."""
    parser = make_command_parser(
        None, "Classify pictures of clothing: serve, label, train, publish.", EXAMPLE_COMMANDS
    )
    # By default argparse puts the summary of `evaluate` on a line of its own, because of its indentation.
    parser.formatter_class = partial(RawDescriptionHelpFormatter, indent_increment=1)
    parser.add_argument("--version", action="version", version=f"wardrobe {__version__}")
    verb_parsers = parser.add_subparsers(title="verbs", metavar="VERB", prog="wardrobe")
    for verb in list_verbs():
        verb_parsers.add_parser(verb.name, help=verb.summary, add_help=False)
    return parser


def command(verb: str | None = None) -> int:
    """Run `wardrobe`, print errors in one line, and return the exit code.

    Args:
        verb: the name of the command, if its file is run by itself; None to read the name from `sys.argv`.
    """
    # Worker processes and their helpers would look for modules in the current folder first.
    os.environ["PYTHONSAFEPATH"] = "1"
    return run_main(main if verb is None else partial(main, [verb, *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(command())
