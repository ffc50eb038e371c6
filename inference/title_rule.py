"""The rule for a garment that words name and a photo shows: the words say the kind, the photo checks.

Pure functions of numbers and names, for one photo as for the photos of a product. words.py reads the words,
decision.py has the rule for a photo alone, and a release's report says from which shares words may decide.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from inference.decision import Decision
from inference.kinds import KINDS
from inference.reasons import DecidedBy, Reason
from inference.recognition import label_kinds

MOST: Final = 0.7
"""Share of what the photo gives to all that the words admit, which one of these needs."""

OTHER: Final = "other"
"""What the attribute `kind` answers where it has no name for a garment."""

NONE: Final = "none of these"
"""The class of a garment that is none of the release's."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the labels of a release are called among KINDS.

    Attributes:
        classes: the kinds of each class, in their order; empty for a class that the words do not know.
        kinds: the labels of the attribute `kind`; empty where there is none, or where its labels are others.
    """

    classes: Mapping[str, frozenset[str]]
    kinds: tuple[str, ...] = ()

    @property
    def answered(self) -> frozenset[str]:
        """The kinds that some label is."""
        named = frozenset(self.kinds) - {OTHER}
        return named or frozenset[str]().union(*self.classes.values())

    @property
    def has_other(self) -> bool:
        """Whether what has no name is answered, too."""
        return OTHER in self.kinds


@lru_cache
def names_of(labels: tuple[str, ...], kinds: tuple[str, ...] | None, language: str) -> Names:
    """What the labels of a release are called.

    Args:
        labels: its classes.
        kinds: the labels of its attribute `kind`; None without one.
        language: of the words.
    """
    is_of_kinds = kinds is not None and {*kinds} <= {*KINDS, OTHER}
    return Names(classes=label_kinds(labels, language), kinds=(kinds or ()) if is_of_kinds else ())


@dataclass(frozen=True, kw_only=True)
class Shares:
    """From which share of the photo words decide, as a release's report shows it.

    Attributes:
        named: of the names of `Names.answered`; None where words decide nothing.
        other: of OTHER, where words name what has no name; None where such words decide nothing.
    """

    named: float | None = None
    other: float | None = None


NO_SHARES: Final = Shares()


@dataclass(frozen=True, kw_only=True)
class Alone:
    """What a photo says alone, or the photos of a product.

    Attributes:
        label: the class.
        reason: of its review; None where it is accepted.
        kind: what the attribute `kind` answers; None without one.
        is_kind_accepted: whether that is accepted.
        classes: the probability of each class, in the order of `Names.classes`. Of a product the mean over
            all its photos, unfamiliar ones too.
        kinds: the same of `Names.kinds`; empty without them.
    """

    label: str
    reason: Reason | None
    classes: Sequence[float]
    kind: str | None = None
    is_kind_accepted: bool = False
    kinds: Sequence[float] = ()


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What words and photo say together.

    Attributes:
        label: a class, or NONE; of a review what is suggested.
        kind: one of KINDS, or OTHER; None where none is known.
        reason: of a review.
        decided_by: whose answer it is.
    """

    label: str
    kind: str | None
    decision: Decision
    reason: Reason | None
    decided_by: DecidedBy


def decide_listed(admitted: frozenset[str], alone: Alone, names: Names, shares: Shares) -> Listed:
    """Decide what words and photo say together.

    What the photo accepts and the words admit stays. Else the words decide where the photo gives what they
    admit its least share; where it does not, the two contradict each other.

    Args:
        admitted: the kinds that the words admit; empty where they say nothing.
        alone: what the photo says.
        names: of the release.
        shares: of the release; NO_SHARES where it shows nothing, and for a network of which it does not.
    """
    least = least_of(admitted, names, shares)
    if least is None:
        return _as_veto(admitted, alone, names)
    return _accepted(admitted, alone, names) or _by_list(admitted, alone, names, least)


def least_of(admitted: frozenset[str], names: Names, shares: Shares) -> float | None:
    """From which share some words decide; None where they say nothing, or decide nothing."""
    if admitted & names.answered:
        return shares.named
    return shares.other if admitted and names.has_other else None


def admits(admitted: Collection[str], kinds: Collection[str]) -> bool | None:
    """Whether words admit what is one of some kinds; None where one of the two says nothing."""
    return not frozenset(admitted).isdisjoint(kinds) if admitted and kinds else None


def _as_veto(admitted: Collection[str], alone: Alone, names: Names) -> Listed:
    """What the photo alone says, or a review where it accepts what the words do not admit."""
    if alone.reason is None and admits(admitted, names.classes[alone.label]) is False:
        return _review(Reason.TITLE_CONFLICT, admitted, alone, names)
    kind = alone.kind if _has_kind(alone, names) else _kind_of(alone.label, alone, names)
    return Listed(
        label=alone.label,
        kind=None if admits(admitted, {kind or OTHER}) is False else kind,
        decision="review" if alone.reason else "accept",
        reason=alone.reason,
        decided_by=DecidedBy.MODEL,
    )


