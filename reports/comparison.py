"""Test whether a release is measurably worse than another one on pictures that both have answered.

All pictures of a group, such as the photos of one sender, count as one draw, since an error in one of them is
often an error in all. `compare_answers` returns how much the shares of right answers differ, and the chance
that two equally good releases differ so much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.answers import Answers, assign_unit_numbers
from reports.intervals import compute_loss_p_value

TEST_ERROR_RATE: Final = 0.025
"""Largest chance that one test refuses a release that is as good as the other one."""

RightAnswers = NDArray[np.bool_]
"""Whether a release's answer to each picture is right, bool (N,); in a comparison of errors, whether it is
wrong."""


@dataclass(frozen=True)
class ShareComparison:
    """A share of answers, such as the right ones, as two releases have it on the same pictures.

    Attributes:
        candidate_share: the candidate's share, 0 to 1.
        baseline_share: the other release's share, 0 to 1.
        loss: the amount by which the candidate is worse, -1 to 1; negative if it is better.
        p_value: the chance that two equally good releases differ by this loss or more.
    """

    candidate_share: float
    baseline_share: float
    loss: float
    p_value: float


@dataclass(frozen=True)
class AnswerShares:
    """Figures of one release's answers to one set of pictures.

    Attributes:
        picture_count: the number of pictures.
        no_class_count: the number of pictures that show none of the classes. Each answer to them is wrong.
        right_share: the share of right answers to the other pictures; None if there are no others.
        accepted_share: the share of accepted answers.
        right_accepted_share: the share of right answers among the accepted ones; None if none is accepted, or
            if no picture shows a class.
    """

    picture_count: int
    no_class_count: int
    right_share: float | None
    accepted_share: float
    right_accepted_share: float | None


@dataclass(frozen=True)
class AnswerComparison:
    """The comparison of two releases on the same pictures.

    Attributes:
        picture_count: the number of pictures.
        group_count: the number of groups, such as senders; a picture without a group is one.
        right: the shares of right answers to pictures that show a class; None if no picture does.
        wrong_accepted: the shares of answers to all pictures that are wrong and accepted. An accepted answer
            to a picture of no class is wrong. If the candidate accepts more, `loss` and `p_value` leave out
            the errors that are allowed among the additional answers.
        shares_by_set: the figures of the candidate and of the other release, by set of pictures.
    """

    picture_count: int
    group_count: int
    right: ShareComparison | None
    wrong_accepted: ShareComparison
    shares_by_set: Mapping[str, tuple[AnswerShares, AnswerShares]]


LOSS_UNITS_PER_ERROR: Final = 1000
"""Loss of one wrong answer that is accepted. It is not 1, because losses are whole numbers, and the errors
that a promise allows are subtracted from it."""


def compare_answers(candidate: Answers, baseline: Answers, promised_share: float = 1.0) -> AnswerComparison:
    """Compare a candidate's answers with those of another release to the same pictures.

    Args:
        candidate: the candidate's answers to N >= 1 pictures, with decisions.
        baseline: the other release's answers, in the same order, with the same truths.
        promised_share: the share of accepted answers that the other release promises to be right, 0 to 1. If
            the candidate accepts more answers, this share of the additional ones has to be right; with 1, all
            of them.
    """
    groups = join_groups(candidate.groups, baseline.groups)
    has_class = baseline.has_class
    return AnswerComparison(
        picture_count=len(candidate),
        group_count=int(groups.max()) + 1,
        right=_compare_shares(
            ~candidate.is_right[has_class],
            ~baseline.is_right[has_class],
            groups[has_class],
            is_about_right=True,
        )
        if has_class.any()
        else None,
        wrong_accepted=_compare_accepted_errors(candidate, baseline, groups, promised_share),
        shares_by_set={
            name: (
                _measure_shares(candidate.select_rows(in_set)),
                _measure_shares(baseline.select_rows(in_set)),
            )
            for name in np.unique(baseline.sets).tolist()
            for in_set in [baseline.sets == name]
        },
    )


def _compare_shares(
    candidate: RightAnswers,
    baseline: RightAnswers,
    groups: NDArray[np.int64],
    *,
    is_about_right: bool = False,
) -> ShareComparison:
    """Compare the errors of two releases.

    Args:
        candidate: bool (N,), whether each answer of the candidate is an error.
        baseline: bool (N,), the errors of the other release.
        groups: int64 (N,), the number of each picture's group.
        is_about_right: whether the result has the shares of right answers in place of those of errors.
    """
    candidate_share, baseline_share = float(candidate.mean()), float(baseline.mean())
    p_value = compute_loss_p_value(
        np.bincount(groups, candidate.astype(np.int64) - baseline).astype(np.int64)
    )
    return ShareComparison(
        1 - candidate_share if is_about_right else candidate_share,
        1 - baseline_share if is_about_right else baseline_share,
        candidate_share - baseline_share,
        p_value,
    )


def _compare_accepted_errors(
    candidate: Answers, baseline: Answers, groups: NDArray[np.int64], promised_share: float
) -> ShareComparison:
    """Compare the wrong answers that are accepted.

    If the candidate accepts more, the errors that the promise allows among the additional answers are no
    loss.
    """
    candidate_errors = candidate.is_accepted & ~candidate.is_right
    baseline_errors = baseline.is_accepted & ~baseline.is_right
    additional = candidate.is_accepted.astype(np.int64) - baseline.is_accepted
    # A candidate that accepts fewer answers may have no further errors.
    allowed = round(LOSS_UNITS_PER_ERROR * (1 - promised_share)) if additional.sum() > 0 else 0
    losses = (
        LOSS_UNITS_PER_ERROR * (candidate_errors.astype(np.int64) - baseline_errors) - allowed * additional
    )
    p_value = compute_loss_p_value(np.bincount(groups, losses).astype(np.int64))
    return ShareComparison(
        float(candidate_errors.mean()),
        float(baseline_errors.mean()),
        float(losses.mean()) / LOSS_UNITS_PER_ERROR,
        p_value,
    )


def _measure_shares(answers: Answers) -> AnswerShares:
    class_answers = answers.select_rows(answers.has_class)
    accepted = answers.is_accepted
    accepted_right = answers.is_right[accepted] if len(class_answers) else class_answers.is_right
    return AnswerShares(
        picture_count=len(answers),
        no_class_count=len(answers) - len(class_answers),
        right_share=float(class_answers.is_right.mean()) if len(class_answers) else None,
        accepted_share=float(accepted.mean()),
        right_accepted_share=float(accepted_right.mean()) if len(accepted_right) else None,
    )


def join_groups(*groupings: NDArray[np.str_]) -> NDArray[np.int64]:
    """Join several groupings of N pictures, and return the number of each picture's group, int64 (N,).

    Two pictures are in one group if any grouping has them in one group, directly or through other pictures.

    Args:
        groupings: str (N,) each, the name of each picture's group; empty for a picture on its own.
    """
    numbers = [assign_unit_numbers(groups) for groups in groupings]
    joined = np.arange(len(numbers[0]))
    while True:
        previous = joined
        for group_numbers in numbers:  # each picture takes the smallest number within its group
            smallest = np.full(len(group_numbers), len(group_numbers))
            np.minimum.at(smallest, group_numbers, joined)
            joined = smallest[group_numbers]
        if np.array_equal(joined, previous):
            return np.unique(joined, return_inverse=True)[1].astype(np.int64)
