"""Is a release measurably worse than another one on a set of pictures that both have answered? Pure.

Picture by picture where both keep their answers to the same pictures, else by the figures of their reports.
Each comparison refuses an equally good release once in twenty times at most. What follows from it: gate.py.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, fsum, hypot, lgamma, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_store.evidence import Evidence
from model_store.manifest import Headline
from model_store.predictions import PhotoPredictions, Right
from model_store.report import CROSS_FITTED, PhotoFigures, wilson_interval

LEVEL: Final = 0.05
"""An equally good release is refused once in twenty times."""

Z_95: Final = 1.645
"""One-sided 95% point of the normal distribution."""

ENOUGH_COMMON: Final = 0.5
"""Share of the other release's photos of a tier that both have to have answered, to be compared by photo."""

ENOUGH_OWN: Final = 300
"""Pictures of the publisher's own that stand for a tier that is missing: 299 without an error show that 99%
are right."""

GENERAL_TIERS: Final = frozenset("ABCX")
"""Those of the bundled release; photos of any other tier are the publisher's own."""


@dataclass(frozen=True)
class Comparison:
    """One set of pictures.

    Attributes:
        text: both figures, the name of the other release, and how they were compared.
        worse: the candidate is, by more than chance explains.
    """

    text: str
    worse: bool


def compare_test(candidate: Evidence, other: Evidence) -> Comparison:
    """Compare on the test set that both were measured on.

    Where both keep their predictions by McNemar's exact test, or with all pictures of a group together where
    these are named; else by `noise`.
    """
    ours, theirs = candidate.manifest.headline, other.manifest.headline
    compared = f"test accuracy {ours.test_accuracy:.4f} against {theirs.test_accuracy:.4f} of {other.version}"
    if candidate.right is None or other.right is None:
        allowed = noise(ours, theirs)
        worse = ours.test_accuracy < theirs.test_accuracy - allowed
        return Comparison(f"{compared} (noise {allowed:.4f} with n = {ours.test_n})", worse)
    newly_wrong, newly_right = _changed(candidate.right, other.right)
    of, likely = f"{ours.test_n} pictures", chance(newly_wrong, newly_right)
    if groups := _groups_of_test(candidate, other):
        losses = Counter[str]()
        for group, now, then in zip(groups, candidate.right.tolist(), other.right.tolist(), strict=True):
            losses[group] += then - now
        of, likely = f"{of} in {len(losses)} groups", chance_by_group(losses.values())
    found = f"of {of} {newly_right} newly right, {newly_wrong} newly wrong, p = {likely:.2g}"
    return Comparison(f"{compared} ({found})", likely < LEVEL)


def _groups_of_test(candidate: Evidence, other: Evidence) -> list[str]:
    """The group of each picture of the test set that both have, in its order; empty where neither names it.

    Only the newer of two releases may name its pictures.
    """
    named = candidate.pictures or other.pictures
    groups = [one.group for one in named.values()]
    return groups if len(groups) == candidate.manifest.headline.test_n else []


def compare_common(candidate: Evidence, other: Evidence) -> Comparison | None:
    """Compare on what both answered of two test sets; None for less than ENOUGH_COMMON of the other's."""
    common = common_pictures(candidate, other)
    if not common:
        return None
    what = f"the {len(common):,} pictures of both test sets"
    return _by_photo(what, candidate.pictures, other.pictures, other.version, common)


def common_pictures(candidate: Evidence, other: Evidence) -> list[str]:
    """The named pictures of both test sets; empty where these are not ENOUGH_COMMON of the other's."""
    common = [name for name in other.pictures if name in candidate.pictures]
    return common if len(common) >= ENOUGH_COMMON * len(other.pictures) else []


def compare_tier(candidate: Evidence, other: Evidence, tier: str) -> Comparison | None:
    """Compare on one tier of photos; None where it has no accuracy to compare, as tier X.

    By photo where both answered the same ones, all of a sender together, else by the intervals of both.
    """
    common = common_photos(candidate, other, tier)
    if common:
        return _by_photo(f"tier {tier}", candidate.answers, other.answers, other.version, common)
    return _by_intervals(tier, candidate.tiers[tier], other)


def common_photos(candidate: Evidence, other: Evidence, tier: str) -> list[str]:
    """The photos of a tier that both answered; empty where these are not ENOUGH_COMMON of the other's."""
    theirs = other.answers_of(tier)
    common = [name for name in theirs if name in candidate.answers]
    return common if len(common) >= ENOUGH_COMMON * len(theirs) else []


def lead(ours: PhotoPredictions, theirs: PhotoPredictions) -> float:
    """By how much the first is better on the pictures that both answered, at least one, -1..1."""
    common = [name for name in ours if name in theirs]
    return float(np.mean([ours[name].right - theirs[name].right for name in common]))


def compare_own(candidate: Evidence, other: Evidence) -> Comparison | None:
    """Compare on the publisher's own pictures; None where both answered fewer than ENOUGH_OWN of them.

    Of the candidate those alone count that networks answered which had not learnt them.
    """
    own = {
        tier
        for tier, figures in candidate.tiers.items()
        if tier not in GENERAL_TIERS and figures.split == CROSS_FITTED
    }
    common = [name for name, one in candidate.answers.items() if one.tier in own and name in other.answers]
    if len(common) < ENOUGH_OWN:
        return None
    return _by_photo("own pictures", candidate.answers, other.answers, other.version, common)