def _accepted(admitted: Collection[str], alone: Alone, names: Names) -> Listed | None:
    """The answer that the photo accepts and the words admit; None where there is none."""
    own, has_class = names.classes[alone.label], alone.reason is None
    kind = alone.kind if _has_kind(alone, names) else None
    by_class = has_class and admits(admitted, own) is not False
    if not by_class and kind not in admitted:
        return None
    if has_class and own and kind is not None and kind not in own:
        return _review(Reason.AMBIGUOUS, admitted, alone, names)
    if not by_class:
        return _of_kind(str(kind), admitted, alone, names, DecidedBy.MODEL)
    kind = kind or _kind_of(alone.label, alone, names, admitted)
    return Listed(label=alone.label, kind=kind, decision="accept", reason=None, decided_by=DecidedBy.MODEL)


def _by_list(admitted: frozenset[str], alone: Alone, names: Names, least: float) -> Listed:
    """The answer that the words admit and the photo confirms, or a review.

    A release that does not answer OTHER cannot distinguish what it has no name for from what it has one for.
    """
    named, without_name = _admitted_shares(admitted, alone, names), admitted - names.answered
    other = alone.kinds[names.kinds.index(OTHER)] if without_name and names.has_other else 0.0
    total = sum(named.values()) + other
    if total < least:
        return _review(Reason.TITLE_CONFLICT, admitted, alone, names)
    if not named and len(without_name) == 1:
        return Listed(label=NONE, kind=OTHER, decision="accept", reason=None, decided_by=DecidedBy.LIST)
    answer = max(named, key=named.__getitem__, default="")
    is_known = not without_name or names.has_other
    if not named or not is_known or total - other < least or named[answer] < MOST * total:
        return _review(Reason.AMBIGUOUS, admitted, alone, names)
    if names.kinds:
        listed = _of_kind(answer, admitted, alone, names, DecidedBy.LIST)
        shares = dict(zip(names.classes, alone.classes, strict=True))
        # The photo has to confirm the class, too: a title "boots" makes no sneaker of one that it denies.
        return (
            listed
            if shares.get(listed.label, least) >= least
            else _review(Reason.TITLE_CONFLICT, admitted, alone, names)
        )
    kind = _kind_of(answer, alone, names, admitted)
    return Listed(label=answer, kind=kind, decision="accept", reason=None, decided_by=DecidedBy.LIST)


def _of_kind(
    kind: str, admitted: Collection[str], alone: Alone, names: Names, decided_by: DecidedBy
) -> Listed:
    """An accepted kind with its class: of several that are of this kind the one that has most of them."""
    of_kind = {
        label: share
        for (label, kinds), share in zip(names.classes.items(), alone.classes, strict=True)
        if kind in kinds
    }
    label = max(of_kind, key=of_kind.__getitem__, default=NONE)
    if of_kind and of_kind[label] < MOST * sum(of_kind.values()):
        return _review(Reason.AMBIGUOUS, admitted, alone, names)
    return Listed(label=label, kind=kind, decision="accept", reason=None, decided_by=decided_by)


def _review(reason: Reason, admitted: Collection[str], alone: Alone, names: Names) -> Listed:
    """A review that suggests the likeliest of what the words admit."""
    named = _admitted_shares(admitted, alone, names)
    answer = max(named, key=named.__getitem__, default=None)
    label, kind = answer or NONE, OTHER if names.has_other else None
    if answer is not None and names.kinds:
        shares = dict(zip(names.classes, alone.classes, strict=True))
        of_kind = [name for name, kinds in names.classes.items() if answer in kinds]
        label, kind = max(of_kind, key=shares.__getitem__, default=NONE), answer
    elif answer is not None:
        kind = _kind_of(answer, alone, names, admitted)
    return Listed(label=label, kind=kind, decision="review", reason=reason, decided_by=DecidedBy.MODEL)


def _admitted_shares(admitted: Collection[str], alone: Alone, names: Names) -> dict[str, float]:
    """What the photo gives to each label that words admit: of the attribute `kind`, else of the classes."""
    if names.kinds:
        of_kinds = zip(names.kinds, alone.kinds, strict=True)
        return {name: share for name, share in of_kinds if name in admitted}
    of_classes = zip(names.classes.items(), alone.classes, strict=True)
    return {label: share for (label, kinds), share in of_classes if admits(admitted, kinds)}


def _has_kind(alone: Alone, names: Names) -> bool:
    return bool(names.kinds) and alone.kind is not None and alone.is_kind_accepted


def _kind_of(label: str, alone: Alone, names: Names, admitted: Collection[str] = KINDS) -> str | None:
    """The kind of a class, of several the likeliest that words admit; None where it is not clear."""
    kinds = names.classes[label].intersection(admitted)
    if len(kinds) == 1:
        return next(iter(kinds))
    shares = {name: share for name, share in zip(names.kinds, alone.kinds, strict=True) if name in kinds}
    return max(shares, key=shares.__getitem__, default=None)
