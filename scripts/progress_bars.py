"""Show the progress of a command: a bar on a terminal, or a line on stderr every half minute in a log.

A log cannot show a bar, and a step of many minutes without any line would look like a hang.
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
from reports.network_figures import Epoch
from reports.page.advice import describe_acceptance
from reports.page.wording import ENGLISH_WORDING
from reports.values import read_report
from scripts.console import make_console, print_message
from training.progress import ReportDone, Say, format_seconds

SECONDS_BETWEEN_LINES: Final = 30.0
"""Seconds between two lines of progress if the output is a file or a pipe, where no bar is shown."""


def print_promises(release: Path, say: Say) -> None:
    """Print which answers a new release accepts, and which settings would accept more, in sentences.

    Args:
        say: a function that prints a sentence.
    """
    for sentence in describe_acceptance(read_report(open_release(release)), ENGLISH_WORDING):
        say(sentence)


def make_progress_bar(*columns: ProgressColumn) -> Bar:
    """Return a progress bar on stderr that disappears at its end.

    It shows nothing if stderr is not a terminal, or if TERM is dumb.

    Args:
        columns: the columns of the bar, as in rich.
    """
    console = make_console(sys.stderr)
    return Bar(*columns, console=console, transient=True, disable=not console.is_interactive)


class ProgressCallback(Protocol):
    """A function that shows the progress of some work."""

    def __call__(self, done: int, total: int | None, before: int = 0) -> None:
        """Show the current progress.

        Args:
            done: the number of finished items.
            total: the number of all items; None if it is not known.
            before: the number of items that an earlier run finished, which the remaining time ignores.
        """


@contextmanager
def show_progress(
    task_name: str, *extra_columns: ProgressColumn, interval: float = SECONDS_BETWEEN_LINES
) -> Iterator[ProgressCallback]:
    """Show a progress bar and the remaining time while a block runs; without a terminal, print lines.

    Args:
        task_name: the text in front of the bar, such as "labelling".
        extra_columns: further columns of the bar, in front of the remaining time.
        interval: seconds between two lines.

    Yields:
        A function to call with the number of finished items.
    """
    line = task_name
    started = time.monotonic()
    remaining_time = TimeRemainingColumn(elapsed_when_finished=True)
    with (
        make_progress_bar(
            TextColumn(task_name), BarColumn(), MofNCompleteColumn(), *extra_columns, remaining_time
        ) as bar,
        print_progress_lines(lambda: line, interval),
    ):
        task = bar.add_task(task_name, total=None)

        def watch(done: int, total: int | None, before: int = 0) -> None:
            nonlocal line
            line = f"{task_name}: {done:,} done" if total is None else f"{task_name}: {done:,} of {total:,}"
            if total and before < done < total:
                seconds_per_item = (time.monotonic() - started) / (done - before)
                line += f", about {format_seconds(seconds_per_item * (total - done))} left"
            bar.update(task, completed=done, total=total)

        yield watch


@contextmanager
def print_progress_lines(
    make_line: Callable[[], str], interval: float = SECONDS_BETWEEN_LINES
) -> Iterator[None]:
    """Print a line on stderr at intervals while a block runs; do nothing on a terminal, which shows a bar.

    Args:
        make_line: a function that returns the text. The time since the beginning is added to it.
        interval: seconds between two lines.
    """
    if make_console(sys.stderr).is_interactive:
        yield
        return
    done = threading.Event()
    started = time.monotonic()

    def print_lines() -> None:
        while not done.wait(interval):
            _print_line(f"{make_line()}; {format_seconds(time.monotonic() - started)} so far")

    printing_thread = threading.Thread(target=print_lines, name="progress", daemon=True)
    printing_thread.start()
    try:
        yield
    finally:
        done.set()
        printing_thread.join()


def _print_line(line: str) -> None:
    """Print a line on stderr at once, without waiting for a full buffer."""
    print(line, file=sys.stderr, flush=True)


class TerminalProgress:
    """The display of a training on a terminal or in a log, an implementation of `Progress`."""

    def say(self, line: str) -> None:
        """Print a line to stdout."""
        make_console().print(line)

    def warn(self, line: str) -> None:
        """Print a warning in one line to stderr."""
        print_message(line)

    def show_progress(self, work: str) -> AbstractContextManager[ReportDone]:
        """Show a progress bar while a block runs.

        Args:
            work: the text in front of the bar, such as "reading pictures".
        """
        return show_progress(work)

    @contextmanager
    def show_epochs(self, max_epochs: int) -> "Iterator[EpochProgress]":
        """Print a line for each epoch of a fit while a block runs, and show its steps as a bar.

        Yields:
            The object that has to be told about each step and each epoch.
        """
        console = make_console()
        console.print(EPOCH_HEADINGS)
        with EpochProgress(console, max_epochs) as lines, print_progress_lines(lines.describe_position):
            yield lines


EPOCH_HEADINGS = (
    f"{'epoch':>9} {'loss':>7} {'accuracy':>9} {'val loss':>9} {'val acc.':>9} {'seconds':>8}   left"
)
"""Line of headings above the lines of epochs, whose columns have the same widths."""


class EpochProgress(Bar):
    """The display of a fit, an implementation of `EpochWatcher`: a line for each epoch, and a bar of steps.

    The bar is shown on a terminal alone.
    """

    def __init__(self, out: Console, epochs: int) -> None:
        """Create a bar that is not shown yet.

        Args:
            out: the console for lines and bar.
            epochs: the largest number of epochs.
        """
        columns = (TextColumn("epoch {task.description}"), BarColumn(), MofNCompleteColumn())
        super().__init__(*columns, console=out, transient=True, disable=not out.is_interactive)
        self._epochs = epochs
        self._task = self.add_task("1", total=None)
        self._position = f"epoch 1 of {epochs}"

    def describe_position(self) -> str:
        """Return the position of the fit as text, such as "epoch 2 of 10, step 30 of 400"."""
        return self._position

    def report_step(self, epoch: int, step: int, steps: int) -> None:
        """Show in the bar that a step of an epoch is finished.

        Args:
            epoch: counted from 1.
            step: the number of finished steps in the epoch.
        """
        self._position = f"epoch {epoch} of {self._epochs}, step {step} of {steps}"
        self.update(self._task, description=f"{epoch}/{self._epochs}", completed=step, total=steps)

    def report_epoch(self, epoch: Epoch) -> None:
        """Print the figures of a finished epoch, and the remaining time, in a line."""
        remaining_time = format_seconds((self._epochs - epoch.epoch) * epoch.seconds)
        self.console.print(
            f"{epoch.epoch:>4}/{self._epochs:<4} {epoch.loss:>7.4f} {epoch.accuracy:>9.4f} "
            f"{epoch.val_loss:>9.4f} {epoch.val_accuracy:>9.4f} {epoch.seconds:>8.1f}   {remaining_time}"
        )
