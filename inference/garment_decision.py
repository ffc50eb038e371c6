"""Decide the class and the kind of a garment from its photos and from what its list says about it.

`decide_garment` is called for a picture of `/predict` with a title, and for each photo and each product of
`label`. The photo of a product with the title "Pleated skirt" answers:

    the class    Dress .60, in review (unfamiliar)
    the kind     dress .50, skirt .30, coat .20, in review (unfamiliar)

With the title's word, the formula of posterior.py gives the skirt .977. Therefore the kind `skirt` is
accepted. It belongs to none of the ten classes, so the class `none of these` is accepted, too.

If neither title nor category nor the other products of the category say anything, the photos alone decide,
by the thresholds of the release. What they accept also stays beside witnesses, unless a word denies it, the
formula accepts something else, or the witnesses make it so improbable that the formula would not accept it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from inference.decision import ACCEPT, REVIEW, Decision
from inference.garment_evidence import GarmentEvidence, PhotoAnswer
from inference.posterior import DEFAULT_FIGURES, AcceptedAnswer, FormulaFigures, decide_by_formula
from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE, OTHER_KIND, ReleaseLabels
from inference.second_look import Finding, find_best_part, raise_named_kinds
from inference.weighed_evidence import WeighedEvidence

MIN_LABELS: Final = 3
"""Fewest labels with which the formula accepts anything. With one or two labels, a photo of something else
gets a high probability for one of them, and a word would make it certain."""

ROUNDING_ERROR: Final = 1e-9
"""Difference of two probabilities, in proportion, that rounding alone can make."""


@dataclass(frozen=True, kw_only=True)
class GarmentDecision:
    """The class and the kind of a garment.

    Attributes:
        label: the class, or NONE; if it is in review, the class of the photos.
        kind: one of KINDS, or OTHER_KIND; if it is in review, the kind of the photos; None if it is unknown.
        label_reason: why a person should look at the class; None if it is accepted.
        kind_reason: why a person should look at the kind; None if it is accepted. Without an attribute
            `kind`, the reason of the class.
        label_confidence: the probability of the accepted class by photos and list; None if it is in review,
            or if the photos answered and accepted this class. Then their confidence is the one to show.
        kind_confidence: the same for the kind.
        label_decided_by: MODEL, or LIST if title or category made the difference.
        kind_decided_by: the same for the kind.
        suggested_kinds: the two most probable kinds, the likelier one first.
        suggested_labels: the classes of these kinds, each once.
        has_witness: whether title, category or other products spoke, and the formula decided. If not, the
            photos decided about class and kind, and words could only contradict them.
        class_probabilities: the probability of each class by photos and list; empty without finite scores.
        kind_probabilities: the same for each kind.
        found: the photo and the part in which the second look found the accepted garment; None without a
            second look, or if it accepted nothing.
    """

    label: str
    kind: str | None
    label_reason: Reason | None = None
    kind_reason: Reason | None = None
    label_confidence: float | None = None
    kind_confidence: float | None = None
    label_decided_by: DecidedBy = DecidedBy.MODEL
    kind_decided_by: DecidedBy = DecidedBy.MODEL
    suggested_kinds: tuple[str, ...] = ()
    suggested_labels: tuple[str, ...] = ()
    has_witness: bool = False
    class_probabilities: Mapping[str, float] = field(default_factory=dict, compare=False)
    kind_probabilities: Mapping[str, float] = field(default_factory=dict, compare=False)
    found: Finding | None = None

    @property
    def decision(self) -> Decision:
        """The decision about the class."""
        return REVIEW if self.label_reason else ACCEPT

    @property
    def is_accepted(self) -> bool:
        """Whether the class or the kind is accepted."""
        return self.label_reason is None or self.kind_reason is None


def decide_garment(
    evidence: GarmentEvidence, labels: ReleaseLabels, figures: FormulaFigures | None
) -> GarmentDecision:
    """Decide the class and the kind of a photo or a product.

    Args:
        evidence: the answers of the photos, and what the list says.
        labels: the labels of the release, with the kinds that they stand for.
        figures: the numbers of the formula that the release stores for the network that answered. None if it
            stores none: then the photos decide, and words can only contradict what they accept.
    """
    has_kinds = bool(labels.kinds)
    if not has_kinds or evidence.kind is None:
        # Other products are summed up by kind, so they say nothing about an answer without kinds.
        evidence = replace(evidence, kind=None, other_products=None)
    weighed = WeighedEvidence(evidence, labels, figures or DEFAULT_FIGURES)
    is_complete = has_kinds == (evidence.kind is not None) and len(weighed.names) >= MIN_LABELS
    if figures and evidence.has_witness and is_complete and evidence.has_finite_scores:
        decision = _decide_by_formula(weighed)
        return decision if decision.is_accepted else _look_again(weighed) or decision
    return _decide_by_photos(weighed, can_accept_outside=figures is not None and figures.can_accept_outside)


def _decide_by_photos(weighed: WeighedEvidence, *, can_accept_outside: bool) -> GarmentDecision:
    """Keep the photos' answers, but ask for a review of each accepted one that the words do not admit."""
    evidence, labels = weighed.evidence, weighed.labels
    words = evidence.title.kinds or evidence.category.kinds
    by_photos = _find_accepted_by_photos(weighed)
    label_reason = _find_photo_reason(
        evidence.label, by_photos.label, labels.is_class_allowed(evidence.label.label, words)
    )
    decision = GarmentDecision(
        label=evidence.label.label,
        kind=None if label_reason else weighed.find_kind_of_class(evidence.label.label),
        label_reason=label_reason,
        kind_reason=label_reason,
    )
    if evidence.kind:
        is_admitted = labels.is_kind_allowed(evidence.kind.label, words)
        kind_reason = _find_photo_reason(evidence.kind, by_photos.kind, is_admitted)
        decision = replace(decision, kind=evidence.kind.label, kind_reason=kind_reason)
    is_outside = by_photos.kind is not None and weighed.find_class_of_kind(by_photos.kind) == NONE
    if can_accept_outside and is_outside and not words:
        probability = weighed.class_probabilities[NONE]
        decision = replace(decision, label=NONE, label_reason=None, label_confidence=probability)
    decision = _add_suggestions(weighed, decision)
    if decision.label_reason != Reason.TITLE_CONFLICT:
        return decision
    # The formula did not weigh these words, so what they say comes first, however sure the photos are.
    by_words = weighed.suggest_allowed_class(words)
    return replace(decision, suggested_labels=tuple(dict.fromkeys((by_words, *decision.suggested_labels))))


