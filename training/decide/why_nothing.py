"""Why no answer is accepted, and what would help: before a training, after it, of attributes and calibration.

Pure. What is accepted: decide.py and acceptance.py. The page of a report says it in the reader's language:
reports/page/sentences.py.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from reports.intervals import SURENESS, needed
from reports.page.sentences import ways_on
from reports.page.wording import ENGLISH
from reports.values import HELD_OUT, PossiblePromise, Promise, Report
from training.decide.acceptance import TARGETS, possible_promises
from training.decide.answer_sets import AnswerSet
from training.errors import NotShown


def promised_in_words(report: Report) -> list[str]:
    """What a release accepts at which promise, or why nothing is and what would help, a sentence each."""
    stuck = list(ways_on(report, ENGLISH))
    return stuck or [*broken_promises(report.promises), *in_words(report.possible_promises)]


def in_words(possible: Sequence[PossiblePromise]) -> Iterator[str]:
    """A line for each share that must be right: what is accepted, or what it takes.

    A line that would repeat the one before says why.
    """
    before = None
    for promise in possible:
        yield f"If {100 * promise.accuracy:g}% must be right: {_accepted(promise, before)}"
        before = promise


def _accepted(promise: PossiblePromise, before: PossiblePromise | None) -> str:
    if promise.right is None or promise.lower_bound is None or promise.confidence is None:
        return f"none is accepted. {_takes(promise.accuracy)}"
    if before is not None and before.confidence == promise.confidence:
        return (
            f"the same answers are accepted as for {100 * before.accuracy:g}%, since at least "
            f"{promise.lower_bound:.1%} of them are right."
        )
    return (
        f"{promise.accepted:.0%} of the answers are accepted, those of confidence {promise.confidence:.0%} "
        f"or more. {promise.right:.1%} of them were right here, so of all such answers at least "
        f"{promise.lower_bound:.1%} are ({SURENESS:.0%} sure)."
    )


def _takes(accuracy: float) -> str:
    return f"That takes {needed(accuracy):,} without an error, or more with some."


def _not_shown(answers: str, accuracy: float, of_these: str = "the accepted ones") -> str:
    """That some answers show too little, and how many it takes."""
    return f"{answers} do not show that {100 * accuracy:g}% of {of_these} are right. {_takes(accuracy)}"


def broken_promises(promised: Sequence[Promise]) -> list[str]:
    """Why nothing is accepted, a sentence for each promise with too few answers, or else for all.

    Where something is, by the parent's threshold, that it is not shown for these pictures.

    Args:
        promised: from `promises`, of one network: its sets share a threshold, so they are reported together.
    """
    broken = [promise for promise in promised if promise.lower_bound < promise.accuracy]
    not_shown = [
        "Not shown for your pictures: "
        f"{_not_shown(f'{promise.accepted:,} accepted {promise.pictures}', promise.accuracy, 'them')} "
        "The parent's threshold stays."
        for promise in broken
        if promise.accepted
    ]
    if all(promise.accepted for promise in broken):
        return not_shown
    return not_shown + [
        f"Every answer{'' if promise.pictures == HELD_OUT else ' to photos'} will be `review`: "
        f"{_not_shown(f'{promise.n:,} answers to {promise.pictures}', promise.accuracy)}"
        for promise in [promise for promise in promised if promise.n < promise.needed] or promised
    ]


def warning_of_few(answers: int, accuracy: float) -> str | None:
    """The warning before a training whose thresholds would come from too few answers, if any.

    Args:
        answers: of networks that did not learn the picture.
        accuracy: 0..1, share of the accepted answers that is to be promised.
    """
    if answers >= needed(accuracy):
        return None
    return (
        f"{answers} pictures can show how often accepted answers are right. With fewer than "
        f"{needed(accuracy)}, every decision by the thresholds that they choose will be `review`: bring more "
        "training pictures."
    )


def check_enough(tiers: Sequence[str], accuracy: float) -> None:
    """Check, before a network is asked, that there are so many pictures of each tier as a promise takes.

    Args:
        tiers: of the pictures that show a class.
        accuracy: 0..1, share of the accepted answers that is to be promised.

    Raises:
        NotShown: there are fewer; the message says how many are needed, and why.
    """
    counts = Counter(tiers)
    few = [f"{n:,} of tier {tier}" for tier, n in sorted(counts.items()) if n < needed(accuracy)]
    if few or not counts:
        raise NotShown(
            f"Too few checked pictures: {', '.join(few) or 'none shows a class'}. To show with "
            f"{SURENESS:.0%} certainty that {100 * accuracy:g}% of accepted answers are right takes "
            f"{needed(accuracy):,} accepted pictures of each tier without an error, and more with some. "
            "Bring more, or ask for less with --accept-right."
        )


def calibrated_nothing(of_tiers: Sequence[AnswerSet], accuracy: float) -> str:
    """What a tier lacks that alone keeps no promise; of the first one where they fail together alone."""
    possible = {
        answers.pictures: [promise for promise in possible_promises(answers) if promise.accuracy == accuracy]
        for answers in of_tiers
    }
    answers = min(of_tiers, key=lambda of_tier: possible[of_tier.pictures][0].accepted > 0)
    groups = 0 if answers.groups is None else len(np.unique(answers.groups))
    of_groups = f" of {groups:,} groups" if groups and groups < len(answers.right) else ""
    right, lines = int(answers.right.sum()), " ".join(in_words(possible[answers.pictures]))
    return (
        f"{len(answers.right):,} {answers.pictures}{of_groups}, {right:,} of them answered right, do not "
        f"show with {SURENESS:.0%} certainty that {100 * accuracy:g}% of any accepted ones are right. "
        f"{lines} Bring more, ask for less with --accept-right, or train on some of them."
    )


def attribute_accepts_nothing(answers: AnswerSet, accuracy: float) -> str:
    """The same of an attribute, whose share of right answers is that of the class."""
    sentence = _not_shown(f"{len(answers.right):,} answers", accuracy)
    if accuracy <= TARGETS[0]:
        return sentence
    less = possible_promises(answers)[0]
    if less.right is None:
        return (
            f"{sentence} Nor do they show {less.accuracy:.0%}: people look at each, and the sheet of "
            "`wardrobe label --review` begins with the least sure ones."
        )
    at = f"--accept-right {less.accuracy:g}"
    return f"{sentence} {at}, of the class as well, would accept {less.accepted:.0%}."
