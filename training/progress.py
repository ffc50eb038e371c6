"""Reports of a training while it runs. On a terminal: scripts/progress_bars.py."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol, TextIO

from reports.intervals import needed
from reports.page.advice import why_none
from reports.page.wording import ENGLISH
from reports.values import HELD_OUT, Epoch, Promise

Say = Callable[[str], None]
"""Receives a sentence for people."""

Watch = Callable[[int, int | None], None]
"""Receives how many are done, and of how many; None where that is not known."""


CheckLabels = Callable[[Sequence[str]], None]
"""Receives the classes that a new release will have, and refuses them before anything is fitted."""


def accept_labels(labels: Sequence[str]) -> None:
    """Refuse no classes: the release goes into no store that has others."""


class Watcher(Protocol):
    """Receives the progress of a fit."""

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Report that a step of an epoch is done; all numbers are 1-based."""

    def epoch(self, epoch: Epoch) -> None:
        """Report that an epoch is done and on disk; a resumed run reports its past epochs first.

        What this raises ends the fit; the checkpoint stays.
        """


class Progress(Protocol):
    """Shows people how a training goes."""

    def say(self, line: str) -> None:
        """Report a step that is done, or a result."""

    def warn(self, line: str) -> None:
        """Report a likely mistake."""

    def counting(self, what: str) -> AbstractContextManager[Watch]:
        """Show that a block runs, and how many of how many are done as far as that is reported."""

    def epochs(self, most: int) -> AbstractContextManager[Watcher]:
        """Show the epochs of a fit, of which there are `most` at most."""


class Lines:
    """Plain lines for all that is said, and for each epoch: for logs, and for programs of your own."""

    def say(self, line: str) -> None:
        """Print to stdout."""
        self._print(line, sys.stdout)

    def warn(self, line: str) -> None:
        """Print to stderr."""
        self._print(line, sys.stderr)

    @contextmanager
    def counting(self, what: str) -> Iterator[Watch]:
        """Print the step that begins."""
        self.say(what)
        yield lambda done, of: None

    @contextmanager
    def epochs(self, most: int) -> Iterator[Watcher]:
        """Print each epoch."""
        self.say(f"up to {most} epochs")
        yield self

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Print nothing."""

    def epoch(self, epoch: Epoch) -> None:
        """Print loss and accuracy."""
        self.say(
            f"epoch {epoch.epoch}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}, "
            f"held out {epoch.val_accuracy:.4f}, {epoch.seconds:.1f} s"
        )

    def _print(self, line: str, stream: TextIO) -> None:
        stream.write(f"{line}\n")
        stream.flush()


@contextmanager
def resumable(how: str) -> Iterator[None]:
    """Let Ctrl-C in this block end the command with a sentence on how to go on."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"stopped. {how}") from stop


def warn_of_few(answers: int, accuracy: float, say: Say) -> None:
    """Warn, before hours of training, where too few answers would choose the thresholds.

    Args:
        answers: the number of answers of networks that did not learn the picture.
        accuracy: 0..1, share of the accepted answers that is to be promised.
        say: receives the warning.
    """
    if (least := needed(accuracy)) > answers:
        promise = Promise(
            pictures=HELD_OUT, accuracy=accuracy, needed=least, n=answers, accepted=0, right=0, lower_bound=0
        )
        say(
            f"{why_none(promise, ENGLISH)} Every decision by a threshold that so few choose will be "
            "`review`. Bring more training pictures."
        )


def as_time(seconds: float) -> str:
    """Write a time as 1:02:03, or as 2:03 below an hour."""
    return str(timedelta(seconds=round(seconds))).removeprefix("0:").removeprefix("0")
