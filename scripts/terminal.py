"""What every command shares: its parser, its run, `--json`, errors as one line, consoles and tables.

The entry point ends in `sys.exit(run(main))`; a command lets its errors rise, Ctrl-C among them. Exit codes:
0 done, 1 an error of ours or a file that cannot be read or written, 2 wrong arguments (argparse's), 130
Ctrl-C, 141 the reader of the output has closed it. With `--json`, stdout has one JSON document and stderr the
rest; an error leaves stdout empty.
"""

import argparse
import errno
import io
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.dotenv_file import read_dotenv
from app.settings import SettingsError
from inference.errors import InferenceError
from inference.plain_text import escape_unprintable_lines
from labelling.errors import LabellingError
from model_store.errors import StoreError
from training.errors import TrainingError, not_installed

OWN_ERRORS = (InferenceError, LabellingError, SettingsError, StoreError, TrainingError)
"""Their messages say what came and what would do; a traceback would add nothing. So do the system's about a
file. Any other error is a bug of ours or of the machine and keeps its traceback."""

OURS = ("", "app", "inference", "labelling", "model_store", "scripts", "training")
"""Packages whose absence is a bug; any other is one that the serving requirements lack."""

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What a disk without room raises, often without the file's name."""

FAILED = 1
INTERRUPTED = 130
"""128 + SIGINT, as a shell reports it."""
PIPE_CLOSED = 141
"""128 + SIGPIPE."""


class Failed(NamedTuple):
    """What --json prints where the command did its work and the answer is no: the exit code is FAILED."""

    document: object


Command = Callable[[argparse.Namespace], object]
"""What a verb does with its arguments; it returns what --json prints, perhaps as Failed."""


def perform(parser: argparse.ArgumentParser, command: Command, words: list[str]) -> int:
    """Parse a command line, read `.env`, run the command, and print what it returns if --json is given.

    Args:
        parser: of the verb, from `command_parser`.
        command: gets the arguments, `words` among them.
        words: what was typed after the verb.

    Returns:
        0, or FAILED where the command returns Failed; an error is an exception.
    """
    arguments = parser.parse_args(words)
    read_dotenv()
    arguments.words = words
    with redirect_stdout(sys.stderr) if arguments.json else nullcontext():
        outcome = command(arguments)
    if arguments.json:
        document = outcome.document if isinstance(outcome, Failed) else outcome
        print(json.dumps(document, indent=1, ensure_ascii=False))
    return FAILED if isinstance(outcome, Failed) else 0


def run(main: Callable[[], int]) -> int:
    """Run a command's `main` and turn how it ends into an exit code.

    Args:
        main: parses `sys.argv` and returns an exit code.
    """
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no text
    try:
        code = main()
        sys.stdout.flush()  # a closed pipe shows here, not in the interpreter's last words
    except OWN_ERRORS as error:
        complain(str(error))
        return FAILED
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in OURS:
            raise
        complain(not_installed(package))
        return FAILED
    except KeyboardInterrupt as stop:
        complain(str(stop) or "interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        _drop_stdout()
        return PIPE_CLOSED
    except OSError as error:
        if error.filename is None and error.errno not in FULL:
            raise  # of a socket, say: where it happened is all that there is to go by
        where = error.filename or "The disk of --run, --out or TMPDIR"
        complain(f"{where}: {error.strerror or error}.")
        return FAILED
    return code


def program() -> str:
    """The command `wardrobe` as a shell finds it here, to paste: by its name, or beside this interpreter."""
    beside = Path(sys.executable).with_name("wardrobe")
    if shutil.which("wardrobe") or not beside.exists():
        return "wardrobe"
    return shlex.quote(str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside))


def complain(message: str) -> None:
    """Write one line to stderr, after the product's name."""
    lines = (line.strip() for line in escape_unprintable_lines(message).split("\n"))
    print(f"wardrobe: {' '.join(filter(None, lines))}", file=sys.stderr)


def console(stream: TextIO | None = None) -> Console:
    """A console for tables, bars and progress.

    Args:
        stream: stdout if None.

    Returns:
        one that colours on a terminal alone, and not even there when NO_COLOR is set (no-color.org). It
        takes the terminal's width; in a file or pipe, enough that nothing is cut off or wrapped. Brackets are
        printed as they are: labels and paths may have them.
    """
    made = _Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = _WIDTH_IN_A_FILE
    return made


UNBROKEN = 25
"""Letters of the first column that stay on one line, so that a release's version can be pasted."""


class _Console(Console):
    """Escapes what is not printable: a release, a table or a file's name may hold a terminal's commands."""

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401 - as in rich
        return super().render_str(escape_unprintable_lines(text), **options)


