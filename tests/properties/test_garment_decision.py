"""Rules that every decision about a garment keeps, whatever photos, title and category say."""

import math
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from inference.garment_decision import GarmentDecision, decide_garment
from inference.garment_evidence import NO_WORDS, GarmentEvidence, PhotoAnswer, WordEvidence
from inference.posterior import (
    FormulaFigures,
    compute_category_factors,
    compute_frequency_ratios,
    compute_general_shares,
    compute_posterior,
    compute_word_factors,
)
from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE, OTHER_KIND, ReleaseLabels, translate_release_labels
from inference.words.kinds import KINDS
from tests.formula_cases import CLASSES, KIND_LABELS, RELEASE

OWN_CLASSES = translate_release_labels(("jeans slim", "jeans wide", "Kleid", "Schuhe", "AB12"), None, "de")
OWN_CLASSES_WITH_KINDS = translate_release_labels(
    ("jeans slim", "jeans wide", "Kleid", "Socken"), ("trousers", "dress", "skirt", OTHER_KIND), "de"
)
RELEASES = (RELEASE, OWN_CLASSES, OWN_CLASSES_WITH_KINDS, translate_release_labels(CLASSES, KINDS[:12], "en"))

REASONS = st.sampled_from([None, Reason.AMBIGUOUS, Reason.UNFAMILIAR, Reason.UNPROVEN, Reason.CONTRADICTING])
WORDS = st.builds(
    WordEvidence, st.frozensets(st.sampled_from([*KINDS, NONE]), max_size=5), st.booleans(), st.booleans()
)
FIGURES = st.builds(
    FormulaFigures,
    threshold=st.sampled_from([0.8, 0.85, 0.9, 0.95]),
    can_accept_other=st.booleans(),
    can_accept_outside=st.booleans(),
)


def probabilities(labels: tuple[str, ...]) -> st.SearchStrategy[list[float]]:
    parts = st.lists(
        st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=len(labels), max_size=len(labels)
    )
    return parts.filter(any).map(lambda given_parts: [part / sum(given_parts) for part in given_parts])


@st.composite
def answers(draw: st.DrawFn, labels: tuple[str, ...]) -> PhotoAnswer:
    scores = draw(probabilities(labels))
    return PhotoAnswer(label=labels[scores.index(max(scores))], reason=draw(REASONS), scores=scores)


@st.composite
def other_products(draw: st.DrawFn, kinds: tuple[str, ...]) -> Mapping[str, float] | None:
    general = compute_general_shares({kind: draw(st.integers(0, 50)) for kind in kinds}, kinds)
    each = draw(st.lists(probabilities(kinds), max_size=4))
    sums = {kind: sum(row[place] for row in each) for place, kind in enumerate(kinds)}
    return compute_frequency_ratios(sums, len(each), general)


