"""What the parent of a release answers to people's corrections, which the gate compares.

Of the new release its folds answer them, each of which did not learn the pictures that it answers.
"""

import numpy as np

from model_store.local import LocalRelease
from model_store.networks import open_networks
from reports.answers import ACCEPT, NONE_OF_THESE, Answers
from training.data.labels import OOD
from training.data.learnt_hashes import NOTHING, load_learnt
from training.data.pictures import Pictures
from training.errors import BadPictures
from training.measure.evaluate import predicted


def compared_of(photos: Pictures, parent: LocalRelease) -> Pictures:
    """Those that the parent did not learn.

    Raises:
        BadPictures: none of these shows a class.
    """
    known = load_learnt(parent.folder) or NOTHING
    found = photos.take(np.flatnonzero(~known.has(photos.sha256)))
    if not (found.classes != OOD).any():
        raise BadPictures(
            f"--photos: none of these {len(photos):,} pictures shows a class and is new to {parent.version}, "
            "so nothing can be compared. Correct others, or begin with the release before it."
        )
    return found


def answers_of_parent(parent: LocalRelease, shown: Pictures) -> Answers:
    """What the parent answers to the pictures that are compared; the release keeps it, for the gate.

    Args:
        parent: the release that was trained further.
        shown: of `compared_of`.
    """
    answers = predicted(open_networks(parent)["photos"], shown)
    return Answers.of(
        shown.tiers,
        np.maximum(shown.classes, NONE_OF_THESE),
        [answer.answer.class_id for answer in answers],
        pictures=shown.sha256,
        groups=shown.groups,
        networks="photos",
        familiarity=[np.nan if answer.familiarity is None else answer.familiarity for answer in answers],
        decisions=[answer.answer.reason or ACCEPT for answer in answers],
        by=parent.version,
        kinds=shown.kinds,
        sources=shown.sources,
    )