def print_table(
    rows: Sequence[Mapping[str, str]], title: str | None = None, words: Collection[str] = ()
) -> None:
    """Print a table on stdout, if there is any row.

    Args:
        rows: a cell by its heading, in the same order in each.
        title: stands above it.
        words: columns that are aligned left, as the first one is; the others are figures.
    """
    if not rows:
        return
    first, *others = rows[0]
    table = Table(title=title, title_justify="left")
    table.add_column(first, min_width=min(UNBROKEN, max(len(row[first]) for row in rows)))
    for heading in others:
        table.add_column(heading, justify="left" if heading in words else "right", min_width=len(heading))
    for row in rows:
        table.add_row(*row.values())
    console().print(table)


_WIDTH_IN_A_FILE = 1000
"""Columns; rich would assume 80 and shorten tables."""

BAR_COLUMNS = 40
"""Width of a bar in a table."""


def _drop_stdout() -> None:
    """Let the interpreter's own flush at the end go nowhere, else it complains about the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


JSON_HELP = "print JSON, and any words to stderr"
"""Of the option that most commands have."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence: the usage of some commands fills a screen.

    Takes options as other projects spell them: `--batch_size` and `--Batch-Size` for `--batch-size`.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - as in argparse
        words = sys.argv[1:] if args is None else list(args)
        end = words.index("--") if "--" in words else len(words)
        spelt = [self._spelt(word) for word in words[:end]]
        return super().parse_known_args(spelt + words[end:], namespace)

    def _spelt(self, word: str) -> str:
        name, equals, value = word.partition("=")
        if not name.startswith("--") or name in self._option_string_actions:
            return word
        spelt = name.lower().replace("_", "-")
        return f"{spelt}{equals}{value}" if spelt in self._option_string_actions else word

    def error(self, message: str) -> NoReturn:
        # argparse itself suggests from Python 3.14 on (`suggest_on_error`).
        wrong = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        near = get_close_matches(wrong[1], re.findall(r"[\w-]+", wrong[2]), 1) if wrong else []
        if near:
            message += f". Did you mean {near[0]}?"
            self.exit(2, f"{self.prog}: {message} See {self.prog} --help.\n")
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def command_parser(  # noqa: PLR0913 - argparse's own, and two of ours
    verb: str | None,
    doc: str | None,
    examples: Sequence[str],
    *,
    allow_abbrev: bool = True,
    add_help: bool = True,
    json_help: str | None = JSON_HELP,
) -> argparse.ArgumentParser:
    """A parser that takes nothing yet but --help and --json.

    The arguments that it parses have `error`, which ends the command as wrong usage with a message.

    Args:
        verb: the name of the command; None for `wardrobe` itself.
        doc: that module's docstring.
        examples: command lines as one would type them; they end the help.
        allow_abbrev: as argparse has it.
        add_help: as argparse has it.
        json_help: what the help says of --json; None takes no --json.
    """
    parser = _Parser(
        prog=f"wardrobe {verb}" if verb else "wardrobe",
        description=summary(doc),
        epilog="\n  ".join(("examples:", *examples)),
        formatter_class=argparse.RawDescriptionHelpFormatter,  # examples stay a line each
        allow_abbrev=allow_abbrev,
        add_help=add_help,
    )
    parser.set_defaults(error=parser.error)
    if json_help:
        parser.add_argument("--json", action="store_true", help=json_help)
    return parser


RELEASE_HELP = "bundled, a release's folder, or a store: a folder or s3://bucket/prefix, perhaps @VERSION"
"""The help of an argument that names a release (model_store/named_release.py)."""

BUNDLED_HELP = f"{RELEASE_HELP} (default: bundled)"
"""The help of such an argument if it may be left out."""


def subcommands(
    parser: argparse.ArgumentParser, *shared: argparse.ArgumentParser
) -> Callable[[str, Callable[..., object], str], argparse.ArgumentParser]:
    """Let a verb have commands below it, after which --json may stand, too.

    Args:
        parser: of the verb.
        shared: other options that may stand before and after the command, without defaults.

    Returns:
        what adds one: its name, what it runs (`command` of the arguments) and its description.
    """
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[..., object], description: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=description, description=description, parents=shared)
        # Without a default, which would reset what stands before the command.
        made.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=JSON_HELP)
        made.set_defaults(command=command)
        return made

    return add


def chosen(arguments: argparse.Namespace) -> object:
    """Run the command that was chosen of a verb's `subcommands`."""
    return arguments.command(arguments)


def at_least(lowest: int, reason: str = "") -> Callable[[str], int]:
    """The type of an option that is a whole number of `lowest` or more; `reason` ends the message."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < lowest:
            raise argparse.ArgumentTypeError(f"{text!r}: expected {lowest} or more{reason}")
        return int(text)

    return parse


def summary(doc: str | None) -> str:
    """The first line of a docstring; empty without one, as under `python -OO`."""
    return (doc or "").partition("\n")[0]
