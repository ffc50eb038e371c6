"""Compare a release that learnt people's corrections with its parent, before and after.

The parent answers the user's pictures; of the new release its folds do, each of
which did not learn the pictures that it answers. The verdict comes from the pictures of an audit alone: what
was looked at because the parent doubted it holds more of its errors than the catalogue does, so that an
equally good release would seem better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labelling.review.corrections import corrections_of_files
from model_store.local import LocalRelease
from model_store.networks import open_networks
from reports.acceptance import needed
from reports.answers import ACCEPT, NAME_LENGTH, Answers
from reports.comparison import LEVEL, chance, changes, decisive
from reports.values import Report
from training.errors import BadPictures
from training.pictures.learnt import NOTHING, load_learnt
from training.pictures.photos import OOD
from training.pictures.table import Pictures
from training.progress import Progress

PROMISED: Final = 0.95
"""Share of right ones among accepted answers to photos that releases promise."""

BETTER, WORSE, OPEN, NO_AUDIT = "better", "worse", "too few to say", "no audit"


@dataclass(frozen=True)
class OwnPictures:
    """Parent and new release on the user's pictures that show a class.

    Attributes:
        n: pictures that neither learnt before answering.
        right: of each, the parent first.
        newly_right: that the new release alone is right about.
        newly_wrong: that the parent alone is right about.
        accepted: shares of each, 0..1.
        audited: of these pictures, those that were drawn at random; what follows is of them alone.
        audit_right: as `right`.
        p: of a randomisation test by group, two-sided. None without an audit.
        detectable: the smallest difference of the shares of right answers that could have been seen, 0..1.
        verdict: BETTER, WORSE, OPEN or NO_AUDIT.
    """

    n: int
    right: tuple[int, int]
    newly_right: int
    newly_wrong: int
    accepted: tuple[float, float]
    audited: int
    audit_right: tuple[int, int]
    p: float | None
    detectable: float | None
    verdict: str

    def sentence(self) -> str:
        """The verdict, and why."""
        if self.p is None or self.detectable is None:
            return (
                "No verdict: none of these pictures was drawn at random, and those that the parent doubted "
                "hold more of its errors than your catalogue. `wardrobe label --review` draws some."
            )
        before, after = self.audit_right
        counts = (
            f"Of {self.audited:,} pictures drawn at random, the parent is right about {before:,} and the new "
            f"release about {after:,} (p = {self.p:.2g})"
        )
        if self.verdict == OPEN:
            return f"{counts}: too few to say. A difference of {self.detectable:.1%} could have been seen."
        return f"{counts}: the new release is {self.verdict} on your catalogue."


def announce(photos: Pictures, progress: Progress) -> None:
    """Say how many pictures are compared, and what so few can show."""
    n = len(photos)
    progress.say(
        f"{n:,} pictures are compared, each answered by a head that did not learn it. Of those drawn at "
        f"random (an audit), {decisive()} newly right ones show a better release, with none newly wrong; "
        f"{needed(PROMISED)} accepted answers without an error show that {PROMISED:.0%} are right."
    )
    if n < decisive():
        progress.warn(
            f"{n} pictures cannot show that a release is better, whatever it answers. Correct more."
        )


def compared_of(photos: Pictures, parent: LocalRelease) -> Pictures:
    """Those that show a class and that the parent did not learn.

    Raises:
        BadPictures: there are none.
    """
    known = load_learnt(parent.folder) or NOTHING
    found = photos.take(np.flatnonzero((photos.labels != OOD) & ~known.has(photos.sha256)))
    if not len(found):
        raise BadPictures(
            f"--photos: none of these {len(photos):,} pictures shows a class and is new to {parent.version}, "
            "so nothing can be compared. Correct others, or begin with the release before it."
        )
    return found


def audited_in(corrections: Path) -> frozenset[str]:
    """The sha256 of the pictures that an audit drew at random."""
    found = corrections_of_files([corrections])
    return frozenset(found.hashes[path] for path in found.audited)


def answers_of_parent(parent: LocalRelease, shown: Pictures) -> Answers:
    """What the parent answers to the pictures that are compared; the release keeps it, for the gate.

    Args:
        parent: the release that was trained further.
        shown: of `compared_of`.
    """
    answers = open_networks(parent).network("photos").classify(shown.images, shown.shown)
    return Answers.of(
        shown.tiers,
        shown.labels.astype(np.int64),
        [one.class_id for one in answers],
        pictures=shown.sha256,
        groups=shown.groups,
        networks="photos",
        familiarity=[np.nan if one.familiarity is None else one.familiarity for one in answers],
        decisions=[one.reason or ACCEPT for one in answers],
        by=parent.version,
        shown=shown.shown,
        kinds=shown.kinds,
        sources=shown.sources,
    )


def compare_with_parent(
    before: Answers, after: Answers, report: Report, shown: Pictures, audited: frozenset[str]
) -> OwnPictures:
    """Compare the answers of the parent with the cross-fitted ones of the new release.

    Args:
        before: of `answers_of_parent`, to N pictures.
        after: of the new release, to these pictures among others.
        report: of the new release.
        shown: N, of `compared_of`; the folds answered them.
        audited: the sha256 of those that were drawn at random, and perhaps of others.
    """
    right = dict(zip(after.pictures.tolist(), after.right.tolist(), strict=True))
    now = np.mean([report.photos[tier].decisions.coverage for tier in shown.tiers])
    return judged(
        before.right,
        np.array([right[sha256[:NAME_LENGTH]] for sha256 in shown.sha256]),
        shown.groups,
        (float(before.accepted.mean()), float(now)),
        np.array([sha256 in audited for sha256 in shown.sha256]),
    )


def tiers_not_measured(report: Report, before: Report, version: str) -> dict[str, str]:
    """The tiers that a release was not measured on again, with the version of the ancestor that was.

    Args:
        report: of the release.
        before: its parent's.
        version: the parent's.
    """
    tiers = before.not_measured | dict.fromkeys(before.photos, version)
    return {tier: measured for tier, measured in tiers.items() if tier not in report.photos}


def judged(
    before: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    after: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    keys: Sequence[str] | NDArray[np.str_],
    accepted: tuple[float, float],
    sampled: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
) -> OwnPictures:
    """Two releases on the same pictures.

    Args:
        before: bool (N,), where the parent is right.
        after: bool (N,), where the new release is.
        keys: of each picture its group.
        accepted: shares of each, 0..1.
        sampled: bool (N,), which were drawn at random.
    """
    every = changes(before, after, keys)
    found = changes(before[sampled], after[sampled], np.array(keys)[sampled])
    n = int(sampled.sum())
    return OwnPictures(
        n=len(before),
        right=(int(before.sum()), int(after.sum())),
        newly_right=every.newly_right,
        newly_wrong=every.newly_wrong,
        accepted=accepted,
        audited=n,
        audit_right=(int(before[sampled].sum()), int(after[sampled].sum())),
        p=found.p if n else None,
        detectable=_detectable(n, found.newly_right + found.newly_wrong) if n else None,
        verdict=NO_AUDIT if not n else BETTER if found.better else WORSE if found.worse else OPEN,
    )


def _detectable(n: int, changed: int) -> float:
    """The smallest difference that so many changed answers among `n` would have shown, 0..1."""
    changed = max(changed, decisive())
    nets = range(changed % 2, changed + 1, 2)
    net = next(net for net in nets if chance((changed + net) // 2, (changed - net) // 2) < LEVEL)
    return min(1.0, net / n)
