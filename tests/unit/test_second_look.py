"""The garment that a title names is looked for in parts of the photos, if the whole photos are not enough."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.garment_decision import GarmentDecision, decide_garment
from inference.garment_evidence import NO_WORDS, GarmentEvidence, PhotoAnswer, PhotoKinds, WordEvidence
from inference.posterior import FormulaFigures
from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE, OTHER_KIND, translate_release_labels
from inference.second_look import find_best_part

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Bag", "Shirt")
KINDS = ("top", "trousers", "pullover", "dress", "coat", "bag", "shirt", "skirt", "shorts", OTHER_KIND)
RELEASE = translate_release_labels(LABELS, KINDS, "en")
TWICE = FormulaFigures(second_threshold=0.9)
ONCE = FormulaFigures()


def shares(**given_shares: float) -> tuple[float, ...]:
    """Probabilities of kinds; those that are not given share the rest."""
    rest = (1 - sum(given_shares.values())) / (len(KINDS) - len(given_shares))
    return tuple(given_shares.get(kind, rest) for kind in KINDS)


TROUSERS = shares(trousers=0.9, top=0.03, other=0.04)
TOP_ABOVE = PhotoKinds(whole=TROUSERS, parts={"upper": shares(top=0.85), "lower": shares(trousers=0.98)})
TROUSERS_ALONE = PhotoKinds(whole=TROUSERS, parts={"upper": TROUSERS, "lower": TROUSERS})
BACK_OF_TOP = PhotoKinds(whole=shares(trousers=0.8, top=0.05), parts={"middle": shares(top=0.7)})


def product(
    *photos: PhotoKinds, title: set[str] | None = None, category: set[str] | None = None
) -> GarmentEvidence:
    """A product in review, with the words of its list."""
    means = tuple(
        sum(column) / len(photos) for column in zip(*(photo.whole for photo in photos), strict=True)
    )
    likeliest = KINDS[means.index(max(means))]
    return GarmentEvidence(
        label=PhotoAnswer(label="Trouser", reason=Reason.AMBIGUOUS, scores=(1 / len(LABELS),) * len(LABELS)),
        kind=PhotoAnswer(label=likeliest, reason=Reason.AMBIGUOUS, scores=means),
        title=WordEvidence(frozenset(title)) if title else NO_WORDS,
        category=WordEvidence(frozenset(category)) if category else NO_WORDS,
        photos=photos,
    )


def accepted(decision: GarmentDecision) -> str | None:
    return None if decision.kind_reason else decision.kind


@pytest.mark.parametrize(
    ("evidence", "kind"),
    [
        (product(TOP_ABOVE, title={"top"}), "top"),
        (product(TOP_ABOVE, category={"top"}), "top"),
        (product(TOP_ABOVE, title={"top", "shirt"}), "top"),
        (product(TOP_ABOVE, title={"top"}, category={"top", "trousers"}), "top"),
        (product(TOP_ABOVE, BACK_OF_TOP, title={"top"}), "top"),
        (product(TOP_ABOVE, title={"bag"}), None),
        (product(TOP_ABOVE), None),
        (product(TROUSERS_ALONE, title={"top"}), None),
        (product(TOP_ABOVE, *[TROUSERS_ALONE] * 3, title={"top"}), None),
        (product(replace(TOP_ABOVE, parts={}), title={"top"}), None),
        (product(TOP_ABOVE, title={"socks"}), None),
    ],
    ids=[
        "title",
        "category",
        "two kinds",
        "title and category",
        "two photos",
        "another word",
        "no word",
        "no part shows it",
        "most photos do not show it",
        "no parts, as in an older journal",
        "a kind without a label",
    ],
)
def test_a_named_kind_is_accepted_if_a_part_shows_it(evidence: GarmentEvidence, kind: str | None) -> None:
    once = decide_garment(evidence, RELEASE, ONCE)
    twice = decide_garment(evidence, RELEASE, TWICE)

    assert accepted(once) is None
    assert accepted(twice) == kind
    assert (twice.found is not None) == (kind is not None)
    if kind is None:
        assert twice == once


def test_an_accepted_kind_names_its_photo_and_part_and_was_decided_by_the_list() -> None:
    decision = decide_garment(product(TOP_ABOVE, BACK_OF_TOP, title={"top"}), RELEASE, TWICE)

    assert decision.found == (0, "upper")
    assert decision.label == "T-shirt/top"
    assert decision.kind_decided_by == DecidedBy.LIST
    assert 0.9 <= (decision.kind_confidence or 0) < 1


def test_a_whole_photo_that_shows_the_garment_best_is_no_part() -> None:
    seen = PhotoKinds(whole=shares(top=0.9), parts={"upper": shares(top=0.9), "lower": shares(top=0.2)})

    assert find_best_part([TROUSERS_ALONE, seen], KINDS.index("top")) == (1, None)


def test_forty_photos_of_one_product_are_no_stronger_than_one() -> None:
    one = decide_garment(product(TOP_ABOVE, title={"top"}), RELEASE, TWICE)
    forty = decide_garment(product(*[TOP_ABOVE] * 40, title={"top"}), RELEASE, TWICE)

    assert forty.kind_confidence == pytest.approx(one.kind_confidence)


ROWS = (
    st.lists(st.floats(0, 1), min_size=len(KINDS), max_size=len(KINDS))
    .filter(any)
    .map(lambda row: tuple(value / sum(row) for value in row))
)
PHOTOS = st.lists(
    st.builds(
        PhotoKinds,
        whole=ROWS,
        parts=st.dictionaries(st.sampled_from(("upper", "middle", "lower")), ROWS, max_size=3),
    ),
    min_size=1,
    max_size=4,
)
WORDS = st.one_of(st.none(), st.sets(st.sampled_from([*KINDS[:-1], "socks", "set"]), min_size=1))


@given(PHOTOS, WORDS, WORDS, st.sampled_from([0.9, 0.97]))
def test_the_second_look_accepts_only_what_words_admit_and_changes_nothing_that_was_accepted(
    photos: list[PhotoKinds], title: set[str] | None, category: set[str] | None, threshold: float
) -> None:
    evidence = product(*photos, title=title, category=category)

    once = decide_garment(evidence, RELEASE, ONCE)
    twice = decide_garment(evidence, RELEASE, FormulaFigures(second_threshold=threshold))

    if once.is_accepted:
        assert twice == once
    elif twice.is_accepted:
        named = (title or set()) | (category or set())
        kinds = (
            {twice.kind}
            if twice.kind_reason is None
            else RELEASE.kinds_of_classes.get(twice.label, frozenset()) or {NONE}
        )
        assert named & kinds
    assert decide_garment(replace(evidence, photos=tuple(reversed(photos))), RELEASE, TWICE).is_accepted == (
        decide_garment(evidence, RELEASE, TWICE).is_accepted
    )
