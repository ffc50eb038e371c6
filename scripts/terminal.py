"""Run a command: parse its words, print its result, and turn its errors into one line and an exit code.

A command does not catch its own errors, nor Ctrl-C. The exit codes are 0 for success, 1 for an expected error
or a file that cannot be read or written, 2 for wrong arguments, 130 for Ctrl-C, and 141 if the reader of the
output has closed it. With `--json`, stdout has one JSON document and stderr everything else. If there is an
error, stdout stays empty.
"""

import argparse
import errno
import io
import json
import math
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.dotenv_file import read_dotenv
from app.settings import SettingsError
from inference.errors import InferenceError
from inference.text.plain_text import escape_unprintable_lines
from labelling.errors import LabellingError
from model_store.errors import StoreError
from scripts.interrupts import is_interrupt
from training.errors import TrainingError, describe_missing_library

EXPECTED_ERRORS = (InferenceError, LabellingError, SettingsError, StoreError, TrainingError)
"""Errors whose messages name the fault and the remedy, so that a traceback would add nothing. Errors of the
system about a file are like this too. Any other error is a bug, and its traceback is printed."""

OWN_PACKAGES = ("", "app", "inference", "labelling", "model_store", "scripts", "training")
"""Packages of this repository. If one of them cannot be imported, this is a bug. Another package is missing
if only the packages for serving are installed, and the user has to install it."""

DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT)
"""Error numbers of a full disk, which often come without the name of the file."""

FAILURE_EXIT_CODE = 1

INTERRUPTED_EXIT_CODE = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as a shell reports it."""

CLOSED_PIPE_EXIT_CODE = 141
"""Exit code if the reader of the output has closed it, as `head` does: 128 + SIGPIPE."""


class NegativeResult(NamedTuple):
    """The result of a command that worked, but whose answer is no, such as a check that found a fault.

    The exit code is then FAILURE_EXIT_CODE.

    Attributes:
        document: the value that --json prints.
    """

    document: object


CommandFunction = Callable[[argparse.Namespace], object]
"""Function that does the work of a command, such as `wardrobe train`. It gets the parsed arguments, and
returns the value that --json prints, or NegativeResult."""


def run_command(parser: argparse.ArgumentParser, command: CommandFunction, words: list[str]) -> int:
    """Parse a command line, read `.env`, run the command, and print its result if --json is given.

    Args:
        parser: the parser of the command, from `make_command_parser`.
        command: the function to run with the parsed arguments, which also have `words` as an attribute.
        words: the words that were typed after `wardrobe` and the name of the command.

    Returns:
        0, or FAILURE_EXIT_CODE if the command returns NegativeResult. Errors are raised.
    """
    arguments = parser.parse_args(words)
    read_dotenv()
    arguments.words = words
    with redirect_stdout(sys.stderr) if arguments.json else nullcontext():
        result = command(arguments)
    if arguments.json:
        document = result.document if isinstance(result, NegativeResult) else result
        print(json.dumps(document, indent=1, ensure_ascii=False))
    return FAILURE_EXIT_CODE if isinstance(result, NegativeResult) else 0


def run_main(main: Callable[[], int]) -> int:
    """Run the main function of a command, print its error in one line, and return the exit code.

    Args:
        main: a function that parses `sys.argv` and returns an exit code.

    Returns:
        The exit code of `main`; FAILURE_EXIT_CODE for an expected error or one about a file,
        INTERRUPTED_EXIT_CODE for Ctrl-C, and CLOSED_PIPE_EXIT_CODE if the reader of the output has closed it.
        Other errors are bugs and are raised.
    """
    _open_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no text
    try:
        code = _run_until_interrupt(main)
        sys.stdout.flush()  # raises BrokenPipeError here, where it is caught, and not when Python ends
    except EXPECTED_ERRORS as error:
        print_message(str(error))
        return FAILURE_EXIT_CODE
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in OWN_PACKAGES:
            raise
        print_message(describe_missing_library(package))
        return FAILURE_EXIT_CODE
    except KeyboardInterrupt as stop:
        print_message(str(stop) or "interrupted.")
        return INTERRUPTED_EXIT_CODE
    except BrokenPipeError:
        _drop_stdout()
        return CLOSED_PIPE_EXIT_CODE
    except OSError as error:
        if error.filename is None and error.errno not in DISK_FULL_ERRNOS:
            raise  # such as the error of a socket: only the traceback says where it happened
        place = error.filename or "The disk of --run, --out or TMPDIR"
        print_message(f"{place}: {error.strerror or error}.")
        return FAILURE_EXIT_CODE
    return code


def _run_until_interrupt(main: Callable[[], int]) -> int:
    """Run a main function. If a library turned Ctrl-C into another error, raise KeyboardInterrupt instead."""
    try:
        return main()
    except Exception as error:
        if is_interrupt(error):
            raise KeyboardInterrupt from error
        raise


def _open_closed_streams() -> None:
    """Send output to /dev/null if the command was started with a closed stdout or stderr.

    Python has None in their place. A file that is opened later would get their descriptors, and with them
    what libraries in C print.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - until the end


