"""Measure how often the accepted answers of a table are right.

FILE are corrections that the sheets of one table exported, see `wardrobe label --audit`. The figures are of
the sheet's random sample. Exit code 1 when the release's promise about the class, or
about an attribute, is broken on these pictures. What is computed: labelling/review/audit.py.
"""

import argparse
import csv
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.settings import settings_of_commands
from inference.contract import LABEL
from labelling.columns import OF_PHOTOS, OF_PRODUCTS
from labelling.errors import CorrectionsUnusable, OtherRun
from labelling.lists import Reading
from labelling.review.audit import NO_AUDIT, Audit, Share, audit_in, audited_version, promised_right
from labelling.review.corrections import Correction, read_corrections
from labelling.review.second_look import asked_back
from model_store.local import LocalRelease
from model_store.named_release import find_release, store_in
from reports.values import Promise, Report, report_of
from scripts.__main__ import command
from scripts.lists import add_encoding
from scripts.terminal import RELEASE_HELP, Failed, command_parser, complain, console, print_table, program

EXAMPLES = (
    "wardrobe audit corrections.csv",
    "wardrobe audit ann.csv ben.csv --json",
)

HOLDS, BROKEN, OPEN = "holds", "broken", "too few to say"


@dataclass(frozen=True)
class Verdict:
    """What the sample says of a promise.

    Attributes:
        accuracy: that the release promises of accepted answers; None where it promises nothing.
        verdict: HOLDS where the least share reaches it, BROKEN where the largest does not, else OPEN.
    """

    accuracy: float | None
    verdict: str


def execute(arguments: argparse.Namespace) -> object:
    """Compare and print; 1 when a promise is broken."""
    _check_files(arguments.files)
    reading = Reading(encoding=arguments.encoding or "")
    version = audited_version(read_corrections(arguments.files, None, reading=reading))
    release = _release(arguments.model, version)
    report, heads = report_of(release), release.manifest.attributes
    attributes = {name: head.labels for name, head in heads.items()}
    corrections = read_corrections(arguments.files, report.labels, attributes, reading, complain)
    audits = {name: audit_in(corrections, name) for name in (LABEL, *attributes)}
    if audits[LABEL] is None:
        raise CorrectionsUnusable(NO_AUDIT)
    of_heads = {
        name: (audit, judge(audit, _promises(report, name, of_products=audit.of_products)))
        for name, audit in audits.items()
        if audit is not None
    }
    for name, (audit, verdict) in of_heads.items():
        if name != LABEL:
            console().print(f"\n{name}", markup=False, highlight=False)
        show(audit, verdict)
    documents = {
        name: asdict(audit) | {"promise": asdict(verdict)} for name, (audit, verdict) in of_heads.items()
    }
    document = {"version": version, **documents.pop(LABEL), "attributes": documents}
    broken = any(verdict.verdict == BROKEN for _, verdict in of_heads.values())
    return Failed(document) if broken else document


def _promises(report: Report, head: str, *, of_products: bool) -> Sequence[Promise]:
    """What a release promises of accepted answers of a head: of products where it was measured on them."""
    if of_products and head in report.products:
        return [report.products[head]]
    if head == LABEL:
        return report.promises
    return [report.attributes[head].promise] if head in report.attributes else []


def _check_files(files: Sequence[Path]) -> None:
    """Refuse a table, which earlier versions took beside corrections.

    Raises:
        CorrectionsUnusable: one of them is a table.
    """
    tables = [file for file in files if _is_table(file)]
    if tables:
        others = shlex.join(str(file) for file in files if file not in tables) or "corrections.csv"
        raise CorrectionsUnusable(
            f"{tables[0]}: is a table, and corrections alone are read, which say what they need of it: "
            f"{program()} audit {others}"
        )


