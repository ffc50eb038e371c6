"""Whatever words and photo say, an answer keeps the rule that is written beside `decide`."""

from hypothesis import given
from hypothesis import strategies as st

from inference.kinds import KINDS
from inference.reasons import Reason
from inference.title_rule import MOST, NONE, OTHER, Alone, Shares, decide_listed, names_of

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot")
NAMED = (*KINDS[:19], OTHER)
RELEASE = names_of(LABELS, NAMED, "en")

REASONS = st.sampled_from([None, Reason.AMBIGUOUS, Reason.UNFAMILIAR, Reason.UNPROVEN, Reason.CONTRADICTING])
WORDS = st.frozensets(st.sampled_from(KINDS), max_size=4)
LEAST = st.sampled_from([0.05, 0.1, 0.2])


def probabilities(labels: tuple[str, ...]) -> st.SearchStrategy[list[float]]:
    parts = st.lists(st.floats(0, 1), min_size=len(labels), max_size=len(labels)).filter(any)
    return parts.map(lambda given: [part / sum(given) for part in given])


@st.composite
def photos(draw: st.DrawFn) -> Alone:
    classes, kinds = draw(probabilities(LABELS)), draw(probabilities(NAMED))
    return Alone(
        label=LABELS[classes.index(max(classes))],
        reason=draw(REASONS),
        classes=classes,
        kind=NAMED[kinds.index(max(kinds))],
        is_kind_accepted=draw(st.booleans()),
        kinds=kinds,
    )


@given(WORDS, photos(), LEAST)
def test_what_is_accepted_is_what_the_words_admit(words: frozenset[str], alone: Alone, least: float) -> None:
    listed = decide_listed(words, alone, RELEASE, Shares(named=least, other=least))

    if words and listed.decision == "accept":
        assert listed.kind in words or (listed.kind == OTHER and len(words - {*NAMED}) == 1)
        assert listed.label == NONE or listed.kind in RELEASE.classes[listed.label]
    assert (listed.reason is None) == (listed.decision == "accept")


@given(WORDS, photos(), LEAST)
def test_the_list_accepts_nothing_that_the_photo_does_not_confirm(
    words: frozenset[str], alone: Alone, least: float
) -> None:
    listed = decide_listed(words, alone, RELEASE, Shares(named=least, other=least))

    if listed.decided_by == "list":
        of = dict(zip(NAMED, alone.kinds, strict=True))
        admitted = sum(of[name] for name in words & {*NAMED})
        assert of[str(listed.kind)] >= (MOST * admitted if admitted else least)
        assert max(admitted, of[OTHER]) >= least


@given(WORDS, photos(), LEAST, LEAST)
def test_a_lower_share_contradicts_no_more(
    words: frozenset[str], alone: Alone, one: float, other: float
) -> None:
    low, high = sorted([one, other])

    with_less = decide_listed(words, alone, RELEASE, Shares(named=low, other=low))
    with_more = decide_listed(words, alone, RELEASE, Shares(named=high, other=high))

    if with_less.reason == Reason.TITLE_CONFLICT:
        assert with_more.reason == Reason.TITLE_CONFLICT
    if with_more.decision == "accept":
        assert with_less == with_more


@given(photos())
def test_without_words_the_photo_decides_alone(alone: Alone) -> None:
    listed = decide_listed(frozenset(), alone, RELEASE, Shares(named=0.05, other=0.05))

    assert (listed.label, listed.reason, listed.decided_by) == (alone.label, alone.reason, "model")
