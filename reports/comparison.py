"""Test whether a release is measurably worse than another one on pictures that both answered.

Touches nothing.
Pictures are the same if their hashes and truths agree. All pictures of a group, such as a sender's photos,
count together. evidence.py finds the pictures that two releases share; gate.py decides by the comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.answers import Answers, units_of
from reports.intervals import chance_by_group

LEVEL: Final = 0.025
"""Error rate of each one-sided test: the largest chance that an equally good release is refused."""

Right = NDArray[np.bool_]
"""Bool (N,), whether a release's answer to each picture is right, or in a comparison of errors, wrong."""


@dataclass(frozen=True)
class Difference:
    """A share of answers, such as the right ones, as two releases have it on the same pictures.

    Attributes:
        now: the candidate's share, 0 to 1.
        then: the other release's share, 0 to 1.
        loss: the amount by which the candidate is worse, -1 to 1.
        p: the chance that two equally good releases differ by this loss or more.
    """

    now: float
    then: float
    loss: float
    p: float


@dataclass(frozen=True)
class Shares:
    """The quality of one release's answers to one set of pictures.

    Attributes:
        n: the number of pictures.
        of_none: the number of these that show none of the classes.
        right: the share of right answers; None if no picture shows a class.
        accepted: the share of accepted answers.
        right_of_accepted: the share of right answers among the accepted ones, in which an answer to a picture
            of none of the classes is wrong; None if none is accepted, or if no picture shows a class.
    """

    n: int
    of_none: int
    right: float | None
    accepted: float
    right_of_accepted: float | None


@dataclass(frozen=True)
class AnswerComparison:
    """The comparison of two releases on the same pictures.

    Attributes:
        n: the number of pictures.
        groups: the number of groups, such as senders; a picture without a group is one.
        right: the shares of right answers to pictures that show a class; None if no picture does.
        wrong_accepted: the shares of answers that are wrong and accepted, of all pictures; an accepted
            picture of no class is such an answer. Loss and p leave out the errors that the promise allows, so
            that a release may accept more.
        sets: the shares of the candidate and of the other release, by the other release's name of each set.
    """

    n: int
    groups: int
    right: Difference | None
    wrong_accepted: Difference
    sets: Mapping[str, tuple[Shares, Shares]]


PARTS: Final = 1000
"""Unit of losses, which are whole numbers: one wrong answer that is accepted is a loss of this many."""


def compare(ours: Answers, theirs: Answers, promised: float = 1.0) -> AnswerComparison:
    """Compare a candidate's answers with those of another release to the same pictures.

    Args:
        ours: the candidate's answers to N >= 1 pictures, with decisions.
        theirs: the other release's answers, in the same order, with the same truths.
        promised: the share of accepted answers that the other release promises to be right, 0 to 1. If the
            candidate accepts more answers, this share of the additional ones has to be right; with 1, all of
            them.
    """
    groups, shown = joined_groups(ours.groups, theirs.groups), theirs.known
    return AnswerComparison(
        n=len(ours),
        groups=int(groups.max()) + 1,
        right=_difference(~ours.right[shown], ~theirs.right[shown], groups[shown], of_right=True)
        if shown.any()
        else None,
        wrong_accepted=_beyond_promise(ours, theirs, groups, promised),
        sets={
            name: (_shares(ours.take(in_set)), _shares(theirs.take(in_set)))
            for name in np.unique(theirs.sets).tolist()
            for in_set in [theirs.sets == name]
        },
    )


def _difference(
    ours: Right, theirs: Right, groups: NDArray[np.int64], *, of_right: bool = False
) -> Difference:
    """Compare the shares of errors of two releases; with `of_right`, return the shares of right answers."""
    now, then = float(ours.mean()), float(theirs.mean())
    p = chance_by_group(np.bincount(groups, ours.astype(np.int64) - theirs).astype(np.int64))
    return Difference(1 - now if of_right else now, 1 - then if of_right else then, now - then, p)


def _beyond_promise(ours: Answers, theirs: Answers, groups: NDArray[np.int64], promised: float) -> Difference:
    """Compare wrong answers that are accepted, without those that the promise allows if more are accepted."""
    wrong, before = (answers.accepted & ~answers.right for answers in (ours, theirs))
    more = ours.accepted.astype(np.int64) - theirs.accepted
    allowed = round(PARTS * (1 - promised)) if more.sum() > 0 else 0
    losses = PARTS * (wrong.astype(np.int64) - before) - allowed * more
    p = chance_by_group(np.bincount(groups, losses).astype(np.int64))
    return Difference(float(wrong.mean()), float(before.mean()), float(losses.mean()) / PARTS, p)


def _shares(answers: Answers) -> Shares:
    of_classes, accepted = answers.take(answers.known), answers.accepted
    taken = answers.right[accepted] if len(of_classes) else of_classes.right
    return Shares(
        n=len(answers),
        of_none=len(answers) - len(of_classes),
        right=float(of_classes.right.mean()) if len(of_classes) else None,
        accepted=float(accepted.mean()),
        right_of_accepted=float(taken.mean()) if len(taken) else None,
    )


def joined_groups(*groupings: NDArray[np.str_]) -> NDArray[np.int64]:
    """Join several groupings of N pictures, and return the number of each picture's group, int64 (N,).

    Two pictures are in one group if any grouping has them in one group, directly or through other pictures.

    Args:
        groupings: str (N,) each, the name of each picture's group; empty for a picture on its own.
    """
    numbers = [units_of(groups) for groups in groupings]
    joined = np.arange(len(numbers[0]))
    while True:
        before = joined
        for group in numbers:  # each member takes the least number of its group
            least = np.full(len(group), len(group))
            np.minimum.at(least, group, joined)
            joined = least[group]
        if np.array_equal(joined, before):
            return np.unique(joined, return_inverse=True)[1].astype(np.int64)