def _find_photo_reason(answer: PhotoAnswer, accepted: str | None, is_admitted: bool | None) -> Reason | None:
    """Return the photos' own reason, or the reason why their accepted answer is not accepted here."""
    if answer.reason:
        return answer.reason
    if is_admitted is False:
        return Reason.TITLE_CONFLICT
    return Reason.AMBIGUOUS if accepted is None else None


def _find_accepted_by_photos(weighed: WeighedEvidence) -> AcceptedAnswer:
    """Return the class and the kind that the photos alone accept; neither if they do not belong together."""
    evidence = weighed.evidence
    if not evidence.has_finite_scores:
        return AcceptedAnswer()
    label = evidence.label.label if evidence.label.reason is None else None
    kind = evidence.kind.label if evidence.kind and evidence.kind.reason is None else None
    if label and kind:
        class_kinds = weighed.find_names_of_class(label)
        if class_kinds and kind not in class_kinds:
            return AcceptedAnswer()
    return AcceptedAnswer(label, kind)


def _decide_by_formula(weighed: WeighedEvidence) -> GarmentDecision:
    """Accept the formula's answer, or else an answer that the photos accept and no witness refutes."""
    evidence, by_photos = weighed.evidence, _find_accepted_by_photos(weighed)
    kept = _drop_refuted(weighed, by_photos)
    label, kind = _combine_decisions(weighed, _find_accepted_by_formula(weighed), kept)
    reason = None if label and kind else _find_reason(weighed)
    label_reason = None if label else reason
    suggested_kinds, suggested_labels = _find_suggestions(weighed)
    shown_kind = weighed.find_kind_of_class(label) if label else None
    if evidence.kind:
        shown_kind = kind or evidence.kind.label
    return GarmentDecision(
        label=label or evidence.label.label,
        kind=shown_kind,
        label_reason=label_reason,
        kind_reason=(None if kind else reason) if evidence.kind else label_reason,
        label_confidence=_find_label_confidence(weighed, label, by_photos.label, kept.label),
        kind_confidence=_find_kind_confidence(weighed, kind, by_photos.kind),
        label_decided_by=_find_decider(label, (by_photos.label, kept.label)),
        kind_decided_by=_find_decider(kind, (by_photos.kind,)),
        suggested_kinds=suggested_kinds,
        suggested_labels=suggested_labels,
        has_witness=True,
        class_probabilities=weighed.class_probabilities,
        kind_probabilities=weighed.posterior,
    )


