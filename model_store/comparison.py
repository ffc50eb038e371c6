"""Is a release measurably worse than another one on a set of pictures that both have answered? Pure.

Picture by picture where both keep their answers to the same pictures, else by the figures of their reports.
Pictures whose truth differs between the two do not count: each release would be judged by its own labels.
What follows from all comparisons of one publish together: gate.py.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import erfc, exp, fsum, hypot, lgamma, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_store.answers import NONE_OF_THESE, TEST_SET, Answers, units_of
from model_store.evidence import Evidence
from model_store.manifest import Headline
from model_store.report import CROSS_FITTED, Z_95, PhotoFigures, wilson_interval

LEVEL: Final = 0.05
"""An equally good release is refused once in twenty times, by all comparisons of one publish together."""

ENOUGH_COMMON: Final = 0.5
"""Share of the other release's photos of a tier that both have to have answered, to be compared by photo."""

ENOUGH_OWN: Final = 300
"""Pictures of the publisher's own that stand for a tier that is missing: 299 without an error show that 99%
are right."""

GENERAL_TIERS: Final = frozenset("ABCX")
"""Those of the bundled release; photos of any other tier are the publisher's own."""

OTHER_THINGS: Final = "X"
"""The tier of photos that show none of the classes."""

Z_ONE_SIDED: Final = 1.645
"""One-sided 95% point of the normal distribution."""

DRAWS: Final = 4999
"""Of the randomisation test of accepted answers; its seed is 0, so that a verdict repeats."""

Right = NDArray[np.bool_]
"""Bool (N,), whether a release is right about each picture."""


@dataclass(frozen=True)
class Comparison:
    """One figure on one set of pictures.

    Attributes:
        text: both figures, the name of the other release, and how they were compared.
        p: how likely two equally good releases differ so much or more, to the candidate's disadvantage.
        loss: by how much the candidate's share is worse, -1..1.
    """

    text: str
    p: float
    loss: float


def worse(compared: Sequence[Comparison]) -> list[Comparison]:
    """Those that show a worse release, by Holm's correction (1979): LEVEL holds for all of them together."""
    found = []
    for place, one in enumerate(sorted(compared, key=lambda one: one.p)):
        if one.p >= LEVEL / (len(compared) - place):
            break
        found.append(one)
    return found


def compare_test(candidate: Evidence, other: Evidence) -> list[Comparison]:
    """Compare on the test set that both were measured on: accuracy, and what is accepted.

    Where both keep their answers picture by picture, all pictures of a group together; else by `noise`.
    """
    ours, theirs = candidate.answers.of_set(TEST_SET), other.answers.of_set(TEST_SET)
    if len(ours) and len(ours) == len(theirs):
        return list(_by_picture("test accuracy", ours, theirs, other, TEST_SET))
    mine, its = candidate.manifest.headline, other.manifest.headline
    loss, allowed = its.test_accuracy - mine.test_accuracy, noise(mine, its)
    text = (
        f"test accuracy {mine.test_accuracy:.4f} against {its.test_accuracy:.4f} of {other.version} "
        f"(noise {allowed:.4f} with n = {mine.test_n})"
    )
    return [Comparison(text, _one_sided(loss, allowed / Z_ONE_SIDED), loss)]


def compare_common(candidate: Evidence, other: Evidence) -> list[Comparison]:
    """Compare on what both answered of two test sets; nothing for less than ENOUGH_COMMON of the other's."""
    ours, theirs = common(candidate, other, TEST_SET)
    if not len(ours):
        return []
    what = f"accuracy on the {len(ours):,} pictures of both test sets"
    return list(_by_picture(what, ours, theirs, other, TEST_SET))


def compare_tier(candidate: Evidence, other: Evidence, tier: str) -> list[Comparison]:
    """Compare on one tier of photos that both were measured on.

    By photo where both answered the same ones, all of a sender together, else by the intervals of both.
    """
    ours, theirs = common(candidate, other, tier)
    if len(ours):
        return list(_by_picture(f"accuracy on tier {tier}", ours, theirs, other, tier))
    return list(_by_intervals(tier, candidate.tiers[tier], other))


def common(candidate: Evidence, other: Evidence, name: str) -> tuple[Answers, Answers]:
    """The rows of one set that both answered; none where these are not ENOUGH_COMMON of the other's."""
    alike = (candidate.answers.sets == TEST_SET) == (name == TEST_SET)
    ours, theirs = matched(candidate.answers.take(alike), other.answers.of_set(name))
    enough = len(theirs) >= ENOUGH_COMMON * int((other.answers.sets == name).sum())
    return (ours, theirs) if enough else (ours.take(np.zeros(len(ours), bool)),) * 2


def matched(ours: Answers, theirs: Answers) -> tuple[Answers, Answers]:
    """The rows of both that name the same pictures, in the same order."""
    places = {name: place for place, name in enumerate(ours.pictures.tolist()) if name}
    pairs = [(places[name], place) for place, name in enumerate(theirs.pictures.tolist()) if name in places]
    chosen = np.array(pairs, np.int64).reshape(-1, 2)
    return ours.take(chosen[:, 0]), theirs.take(chosen[:, 1])


