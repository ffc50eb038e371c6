"""Label a whole catalogue: the many-pictures twin of `POST /predict`.

wardrobe label SOURCE --out FILE.csv|FILE.jsonl|FILE.parquet [--model bundled|FOLDER|STORE]
    [--version VERSION] [--engine processes|ray] [--workers N] [--review FILE.html] [--json] [--restart]

SOURCE is a folder, a pattern in quotes, a CSV or Parquet file with a column `path`, a ZIP, a TAR, or
s3://bucket/prefix. Stopped or killed at any time, the same command goes on; one bad picture is a row with an
error. What happens is in labelling/, what is printed in label_summary.py.
"""

import argparse
import json
import sys
from pathlib import Path

from labelling.on_ray import OnRay
from labelling.pool import MakeEngine
from labelling.processes import Processes
from labelling.review import write_review
from labelling.run import Job, label
from labelling.sources import open_source
from labelling.table import form_of
from scripts.command_line import command_parser
from scripts.label_summary import as_json, labelling_bar, show
from scripts.opening import find_release
from scripts.terminal import INTERRUPTED, complain, console, run

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
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if (arguments.workers is not None and arguments.workers < 1) or arguments.review_limit < 1:
        parser.error("--workers and --review-limit are at least 1")
    form_of(arguments.out)
    job = Job(
        source=open_source(arguments.source),
        table=arguments.out,
        release=find_release(arguments.model, arguments.version),
        workers=arguments.workers,
        engine=ENGINES[arguments.engine],
    )
    try:
        with labelling_bar(job.source) as watch:
            summary = label(job, watch, complain, restart=arguments.restart)
        if arguments.review:
            write_review(arguments.review, job, arguments.review_limit)
    except KeyboardInterrupt:
        complain("stopped. Nothing is lost: the same command goes on where it was.")
        return INTERRUPTED
    if arguments.json:
        print(json.dumps(as_json(summary, job), ensure_ascii=False))
    else:
        show(summary, job, arguments.review, console())
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("label", __doc__, EXAMPLES)
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder, a pattern in quotes, a CSV or Parquet file with a column `path`, a ZIP, a TAR, or "
        "s3://bucket/prefix",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the table: .csv, .jsonl or .parquet"
    )
    parser.add_argument(
        "--model",
        default="bundled",
        help="bundled (the default), a release's folder, or a store: a folder or s3://bucket/prefix",
    )
    parser.add_argument("--version", help="of a store: this one instead of what is current")
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="processes",
        help="processes of this machine (the default), or ray: the machines of the cluster at RAY_ADDRESS",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="how many label at a time (default: one per core)"
    )
    parser.add_argument(
        "--review",
        type=Path,
        metavar="FILE.html",
        help="write a page on which a person corrects what is doubtful",
    )
    parser.add_argument(
        "--review-limit",
        type=int,
        default=REVIEW_LIMIT,
        metavar="N",
        help=f"pictures on that page, the most doubtful first ({REVIEW_LIMIT:,})",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.add_argument("--restart", action="store_true", help="label everything again, whatever is there")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))
