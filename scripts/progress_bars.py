"""The progress of a command: bars on a terminal, and a line now and then on stderr in a file or a pipe.

A log shows no bar, and a step of many minutes without a line would look like a hang.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import (
    Progress as Bar,
)

from model_store.local_releases import open_release
from reports.page.advice import what_is_accepted
from reports.page.wording import ENGLISH
from reports.values import Epoch, report_of
from scripts.terminal import complain, console
from training.progress import Say, Watch, as_time

SILENCE: Final = 30.0
"""Seconds without a line, in a file or a pipe, after which a line is printed."""


def say_promises(release: Path, say: Say) -> None:
    """Print the accepted share of a new release for each promise, or advice."""
    for sentence in what_is_accepted(report_of(open_release(release)), ENGLISH):
        say(sentence)


def progress_bar(*columns: ProgressColumn) -> Bar:
    """Return a bar on stderr that disappears at its end; only on a terminal, and not if TERM is dumb."""
    out = console(sys.stderr)
    return Bar(*columns, console=out, transient=True, disable=not out.is_interactive)


class Count(Protocol):
    """Receives how many of how many are done, and how many of them an earlier run did."""

    def __call__(self, done: int, total: int | None, before: int = 0) -> None:
        """Move the bar."""


@contextmanager
def counting(what: str, *more: ProgressColumn, silence: float = SILENCE) -> Iterator[Count]:
    """Show a bar and the remaining time while a block runs; without a terminal, a line now and then.

    Args:
        what: the text in front of the bar.
        more: columns behind the bar, in front of the remaining time.
        silence: seconds between two lines.

    Yields:
        A function to call with the number of finished items.
    """
    line, began, left = what, time.monotonic(), TimeRemainingColumn(elapsed_when_finished=True)
    with (
        progress_bar(TextColumn(what), BarColumn(), MofNCompleteColumn(), *more, left) as bar,
        lines_between(lambda: line, silence),
    ):
        task = bar.add_task(what, total=None)

        def watch(done: int, total: int | None, before: int = 0) -> None:
            nonlocal line
            line = f"{what}: {done:,} done" if total is None else f"{what}: {done:,} of {total:,}"
            if total and before < done < total:
                each = (time.monotonic() - began) / (done - before)
                line += f", about {as_time(each * (total - done))} left"
            bar.update(task, completed=done, total=total)

        yield watch


@contextmanager
def lines_between(line: Callable[[], str], silence: float = SILENCE) -> Iterator[None]:
    """Print a line on stderr again and again while a block runs, unless there is a bar.

    Args:
        line: the text, which is followed by the time since the beginning.
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


class Terminal:
    """Shows a training on this terminal, or in a log (training/progress.py's Progress)."""

    def say(self, line: str) -> None:
        """Print to stdout."""
        console().print(line)

    def warn(self, line: str) -> None:
        """Print to stderr."""
        complain(line)

    def counting(self, what: str) -> AbstractContextManager[Watch]:
        """Show a bar."""
        return counting(what)

    @contextmanager
    def epochs(self, most: int) -> "Iterator[EpochLines]":
        """Print a line per epoch, and show steps as a bar."""
        out = console()
        out.print(HEADINGS)
        with EpochLines(out, most) as lines, lines_between(lines.position):
            yield lines


HEADINGS = f"{'epoch':>9} {'loss':>7} {'accuracy':>9} {'val loss':>9} {'val acc.':>9} {'seconds':>8}   left"


class EpochLines(Bar):
    """Prints epochs as lines, and steps as a bar on a terminal (training/progress.py's Watcher)."""

    def __init__(self, out: Console, epochs: int) -> None:
        """Print to `out`; `epochs` is how many there will be at most."""
        columns = (TextColumn("epoch {task.description}"), BarColumn(), MofNCompleteColumn())
        super().__init__(*columns, console=out, transient=True, disable=not out.is_interactive)
        self._epochs = epochs
        self._task = self.add_task("1", total=None)
        self._position = f"epoch 1 of {epochs}"

    def position(self) -> str:
        """Return the position of the fit, for a log between two lines of epochs."""
        return self._position

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Move the bar."""
        self._position = f"epoch {epoch} of {self._epochs}, step {step} of {steps}"
        self.update(self._task, description=f"{epoch}/{self._epochs}", completed=step, total=steps)

    def epoch(self, epoch: Epoch) -> None:
        """Print the line of an epoch."""
        left = as_time((self._epochs - epoch.epoch) * epoch.seconds)
        self.console.print(
            f"{epoch.epoch:>4}/{self._epochs:<4} {epoch.loss:>7.4f} {epoch.accuracy:>9.4f} "
            f"{epoch.val_loss:>9.4f} {epoch.val_accuracy:>9.4f} {epoch.seconds:>8.1f}   {left}"
        )