def compare_own(candidate: Evidence, other: Evidence) -> list[Comparison]:
    """Compare on the publisher's own pictures; nothing where both answered fewer than ENOUGH_OWN of them.

    Of the candidate those alone count that networks answered which had not learnt them. A child of the other
    keeps what that answers to them: then any number will do, since these are what the child was made for.
    """
    own = {
        tier
        for tier, figures in candidate.tiers.items()
        if tier not in GENERAL_TIERS and figures.split == CROSS_FITTED
    }
    mine = candidate.answers.take(np.isin(candidate.answers.sets, sorted(own)))
    asked, stored = _asked(candidate, other), other.answers.take(other.answers.sets != TEST_SET)
    ours, theirs = matched(mine, stored + asked.take(~np.isin(asked.pictures, stored.pictures)))
    if not len(ours) or (not len(asked) and len(ours) < ENOUGH_OWN):
        return []
    return list(_by_picture("accuracy on own pictures", ours, theirs, other, None))


def contradictions(candidate: Evidence, other: Evidence) -> int:
    """How many pictures the other answered otherwise than the candidate, its child, says that it does."""
    asked, stored = matched(_asked(candidate, other), other.answers.take(other.answers.sets != TEST_SET))
    return int((asked.predicted != stored.predicted).sum())


def _asked(candidate: Evidence, other: Evidence) -> Answers:
    """The answers of the other that the candidate, its child, keeps."""
    return candidate.of_parent.take(candidate.of_parent.by == other.version)


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

    A one-sided two-proportion z-test at 95% with the pooled accuracy: 1.645 sqrt(p (1 - p) (1/n + 1/m)).
    For releases that do not keep their predictions; `chance` sees smaller differences.
    """
    n, m = first.test_n, second.test_n
    pooled = (first.test_accuracy * n + second.test_accuracy * m) / (n + m)
    return Z_ONE_SIDED * sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))


def _one_sided(loss: float, error: float) -> float:
    """The chance of such a loss, by the normal distribution."""
    if not error:
        return float(loss <= 0)
    return erfc(loss / error / sqrt(2)) / 2


def _changed(ours: Right, theirs: Right) -> tuple[int, int]:
    """How many pictures are newly wrong, and how many newly right."""
    return int(np.sum(theirs & ~ours)), int(np.sum(ours & ~theirs))


def _by_picture(
    what: str, ours: Answers, theirs: Answers, other: Evidence, name: str | None
) -> Iterator[Comparison]:
    """Accuracy of those that show a class, and what is accepted, row by row; `name` is of the set."""
    same = ours.truth == theirs.truth
    other_truth = int((~same).sum())
    ours, theirs = ours.take(same), theirs.take(same)
    shown = ours.truth != NONE_OF_THESE
    if shown.any():
        compared = _accuracies(what, ours.take(shown), theirs.take(shown), other.version)
        left_out = f"; {other_truth} with another truth did not count" if other_truth else ""
        yield Comparison(f"{compared.text}{left_out}", compared.p, compared.loss)
    if not (len(ours) and ours.decided and theirs.decided):
        return
    if name == OTHER_THINGS:
        yield _accepted_of_other_things(ours, theirs, other.version)
    elif (promised := other.promised.get(name or "")) is not None:
        yield from _accepted(name or "", ours, theirs, other.version, promised)


def _accuracies(what: str, ours: Answers, theirs: Answers, version: str) -> Comparison:
    newly_wrong, newly_right = _changed(ours.right, theirs.right)
    groups = _groups(ours, theirs)
    likely = chance_by_group(_sums(groups, theirs.right.astype(int) - ours.right))
    now, then = float(ours.right.mean()), float(theirs.right.mean())
    return Comparison(
        f"{what} {now:.4f} against {then:.4f} of {version} (of {len(ours)} pictures in {groups.max() + 1} "
        f"groups {newly_right} newly right, {newly_wrong} newly wrong, p = {likely:.2g})",
        likely,
        then - now,
    )


def _groups(ours: Answers, theirs: Answers) -> NDArray[np.int64]:
    """The group of each row, numbered; a row that neither release names a group of is its own."""
    return units_of(np.where(ours.groups != "", ours.groups, theirs.groups))


def _sums(groups: NDArray[np.int64], values: NDArray[np.integer] | Right) -> list[int]:
    """The sum of each group's values."""
    return [int(one) for one in np.bincount(groups, values)]


def _accepted_of_other_things(ours: Answers, theirs: Answers, version: str) -> Comparison:
    """Photos of other things should not be accepted."""
    more = _sums(_groups(ours, theirs), ours.accepted.astype(int) - theirs.accepted)
    likely, now, then = chance_by_group(more), ours.accepted.mean(), theirs.accepted.mean()
    text = f"of tier {OTHER_THINGS} {now:.1%} accepted against {then:.1%} of {version} (p = {likely:.2g})"
    return Comparison(text, likely, float(now - then))


