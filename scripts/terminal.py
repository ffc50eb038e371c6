"""What every command shares: one line for an error of ours, quiet endings, consoles and bars.

A command ends in `sys.exit(run(main))` and otherwise lets its errors rise. Exit codes: 0 done, 1 an error of
ours or a file that cannot be read or written, 2 wrong arguments (argparse's), 130 Ctrl-C, 141 the reader
of the output has closed it.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from inference.errors import InferenceError
from labelling.errors import LabellingError
from model_store.errors import StoreError
from training.errors import TrainingError

OWN_ERRORS = (InferenceError, LabellingError, StoreError, TrainingError)
"""Their messages say what came and what would do; a traceback would add nothing. So do the system's about a
file. Any other error is a bug of ours or of the machine and keeps its traceback."""

FAILED = 1
INTERRUPTED = 130
"""128 + SIGINT, as a shell reports it."""
PIPE_CLOSED = 141
"""128 + SIGPIPE."""


def run(main: Callable[[], int]) -> int:
    """Run a command's `main` and turn how it ends into an exit code.

    Args:
        main: parses `sys.argv` and returns an exit code.
    """
    try:
        code = main()
        sys.stdout.flush()  # a closed pipe shows here, not in the interpreter's last words
    except OWN_ERRORS as error:
        complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        complain("interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        _drop_stdout()
        return PIPE_CLOSED
    except OSError as error:
        if error.filename is None:
            raise  # of a socket, say: where it happened is all that there is to go by
        complain(f"{error.filename}: {error.strerror}.")
        return FAILED
    return code


def complain(message: str) -> None:
    """Write one line to stderr, after the product's name."""
    print(f"wardrobe: {' '.join(message.split())}", file=sys.stderr)


def console(stream: TextIO | None = None) -> Console:
    """A console for tables, bars and progress.

    Args:
        stream: stdout if None.

    Returns:
        one that colours on a terminal alone, and not even there when NO_COLOR is set (no-color.org). It
        takes the terminal's width; in a file or pipe, enough that nothing is cut off.
    """
    made = Console(file=stream or sys.stdout, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        made.width = _WIDTH_IN_A_FILE
    return made


_WIDTH_IN_A_FILE = 120
"""Columns; rich would assume 80 and shorten tables."""


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr while a block runs, on a terminal alone, and none that is TERM=dumb.

    Args:
        what: stands before the bar.

    Yields:
        a function that receives how many of how many are done.
    """
    out = console(sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_interactive) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _drop_stdout() -> None:
    """Let the interpreter's own flush at the end go nowhere, else it complains about the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
