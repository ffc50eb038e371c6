"""Label a whole catalogue with the answers of `POST /predict`.

SOURCE is a folder, a pattern in quotes, a CSV or Parquet file with a column `path`, a ZIP, a TAR, or
s3://bucket/prefix. A list may name pictures at https:// as well, of hosts that are allowed. The same command
continues a run that was stopped or killed; one bad picture is a row with an error. With --corrections and
without SOURCE, people's answers go into a finished table, and the model is not asked. What happens is in
labelling/.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from ipaddress import ip_network
from pathlib import Path

from rich.progress import ProgressColumn, Task
from rich.text import Text

from app.web.translations import TRANSLATIONS
from labelling.into_folders import check_into, sort_into
from labelling.on_ray import OnRay
from labelling.permits import IpNetwork, Permits, allowed_host
from labelling.pool import MakeEngine
from labelling.processes import Processes
from labelling.review.answers import correct
from labelling.review.corrections import read_corrections
from labelling.review.page import Sizes, write_review, write_tasks
from labelling.run import ACCEPT, OUTCOMES, Job, Summary, label
from labelling.sources import open_source
from labelling.table import copy_for_excel, form_of
from model_store.cache import find_release
from scripts.audit import tell_audit
from scripts.progress import counting
from scripts.terminal import (
    RELEASE_HELP,
    at_least,
    command_parser,
    complain,
    console,
    perform,
    print_table,
    resumable,
    run,
)

ENGINES: dict[str, MakeEngine] = {"processes": Processes, "ray": OnRay}

REVIEW_LIMIT = 1000
"""Pictures on a review page by default: a few megabytes, and an hour of looking."""

AUDITED = 50
"""Pictures of a review sheet that are drawn at random, unless --audit says otherwise."""

EXAMPLES = (
    "wardrobe label photos --out labels.csv",
    "wardrobe label 'photos/*.jpg' --out labels.jsonl --review review.html",
    "wardrobe label list.csv --allow-host cdn.example --out labels.csv",
    "wardrobe label --corrections corrections.csv --out labels.csv",
    "wardrobe label photos --out labels.csv --into sorted",
    "wardrobe label s3://shop/photos --out labels.parquet --model s3://models/wardrobe --json",
)


def main(argv: list[str] | None = None) -> int:
    """Label a source, or go on with it, and say what came of it."""
    parser = build_parser()

    def command(arguments: argparse.Namespace) -> object:
        if (arguments.source is None) != bool(arguments.corrections):
            parser.error("name a SOURCE to label, or --corrections of a table that is there")
        if (arguments.audit or arguments.reviewers > 1) and not arguments.review:
            parser.error("--audit and --reviewers are about the page of --review FILE.html")
        return _correct(arguments) if arguments.corrections else _label(arguments)

    return perform(parser, command, argv, indent=None)


def _correct(arguments: argparse.Namespace) -> object:
    found = correct(arguments.out, arguments.corrections)
    summary = found.summary
    if found.disagreements:
        complain(f"{found.disagreements:,} pictures have different answers; the latest of each counts.")
    if found.unmatched:
        complain(
            f"{found.unmatched:,} of {found.corrections:,} corrections are of no picture in {summary.table}, "
            f"among them {', '.join(found.examples)}: it is gone or has changed since."
        )
    console().print(
        f"People decided {summary.decided_by_person:,} of {summary.rows:,} rows. Table: {summary.table}"
    )
    tell_audit(read_corrections(arguments.corrections, None))
    if arguments.excel:
        copy_for_excel(arguments.out, arguments.excel)
    return {"corrections": found.corrections, "unmatched": found.unmatched, **asdict(summary)}


def _label(arguments: argparse.Namespace) -> object:
    form_of(arguments.out)
    if arguments.into:
        check_into(arguments.into, arguments.source)
    job = Job(
        source=open_source(
            arguments.source, Permits(tuple(arguments.allow_host), tuple(arguments.allow_network))
        ),
        table=arguments.out,
        release=find_release(arguments.model),
        workers=arguments.workers,
        engine=ENGINES[arguments.engine],
    )
    with resumable("Nothing is lost: the same command goes on where it was."):
        with counting("labelling", _Rate()) as watch:
            summary = label(job, lambda rows: watch(rows, None), complain, restart=arguments.restart)
        pages: tuple[Path, ...] = ()
        if arguments.review:
            audited = AUDITED if arguments.audit is None else arguments.audit
            sizes = Sizes(arguments.review_limit, audited, arguments.reviewers)
            pages = write_review(arguments.review, job, sizes, TRANSLATIONS)
        if arguments.tasks:
            write_tasks(arguments.tasks, job, arguments.review_limit)
        if arguments.excel:
            copy_for_excel(arguments.out, arguments.excel)
        sorted_in = sort_into(arguments.into, job) if arguments.into else None
    show(summary, pages)
    if sorted_in:
        done, failed = sorted_in
        lost = f"; {failed:,} could not be read or written" if failed else ""
        console().print(f"Sorted: {done:,} pictures into folders of {arguments.into}{lost}.")
    return asdict(summary)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("label", __doc__, EXAMPLES, json_help="print the summary as one line of JSON")
    add = parser.add_argument
    add(
        "source",
        metavar="SOURCE",
        nargs="?",
        help="a folder, a pattern in quotes, a CSV or Parquet file with a column `path`, a ZIP, a TAR, or "
        "s3://bucket/prefix",
    )
    host = (
        "fetch pictures of a list that are at https://HOST; `*.HOST` for all names below it; more than once"
    )
    add("--allow-host", type=_host, action="append", default=[], metavar="HOST[:PORT]", help=host)
    network = "connect to these addresses, too, which are not public, as in 10.0.0.0/8; more than once"
    add("--allow-network", type=_network, action="append", default=[], metavar="CIDR", help=network)
    add("--out", type=Path, required=True, metavar="FILE", help="the table: .csv, .jsonl or .parquet")
    add("--model", default="bundled", help=RELEASE_HELP)
    engines = "processes of this machine (the default), or ray: the cluster at RAY_ADDRESS"
    add("--engine", choices=ENGINES, default="processes", help=engines)
    add("--workers", type=at_least(1), metavar="N", help="how many label at a time (default: one per core)")
    into = "sort the pictures into FOLDER/label and FOLDER/review, as hard links where possible; new or empty"
    excel = "write the table once more, for Excel where numbers have a decimal comma: German, French, Spanish"
    add("--excel", type=Path, metavar="FILE.csv", help=excel)
    add("--into", type=Path, metavar="FOLDER", help=into)
    add("--review", type=Path, metavar="FILE.html", help="write a page for correcting what is doubtful")
    add("--tasks", type=Path, metavar="FILE.json", help="write the same pictures as tasks for Label Studio")
    limit = f"pictures to look through, the most doubtful first ({REVIEW_LIMIT:,})"
    audit = f"pictures of that page that are drawn at random, to be answered first ({AUDITED}; 0 for none)"
    add("--audit", type=at_least(0), metavar="N", help=audit)
    add("--review-limit", type=at_least(1), default=REVIEW_LIMIT, metavar="N", help=limit)
    several = "deal these pictures out to N pages, FILE-1.html and so on, one a person"
    add("--reviewers", type=at_least(1), default=1, metavar="N", help=several)
    corrections = "write what people say in these files (CSV, or Label Studio's JSON) into the finished table"
    add("--corrections", type=Path, nargs="+", default=(), metavar="FILE", help=corrections)
    add("--restart", action="store_true", help="label everything again, whatever is there")
    return parser


def _host(text: str) -> tuple[str, int]:
    try:
        return allowed_host(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a host, as in cdn.example:8443") from error


def _network(text: str) -> IpNetwork:
    try:
        return ip_network(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a network, as in 10.0.0.0/8") from error


class _Rate(ProgressColumn):
    """Pictures a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


def show(summary: Summary, pages: Sequence[Path]) -> None:
    """Print counts, the share to review, and where everything is."""
    out = console()
    print_table([_row(name, outcomes) for name, outcomes in summary.labels.items()])
    before = f" ({summary.rows_before:,} of them before)" if summary.rows_before else ""
    errors = f", {summary.errors:,} of them errors" if summary.errors else ""
    out.print(
        f"{summary.rows:,} rows{before}{errors}; {summary.review_share:.1%} of the answers need a person. "
        f"{summary.rows / max(summary.seconds, 1e-9):,.0f} pictures a second, release {summary.version}."
    )
    review = f". To look through: {', '.join(map(str, pages))}" if pages else ""
    out.print(f"Table: {summary.table}{review}")


def _row(label: str, outcomes: Mapping[str, int]) -> dict[str, str]:
    """The cells of a label, by their headings."""
    pictures = sum(outcomes.values())
    return {
        "label": label,
        **{reason or ACCEPT: f"{outcomes[reason or ACCEPT]:,}" for reason in OUTCOMES},
        "pictures": f"{pictures:,}",
        "review": f"{1 - outcomes[ACCEPT] / pictures:.1%}" if pictures else "",
    }


if __name__ == "__main__":
    sys.exit(run(main))
