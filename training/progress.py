"""Report to people how far a training is, and warn them of likely mistakes.

`Progress` is the protocol of a display. `ProgressLines` is a display that prints plain lines.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol, TextIO

from reports.intervals import count_needed_answers
from reports.network_figures import Epoch
from reports.page.advice import explain_no_acceptance
from reports.page.wording import ENGLISH_WORDING
from reports.promises import HELD_OUT_PICTURES, Promise

Say = Callable[[str], None]
"""Function that shows a sentence to people."""

ReportDone = Callable[[int, int | None], None]
"""Function that gets the number of finished items and the number of all; None if the latter is not known."""

CheckLabels = Callable[[Sequence[str]], None]
"""Function that gets the classes of a new release, and raises an exception if they are not allowed."""


def accept_any_labels(labels: Sequence[str]) -> None:
    """Accept any classes: a `CheckLabels` for a release that goes into no store with other classes."""


class EpochWatcher(Protocol):
    """Protocol of a receiver of the progress of a fit, step by step and epoch by epoch."""

    def report_step(self, epoch: int, step: int, steps: int) -> None:
        """Report that a step of an epoch is done. All numbers are counted from 1."""

    def report_epoch(self, epoch: Epoch) -> None:
        """Report that an epoch is done and saved. A resumed run first reports its earlier epochs.

        An exception that this method raises ends the fit, and the checkpoint stays.
        """


class Progress(Protocol):
    """Protocol of a display that shows people how far a training is."""

    def say(self, line: str) -> None:
        """Show a line about a step that is done, or about a result."""

    def warn(self, line: str) -> None:
        """Show a warning about a likely mistake."""

    def show_progress(self, work: str) -> AbstractContextManager[ReportDone]:
        """Show the progress of a `with` block, which calls the function that it gets.

        Args:
            work: the work of the block, such as "reading pictures".
        """

    def show_epochs(self, max_epochs: int) -> AbstractContextManager[EpochWatcher]:
        """Show the epochs of a fit in a `with` block, which reports them to the watcher that it gets."""


class ProgressLines:
    """A display that prints plain lines without bars, for logs and for programs of your own."""

    def say(self, line: str) -> None:
        """Print a line to stdout."""
        self._print_line(line, sys.stdout)

    def warn(self, line: str) -> None:
        """Print a warning to stderr."""
        self._print_line(line, sys.stderr)

    @contextmanager
    def show_progress(self, work: str) -> Iterator[ReportDone]:
        """Print a line that names the work of a block. What the block reports is not shown."""
        self.say(work)
        yield lambda done, total: None

    @contextmanager
    def show_epochs(self, max_epochs: int) -> Iterator[EpochWatcher]:
        """Give the block a watcher that prints a line for each epoch."""
        self.say(f"up to {max_epochs} epochs")
        yield self

    def report_step(self, epoch: int, step: int, steps: int) -> None:
        """Ignore a single step: a line for each would fill a log."""

    def report_epoch(self, epoch: Epoch) -> None:
        """Print loss and accuracy of an epoch that is done."""
        self.say(
            f"epoch {epoch.epoch}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}, "
            f"held out {epoch.val_accuracy:.4f}, {epoch.seconds:.1f} s"
        )

    def _print_line(self, line: str, stream: TextIO) -> None:
        stream.write(f"{line}\n")
        stream.flush()


@contextmanager
def add_resume_advice(advice: str) -> Iterator[None]:
    """Add the sentence `advice`, on how to go on later, to the message if Ctrl-C stops this block."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"stopped. {advice}") from stop


def warn_of_few_answers(answers: int, accuracy: float, say: Say) -> None:
    """Warn, before a long training, if there are too few pictures to accept any answer.

    An answer is accepted only if enough others show the promised share of right answers. For 0.95 they are at
    least 59.

    Args:
        answers: the number of answers from networks that did not learn the picture.
        accuracy: the share of accepted answers that is to be promised to be right, 0 to 1.
        say: a function that receives the warning.
    """
    if (least := count_needed_answers(accuracy)) > answers:
        promise = Promise(
            pictures=HELD_OUT_PICTURES,
            promised=accuracy,
            needed=least,
            n=answers,
            accepted=0,
            accepted_right=0,
            lower_bound=0,
        )
        say(
            f"{explain_no_acceptance(promise, ENGLISH_WORDING)} Every decision by a threshold that so few "
            "choose will be "
            "`review`. Bring more training pictures."
        )


def format_seconds(seconds: float) -> str:
    """Return a number of seconds as text: `1:02:03`, or `2:03` below an hour."""
    return str(timedelta(seconds=round(seconds))).removeprefix("0:").removeprefix("0")