def _accepted(
    name: str, ours: Answers, theirs: Answers, version: str, promised: float
) -> Iterator[Comparison]:
    """The share wrong among the accepted, where that is above what is promised; more accepted is no fault."""
    wrong, before = (_share(~one.right & one.accepted, one.accepted) for one in (ours, theirs))
    text = (
        f"of {name if name == TEST_SET else f'tier {name}'} {ours.accepted.mean():.1%} accepted, "
        f"{1 - wrong:.1%} of these right, against "
        f"{theirs.accepted.mean():.1%} and {1 - before:.1%} of {version}"
    )
    likely = 1.0
    if wrong > 1 - promised and wrong > before:
        likely = _chance_of_wrong(_groups(ours, theirs), ours, theirs)
    yield Comparison(f"{text} ({promised:.0%} promised, p = {likely:.2g})", likely, wrong - before)


def _share(some: Right, of: Right) -> float:
    return float(some.sum() / of.sum()) if of.any() else 0.0


def _chance_of_wrong(groups: NDArray[np.int64], ours: Answers, theirs: Answers) -> float:
    """A randomisation test: each group's answers may as well have come from the other release."""
    counts = [
        np.array([_sums(groups, one.accepted), _sums(groups, one.accepted & ~one.right)], np.float64)
        for one in (ours, theirs)
    ]
    swapped = (counts[1] - counts[0])[:, (counts[0] != counts[1]).any(axis=0)]
    draws = np.random.default_rng(0).integers(0, 2, (DRAWS, swapped.shape[1])).astype(np.float64)
    moved = swapped @ draws.T
    now, then = counts[0].sum(axis=1)[:, None] + moved, counts[1].sum(axis=1)[:, None] - moved
    drawn = now[1] / np.maximum(now[0], 1) - then[1] / np.maximum(then[0], 1)
    seen = _share(~ours.right & ours.accepted, ours.accepted)
    seen -= _share(~theirs.right & theirs.accepted, theirs.accepted)
    return float((1 + np.sum(drawn >= seen - 1e-12)) / (DRAWS + 1))


Interval = tuple[float, float, float]
"""A share, and the ends of its 95% interval."""


def _by_intervals(tier: str, ours: PhotoFigures, other: Evidence) -> Iterator[Comparison]:
    """By the figures of two reports, of two independent sets of photos."""
    theirs, by = other.tiers[tier], f"by the intervals of {ours.n} and {other.tiers[tier].n} photos"
    first, second = _accuracy(ours), _accuracy(theirs)
    if first is not None and second is not None:
        text = f"accuracy on tier {tier} {first[0]:.4f} against {second[0]:.4f} of {other.version} ({by})"
        yield Comparison(text, _difference(first, second), second[0] - first[0])
    if tier == OTHER_THINGS:
        now, then = (_wilson(one.decisions.coverage, one.n) for one in (ours, theirs))
        text = f"of tier {tier} {now[0]:.1%} accepted against {then[0]:.1%} of {other.version} ({by})"
        yield Comparison(text, _difference(then, now), now[0] - then[0])
    elif (promised := other.promised.get(tier)) is not None:
        yield from _accepted_by_intervals(tier, ours, other, promised)


def _accepted_by_intervals(
    tier: str, ours: PhotoFigures, other: Evidence, promised: float
) -> Iterator[Comparison]:
    theirs = other.tiers[tier]
    first, second = ours.decisions, theirs.decisions
    if first.accuracy is None or second.accuracy is None:
        return
    now, then = (
        (one.accuracy, *one.accuracy_interval)
        if one.accuracy is not None and one.accuracy_interval is not None
        else _wilson(one.accuracy or 0.0, max(1, round(one.coverage * n)))
        for one, n in ((first, ours.n), (second, theirs.n))
    )
    likely = _difference(now, then) if now[0] < promised else 1.0
    text = (
        f"of tier {tier} {first.coverage:.1%} accepted, {now[0]:.1%} of these right, against "
        f"{second.coverage:.1%} and {then[0]:.1%} of {other.version} "
        f"({promised:.0%} promised, p = {likely:.2g})"
    )
    yield Comparison(text, likely, then[0] - now[0])


def _wilson(share: float, n: int) -> Interval:
    return (share, *wilson_interval(share * n, n))


def _difference(lower: Interval, higher: Interval) -> float:
    """The chance that the first share is so far below the second, from the intervals of both.

    Of two independent sets of photos (Zou and Donner 2008, Statistics in Medicine 27, 1693).
    """
    (now, _, upper), (then, low, _) = lower, higher
    return _one_sided(then - now, hypot(upper - now, then - low) / Z_95)


def _accuracy(figures: PhotoFigures) -> Interval | None:
    """Macro accuracy and its interval; where a report has none, accuracy and Wilson's."""
    if figures.macro_accuracy is not None and figures.macro_accuracy_interval is not None:
        return (figures.macro_accuracy, *figures.macro_accuracy_interval)
    if figures.accuracy is None:
        return None
    return (figures.accuracy, *wilson_interval(figures.accuracy * figures.n, figures.n))