def _look_again(weighed: WeighedEvidence) -> GarmentDecision | None:
    """Decide once more, with each named kind as probable as by the part of the photos that shows it best.

    Returns:
        The decision; None if it accepts nothing, or if there is nothing to look for.
    """
    evidence, threshold = weighed.evidence, weighed.figures.second_threshold
    named = weighed.find_named_kinds()
    if (
        threshold is None
        or evidence.kind is None
        or not named
        or not any(photo.parts for photo in evidence.photos)
    ):
        return None
    columns = {weighed.names.index(kind) for kind in named}
    scores = raise_named_kinds(evidence.kind.scores, evidence.photos, columns)
    seen = replace(evidence, kind=replace(evidence.kind, scores=scores))
    again = WeighedEvidence(seen, weighed.labels, replace(weighed.figures, threshold=threshold))
    decision = _decide_by_formula(again)
    kinds = _list_accepted_kinds(again, decision) & named
    if not kinds:
        return None
    best = max(sorted(kinds), key=again.posterior.__getitem__)
    return replace(decision, found=find_best_part(evidence.photos, weighed.names.index(best)))


def _list_accepted_kinds(weighed: WeighedEvidence, decision: GarmentDecision) -> frozenset[str]:
    """Return the accepted kind, or the kinds of the accepted class; empty if neither is accepted."""
    if decision.kind and decision.kind_reason is None:
        return frozenset([decision.kind])
    return frozenset() if decision.label_reason else weighed.find_names_of_class(decision.label)


def _find_decider(accepted: str | None, by_photos: tuple[str | None, ...]) -> DecidedBy:
    """Return LIST if an answer is accepted that the photos alone do not accept."""
    return DecidedBy.MODEL if accepted is None or accepted in by_photos else DecidedBy.LIST


def _find_label_confidence(
    weighed: WeighedEvidence, label: str | None, by_photos: str | None, kept: str | None
) -> float | None:
    """Return the probability with which a class reached the threshold; None for a class of the photos."""
    if label is None or label == by_photos:
        return None
    if label == kept:
        return weighed.photos_alone.class_probabilities[label]
    return min(reading.class_probabilities[label] for reading in weighed.readings)


def _find_kind_confidence(weighed: WeighedEvidence, kind: str | None, by_photos: str | None) -> float | None:
    """Return the probability with which a kind reached the threshold; None for a kind of the photos."""
    if kind is None or kind == by_photos:
        return None
    return min(reading.posterior[kind] for reading in weighed.readings)


def _find_accepted_by_formula(weighed: WeighedEvidence) -> AcceptedAnswer:
    """Return the class and the kind that the formula accepts and that a word speaks for, if any is known."""
    label, kind = _find_common_answer(weighed)
    names = frozenset(filter(None, [kind]))
    if label and not kind:
        names = weighed.find_names_of_class(label)
    if not names or not weighed.is_supported_by_words(names):
        return AcceptedAnswer()
    if not weighed.evidence.known_words:
        # Only the other products speak. What they do not speak for is not accepted because they speak.
        label = label if label and weighed.compare_class_with_photos(label) > 1 + ROUNDING_ERROR else None
        kind = kind if kind and weighed.compare_name_with_photos(kind) > 1 + ROUNDING_ERROR else None
    return AcceptedAnswer(label, kind if weighed.evidence.kind else None)


