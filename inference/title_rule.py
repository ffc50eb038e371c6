"""Decide the class and the kind of a garment that a title names and a photo shows.

`decide_with_title` is the whole rule: the title says the kind, and the photo checks it. It decides about a
photo of `/predict`, a photo of `label`, and a product of `label`, whose scores are the mean over its photos.

These are pure functions of numbers and names. words.py reads titles, decision.py has the rule for a photo
alone, and the report of a release shows from which shares titles may decide.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

from inference.decision import Decision
from inference.garment_evidence import PhotoAnswer
from inference.kinds import KINDS
from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE, OTHER_KIND, ReleaseLabels

MIN_SHARE_OF_LEADER: Final = 0.7
"""Smallest part of the probability of all kinds in a title that the likeliest of these kinds must have."""


@dataclass(frozen=True, kw_only=True)
class MinimumShares:
    """The shares that a photo has to give to the kinds in a title, so that both together can accept.

    Attributes:
        named: the share for kinds that a label of the release names; None if such titles decide nothing.
        other: the share of OTHER_KIND for kinds without a label; None if such titles decide nothing.
    """

    named: float | None = None
    other: float | None = None


NO_MINIMUM_SHARES: Final = MinimumShares()
"""Minimum shares of a release whose report has none: a title can only contradict the photo."""


@dataclass(frozen=True, kw_only=True)
class TitleDecision:
    """The class and the kind by title and photo.

    Attributes:
        label: the class, or NONE; if there is a reason, the class of the photo alone.
        kind: one of KINDS, or OTHER_KIND; if there is a reason, the kind of the photo alone; None if unknown.
        label_reason: why a person should look at the class; None if it is accepted.
        kind_reason: why a person should look at the kind; None if it is accepted. Without an attribute
            `kind`, the reason of the class.
        suggested_label: the likeliest class that the title allows, or NONE; None to suggest nothing.
        suggested_kind: the likeliest kind that the title allows; None to suggest nothing.
        is_suggestion_shown: whether the photo gives the suggested class the minimum share. A review sheet
            shows no other class.
        decided_by: MODEL, or LIST if the title made the difference.
        is_joint: whether class and kind were decided together; if not, the title could only contradict them.
    """

    label: str
    kind: str | None
    label_reason: Reason | None = None
    kind_reason: Reason | None = None
    suggested_label: str | None = None
    suggested_kind: str | None = None
    is_suggestion_shown: bool = True
    decided_by: DecidedBy = DecidedBy.MODEL
    is_joint: bool = True

    @property
    def decision(self) -> Decision:
        """The decision about the class."""
        return "review" if self.label_reason else "accept"


class _Evidence(NamedTuple):
    """A title and a photo that were read."""

    title_kinds: frozenset[str]
    label: PhotoAnswer
    kind: PhotoAnswer | None
    labels: ReleaseLabels

    def class_shares(self) -> dict[str, float]:
        return dict(zip(self.labels.classes, self.label.scores, strict=True))

    def kind_shares(self) -> dict[str, float]:
        return dict(zip(self.labels.kinds, self.kind.scores, strict=True)) if self.kind else {}

    def admitted_shares(self) -> dict[str, float]:
        """Return the share of each label that the title allows: kinds, or classes without that attribute."""
        if self.kind:
            return {kind: share for kind, share in self.kind_shares().items() if kind in self.title_kinds}
        admit = self.labels.admit_class
        shares = self.class_shares().items()
        return {label: share for label, share in shares if admit(label, self.title_kinds)}

    def kind_of_class(self, label: str, allowed: Collection[str] = KINDS) -> str | None:
        """Return the likeliest kind of a class among the allowed ones; None if it is not clear."""
        kinds = self.labels.classes.get(label, frozenset()).intersection(allowed)
        if len(kinds) == 1:
            return next(iter(kinds))
        shares = {kind: share for kind, share in self.kind_shares().items() if kind in kinds}
        return max(shares, key=shares.__getitem__, default=None)

    def likeliest_class(self, kind: str) -> str:
        """Return the likeliest class of a kind; NONE if no class is of this kind."""
        classes = [label for label, kinds in self.labels.classes.items() if kind in kinds]
        return max(classes, key=self.class_shares().__getitem__, default=NONE)


def decide_with_title(
    title_kinds: frozenset[str],
    label_scores: PhotoAnswer,
    kind_scores: PhotoAnswer | None,
    labels: ReleaseLabels,
    minimum_shares: MinimumShares,
) -> TitleDecision:
    """Decide the class and the kind of a photo with its title. The first rule that applies decides.

    1. The title says nothing that the release has shown shares for: the photo decides, and the title can only
       contradict an accepted answer.
    2. The photo alone is accepted, and the title allows that answer: it stays.
    3. The photo gives the kinds in the title less than the minimum share: they contradict each other.
    4. One kind of the title has most of what the photo gives to all of them: it is accepted, with its class.
    5. Otherwise the answer is ambiguous.

    Args:
        title_kinds: the kinds that the title allows; empty if it says nothing.
        label_scores: the photo's answer about the class.
        kind_scores: the photo's answer of the attribute `kind`; None without one. It is ignored if the title
            does not take part in that attribute; see `ReleaseLabels.kinds`.
        minimum_shares: the shares of the release, for the network that answered.
    """
    evidence = _Evidence(title_kinds, label_scores, kind_scores if labels.kinds else None, labels)
    minimum = find_minimum_share(title_kinds, labels, minimum_shares)
    if minimum is None or (labels.kinds and evidence.kind is None):
        return _contradict(evidence, minimum or 0.0)
    return _accept_photo(evidence, minimum) or _accept_title(evidence, minimum)


def find_minimum_share(
    title_kinds: frozenset[str], labels: ReleaseLabels, minimum_shares: MinimumShares
) -> float | None:
    """Return the minimum share for a title: the probability that a photo has to give to the title's kinds.

    If no label of the release names these kinds, it is the probability of OTHER_KIND. None if the title says
    nothing, or if the release shows no such share for its kinds.
    """
    if not title_kinds.isdisjoint(labels.named_kinds):
        return minimum_shares.named
    return minimum_shares.other if title_kinds and labels.has_other else None


def _contradict(evidence: _Evidence, minimum: float) -> TitleDecision:
    """Keep the photo's answers, but ask for a review of each accepted one that the title does not allow."""
    label_reason = _find_class_reason(evidence)
    kind_reason = _find_kind_reason(evidence) if evidence.kind else label_reason
    suggested_label = _likeliest_allowed_class(evidence) if label_reason == Reason.TITLE_CONFLICT else None
    class_kind = _allowed_kind_of_class(evidence)
    has_conflict = Reason.TITLE_CONFLICT in {label_reason, kind_reason}
    return TitleDecision(
        label=evidence.label.label,
        kind=evidence.kind.label if evidence.kind else class_kind,
        label_reason=label_reason,
        kind_reason=kind_reason,
        suggested_label=suggested_label,
        suggested_kind=_likeliest_allowed(evidence)[1] if has_conflict else class_kind,
        is_suggestion_shown=_is_shown(evidence, suggested_label, minimum),
        is_joint=False,
    )


