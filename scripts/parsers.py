"""Make the argument parsers of all commands, with `--json`, suggestions and errors in one sentence.

A value of an option is parsed by a function such as `parse_share`, whose error message names the value.
"""

import argparse
import math
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

JSON_HELP = "print JSON on stdout, and messages on stderr"
"""Help of the option --json, which most commands have."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, because the usage of some commands fills a screen.

    It accepts options in the spelling of other projects, such as `--batch_size` and `--Batch-Size` for
    `--batch-size`. It accepts no abbreviations. `--rest` would mean `--restart`, which replaces files that
    somebody edited, and it would mean something else as soon as another option begins with `--rest`.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - as in argparse
        super().__init__(allow_abbrev=False, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - as in argparse
        words = sys.argv[1:] if args is None else list(args)
        end = words.index("--") if "--" in words else len(words)
        normalized_words = [self._normalize_spelling(word) for word in words[:end]]
        return super().parse_known_args(normalized_words + words[end:], namespace)

    def _normalize_spelling(self, word: str) -> str:
        """Return an option in the spelling of this parser, such as `--batch-size=8` for `--batch_size=8`."""
        name, equals, value = word.partition("=")
        if not name.startswith("--") or name in self._option_string_actions:
            return word
        option = name.lower().replace("_", "-")
        return f"{option}{equals}{value}" if option in self._option_string_actions else word

    def error(self, message: str) -> NoReturn:
        """Print an error of usage in one sentence, with a suggestion, and end with exit code 2."""
        suggestion = self._suggest_choice(message) or self._suggest_option(message)
        ending = f". Did you mean {suggestion}?" if suggestion else "."
        self.exit(2, f"{self.prog}: {message}{ending} See {self.prog} --help.\n")

    def _suggest_choice(self, message: str) -> str | None:
        """Return the choice that a person probably meant. argparse itself suggests from Python 3.14 on."""
        invalid_choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        choices = re.findall(r"[\w-]+", invalid_choice[2]) if invalid_choice else []
        return next(iter(get_close_matches(invalid_choice[1], choices, 1)), None) if invalid_choice else None

    def _suggest_option(self, message: str) -> str | None:
        """Return the option that a person probably meant by an abbreviation or a misspelling."""
        unknown_option = re.search(r"unrecognized arguments: .*?(--[^\s=]+)", message)
        if unknown_option is None:
            return None
        options = self._list_options()
        longer_options = [option for option in options if option.startswith(unknown_option[1])]
        return next(iter(longer_options or get_close_matches(unknown_option[1], options, 1)), None)

    def _list_options(self) -> list[str]:
        """Return the options of this command and of its subcommands."""
        subcommands = [parser for group in _find_subparsers(self) for parser in group.choices.values()]
        return [option for parser in (self, *subcommands) for option in parser._option_string_actions]


def _find_subparsers(
    parser: argparse.ArgumentParser,
) -> "list[argparse._SubParsersAction[argparse.ArgumentParser]]":
    """Return the groups of subcommands of a parser: one, or none if the command has no subcommands."""
    return [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]


def make_command_parser(
    verb: str | None,
    doc: str | None,
    examples: Sequence[str],
    *,
    add_help: bool = True,
    json_help: str | None = JSON_HELP,
) -> argparse.ArgumentParser:
    """Return an argument parser for a command, with only the options --help and --json.

    The arguments that it parses have the attribute `error`: a function that takes a message, prints it and
    ends the command with exit code 2 (wrong usage).

    Args:
        verb: the name of the command, such as `train`; None for `wardrobe` itself.
        doc: the docstring of the command's module, whose first line is its description in the help.
        examples: command lines as one would type them, for the end of the help.
        add_help: whether there is the option --help, as in argparse.
        json_help: the help of --json; None for no such option.
    """
    parser = _Parser(
        prog=f"wardrobe {verb}" if verb else "wardrobe",
        description=read_first_docstring_line(doc),
        epilog="\n  ".join(("examples:", *examples)),
        formatter_class=argparse.RawDescriptionHelpFormatter,  # examples stay a line each
        add_help=add_help,
    )
    parser.set_defaults(error=parser.error)
    if json_help:
        parser.add_argument("--json", action="store_true", help=json_help)
    return parser


RELEASE_HELP = "bundled, a release's folder, or a store: a folder or s3://bucket/prefix, perhaps @VERSION"
"""Help of an argument that names a release."""


BUNDLED_HELP = f"{RELEASE_HELP} (default: bundled)"
"""Help of an argument that names a release and is the bundled release by default."""


ANSWERING_HELP = f"{RELEASE_HELP}; its own thresholds decide, and WARDROBE_ACCEPT_TARGET is ignored"
"""Help, without the default, of the argument that names the release whose answers a command prints."""


def add_subcommands(
    parser: argparse.ArgumentParser, *shared_parsers: argparse.ArgumentParser
) -> Callable[[str, Callable[..., object], str], argparse.ArgumentParser]:
    """Give a command subcommands, such as `wardrobe keys add`; --json may also be written after these.

    Args:
        shared_parsers: parsers with further options, without default values, which may be written before or
            after the subcommand.

    Returns:
        A function that adds a subcommand and returns its parser. It takes the name of the subcommand, the
        function to run (which the parsed arguments have as `command`), and a description.
    """
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[..., object], description: str) -> argparse.ArgumentParser:
        subcommand_parser = commands.add_parser(
            name, help=description, description=description, parents=shared_parsers
        )
        # Without a default value, which would replace a --json that was typed before the subcommand.
        subcommand_parser.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help=JSON_HELP
        )
        subcommand_parser.set_defaults(command=command)
        return subcommand_parser

    return add


def list_subcommands(parser: argparse.ArgumentParser) -> list[str]:
    """Return the names of the subcommands that `add_subcommands` gave a command, in their order."""
    return [name for group in _find_subparsers(parser) for name in group.choices]


def run_subcommand(arguments: argparse.Namespace) -> object:
    """Run the subcommand that the user typed, and return its result.

    Args:
        arguments: the arguments from a parser with `add_subcommands`.
    """
    return arguments.command(arguments)


def make_whole_number_parser(lowest: int, reason: str = "") -> Callable[[str], int]:
    """Return a function that parses the value of an option as a whole number with a lower limit.

    Args:
        lowest: the smallest valid number.
        reason: the end of the error message about an invalid value, such as ", since ...".
    """

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < lowest:
            raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, {lowest} or more{reason}")
        return int(text)

    return parse


def parse_whole_number(text: str) -> int:
    """Parse the value of an option as a whole number; the type of an argparse argument.

    Raises:
        ArgumentTypeError: the text is no whole number.
    """
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number") from error


def parse_number(text: str) -> float:
    """Parse the value of an option as a number; the type of an argparse argument.

    Raises:
        ArgumentTypeError: the text is no number.
    """
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number, such as 0.5") from error


def parse_share(text: str) -> float:
    """Parse the value of an option as a share from 0 to 1; the type of an argparse argument.

    Raises:
        ArgumentTypeError: the text is no number from 0 to 1.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 0 to 1")
    return value


def read_first_docstring_line(doc: str | None) -> str:
    """Return the first line of a docstring; empty if there is none, as with `python -OO`."""
    return (doc or "").partition("\n")[0]
