"""Progress of a command: bars on a terminal; in a file or a pipe a line now and then, on stderr.

A log shows no bar, and a step of many minutes without a line looks like a hang.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from scripts.terminal import console

SILENCE: Final = 30.0
"""Seconds without a line, in a file or a pipe, before one says what is under way."""

LONG_ENOUGH: Final = 5.0
"""Seconds of a step from which its time says something about the machine."""

AS_ANNOUNCED: Final = 1.25
"""The time that a training takes, as a multiple of what was announced, or the inverse: no correction."""

Watch = Callable[[int, int | None], None]
"""Receives how many are done, and of how many; None where that is not known."""


def progress_bar(*columns: ProgressColumn) -> Progress:
    """A bar on stderr that goes away at its end; on a terminal alone, and none that is TERM=dumb."""
    out = console(sys.stderr)
    return Progress(*columns, console=out, transient=True, disable=not out.is_interactive)


@contextmanager
def counting(what: str, *more: ProgressColumn, silence: float = SILENCE) -> Iterator[Watch]:
    """Show a bar while a block runs; without a terminal, a line now and then.

    Args:
        what: stands before the bar.
        more: columns after it.
        silence: seconds between two lines.

    Yields:
        a function that receives how many of how many are done.
    """
    line = what
    with (
        progress_bar(TextColumn(what), BarColumn(), MofNCompleteColumn(), *more) as bar,
        lines_between(lambda: line, silence),
    ):
        task = bar.add_task(what, total=None)

        def watch(done: int, total: int | None) -> None:
            nonlocal line
            line = f"{what}: {done:,} done" if total is None else f"{what}: {done:,} of {total:,}"
            bar.update(task, completed=done, total=total)

        yield watch


@contextmanager
def working(what: str, silence: float = SILENCE) -> Iterator[None]:
    """Show the time while a block runs of which no part can be counted."""
    columns = (SpinnerColumn(), TextColumn(what), TimeElapsedColumn())
    with progress_bar(*columns) as bar, lines_between(lambda: what, silence):
        bar.add_task(what, total=None)
        yield


@contextmanager
def lines_between(line: Callable[[], str], silence: float = SILENCE) -> Iterator[None]:
    """Say on stderr what is under way, again and again while a block runs; not where there is a bar.

    Args:
        line: what is said then, followed by the time since the beginning.
        silence: seconds between two lines.
    """
    if console(sys.stderr).is_interactive:
        yield
        return
    done, began = threading.Event(), time.monotonic()

    def speak() -> None:
        while not done.wait(silence):
            _say(f"{line()}; {as_time(time.monotonic() - began)} so far")

    speaker = threading.Thread(target=speak, name="progress", daemon=True)
    speaker.start()
    try:
        yield
    finally:
        done.set()
        speaker.join()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def as_time(seconds: float) -> str:
    """1:02:03, or 2:03 below an hour."""
    return str(timedelta(seconds=round(seconds))).removeprefix("0:").removeprefix("0")


def corrected(announced: Sequence[float], taken: float) -> str | None:
    """What the first of several steps says about the time of the others, if that is not what was announced.

    Args:
        announced: seconds of each step, as they were estimated.
        taken: seconds of the first one.

    Returns:
        A sentence for the user.
    """
    first, *others = announced
    ratio = taken / first
    if not others or taken < LONG_ENOUGH or 1 / AS_ANNOUNCED <= ratio <= AS_ANNOUNCED:
        return None
    return (
        f"The first step took {taken:.0f} s and not {first:.0f}, so the others take about "
        f"{as_time(sum(others) * ratio)} on this machine and not {as_time(sum(others))}."
    )
