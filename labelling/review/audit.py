"""An audit: how often accepted answers are right on these pictures, measured on a random sample of them.

The sample is drawn from the rows that the model or the list accepted. The review sheet shows it last, without
the answer of the model, so that this answer influences nobody. The sheet exports what people answered, the
model's label, and how many rows are accepted. From this file alone, `describe_audits` makes sentences such as
"of the accepted, 127 of 130 right: at least 93.7%" (for 1,000 accepted rows). A table has a finite number of
rows, so the bounds are hypergeometric.
"""

import hashlib
from collections.abc import Iterator, Sequence
from math import ceil, floor
from typing import Final

from inference.contract import LABEL
from inference.text.plain_text import choose_form, format_count
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.review.corrections import Correction, merge_human_answers
from reports.intervals import CONFIDENCE_LEVEL, compute_clopper_pearson_interval, compute_max_wrong_rows

MAX_SAMPLE_ROWS: Final = 130
"""Largest number of rows that are drawn for an audit if no person chose a number."""

ACCEPTED_PER_SAMPLE_ROW: Final = 4
"""The default sample of an audit has one row for every four accepted answers."""

BOUND_CERTAINTY: Final = 1 - (1 - CONFIDENCE_LEVEL) / 2
"""Certainty of each bound of an audit's result, 0 to 1. It is higher than CONFIDENCE_LEVEL, because people
may look a second time, at a larger sample that contains the first one."""


def choose_sample_size(accepted_count: int) -> int:
    """Return the number of rows that are drawn for an audit, unless people choose a number.

    Args:
        accepted_count: the number of accepted rows of the table.
    """
    return min(MAX_SAMPLE_ROWS, accepted_count // ACCEPTED_PER_SAMPLE_ROW)


def make_sample_rank(path: str, version: str) -> bytes:
    """Return a pseudo-random sort key for an accepted row. An audit draws the rows with the smallest keys.

    It is a hash, and not a random number, so that the same rows are drawn again for the same table, and other
    rows for another release. A larger sample contains each smaller one.

    Args:
        path: the path of a row in the table, or the name of its product.
        version: the version of the release that answered.
    """
    return hashlib.sha256(f"{version}\n{path}".encode()).digest()


def describe_audits(corrections: Sequence[Correction], version: str) -> Iterator[str]:
    """Yield sentences with the result of an audit: how often accepted answers of a release are right.

    There is a sentence for the class, one for each attribute, and one if answers belong to other releases.

    Args:
        corrections: all answers of people from the files of a review sheet, of which some belong to an audit.
        version: the version of the release that is judged.
    """
    audit_answers = [correction for correction in corrections if correction.audit and correction.sha256]
    release_answers = [correction for correction in audit_answers if correction.version == version]
    for head in sorted(
        {correction.attribute for correction in release_answers}, key=lambda head: (head != LABEL, head)
    ):
        head_answers = [correction for correction in release_answers if correction.attribute == head]
        yield f"{'' if head == LABEL else f'{head}: '}{_describe_audit(head_answers, corrections)}"
    if other_count := len(audit_answers) - len(release_answers):
        counted = format_count(other_count, "answer to an audit is", "answers to an audit are")
        ignored = choose_form(other_count, "is", "are")
        yield f"{counted} of another release, and {ignored} not counted."


def _describe_audit(head_answers: Sequence[Correction], corrections: Sequence[Correction]) -> str:
    """Return a sentence with the bounds for one head, such as "of the accepted, 127 of 130 right: ..."."""
    # People may export an audit, and a larger one later. Of each picture the row of the largest sample stays,
    # since it names the number of accepted rows that the whole sample was drawn from.
    sorted_answers = sorted(head_answers, key=lambda correction: correction.audit)
    sample_answers = {
        (correction.path, correction.product): correction for correction in sorted_answers
    }.values()
    questions = {correction.make_answer_subject(correction.sha256) for correction in sample_answers}
    # A person may correct an answer outside the audit. The latest answer is used, as in the table.
    relevant = [answer for answer in corrections if answer.make_answer_subject(answer.sha256) in questions]
    answers, _ = merge_human_answers([(answer.sha256, answer) for answer in relevant], {})
    labels = [
        (answers[answer.make_answer_subject(answer.sha256)].label, answer.predicted)
        for answer in sample_answers
    ]
    right = [label == predicted for label, predicted in labels if label != LEFT_OUT_LABEL]
    low, high = compute_audit_bounds(
        sum(right), len(right), max(correction.audit_of for correction in sample_answers)
    )
    size = max(len(sample_answers), *(correction.audit for correction in sample_answers))
    missing_count = size - len(sample_answers)
    verb = choose_form(missing_count, "has", "have")
    missing = f" {missing_count:,} of {size:,} {verb} no answer." if missing_count else ""
    # Bounds are rounded outwards. The inner `round` keeps .937 from becoming 93.6% by an error of floats.
    least = floor(round(low * 1000, 6)) / 10
    most = ceil(round(high * 1000, 6)) / 10
    return (
        f"Audit: of the accepted, {sum(right):,} of {len(right):,} right: at least {least:.1f}%, at most "
        f"{most:.1f}% ({CONFIDENCE_LEVEL:.0%} sure).{missing}"
    )


def compute_audit_bounds(right_count: int, sample_size: int, population_size: int) -> tuple[float, float]:
    """Return a lower and an upper bound for the share of right rows among all rows, from a random sample.

    Each bound has the certainty BOUND_CERTAINTY.

    Args:
        right_count: the number of right rows in the sample.
        population_size: the number of rows that the sample was drawn from; 0 if it is not known, which means
            very many.
    """
    # A file without `audit_of`, as a person may write one, does not say how many rows were accepted.
    if population_size < sample_size:
        return compute_clopper_pearson_interval(right_count, sample_size, BOUND_CERTAINTY)
    if not sample_size:
        return 0.0, 1.0
    return 1 - compute_max_wrong_rows(
        population_size, sample_size - right_count, sample_size, BOUND_CERTAINTY
    ) / population_size, compute_max_wrong_rows(
        population_size, right_count, sample_size, BOUND_CERTAINTY
    ) / population_size