def _find_class_reason(evidence: _Evidence) -> Reason | None:
    """Return the photo's own reason for a review of the class, or the conflict of an accepted class."""
    is_allowed = evidence.labels.admit_class(evidence.label.label, evidence.title_kinds)
    return evidence.label.reason or (Reason.TITLE_CONFLICT if is_allowed is False else None)


def _find_kind_reason(evidence: _Evidence) -> Reason | None:
    """Return the photo's own reason for a review of the kind, or the conflict of an accepted kind."""
    if evidence.kind is None:
        return None
    is_allowed = evidence.labels.admit_kind(evidence.kind.label, evidence.title_kinds)
    return evidence.kind.reason or (Reason.TITLE_CONFLICT if is_allowed is False else None)


def _allowed_kind_of_class(evidence: _Evidence) -> str | None:
    """Return the kind of the photo's class; None if it is not clear, or if the title does not allow it."""
    kind = evidence.kind_of_class(evidence.label.label)
    return None if evidence.labels.admit_kind(kind, evidence.title_kinds) is False else kind


def _likeliest_allowed_class(evidence: _Evidence) -> str:
    """Return the likeliest class that the title allows; NONE if it allows no class."""
    shares = evidence.class_shares()
    allowed = [label for label in shares if evidence.labels.admit_class(label, evidence.title_kinds)]
    return max(allowed, key=shares.__getitem__, default=NONE)


def _accept_photo(evidence: _Evidence, minimum: float) -> TitleDecision | None:
    """Return the answer that the photo alone accepts and the title allows; None if there is none."""
    title_kinds = evidence.title_kinds
    label = evidence.label.label
    is_accepted = evidence.label.reason is None
    kind = evidence.kind.label if evidence.kind and evidence.kind.reason is None else None
    is_class_allowed = is_accepted and evidence.labels.admit_class(label, title_kinds) is not False
    if not is_class_allowed and kind not in title_kinds:
        return None
    class_kinds = evidence.labels.classes[label]
    if is_accepted and class_kinds and kind is not None and kind not in class_kinds:
        return _review(evidence, Reason.AMBIGUOUS, minimum)
    if not is_class_allowed:
        return _accept_kind(evidence, str(kind), minimum, DecidedBy.MODEL)
    return _accept(
        evidence, label, kind or evidence.kind_of_class(label, title_kinds), minimum, DecidedBy.MODEL
    )