def _find_common_answer(weighed: WeighedEvidence) -> AcceptedAnswer:
    """Return the class and the kind that are probable enough in all readings of the words."""
    threshold = weighed.figures.find_threshold(has_words=bool(weighed.evidence.known_words))
    decided = [
        decide_by_formula(reading.posterior, reading.class_probabilities, threshold)
        for reading in weighed.readings
    ]
    labels = {each.label for each in decided}
    kinds = {each.kind for each in decided}
    if not weighed.figures.can_accept_other:
        kinds = {None if kind == OTHER_KIND else kind for kind in kinds}
    return AcceptedAnswer(
        labels.pop() if len(labels) == 1 else None, kinds.pop() if len(kinds) == 1 else None
    )


def _drop_refuted(weighed: WeighedEvidence, by_photos: AcceptedAnswer) -> AcceptedAnswer:
    """Return the answer that the photos accept, without a class or a kind that a witness refutes.

    A word refutes what it does not admit. Any witness refutes what it makes less probable than the photos
    alone do, if too little is left for the formula.
    """
    label, kind = by_photos
    threshold = weighed.figures.find_threshold(has_words=bool(weighed.evidence.known_words))
    if label and weighed.is_class_denied(label):
        label = None
    if kind and weighed.is_name_denied(kind):
        kind = None
    # What is probable enough is not compared, since that applies the formula to the photos alone.
    if label and weighed.class_probabilities.get(label, 0.0) < threshold:
        is_lowered = weighed.compare_class_with_photos(label) < 1 - ROUNDING_ERROR
        label = None if is_lowered else label
    if kind and weighed.posterior[kind] < threshold:
        is_lowered = weighed.compare_name_with_photos(kind) < 1 - ROUNDING_ERROR
        kind = None if is_lowered else kind
    is_outside = kind is not None and weighed.find_class_of_kind(kind) == NONE
    if is_outside and not label and weighed.figures.can_accept_outside:
        label = NONE
    return AcceptedAnswer(label, kind)


def _combine_decisions(
    weighed: WeighedEvidence, by_formula: AcceptedAnswer, by_photos: AcceptedAnswer
) -> AcceptedAnswer:
    """Return a kind by the formula, or else the photos' accepted answer, or else a class by the formula."""
    label, kind = by_formula
    if label and (kind or not weighed.evidence.kind):
        return by_formula
    if kind and by_photos.label and kind in weighed.find_names_of_class(by_photos.label):
        return AcceptedAnswer(by_photos.label, kind)
    if label and by_photos.kind in weighed.find_names_of_class(label):
        return AcceptedAnswer(label, by_photos.kind)
    # The class of the formula's kind is not clear, so another class that the photos accept stays.
    has_answer = by_photos.label if kind else by_photos.label or by_photos.kind
    return by_photos if has_answer else by_formula


def _find_reason(weighed: WeighedEvidence) -> Reason:
    """Return why a person should look: TITLE_CONFLICT if words deny what photos or formula find likeliest."""
    photo_shares = weighed.photo_shares
    likeliest = {weighed.ranked_names[0], max(photo_shares, key=photo_shares.__getitem__)}
    return Reason.TITLE_CONFLICT if any(map(weighed.is_name_denied, likeliest)) else Reason.AMBIGUOUS


def _add_suggestions(weighed: WeighedEvidence, decision: GarmentDecision) -> GarmentDecision:
    """Return a decision with the two most probable kinds and their classes."""
    if not weighed.evidence.has_finite_scores:
        return decision
    kinds, labels = _find_suggestions(weighed)
    return replace(
        decision,
        suggested_kinds=kinds,
        suggested_labels=labels,
        class_probabilities=weighed.class_probabilities,
        kind_probabilities=weighed.posterior,
    )


def _find_suggestions(weighed: WeighedEvidence) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the two most probable kinds, and their classes."""
    names = tuple(weighed.ranked_names[:2])
    labels = tuple(dict.fromkeys(map(weighed.suggest_class, names)))
    kinds = names if weighed.evidence.kind else tuple(filter(None, map(weighed.find_kind_of_class, names)))
    return kinds, labels
