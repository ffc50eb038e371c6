"""Rules that every decision about a title and a photo keeps, whatever both say."""

from hypothesis import given
from hypothesis import strategies as st

from inference.garment_evidence import PhotoAnswer
from inference.kinds import KINDS
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND, find_release_labels
from inference.title_rule import MIN_SHARE_OF_LEADER, MinimumShares, TitleDecision, decide_with_title

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot")
NAMED = (*KINDS[:19], OTHER_KIND)
RELEASE = find_release_labels(LABELS, NAMED, "en")

REASONS = st.sampled_from([None, Reason.AMBIGUOUS, Reason.UNFAMILIAR, Reason.UNPROVEN, Reason.CONTRADICTING])
TITLES = st.frozensets(st.sampled_from(KINDS), max_size=4)
MINIMUM = st.sampled_from([0.05, 0.1, 0.2])


def probabilities(labels: tuple[str, ...]) -> st.SearchStrategy[list[float]]:
    parts = st.lists(st.floats(0, 1), min_size=len(labels), max_size=len(labels)).filter(any)
    return parts.map(lambda given: [part / sum(given) for part in given])


@st.composite
def answers(draw: st.DrawFn, labels: tuple[str, ...]) -> PhotoAnswer:
    scores = draw(probabilities(labels))
    return PhotoAnswer(label=labels[scores.index(max(scores))], reason=draw(REASONS), scores=scores)


def decided(title: frozenset[str], label: PhotoAnswer, kind: PhotoAnswer, minimum: float) -> TitleDecision:
    return decide_with_title(title, label, kind, RELEASE, MinimumShares(named=minimum, other=minimum))


@given(TITLES, answers(LABELS), answers(NAMED), MINIMUM)
def test_what_is_accepted_is_what_the_title_allows(
    title: frozenset[str], label: PhotoAnswer, kind: PhotoAnswer, minimum: float
) -> None:
    decision = decided(title, label, kind, minimum)

    if title and decision.decision == "accept":
        assert decision.kind in title or (decision.kind == OTHER_KIND and len(title - {*NAMED}) == 1)
        assert decision.label == NONE or decision.kind in RELEASE.classes[decision.label]


@given(TITLES, answers(LABELS), answers(NAMED), MINIMUM)
def test_in_a_review_the_answers_of_the_photo_stay(
    title: frozenset[str], label: PhotoAnswer, kind: PhotoAnswer, minimum: float
) -> None:
    decision = decided(title, label, kind, minimum)

    assert decision.label == label.label or not decision.label_reason
    assert decision.kind == kind.label or not decision.kind_reason


@given(TITLES, answers(LABELS), answers(NAMED), MINIMUM)
def test_the_title_accepts_nothing_that_the_photo_does_not_confirm(
    title: frozenset[str], label: PhotoAnswer, kind: PhotoAnswer, minimum: float
) -> None:
    decision = decided(title, label, kind, minimum)

    if decision.decided_by == "list":
        of = dict(zip(NAMED, kind.scores, strict=True))
        allowed = sum(of[name] for name in title & {*NAMED})
        assert of[str(decision.kind)] >= (MIN_SHARE_OF_LEADER * allowed if allowed else minimum)
        assert max(allowed, of[OTHER_KIND]) >= minimum


@given(TITLES, answers(LABELS), answers(NAMED), MINIMUM, MINIMUM)
def test_a_lower_share_contradicts_no_more(
    title: frozenset[str], label: PhotoAnswer, kind: PhotoAnswer, one: float, other: float
) -> None:
    low, high = sorted([one, other])

    with_less, with_more = decided(title, label, kind, low), decided(title, label, kind, high)

    if with_less.label_reason == Reason.TITLE_CONFLICT:
        assert with_more.label_reason == Reason.TITLE_CONFLICT
    if with_more.decision == "accept":
        assert (with_less.label, with_less.kind) == (with_more.label, with_more.kind)


@given(answers(LABELS), answers(NAMED))
def test_without_a_title_the_photo_decides_alone(label: PhotoAnswer, kind: PhotoAnswer) -> None:
    decision = decided(frozenset(), label, kind, 0.05)

    assert (decision.label, decision.label_reason) == (label.label, label.reason)
    assert (decision.kind, decision.kind_reason) == (kind.label, kind.reason)
    assert decision.decided_by == "model"
