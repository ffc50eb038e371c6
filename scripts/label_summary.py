"""What labelling shows: a bar while it goes on, and a summary at the end.

Prints; the numbers come from labelling/table.py.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from rich.bar import Bar
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from labelling.errors import LabellingError
from labelling.run import Job, Summary, Watch
from labelling.sources import Source
from labelling.table import BINS, OUTCOMES, Tally
from model_store.errors import StoreError
from scripts.terminal import console

_BAR_COLUMNS = 40


class _Rate(ProgressColumn):
    """Pictures a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


@contextmanager
def labelling_bar(source: Source) -> Iterator[Watch]:
    """Show how far a run is on stderr, on a terminal alone; how far it is to go, once that is known.

    Yields:
        what to call with the number of rows.
    """
    out = console(sys.stderr)
    columns = (TextColumn("labelling"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_interactive) as bar:
        task = bar.add_task("labelling", total=None)
        if out.is_interactive:
            Thread(target=lambda: bar.update(task, total=_count(source)), daemon=True).start()
        yield lambda rows: bar.update(task, completed=rows)


def _count(source: Source) -> int | None:
    """How many pictures there are; the run itself reports what is wrong with a source."""
    if not source.is_quick_to_list:
        return None
    try:
        return sum(1 for _ in source.items())
    except (LabellingError, StoreError):
        return None


def show(summary: Summary, job: Job, review: Path | None, out: Console) -> None:
    """Print counts, the share to review, confidences, and where everything is."""
    tally = summary.tally
    out.print(_labels(tally, job.labels))
    out.print(_confidences(tally))
    before = f" ({summary.before:,} of them before)" if summary.before else ""
    errors = f", {tally.errors:,} of them errors" if tally.errors else ""
    out.print(
        f"{summary.rows:,} rows{before}{errors}; {_share(tally):.1%} of the answers need a person. "
        f"{summary.rows / max(summary.seconds, 1e-9):,.0f} pictures a second, release {job.release.version}."
    )
    out.print(f"Table: {job.table}" + (f". To look through: {review}" if review else ""), markup=False)


def as_json(summary: Summary, job: Job) -> dict[str, object]:
    """The same for programs."""
    tally = summary.tally
    outcomes = {
        label: dict(zip(map(_outcome, OUTCOMES), counts, strict=True))
        for label, counts in zip(job.labels, tally.outcomes, strict=True)
    }
    return {
        "table": str(job.table),
        "source": job.source.address,
        "version": job.release.version,
        "rows": summary.rows,
        "rows_before": summary.before,
        "errors": tally.errors,
        "seconds": summary.seconds,
        "review_share": _share(tally),
        "labels": outcomes,
        "confidences": tally.confidences,
    }


def _outcome(reason: str | None) -> str:
    return reason or "accept"


def _share(tally: Tally) -> float:
    """Of the answers, how many are to be reviewed."""
    answers = sum(map(sum, tally.outcomes))
    return 1 - sum(accepted for accepted, *_ in tally.outcomes) / answers if answers else 0.0


def _labels(tally: Tally, labels: tuple[str, ...]) -> Table:
    table = Table("label", *(_outcome(reason) for reason in OUTCOMES), "pictures", "review")
    for column in table.columns[1:]:
        column.justify = "right"
    for label, counts in zip(labels, tally.outcomes, strict=True):
        pictures = sum(counts)
        share = f"{1 - counts[0] / pictures:.1%}" if pictures else ""
        table.add_row(Text(label), *(f"{count:,}" for count in (*counts, pictures)), share)
    return table


def _confidences(tally: Tally) -> Table:
    """A histogram, from the first confidence that occurs on."""
    counts = tally.confidences
    first = next((number for number, count in enumerate(counts) if count), BINS)
    table = Table.grid(padding=(0, 1))
    for number in range(first, BINS):
        share = counts[number] / max(counts)
        interval = f"{number / BINS:.2f} to {(number + 1) / BINS:.2f}"
        table.add_row(interval, Bar(1.0, 0.0, share, width=_BAR_COLUMNS), f"{counts[number]:,}")
    return table
