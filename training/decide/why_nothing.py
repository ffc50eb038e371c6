"""Too few pictures to accept an answer: before a training, before a release is calibrated, and after it.

Pure. What is accepted: decide.py and acceptance.py. The sentences: reports/page/advice.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from inference.contract import ACCEPT_NOTHING
from reports.intervals import needed
from reports.page.advice import not_kept, why_none
from reports.page.wording import ENGLISH
from reports.values import HELD_OUT, PHOTOS_OF_TIER, Promise
from training.decide.acceptance import confidence_threshold, promises
from training.decide.answer_sets import AnswerSet
from training.errors import NotShown
from training.progress import Say


def warn_of_few(answers: int, accuracy: float, say: Say) -> None:
    """Warn, before hours of training, where too few answers would choose the thresholds.

    Args:
        answers: of networks that did not learn the picture.
        accuracy: 0..1, share of the accepted answers that is to be promised.
        say: receives the warning.
    """
    if few := _too_few({HELD_OUT: answers}, accuracy):
        say(f"{few} Bring more training pictures.")


def check_enough(tiers: Sequence[str], accuracy: float) -> None:
    """Check, before a network is asked, that there are so many pictures of each tier as a promise takes.

    Args:
        tiers: of the pictures that show a class.
        accuracy: 0..1, share of the accepted answers that is to be promised.

    Raises:
        NotShown: there are fewer; the message says how many are needed, and why.
    """
    if not tiers:
        raise NotShown(
            f"None of the checked pictures shows a class. To show that {100 * accuracy:g}% of the accepted "
            f"answers are right takes {needed(accuracy):,} answers without an error to pictures that show "
            "one, or more with some."
        )
    counts = {f"{PHOTOS_OF_TIER}{tier}": n for tier, n in sorted(Counter(tiers).items())}
    if few := _too_few(counts, accuracy):
        raise NotShown(f"{few} Bring more checked pictures, or ask for less with --accept-right.")


def _too_few(counts: Mapping[str, int], accuracy: float) -> str:
    """What sets of so many pictures cannot show, and what follows; empty where all can."""
    least = needed(accuracy)
    few = [
        Promise(pictures=name, accuracy=accuracy, needed=least, n=n, accepted=0, right=0, lower_bound=0)
        for name, n in counts.items()
        if n < least
    ]
    then = ["Every decision by a threshold that so few choose will be `review`."] if few else []
    return " ".join([*(why_none(promise, ENGLISH) for promise in few), *then])


def calibrated_nothing(of_tiers: Sequence[AnswerSet]) -> str:
    """What the sets lack that alone keep no promise; of all where they fail together alone."""
    promised = [answers for answers in of_tiers if answers.accuracy is not None]
    alone = [answers for answers in promised if confidence_threshold([answers]) >= ACCEPT_NOTHING]
    lacking = alone or promised
    return " ".join(
        [
            *map(_counted, lacking),
            *not_kept(promises(lacking, ACCEPT_NOTHING), ENGLISH),
            "Bring more, ask for less with --accept-right, or train on some of them.",
        ]
    )


def _counted(answers: AnswerSet) -> str:
    n, groups = len(answers.right), 0 if answers.groups is None else len(np.unique(answers.groups))
    of_groups = f" of {groups:,} groups" if 0 < groups < n else ""
    return f"Of {n:,} {answers.pictures}{of_groups}, {int(answers.right.sum()):,} are answered right."