@st.composite
def evidences(draw: st.DrawFn, labels: ReleaseLabels) -> GarmentEvidence:
    kinds = labels.kinds
    return GarmentEvidence(
        label=draw(answers(tuple(labels.classes))),
        kind=draw(answers(kinds)) if kinds else None,
        title=draw(WORDS),
        category=draw(WORDS),
        other_products=draw(other_products(kinds)) if kinds else None,
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[GarmentEvidence, ReleaseLabels]:
    labels = draw(st.sampled_from(RELEASES))
    return draw(evidences(labels)), labels


def accepted(decision: GarmentDecision) -> tuple[str | None, str | None]:
    return (
        None if decision.label_reason else decision.label,
        None if decision.kind_reason else decision.kind,
    )


def is_ambiguous(words: WordEvidence, labels: ReleaseLabels) -> bool:
    """Return whether words make no meaning certain, since they admit kinds with and without a label."""
    return bool(words.kinds & labels.named_kinds) and bool(words.kinds - labels.named_kinds)


def with_words(evidence: GarmentEvidence, column: str, words: WordEvidence) -> GarmentEvidence:
    """Return evidence with other words of the title or of the category."""
    return replace(evidence, title=words) if column == "title" else replace(evidence, category=words)


@given(cases(), FIGURES)
def test_in_a_review_the_answers_of_the_photos_stay(
    case: tuple[GarmentEvidence, ReleaseLabels], figures: FormulaFigures
) -> None:
    evidence, labels = case

    decision = decide_garment(evidence, labels, figures)

    assert decision.label == evidence.label.label or not decision.label_reason
    if evidence.kind:
        assert decision.kind == evidence.kind.label or not decision.kind_reason


@given(cases(), FIGURES)
def test_an_accepted_kind_belongs_to_the_accepted_class(
    case: tuple[GarmentEvidence, ReleaseLabels], figures: FormulaFigures
) -> None:
    evidence, labels = case

    label, kind = accepted(decide_garment(evidence, labels, figures))

    if label and kind and evidence.kind and label not in labels.classes_without_kinds:
        class_kinds = labels.kinds_of_classes.get(label)
        assert kind in class_kinds if class_kinds else not labels.classes_of_kinds[kind]


@given(cases(), FIGURES)
def test_a_kind_for_which_no_word_speaks_is_not_accepted_beside_words(
    case: tuple[GarmentEvidence, ReleaseLabels], figures: FormulaFigures
) -> None:
    evidence, labels = case
    others = evidence.other_products or {}

    _, kind = accepted(decide_garment(evidence, labels, figures))

    words = evidence.known_words
    if kind and words and evidence.kind and kind != max(others, key=others.__getitem__, default=None):
        assert any(labels.is_kind_allowed(kind, known.kinds) for known in words)


@given(cases(), FIGURES)
def test_a_class_needs_a_word_for_one_of_its_kinds(
    case: tuple[GarmentEvidence, ReleaseLabels], figures: FormulaFigures
) -> None:
    evidence, labels = case

    label, _ = accepted(decide_garment(evidence, labels, figures))

    words = evidence.known_words
    if label and label != NONE and words and evidence.other_products is None:
        assert any(labels.is_class_allowed(label, known.kinds) is not False for known in words)


@given(cases(), FIGURES)
def test_the_photos_stay_accepted_beside_words_that_admit_them(
    case: tuple[GarmentEvidence, ReleaseLabels], figures: FormulaFigures
) -> None:
    # Other products may lower what the photos accept, so only words speak here.
    evidence, labels = replace(case[0], other_products=None), case[1]
    bare = GarmentEvidence(label=evidence.label, kind=evidence.kind)
    label, kind = accepted(decide_garment(bare, labels, None))
    denied = any(
        labels.is_class_allowed(label, known.kinds) is False
        or labels.is_kind_allowed(kind, known.kinds) is False
        for known in evidence.known_words
    )

    now_label, now_kind = accepted(decide_garment(evidence, labels, figures))

    if not denied and (label or kind):
        assert now_label or now_kind


@given(cases(), FIGURES, st.sampled_from(["title", "category"]), WORDS)
def test_a_witness_that_speaks_for_what_is_accepted_takes_nothing_away(
    case: tuple[GarmentEvidence, ReleaseLabels], figures: FormulaFigures, column: str, words: WordEvidence
) -> None:
    evidence, labels = case
    without = with_words(evidence, column, NO_WORDS)
    before = decide_garment(without, labels, figures)
    label, kind = accepted(before)
    kinds = labels.classes.get(label or "", frozenset[str]()) if kind is None else frozenset([kind])
    if kind == OTHER_KIND:
        # A class may be of a kind without a label, such as socks. Then the words have to speak for that one.
        kinds = labels.classes.get(label or "", frozenset[str]()) or frozenset(["set"])
    spoken = words._replace(kinds=words.kinds | kinds)
    if not kinds or any(is_ambiguous(each, labels) for each in (spoken, *without.known_words)):
        return

    after = decide_garment(with_words(without, column, spoken), labels, figures)

    assert accepted(after)[0] or not label
    assert accepted(after)[1] or not kind
    if kind and before.kind_confidence and after.kind == kind and after.kind_confidence:
        assert after.kind_confidence >= before.kind_confidence - 1e-9


@given(cases(), FIGURES, st.integers(1, 30), st.data())
def test_other_products_that_speak_against_an_answer_never_make_it_accepted(
    case: tuple[GarmentEvidence, ReleaseLabels], figures: FormulaFigures, count: int, data: st.DataObject
) -> None:
    evidence, labels = case
    if not evidence.kind:
        return
    against = data.draw(st.sampled_from(labels.kinds))
    general = dict.fromkeys(labels.kinds, 1 / len(labels.kinds))
    each = dict(zip(labels.kinds, data.draw(probabilities(labels.kinds)), strict=True)) | {against: 0.0}
    sums = {kind: count * share for kind, share in each.items()}
    others = compute_frequency_ratios(sums, count, general)

    label, kind = accepted(decide_garment(replace(evidence, other_products=others), labels, figures))
    without_others = decide_garment(replace(evidence, other_products=None), labels, figures)

    if kind == against:
        assert accepted(without_others)[1] == kind
    if label and labels.kinds_of_classes.get(label) == frozenset([against]):
        assert accepted(without_others)[0] == label


@given(probabilities(KIND_LABELS), st.sampled_from(KIND_LABELS), st.frozensets(st.sampled_from(KIND_LABELS)))
def test_a_broader_word_never_gives_a_kind_more_than_a_narrower_one_that_admits_it(
    photo: list[float], kind: str, further: frozenset[str]
) -> None:
    shares = dict(zip(KIND_LABELS, photo, strict=True))
    narrow = compute_posterior(shares, [compute_word_factors({kind}, KIND_LABELS)])

    broad = compute_posterior(shares, [compute_word_factors({kind} | further, KIND_LABELS)])

    assert broad[kind] <= narrow[kind] + 1e-12


@given(
    probabilities(KIND_LABELS), st.lists(WORDS.filter(lambda words: words.kinds), max_size=40), st.randoms()
)
def test_the_order_of_witnesses_changes_nothing(
    photo: list[float], said: list[WordEvidence], random: object
) -> None:
    shares = dict(zip(KIND_LABELS, photo, strict=True))
    factors = [
        compute_word_factors(words.kinds, KIND_LABELS, is_confirmed=words.is_confirmed) for words in said
    ]
    shuffled = sorted(factors, key=lambda _: random.random())  # type: ignore[attr-defined]

    posterior = compute_posterior(shares, factors)

    assert posterior == compute_posterior(shares, shuffled)
    assert math.isclose(sum(posterior.values()), 1)


@given(evidences(RELEASE), FIGURES)
def test_a_category_with_one_product_says_nothing_by_its_products(
    evidence: GarmentEvidence, figures: FormulaFigures
) -> None:
    nobody = compute_frequency_ratios({}, 0, dict.fromkeys(KIND_LABELS, 1 / len(KIND_LABELS)))
    word = compute_word_factors({"dress"}, KIND_LABELS, figures=figures)

    assert nobody is None
    assert compute_category_factors(word, nobody, figures=figures) == word


@given(cases())
def test_words_that_were_not_measured_accept_nothing(case: tuple[GarmentEvidence, ReleaseLabels]) -> None:
    evidence, labels = case
    bare = GarmentEvidence(label=evidence.label, kind=evidence.kind)

    decision = decide_garment(evidence, labels, None)

    without_words = decide_garment(bare, labels, None)
    assert decision.label_reason or not without_words.label_reason
    assert decision.kind_reason or not without_words.kind_reason
    assert decision.label_decided_by == decision.kind_decided_by == DecidedBy.MODEL


@given(st.sampled_from([("Kleid",), ("Kleid", "Hose")]), st.data(), WORDS, WORDS, FIGURES)
def test_a_release_of_one_or_two_classes_accepts_no_more_than_the_photos_alone(
    classes: tuple[str, ...],
    data: st.DataObject,
    title: WordEvidence,
    category: WordEvidence,
    figures: FormulaFigures,
) -> None:
    label = data.draw(answers(classes))
    labels = translate_release_labels(classes, None, "de")

    decision = decide_garment(GarmentEvidence(label=label, title=title, category=category), labels, figures)

    assert label.reason is None or decision.label_reason == label.reason


@given(st.sampled_from([math.nan, math.inf]), st.integers(0, len(KIND_LABELS) - 1), WORDS, FIGURES)
def test_photos_with_a_probability_that_is_no_number_are_never_accepted(
    wrong: float, place: int, title: WordEvidence, figures: FormulaFigures
) -> None:
    scores = [0.05] * len(KIND_LABELS)
    scores[place] = wrong
    evidence = GarmentEvidence(
        label=PhotoAnswer(label="Dress", reason=None, scores=[0.1] * len(CLASSES)),
        kind=PhotoAnswer(label="dress", reason=None, scores=scores),
        title=title,
    )

    assert accepted(decide_garment(evidence, RELEASE, figures)) == (None, None)


def test_words_without_kinds_are_no_witness() -> None:
    scores = [0.1] * len(CLASSES)
    evidence = GarmentEvidence(label=PhotoAnswer(label="Dress", reason=None, scores=scores), title=NO_WORDS)

    assert not evidence.has_witness