def _accept_title(evidence: _Evidence, minimum: float) -> TitleDecision:
    """Return the answer that the title names and the photo confirms, or a review.

    A release without OTHER_KIND cannot tell a garment without a name from one that has a name.
    """
    labels = evidence.labels
    allowed = evidence.admitted_shares()
    unnamed_kinds = evidence.title_kinds - labels.named_kinds
    other_share = evidence.kind_shares()[OTHER_KIND] if unnamed_kinds and labels.has_other else 0.0
    total = sum(allowed.values()) + other_share
    if total < minimum:
        return _review(evidence, Reason.TITLE_CONFLICT, minimum)
    if not allowed and len(unnamed_kinds) == 1:
        return _accept(evidence, NONE, OTHER_KIND, minimum, DecidedBy.LIST)
    leader = max(allowed, key=allowed.__getitem__, default="")
    can_tell = not unnamed_kinds or labels.has_other
    if (
        not can_tell
        or total - other_share < minimum
        or allowed.get(leader, 0.0) < MIN_SHARE_OF_LEADER * total
    ):
        return _review(evidence, Reason.AMBIGUOUS, minimum)
    if not evidence.kind:
        kind = evidence.kind_of_class(leader, evidence.title_kinds)
        return _accept(evidence, leader, kind, minimum, DecidedBy.LIST)
    decision = _accept_kind(evidence, leader, minimum, DecidedBy.LIST)
    # The photo has to confirm the class, too: a title "boots" makes no sneaker of one that it denies.
    if decision.label_reason is None and evidence.class_shares().get(decision.label, minimum) < minimum:
        return _review(evidence, Reason.TITLE_CONFLICT, minimum)
    return decision


def _accept_kind(evidence: _Evidence, kind: str, minimum: float, decided_by: DecidedBy) -> TitleDecision:
    """Accept a kind with its class. If several classes are of this kind, one has to have most of them."""
    shares = {
        label: share
        for label, share in evidence.class_shares().items()
        if kind in evidence.labels.classes[label]
    }
    label = max(shares, key=shares.__getitem__, default=NONE)
    if shares and shares[label] < MIN_SHARE_OF_LEADER * sum(shares.values()):
        return _review(evidence, Reason.AMBIGUOUS, minimum)
    return _accept(evidence, label, kind, minimum, decided_by)


def _accept(
    evidence: _Evidence, label: str, kind: str | None, minimum: float, decided_by: DecidedBy
) -> TitleDecision:
    """Accept a class, and its kind if that is known: otherwise the kind stays as the photo answered it."""
    own_kind, reason = (
        (evidence.kind.label, evidence.kind.reason) if kind is None and evidence.kind else (kind, None)
    )
    return TitleDecision(
        label=label,
        kind=own_kind,
        kind_reason=reason,
        suggested_label=label,
        suggested_kind=kind,
        is_suggestion_shown=_is_shown(evidence, label, minimum),
        decided_by=decided_by,
    )


def _review(evidence: _Evidence, reason: Reason, minimum: float) -> TitleDecision:
    """Keep the photo's answers, and suggest the likeliest class and kind that the title allows."""
    label, kind = _likeliest_allowed(evidence)
    return TitleDecision(
        label=evidence.label.label,
        kind=evidence.kind.label if evidence.kind else None,
        label_reason=reason,
        kind_reason=reason,
        suggested_label=label,
        suggested_kind=kind,
        is_suggestion_shown=_is_shown(evidence, label, minimum),
    )


def _likeliest_allowed(evidence: _Evidence) -> tuple[str, str | None]:
    """Return the likeliest class and kind that the title allows: NONE and OTHER_KIND if none is named."""
    allowed = evidence.admitted_shares()
    if not allowed:
        return NONE, OTHER_KIND if evidence.labels.has_other else None
    leader = max(allowed, key=allowed.__getitem__)
    if evidence.kind:
        return evidence.likeliest_class(leader), leader
    return leader, evidence.kind_of_class(leader, evidence.title_kinds)


def _is_shown(evidence: _Evidence, label: str | None, minimum: float) -> bool:
    """Return whether a photo gives a class the minimum share; NONE, which it gives nothing to, is allowed."""
    return label is None or evidence.class_shares().get(label, 1.0) >= minimum
