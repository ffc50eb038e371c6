"""Measure how often the accepted answers of a table are right.

FILE are corrections that a sheet of `wardrobe label --audit` exported, TABLE is the table that it was written
for. The figures are of the sheet's random sample. Exit code 1 when the release's promise is broken on these
pictures. What is computed: labelling/review/audit.py.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from labelling.errors import OtherRun
from labelling.review.audit import EACH_END, Audit, Share, audit, found_in
from labelling.review.corrections import Correction, read_corrections
from labelling.review.second_look import asked_back
from labelling.table import labels_in, read_rows
from model_store.cache import find_release, store_in
from model_store.files import errors_named
from reports.acceptance import needed
from reports.values import HELD_OUT, Promise, report_of
from scripts.terminal import (
    RELEASE_HELP,
    Failed,
    command_parser,
    complain,
    console,
    perform,
    print_table,
    run,
)
from training.loading import require

EXAMPLES = (
    "wardrobe audit corrections.csv labels.csv",
    "wardrobe audit ann.csv ben.csv labels.csv --plot audit.png --json",
)

HOLDS, BROKEN, OPEN = "holds", "broken", "too few to say"


@dataclass(frozen=True)
class Verdict:
    """What the sample says of a promise.

    Attributes:
        accuracy: that the release promises of accepted answers; None where it promises nothing.
        verdict: HOLDS where the whole interval reaches it, BROKEN where none of it does, else OPEN.
    """

    accuracy: float | None
    verdict: str


def main(argv: list[str] | None = None) -> int:
    """Compare and print; 1 when the promise is broken."""
    return perform(build_parser(), _audit, argv)


def _audit(arguments: argparse.Namespace) -> object:
    if arguments.plot:
        require("matplotlib", "matplotlib")
    labels = labels_in(arguments.table)
    found = audit(read_rows(arguments.table), read_corrections(arguments.files, labels))
    verdict = judge(found, _promises(arguments.model, found.version))
    if arguments.plot:
        draw(found, verdict, arguments.plot)
    show(found, verdict)
    document = {**asdict(found), "promise": asdict(verdict)}
    return Failed(document) if verdict.verdict == BROKEN else document


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("audit", __doc__, EXAMPLES)
    add = parser.add_argument
    add("files", type=Path, nargs="+", metavar="FILE", help="corrections with the answers to the sample")
    add("table", type=Path, metavar="TABLE", help="the table: .csv, .jsonl or .parquet")
    add("--model", default="bundled", help=RELEASE_HELP + "; with the version that the table names")
    add("--plot", type=Path, metavar="FILE.png", help="draw the shares with their intervals")
    return parser


def tell_audit(corrections: Sequence[Correction]) -> None:
    """Print what the answers to a sheet's sample show, and which answers to look at again.

    For the commands that read what a sheet exports.
    """
    for line in asked_back(corrections):
        console().print(line, soft_wrap=True)
    if found := found_in(corrections):
        console().print(found.sentence())


def _promises(model: str, version: str) -> tuple[Promise, ...]:
    """The promises of the release that made the table.

    Raises:
        OtherRun: the named release is another one.
        StoreError: the store does not have it.
    """
    store = store_in(model)
    release = find_release(f"{store}@{version}" if store else model)
    if release.version != version:
        raise OtherRun(
            f"{model}: is release {release.version}, and the table was made by {version}. Name its folder or "
            "store with --model."
        )
    return report_of(release).promises


def judge(found: Audit, promises: Sequence[Promise]) -> Verdict:
    """Compare the interval with the promise about photos; about held-out pictures where there is none."""
    kept = [one for one in promises if one.accepted]
    photos = [one.accuracy for one in kept if one.pictures != HELD_OUT]
    promised = min(photos or [one.accuracy for one in kept], default=None)
    if promised is None:
        return Verdict(None, OPEN)
    if found.accepted.low >= promised:
        return Verdict(promised, HOLDS)
    return Verdict(promised, BROKEN if found.accepted.high < promised else OPEN)


def show(found: Audit, verdict: Verdict) -> None:
    """Print a line per class, the shares, and the verdict."""
    out = console()
    shares = {**found.labels, "all accepted": found.accepted, "to review": found.reviewed}
    print_table([{"model's label": name, **_cells(share)} for name, share in shares.items()])
    if found.unanswered:
        complain(
            f"{found.unanswered:,} of {found.sampled:,} sampled pictures have no answer. The figures are of "
            "the others, which may be easier."
        )
    if found.left_out:
        out.print(f"{found.left_out:,} pictures that a person left out count nowhere.")
    out.print(_sentence(found.accepted, verdict))


def _cells(share: Share) -> dict[str, str]:
    right = f"{share.right / share.n:.1%}" if share.n else ""
    return {
        "pictures": f"{share.n:,}",
        "right": right,
        "95% interval": f"{share.low:.1%} to {share.high:.1%}",
    }


def _sentence(accepted: Share, verdict: Verdict) -> str:
    if verdict.accuracy is None:
        return "The release promises nothing of accepted answers."
    promise = f"The release promises that {verdict.accuracy:.0%} of accepted answers are right: "
    between = f"between {accepted.low:.1%} and {accepted.high:.1%} are"
    if verdict.verdict == OPEN:
        least = needed(verdict.accuracy, EACH_END)
        return (
            f"{promise}{between}, too few to say. With every answer right, {least:,} accepted ones show it; "
            f"here are {accepted.n:,}."
        )
    return promise + f"{between}, so the promise {'holds' if verdict.verdict == HOLDS else 'is broken'} here."


def draw(found: Audit, verdict: Verdict, target: Path) -> None:
    """Draw the share that is right of each label's accepted answers, and of all, with their intervals.

    Raises:
        OSError: the file cannot be written.
    """
    # Only training's requirements have matplotlib.
    from matplotlib.figure import Figure  # noqa: PLC0415

    from training.measure.plots import save  # noqa: PLC0415

    shares = {**found.labels, "all accepted": found.accepted}
    shares = {name: share for name, share in shares.items() if share.n}
    figure = Figure(figsize=(7, 1.2 + 0.4 * len(shares)), layout="constrained")
    axes = figure.subplots()
    for place, share in enumerate(shares.values()):
        axes.plot([share.low, share.high], [place, place], color="tab:blue")
        axes.plot(share.right / share.n, place, "o", color="tab:blue")
    if verdict.accuracy is not None:
        axes.axvline(verdict.accuracy, color="tab:gray", linestyle="--", label="promised")
        axes.legend(loc="lower left")
    names = [f"{name} ({share.n})" for name, share in shares.items()]
    axes.set_yticks(range(len(shares)), names, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("share of accepted answers that are right, 95% interval")
    with errors_named(target):
        save(figure, target)


if __name__ == "__main__":
    sys.exit(run(main))
