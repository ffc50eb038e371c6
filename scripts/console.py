"""Print on a terminal, in a file or in a pipe: messages, tables, and colours if the terminal has them.

Names of files and labels may have characters that a terminal takes for commands. They are escaped.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.text.plain_text import escape_unprintable_lines


@contextmanager
def ignore_closed_output() -> Iterator[None]:
    """End only this block, and not the command, if the reader of the output has closed it.

    The command then finishes its work, and its further output goes to /dev/null.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()


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
    rows: Sequence[Mapping[str, str]], title: str | None = None, left_aligned_columns: Collection[str] = ()
) -> None:
    """Print a table on stdout; print nothing if it has no rows.

    Args:
        rows: the cells of each row by heading, in the same order in each row.
        title: the text above the table; None for no title.
        left_aligned_columns: the headings of columns that are aligned left, as the first one is. The others
            are aligned right, since they have figures.
    """
    if not rows:
        return
    first, *other_headings = rows[0]
    table = Table(title=title, title_justify="left")
    table.add_column(first, min_width=min(MAX_UNWRAPPED_CHARACTERS, max(len(row[first]) for row in rows)))
    for heading in other_headings:
        table.add_column(
            heading, justify="left" if heading in left_aligned_columns else "right", min_width=len(heading)
        )
    for row in rows:
        table.add_row(*row.values())
    make_console().print(table)


_WIDTH_IN_A_FILE = 1000
"""Width of the output in characters if it is a file or a pipe. rich would assume 80 and shorten tables."""


BAR_WIDTH_CHARACTERS = 40
"""Width of a bar in a table, in characters."""


def drop_stdout() -> None:
    """Send stdout to /dev/null, because Python flushes it at the end and would report the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
