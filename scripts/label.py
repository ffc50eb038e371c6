"""Label a whole catalogue with the answers of `POST /predict`.

SOURCE is a folder, a pattern in quotes, a CSV or Parquet file with a column `path`, a ZIP, a TAR, or
s3://bucket/prefix. The same command continues a run that was stopped or killed; one bad picture is a row with
an error. What happens is in labelling/.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from rich.bar import Bar
from rich.progress import ProgressColumn, Task, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from labelling.errors import LabellingError
from labelling.on_ray import OnRay
from labelling.pool import MakeEngine
from labelling.processes import Processes
from labelling.review import write_review
from labelling.run import Job, Summary, Watch, label
from labelling.sources import Source, open_source
from labelling.table import BINS, OUTCOMES, Tally, form_of
from model_store.errors import StoreError
from model_store.find import find_release
from scripts.terminal import (
    BAR_COLUMNS,
    RELEASE_HELP,
    at_least,
    command_parser,
    complain,
    console,
    counting,
    figure_table,
    perform,
    resumable,
    run,
)

ENGINES: dict[str, MakeEngine] = {"processes": Processes, "ray": OnRay}

REVIEW_LIMIT = 1000
"""Pictures on a review page by default: a few megabytes, and an hour of looking."""

EXAMPLES = (
    "wardrobe label photos --out labels.csv",
    "wardrobe label 'photos/*.jpg' --out labels.jsonl --review review.html",
    "wardrobe label s3://shop/photos --out labels.parquet --model s3://models/wardrobe --json",
)


def main(argv: list[str] | None = None) -> int:
    """Label a source, or go on with it, and say what came of it."""
    return perform(build_parser(), _label, argv, indent=None)


def _label(arguments: argparse.Namespace) -> object:
    form_of(arguments.out)
    job = Job(
        source=open_source(arguments.source),
        table=arguments.out,
        release=find_release(arguments.model, arguments.version),
        workers=arguments.workers,
        engine=ENGINES[arguments.engine],
    )
    with resumable("Nothing is lost: the same command goes on where it was."):
        with labelling_bar(job.source) as watch:
            summary = label(job, watch, complain, restart=arguments.restart)
        if arguments.review:
            write_review(arguments.review, job, arguments.review_limit)
    show(summary, job, arguments.review)
    return as_json(summary, job)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("label", __doc__, EXAMPLES, json_help="print the summary as one line of JSON")
    add = parser.add_argument
    add(
        "source",
        metavar="SOURCE",
        help="a folder, a pattern in quotes, a CSV or Parquet file with a column `path`, a ZIP, a TAR, or "
        "s3://bucket/prefix",
    )
    add("--out", type=Path, required=True, metavar="FILE", help="the table: .csv, .jsonl or .parquet")
    add("--model", default="bundled", help=RELEASE_HELP)
    add("--version", help="of a store: this one instead of what is current")
    engines = "processes of this machine (the default), or ray: the cluster at RAY_ADDRESS"
    add("--engine", choices=ENGINES, default="processes", help=engines)
    add("--workers", type=at_least(1), metavar="N", help="how many label at a time (default: one per core)")
    add("--review", type=Path, metavar="FILE.html", help="write a page for correcting what is doubtful")
    limit = f"pictures on that page, the most doubtful first ({REVIEW_LIMIT:,})"
    add("--review-limit", type=at_least(1), default=REVIEW_LIMIT, metavar="N", help=limit)
    add("--restart", action="store_true", help="label everything again, whatever is there")
    return parser


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
    totals: list[int | None] = [None]
    with counting("labelling", _Rate(), TimeRemainingColumn()) as show_count:
        if sys.stderr.isatty():
            Thread(target=lambda: totals.append(_count(source)), daemon=True).start()
        yield lambda rows: show_count(rows, totals[-1])


def _count(source: Source) -> int | None:
    """How many pictures there are; the run itself reports what is wrong with a source."""
    if not source.is_quick_to_list:
        return None
    try:
        return sum(1 for _ in source.items())
    except (LabellingError, StoreError):
        return None


def show(summary: Summary, job: Job, review: Path | None) -> None:
    """Print counts, the share to review, confidences, and where everything is."""
    tally, out = summary.tally, console()
    out.print(_label_table(tally, job.labels))
    out.print(_confidences(tally))
    before = f" ({summary.before:,} of them before)" if summary.before else ""
    errors = f", {tally.errors:,} of them errors" if tally.errors else ""
    out.print(
        f"{summary.rows:,} rows{before}{errors}; {_share(tally):.1%} of the answers need a person. "
        f"{summary.rows / max(summary.seconds, 1e-9):,.0f} pictures a second, release {job.release.version}."
    )
    out.print(f"Table: {job.table}" + (f". To look through: {review}" if review else ""))


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


def _label_table(tally: Tally, labels: tuple[str, ...]) -> Table:
    table = figure_table("label", *(_outcome(reason) for reason in OUTCOMES), "pictures", "review")
    for name, counts in zip(labels, tally.outcomes, strict=True):
        pictures = sum(counts)
        share = f"{1 - counts[0] / pictures:.1%}" if pictures else ""
        table.add_row(Text(name), *(f"{count:,}" for count in (*counts, pictures)), share)
    return table


def _confidences(tally: Tally) -> Table:
    """A histogram, from the first confidence that occurs on."""
    counts = tally.confidences
    first = next((number for number, count in enumerate(counts) if count), BINS)
    table = Table.grid(padding=(0, 1))
    for number in range(first, BINS):
        share = counts[number] / max(counts)
        interval = f"{number / BINS:.2f} to {(number + 1) / BINS:.2f}"
        table.add_row(interval, Bar(1.0, 0.0, share, width=BAR_COLUMNS), f"{counts[number]:,}")
    return table


if __name__ == "__main__":
    sys.exit(run(main))