@dataclass(frozen=True)
class Changes:
    """Answers to the same pictures before and after a change.

    Attributes:
        newly_right: pictures that are answered rightly only after it.
        newly_wrong: only before it.
        p: of McNemar's exact test, two-sided; pictures of one group count together.
    """

    newly_right: int
    newly_wrong: int
    p: float

    @property
    def better(self) -> bool:
        """Whether more are right than chance explains."""
        return self.p < LEVEL and self.newly_right > self.newly_wrong

    @property
    def worse(self) -> bool:
        """Whether fewer are."""
        return self.p < LEVEL and self.newly_right <= self.newly_wrong


def changes(before: Right, after: Right, keys: Sequence[str] | NDArray[np.str_]) -> Changes:
    """Compare answers picture by picture.

    Args:
        before: bool (N,), where the first answers are right.
        after: the same of the second ones.
        keys: of each picture its group.
    """
    newly_wrong, newly_right = _changed(after, before)
    losses: Counter[str] = Counter()
    for key, then, now in zip(keys, before.tolist(), after.tolist(), strict=True):
        losses[str(key)] += then - now
    p = _two_sided(chance_by_group(losses.values()), chance_by_group([-one for one in losses.values()]))
    return Changes(newly_right, newly_wrong, p)


def decisive() -> int:
    """The fewest pictures, all newly right, that show a better release."""
    return next(count for count in range(1, 100) if _two_sided(chance(0, count), chance(count, 0)) < LEVEL)


def _two_sided(worse: float, better: float) -> float:
    return min(1.0, 2 * min(worse, better))


def chance(worse: int, better: int) -> float:
    """How likely two equally good releases differ so much or more, to the candidate's disadvantage, 0..1.

    McNemar's exact test, one-sided: of the pictures that one of two releases alone is right about, each is as
    likely as the other. Summed here, since scipy is not installed where releases are promoted.

    Args:
        worse: pictures that the other release alone is right about.
        better: pictures that the candidate alone is right about.
    """
    n = worse + better
    return fsum(
        exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2)) for k in range(worse, n + 1)
    )


def chance_by_group(losses: Iterable[int]) -> float:
    """The same for photos of which those of one sender are not independent.

    A randomisation test: of two equally good releases each may as well have given the answers to all photos
    of a sender that the other gave. Exact, and `chance` where each sender has one photo.

    Args:
        losses: by sender, how many photos more the other release is right about; negative for fewer.
    """
    losses = list(losses)
    total = sum(map(abs, losses))
    likely = np.zeros(2 * total + 1)  # of each sum of losses, from -total on
    likely[total] = 1.0
    for loss in filter(None, map(abs, losses)):
        likely = (np.roll(likely, loss) + np.roll(likely, -loss)) / 2
    return float(min(1.0, likely[total + sum(losses) :].sum()))


def noise(first: Headline, second: Headline) -> float:
    """The difference of two accuracies that chance explains, 0..1.

    A one-sided two-proportion z-test at 95% with the pooled accuracy: Z_95 * sqrt(p (1 - p) (1/n + 1/m)).
    For releases that do not keep their predictions; `chance` sees smaller differences.
    """
    n, m = first.test_n, second.test_n
    pooled = (first.test_accuracy * n + second.test_accuracy * m) / (n + m)
    return Z_95 * sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))


def _changed(ours: Right, theirs: Right) -> tuple[int, int]:
    """How many pictures are newly wrong, and how many newly right."""
    return int(np.sum(theirs & ~ours)), int(np.sum(ours & ~theirs))


def _by_photo(
    what: str, ours: PhotoPredictions, theirs: PhotoPredictions, version: str, common: list[str]
) -> Comparison:
    right = np.array([ours[name].right for name in common])
    before = np.array([theirs[name].right for name in common])
    newly_wrong, newly_right = _changed(right, before)
    losses: Counter[str] = Counter()
    for name, now, then in zip(common, right.tolist(), before.tolist(), strict=True):
        losses[ours[name].group] += then - now
    likely = chance_by_group(losses.values())
    return Comparison(
        f"accuracy on {what} {right.mean():.4f} against {before.mean():.4f} of {version} (of "
        f"{len(common)} pictures in {len(losses)} groups {newly_right} newly right, {newly_wrong} newly "
        f"wrong, p = {likely:.2g})",
        likely < LEVEL,
    )


def _by_intervals(tier: str, ours: PhotoFigures, other: Evidence) -> Comparison | None:
    """Worse if the 95% interval of the difference, from those of both, is below zero.

    Of two independent sets of photos (Zou and Donner 2008, Statistics in Medicine 27, 1693).
    """
    theirs = other.tiers[tier]
    first, second = _accuracy(ours), _accuracy(theirs)
    if first is None or second is None:
        return None
    (now, _, upper), (then, lower, _) = first, second
    return Comparison(
        f"accuracy on tier {tier} {now:.4f} against {then:.4f} of {other.version} (by the intervals of "
        f"{ours.n} and {theirs.n} photos)",
        now - then + hypot(upper - now, then - lower) < 0,
    )


def _accuracy(figures: PhotoFigures) -> tuple[float, float, float] | None:
    """Macro accuracy and its interval; where a report has none, accuracy and Wilson's."""
    if figures.macro_accuracy is not None and figures.macro_accuracy_interval is not None:
        return (figures.macro_accuracy, *figures.macro_accuracy_interval)
    if figures.accuracy is None:
        return None
    return (figures.accuracy, *wilson_interval(figures.accuracy * figures.n, figures.n))
