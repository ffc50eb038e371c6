"""An audit: how often accepted answers are right on these pictures, measured on a random sample of them.

The least of `rank` are drawn from what the model or the list accepted. The review sheet shows them last,
without what the model answered, and exports how many rows of the table are accepted, and by which release.
`sentences` compares what people said with what the model did, by what the sheet exports alone. A table is
finite, so that bounds are hypergeometric. Knows tables and corrections, neither journals nor releases.
"""

import hashlib
from collections.abc import Iterator, Sequence
from math import ceil, floor
from typing import Final

from inference.contract import LABEL
from labelling.human_answers import LEFT_OUT
from labelling.review.corrections import Correction, merge_human_answers
from reports.intervals import SURENESS, clopper_pearson, most_of

MAX_SAMPLE_ROWS: Final = 130
"""Most rows of a sample whose size no one chose."""

ACCEPTED_PER_SAMPLE_ROW: Final = 4
"""So many accepted answers of a table pay for one row of such a sample."""

BOUND_SURENESS: Final = 1 - (1 - SURENESS) / 2
"""Sureness of each bound: half of the doubt is for a second look, at a larger sample that holds the first."""


def default_sample_size(accepted: int) -> int:
    """How many rows are drawn of so many accepted ones, unless people say so."""
    return min(MAX_SAMPLE_ROWS, accepted // ACCEPTED_PER_SAMPLE_ROW)


def sample_rank(path: str, version: str) -> bytes:
    """By which accepted rows are drawn, the least ones first: a larger sample holds a smaller one.

    The same ones come again for the same table, others for another release.

    Args:
        path: of a row in the table.
        version: of the release that answered.
    """
    return hashlib.sha256(f"{version}\n{path}".encode()).digest()


def describe_audits(corrections: Sequence[Correction], version: str) -> Iterator[str]:
    """What the answers to the samples of a release show: a sentence for the class, and for each attribute.

    Args:
        corrections: as read.
        version: of the release.
    """
    audited = [correction for correction in corrections if correction.audit and correction.sha256]
    ours = [correction for correction in audited if correction.version == version]
    for head in sorted({correction.attribute for correction in ours}, key=lambda head: (head != LABEL, head)):
        of_head = [correction for correction in ours if correction.attribute == head]
        yield f"{'' if head == LABEL else f'{head}: '}{_sentence(of_head, corrections)}"
    if others := len(audited) - len(ours):
        yield f"{others:,} answers to an audit are of another release, and are not counted."


def _sentence(of_head: Sequence[Correction], corrections: Sequence[Correction]) -> str:
    by_size = sorted(of_head, key=lambda correction: correction.audit)
    drawn = {(correction.path, correction.product): correction for correction in by_size}.values()
    questions = {correction.question(correction.sha256) for correction in drawn}
    relevant = [answer for answer in corrections if answer.question(answer.sha256) in questions]
    answers, _ = merge_human_answers([(answer.sha256, answer) for answer in relevant], {})
    labels = [(answers[answer.question(answer.sha256)].label, answer.predicted) for answer in drawn]
    right = [label == predicted for label, predicted in labels if label != LEFT_OUT]
    low, high = find_bounds(sum(right), len(right), max(correction.audit_of for correction in drawn))
    size = max(len(drawn), *(correction.audit for correction in drawn))
    missing = f" {size - len(drawn):,} of {size:,} have no answer." if size > len(drawn) else ""
    least, most = floor(round(low * 1000, 6)) / 10, ceil(round(high * 1000, 6)) / 10
    return (
        f"Audit: of the accepted, {sum(right):,} of {len(right):,} right: at least {least:.1f}%, at most "
        f"{most:.1f}% ({SURENESS:.0%} sure).{missing}"
    )


def find_bounds(right: int, n: int, of: int) -> tuple[float, float]:
    """The least and the largest share of right rows, each of sureness BOUND_SURENESS.

    Args:
        right: of the rows that were looked at.
        n: how many these are.
        of: rows that they were drawn from; 0 where that is not known, so many more.
    """
    if of < n:
        return clopper_pearson(right, n, BOUND_SURENESS)
    if not n:
        return 0.0, 1.0
    return 1 - most_of(of, n - right, n, BOUND_SURENESS) / of, most_of(of, right, n, BOUND_SURENESS) / of
