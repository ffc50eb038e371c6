"""Measure how often the accepted answers of a table are right.

FILE are corrections that a sheet of `wardrobe label --audit` exported, TABLE is the table that it was written
for. The figures are of the sheet's random sample. Exit code 1 when the release's promise about the class, or
about an attribute, is broken on these pictures. What is computed: labelling/review/audit.py.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.settings import settings_of_commands
from inference.contract import LABEL
from labelling.columns import column_of
from labelling.errors import CorrectionsUnusable, OtherRun
from labelling.lists import Reading
from labelling.review.audit import Audit, Share, audit_in, promised_right
from labelling.review.corrections import Correction, read_corrections
from labelling.review.second_look import asked_back
from labelling.table import first_row, read_rows
from model_store.local import LocalRelease
from model_store.named_release import find_release, store_in
from reports.values import Promise, report_of
from scripts.__main__ import command
from scripts.lists import add_encoding
from scripts.terminal import (
    RELEASE_HELP,
    Failed,
    command_parser,
    complain,
    console,
    print_table,
)

EXAMPLES = (
    "wardrobe audit corrections.csv labels.csv",
    "wardrobe audit ann.csv ben.csv labels.csv --json",
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
    version: str = first_row(arguments.table)["version"]
    release = _release(arguments.model, version)
    report, heads = report_of(release), release.manifest.attributes
    attributes = {name: head.labels for name, head in heads.items()}
    reading = Reading(encoding=arguments.encoding or "")
    corrections = read_corrections(arguments.files, report.labels, attributes, reading, complain)
    found = audit_in(corrections)
    if found is None:
        raise CorrectionsUnusable(
            "No correction is of an audit: a sheet that `wardrobe label SOURCE --out TABLE --review "
            "FILE.html --audit N` wrote marks its sample in a column `audit`."
        )
    _check_table(corrections, arguments.table)
    promises = {name: [one.promise] for name, one in report.attributes.items()}
    of_heads = {LABEL: (found, judge(found, report.promises))} | {
        name: (one, judge(one, promises.get(name, [])))
        for name in attributes
        if (one := audit_in(corrections, name))
    }
    for name, (one, verdict) in of_heads.items():
        if name != LABEL:
            console().print(f"\n{name}", markup=False, highlight=False)
        show(one, verdict)
    documents = {
        name: asdict(one) | {"promise": asdict(verdict)} for name, (one, verdict) in of_heads.items()
    }
    document = {"version": version, **documents.pop(LABEL), "attributes": documents}
    broken = any(verdict.verdict == BROKEN for _, verdict in of_heads.values())
    return Failed(document) if broken else document


def _check_table(corrections: Sequence[Correction], table: Path) -> None:
    """Refuse answers to the sample of another table.

    Raises:
        CorrectionsUnusable: a picture is not in it, or another release answered it.
    """
    heads = {one.attribute for one in corrections if one.audit}
    answered = {
        (row["sha256"], head): row.get(column_of(head, "predicted")) or row.get(head)
        for row in read_rows(table)
        for head in heads
    }
    for one in corrections:
        if one.audit and answered.get((one.sha256, one.attribute)) != one.predicted:
            raise CorrectionsUnusable(
                f"{one.file}: {one.path} is not in this table, or has another answer there. Give the table "
                "that the sheet was written for."
            )


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("audit", __doc__, EXAMPLES)
    add = parser.add_argument
    add("files", type=Path, nargs="+", metavar="FILE", help="corrections with the answers to the sample")
    add("table", type=Path, metavar="TABLE", help="the table: .csv, .jsonl or .parquet")
    add_encoding(parser)
    add("--model", default="bundled", help=RELEASE_HELP + "; with the version that the table names")
    return parser


def tell_audit(corrections: Sequence[Correction]) -> None:
    """Print what the answers to a sheet's sample show, and which answers to look at again.

    For the commands that read what a sheet exports.
    """
    for line in asked_back(corrections):
        console().print(line, soft_wrap=True)
    for attribute in sorted({one.attribute for one in corrections}, key=lambda head: (head != LABEL, head)):
        if found := audit_in(corrections, attribute):
            of = "" if attribute == LABEL else f"{attribute}: "
            console().print(f"{of}{found.sentence()}", markup=False, highlight=False)


def _release(model: str, version: str) -> LocalRelease:
    """The release that made the table.

    Raises:
        OtherRun: the named release is another one.
        StoreError: the store does not have it.
    """
    store = store_in(model)
    cache = settings_of_commands().cache_dir
    release = find_release(f"{store}@{version}" if store else model, cache)
    if release.version != version:
        raise OtherRun(
            f"{model}: is release {release.version}, and the table was made by {version}. Name its folder or "
            "store with --model."
        )
    return release


def judge(found: Audit, promises: Sequence[Promise]) -> Verdict:
    """Compare the bounds with the promise about photos; about held-out pictures where there is none."""
    promised = promised_right(promises)
    if promised is None:
        return Verdict(None, OPEN)
    if found.accepted.low >= promised:
        return Verdict(promised, HOLDS)
    return Verdict(promised, BROKEN if found.accepted.high < promised else OPEN)


def show(found: Audit, verdict: Verdict) -> None:
    """Print a line per class, the shares, and the verdict."""
    show_shares(found)
    console().print(_sentence(found, verdict))


def show_shares(found: Audit) -> None:
    """Print a line per label, and the shares."""
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


def _cells(share: Share) -> dict[str, str]:
    return {
        "pictures": f"{share.n:,}" if share.of is None else f"{share.n:,} of {share.of:,}",
        "right": f"{share.right / share.n:.1%}" if share.n else "",
        "at least": f"{share.low:.1%}",
        "at most": f"{share.high:.1%}",
    }


def _sentence(found: Audit, verdict: Verdict) -> str:
    accepted = found.accepted
    if verdict.accuracy is None:
        return "The release promises nothing of accepted answers."
    promise = f"The release promises that {verdict.accuracy:.0%} of accepted answers are right: "
    if verdict.verdict == HOLDS:
        return f"{promise}holds here, at least {accepted.low:.1%} are."
    if verdict.verdict == BROKEN and accepted.of is None:
        return f"{promise}broken here, at most {accepted.high:.1%} are."
    if verdict.verdict == BROKEN:
        least = "" if accepted.n == accepted.of else "at least "
        return f"{promise}broken: {least}{accepted.wrong_at_least:,} of {accepted.of:,} are wrong."
    return (
        f"{promise}between {accepted.low:.1%} and {accepted.high:.1%} are, too few to say. Write the sheet "
        f"again with --audit {2 * found.sampled}, once: the answers so far count."
    )


if __name__ == "__main__":
    raise SystemExit(command("audit"))