@contextmanager
def go_on_without_reader() -> Iterator[None]:
    """End only this block, and not the command, if the reader of the output has closed it.

    The command then finishes its work, and its further output goes to /dev/null.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()


def get_program_name() -> str:
    """Return how a user can type this command: `wardrobe` if the shell finds it, otherwise its path."""
    installed_script = Path(sys.executable).with_name("wardrobe")
    if shutil.which("wardrobe") or not installed_script.exists():
        return "wardrobe"
    return shlex.quote(
        str(
            installed_script.relative_to(Path.cwd())
            if installed_script.is_relative_to(Path.cwd())
            else installed_script
        )
    )


def print_message(message: str) -> None:
    """Print a message in one line on stderr, with `wardrobe: ` in front."""
    lines = (line.strip() for line in escape_unprintable_lines(message).split("\n"))
    print(f"wardrobe: {' '.join(filter(None, lines))}", file=sys.stderr)


def make_console(stream: TextIO | None = None) -> Console:
    """Return a console for tables, bars and progress.

    Args:
        stream: the stream to write to; stdout if None.

    Returns:
        A console with colours, if the stream is a terminal and NO_COLOR is not set (no-color.org). It has the
        width of the terminal. In a file or pipe it is so wide that nothing is cut off or wrapped. Brackets
        are printed as they are, because labels and paths may have them.
    """
    new_console = _Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)
    if not new_console.is_terminal:
        new_console.width = _WIDTH_IN_A_FILE
    return new_console


MAX_UNWRAPPED_CHARACTERS = 25
"""Largest width of a table's first column at which it is not wrapped, so that the version of a release in it
can be copied."""


class _Console(Console):
    """A console that escapes unprintable characters, since a name may contain a terminal's commands."""

    def on_broken_pipe(self) -> None:
        """Raise the error again. rich calls this while it handles it, and would exit with code 1."""
        raise  # noqa: PLE0704 - as the docstring says

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401 - as in rich
        return super().render_str(escape_unprintable_lines(text), **options)


def print_table(
    rows: Sequence[Mapping[str, str]], title: str | None = None, words: Collection[str] = ()
) -> None:
    """Print a table on stdout; print nothing if it has no rows.

    Args:
        rows: the cells of each row by heading, in the same order in each row.
        title: the text above the table; None for no title.
        words: the headings of columns that are aligned left, as the first one is. The others are aligned
            right, since they have figures.
    """
    if not rows:
        return
    first, *other_headings = rows[0]
    table = Table(title=title, title_justify="left")
    table.add_column(first, min_width=min(MAX_UNWRAPPED_CHARACTERS, max(len(row[first]) for row in rows)))
    for heading in other_headings:
        table.add_column(heading, justify="left" if heading in words else "right", min_width=len(heading))
    for row in rows:
        table.add_row(*row.values())
    make_console().print(table)


_WIDTH_IN_A_FILE = 1000
"""Width of the output in characters if it is a file or a pipe. rich would assume 80 and shorten tables."""

BAR_WIDTH_CHARACTERS = 40
"""Width of a bar in a table, in characters."""


def _drop_stdout() -> None:
    """Send stdout to /dev/null, because Python flushes it at the end and would report the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
