"""Show how a training goes: a line per epoch, and on a terminal a bar for the epoch under way."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from model_store.report import Epoch

HEADINGS = f"{'epoch':>9} {'loss':>7} {'accuracy':>9} {'val loss':>9} {'val acc.':>9} {'seconds':>8}   left"


class EpochLines:
    """Prints steps and epochs (training/fitting/fit.py's Watcher); a context manager."""

    def __init__(self, out: Console, epochs: int) -> None:
        """Print to `out`; `epochs` is how many there will be at most."""
        self._out = out
        self._epochs = epochs
        self._bar = Progress(
            TextColumn("epoch {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=out,
            transient=True,
            disable=not out.is_interactive,
        )
        self._task = self._bar.add_task("1", total=None)

    def __enter__(self) -> "EpochLines":
        """Print the headings."""
        self._out.print(HEADINGS)
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away, however it ended."""
        self._bar.stop()

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, description=str(epoch), completed=step, total=steps)

    def epoch(self, epoch: Epoch, best_epoch: int) -> None:
        """Print the line of an epoch; a star marks the best so far."""
        star = "*" if epoch.epoch == best_epoch else " "
        left = _as_time((self._epochs - epoch.epoch) * epoch.seconds)
        self._out.print(
            f"{epoch.epoch:>4}/{self._epochs:<4} {epoch.loss:>7.4f} {epoch.accuracy:>9.4f} "
            f"{epoch.val_loss:>9.4f} {epoch.val_accuracy:>8.4f}{star} {epoch.seconds:>8.1f}   {left}"
        )


def _as_time(seconds: float) -> str:
    """1:02:03, or 2:03 below an hour."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
