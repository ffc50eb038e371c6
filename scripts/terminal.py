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
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from app.dotenv_file import describe_ignored_names, load_dotenv
from app.settings import SettingsError
from inference.errors import InferenceError
from labelling.errors import LabellingError
from model_store.errors import StoreError
from scripts.console import drop_stdout, print_message
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
    load_command_dotenv()
    arguments.words = words
    # With --json, only the document is written to standard output, so that a program can read it.
    with redirect_stdout(sys.stderr) if arguments.json else nullcontext():
        result = command(arguments)
    if arguments.json:
        document = result.document if isinstance(result, NegativeResult) else result
        print(json.dumps(document, indent=1, ensure_ascii=False))
    return FAILURE_EXIT_CODE if isinstance(result, NegativeResult) else 0


def load_command_dotenv() -> None:
    """Read the settings in `.env` for a command, and print which other variables of it were left out."""
    if sentence := describe_ignored_names(load_dotenv()):
        print_message(sentence)


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
        drop_stdout()
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