def _is_table(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
            names = next(csv.reader(opened), [])
    except (OSError, csv.Error):
        return False  # reading it as corrections says what it is
    return names[: len(OF_PHOTOS)] == [*OF_PHOTOS] or {*OF_PRODUCTS} <= {*names}


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("audit", __doc__, EXAMPLES)
    add = parser.add_argument
    add("files", type=Path, nargs="+", metavar="FILE", help="corrections with the answers to the sample")
    add_encoding(parser)
    add("--model", default="bundled", help=RELEASE_HELP + "; with the version that the corrections name")
    return parser


def tell_audit(corrections: Sequence[Correction]) -> None:
    """Print what the answers to a sheet's sample show, and which answers to look at again.

    For the commands that read what a sheet exports.
    """
    for line in asked_back(corrections):
        console().print(line, soft_wrap=True)
    for attribute in sorted(
        {correction.attribute for correction in corrections}, key=lambda head: (head != LABEL, head)
    ):
        if audit := audit_in(corrections, attribute):
            of = "" if attribute == LABEL else f"{attribute}: "
            console().print(f"{of}{audit.sentence()}", markup=False, highlight=False)


def _release(model: str, version: str) -> LocalRelease:
    """The release that people audited.

    Raises:
        OtherRun: the named release is another one.
        StoreError: the store does not have it.
    """
    store = store_in(model)
    cache = settings_of_commands().cache_dir
    release = find_release(f"{store}@{version}" if store else model, cache)
    if release.version != version:
        raise OtherRun(
            f"{model}: is release {release.version}, and the sheet is of {version}. Name its folder or store "
            "with --model."
        )
    return release


def judge(audit: Audit, promises: Sequence[Promise]) -> Verdict:
    """Compare the bounds with the promise about photos; about held-out pictures where there is none."""
    promised = promised_right(promises)
    if promised is None:
        return Verdict(None, OPEN)
    if audit.accepted.low >= promised:
        return Verdict(promised, HOLDS)
    return Verdict(promised, BROKEN if audit.accepted.high < promised else OPEN)


def show(audit: Audit, verdict: Verdict) -> None:
    """Print a line per class, the shares, what a census counted, and the verdict."""
    show_shares(audit)
    if audit.is_census:
        console().print(audit.sentence())
    console().print(_sentence(audit, verdict))


def show_shares(audit: Audit) -> None:
    """Print a line per label, and the shares."""
    out, rows = console(), "products" if audit.of_products else "pictures"
    shares = {**audit.labels, "all accepted": audit.accepted}
    shares |= {} if audit.is_census else {"to review": audit.reviewed}
    is_estimated = any(share.n != share.of for share in shares.values())
    print_table(
        [
            {"model's label": name, **_cells(share, rows), **(_bounds(share) if is_estimated else {})}
            for name, share in shares.items()
        ]
    )
    if audit.unanswered:
        those = rows if audit.of_products else f"sampled {rows}"
        complain(
            f"{audit.unanswered:,} of {audit.sampled:,} {those} have no answer. The figures are of the "
            "others, which may be easier."
        )
    if audit.left_out:
        out.print(f"{audit.left_out:,} {rows} that a person left out count nowhere.")


def _cells(share: Share, rows: str) -> dict[str, str]:
    return {
        rows: f"{share.n:,}" if share.of is None else f"{share.n:,} of {share.of:,}",
        "right": f"{share.right / share.n:.1%}" if share.n else "",
    }


def _bounds(share: Share) -> dict[str, str]:
    """The cells of the bounds; of a share that was counted they are empty."""
    low, high = ("", "") if share.n == share.of else (f"{share.low:.1%}", f"{share.high:.1%}")
    return {"at least": low, "at most": high}


def _sentence(audit: Audit, verdict: Verdict) -> str:
    if verdict.accuracy is None:
        return "The release promises nothing of accepted answers."
    promise = f"The release promises that {verdict.accuracy:.0%} of accepted answers are right: "
    if verdict.verdict == HOLDS:
        return promise + _holds(audit.accepted)
    return promise + (_broken(audit.accepted) if verdict.verdict == BROKEN else _open(audit))


def _holds(accepted: Share) -> str:
    if accepted.n == accepted.of:
        return f"holds here, {accepted.right:,} of {accepted.n:,} are."
    return f"holds here, at least {accepted.low:.1%} are."


def _broken(accepted: Share) -> str:
    if accepted.of is None:
        return f"broken here, at most {accepted.high:.1%} are."
    least = "" if accepted.n == accepted.of else "at least "
    return f"broken: {least}{accepted.wrong_at_least:,} of {accepted.of:,} are wrong."


def _open(audit: Audit) -> str:
    if audit.is_census:
        return "too few answers to say. Answer the others on the sheet."
    accepted = audit.accepted
    return (
        f"between {accepted.low:.1%} and {accepted.high:.1%} are, too few to say. Write the sheet again with "
        f"--audit {2 * audit.sampled}, once: the answers so far count."
    )


if __name__ == "__main__":
    raise SystemExit(command("audit"))
