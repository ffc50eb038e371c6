"""Show how a search goes: two lines per trial, and on a terminal a bar for the one under way."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from model_store.report import Epoch
from training.comparison.search_space import Values
from training.comparison.trials import Trial


class TrialLines:
    """Prints a search's trials and steps (training/comparison/search.py's SearchWatcher)."""

    def __init__(self, out: Console, epochs: int) -> None:
        """Print to `out`; `epochs` is how many a trial has at most."""
        self._out = out
        self._epochs = epochs
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeRemainingColumn(),
            console=out,
            transient=True,
            disable=not out.is_interactive,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> "TrialLines":
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away, however it ended."""
        self._bar.stop()

    def begins(self, number: int, values: Values) -> None:
        """Print what is tried."""
        self._bar.reset(self._task, total=None)
        self._out.print(
            f"trial {number}: " + ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        )

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Move the bar."""
        done, total = (epoch - 1) * steps + step, self._epochs * steps
        self._bar.update(self._task, description=f"epoch {epoch}/{self._epochs}", completed=done, total=total)

    def epoch(self, epoch: Epoch, best_epoch: int) -> None:
        """Say nothing: the trial's own line has its best epoch."""

    def ends(self, trial: Trial) -> None:
        """Print what it came to."""
        epochs = f"{trial.epochs} epoch{'s' if trial.epochs > 1 else ''}"
        self._out.print(
            f"  {trial.state} after {epochs}, {trial.seconds:.0f} s: "
            f"validation accuracy {trial.val_accuracy:.4f}"
        )
