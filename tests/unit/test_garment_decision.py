"""What a photo or a product is decided to be, by its photos, its title and its category."""

import re
from dataclasses import replace

import pytest

from inference.garment_decision import GarmentDecision, decide_garment
from inference.garment_evidence import GarmentEvidence, PhotoAnswer, WordEvidence
from inference.posterior import DEFAULT_FIGURES, FormulaFigures
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND, ReleaseLabels, translate_release_labels
from tests.formula_cases import CASES, RELEASE, Case, make_evidence
from tests.service import ROOT

PAGES = "".join(
    (ROOT / f"docs/{page}.md").read_text("utf-8")
    for page in ("explanation/title-and-photo", "reference/product-decision")
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_of_the_eighteen_cases_is_decided_as_the_pages_say(case: Case) -> None:
    decision = decide_garment(make_evidence(case), RELEASE, DEFAULT_FIGURES)

    assert (None if decision.kind_reason else decision.kind) == case.kind
    assert (None if decision.label_reason else decision.label) == case.label
    assert decision.suggested_kinds == case.suggestions


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_pages_show_the_decision_of_each_case(case: Case) -> None:
    decision = decide_garment(make_evidence(case), RELEASE, DEFAULT_FIGURES)

    [shown] = re.findall(rf"^\| {re.escape(case.name)} \|.*\| (.*) \|$", PAGES, re.MULTILINE)

    if decision.kind_confidence and decision.label:
        assert shown == f"accept `{decision.kind}`, class `{decision.label}` ({decision.kind_confidence:.2f})"
    elif decision.label_confidence:
        assert shown.startswith(f"accept the class `{decision.label}` ({decision.label_confidence:.2f})")
        assert f"reason `{decision.kind_reason}`: {' or '.join(case.suggestions)} (" in shown
    else:
        assert shown.startswith(
            f"review, reason `{decision.label_reason}`: {' or '.join(case.suggestions)} ("
        )


LABELS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt")
KINDS = ("top", "trousers", "pullover", "dress", "coat", "shirt", "skirt", "hat", OTHER_KIND)
SIX_CLASSES = translate_release_labels(LABELS, KINDS, "en")
WITHOUT_KIND = translate_release_labels(LABELS, None, "en")
WITHOUT_OTHER = translate_release_labels(LABELS, KINDS[:-1], "en")
GERMAN = translate_release_labels(("Jacke", "Mantel", "Hose", "Sonstiges"), None, "en")


def share_out(labels: tuple[str, ...], given: dict[str, float]) -> list[float]:
    """Return the probabilities of labels; those that are not given share the rest."""
    rest = (1 - sum(given.values())) / max(1, len(labels) - len(given))
    return [given.get(label, rest) for label in labels]


def make_photo(
    classes: dict[str, float],
    kinds: dict[str, float] | None = None,
    release: ReleaseLabels = SIX_CLASSES,
    *,
    label_reason: Reason | None = Reason.UNFAMILIAR,
    kind_reason: Reason | None = Reason.UNFAMILIAR,
) -> GarmentEvidence:
    """Return the evidence of a photo without words."""
    kind = kinds and PhotoAnswer(
        label=max(kinds, key=kinds.__getitem__), reason=kind_reason, scores=share_out(release.kinds, kinds)
    )
    scores = share_out(tuple(release.classes), classes)
    label = PhotoAnswer(label=max(classes, key=classes.__getitem__), reason=label_reason, scores=scores)
    return GarmentEvidence(label=label, kind=kind or None)


def decide_with_words(
    photo: GarmentEvidence,
    kinds: set[str],
    release: ReleaseLabels = SIX_CLASSES,
    figures: FormulaFigures | None = DEFAULT_FIGURES,
) -> GarmentDecision:
    return decide_garment(replace(photo, title=WordEvidence(frozenset(kinds))), release, figures)


def outcome(decision: GarmentDecision) -> tuple[str, str | None]:
    """Return the accepted class and kind, or the reasons of their reviews."""
    return decision.label_reason or decision.label, decision.kind_reason or decision.kind


CLEAR_DRESS = make_photo({"Dress": 0.99}, {"dress": 0.97, "skirt": 0.02}, label_reason=None, kind_reason=None)
DOUBTFUL_DRESS = make_photo({"Dress": 0.7}, {"dress": 0.5, "skirt": 0.3, "coat": 0.1})
HAT = make_photo({"Dress": 0.5}, {"hat": 0.98}, kind_reason=None)


@pytest.mark.parametrize(
    ("photo", "words", "expected", "decided_by"),
    [
        (CLEAR_DRESS, {"dress"}, ("Dress", "dress"), ("model", "model")),
        (CLEAR_DRESS, {"dress", "skirt"}, ("Dress", "dress"), ("model", "model")),
        (CLEAR_DRESS, {"trousers"}, ("list", "list"), ("model", "model")),
        (DOUBTFUL_DRESS, {"dress"}, ("Dress", "dress"), ("list", "list")),
        (DOUBTFUL_DRESS, {"skirt"}, (NONE, "skirt"), ("list", "list")),
        (DOUBTFUL_DRESS, {"dress", "skirt"}, ("ambiguous", "ambiguous"), ("model", "model")),
        (HAT, {"hat"}, (NONE, "hat"), ("list", "model")),
        (HAT, {"scarf"}, (NONE, "list"), ("list", "model")),
        (make_photo({"Dress": 0.5}, {OTHER_KIND: 0.6}), {"scarf"}, (NONE, OTHER_KIND), ("list", "list")),
    ],
)  # fmt: skip
def test_a_title_decides_together_with_the_photo(
    photo: GarmentEvidence, words: set[str], expected: tuple[str, str], decided_by: tuple[str, str]
) -> None:
    decision = decide_with_words(photo, words)

    assert outcome(decision) == expected
    assert (decision.label_decided_by, decision.kind_decided_by) == decided_by


def test_without_words_each_answer_of_the_photo_is_decided_for_itself() -> None:
    photo = make_photo({"Dress": 0.9}, {"dress": 0.5}, label_reason=None, kind_reason=Reason.UNPROVEN)

    decision = decide_garment(photo, SIX_CLASSES, DEFAULT_FIGURES)

    assert outcome(decision) == ("Dress", "unproven")
    assert (decision.label_confidence, decision.has_witness) == (None, False)


@pytest.mark.parametrize("words", [set[str](), {"dress", "skirt"}])
@pytest.mark.parametrize("figures", [None, DEFAULT_FIGURES])
def test_an_accepted_class_and_kind_that_do_not_belong_together_go_to_a_person(
    words: set[str], figures: FormulaFigures | None
) -> None:
    photo = make_photo({"Dress": 0.9}, {"skirt": 0.5, "dress": 0.4}, label_reason=None, kind_reason=None)

    decision = decide_with_words(photo, words, figures=figures)

    assert outcome(decision) == ("ambiguous", "ambiguous")


@pytest.mark.parametrize(("can_accept", "expected"), [(True, NONE), (False, "unfamiliar")])
def test_an_accepted_kind_outside_the_classes_makes_none_of_these_if_that_was_measured(
    can_accept: bool, expected: str
) -> None:
    decision = decide_garment(HAT, SIX_CLASSES, FormulaFigures(can_accept_outside=can_accept))

    assert outcome(decision) == (expected, "hat")


def test_the_class_alone_is_accepted_if_its_kinds_are_close() -> None:
    release = translate_release_labels(
        ("Shoes", "Dress", "Trouser"), ("sneaker", "boot", "dress", OTHER_KIND), "en"
    )
    photo = make_photo({"Shoes": 0.9}, {"sneaker": 0.5, "boot": 0.48}, release)

    decision = decide_with_words(photo, {"sneaker", "boot"}, release)

    assert outcome(decision) == ("Shoes", "ambiguous")
    assert decision.suggested_kinds == ("sneaker", "boot")
    assert decision.label_confidence is not None
    assert decision.label_confidence > 0.99


def test_a_kind_that_the_photos_accept_stays_if_only_its_class_is_probable_enough() -> None:
    photo = make_photo({"Dress": 0.3}, {"hat": 0.55, "skirt": 0.44}, kind_reason=None)

    decision = decide_with_words(photo, {"hat", "skirt"})

    assert outcome(decision) == (NONE, "hat")


def test_classes_that_share_a_kind_get_the_parts_that_the_photo_gives_them() -> None:
    release = translate_release_labels(("Jacke", "Mantel", "Hose"), ("coat", "trousers", OTHER_KIND), "en")
    clear = make_photo({"Jacke": 0.97, "Mantel": 0.01}, {"coat": 0.5}, release)
    close = make_photo({"Jacke": 0.5, "Mantel": 0.4}, {"coat": 0.5}, release)

    assert outcome(decide_with_words(clear, {"coat"}, release)) == ("Jacke", "coat")
    assert outcome(decide_with_words(close, {"coat"}, release)) == ("ambiguous", "coat")


@pytest.mark.parametrize(
    ("words", "classes", "expected"),
    [
        ({"coat"}, {"Jacke": 0.8, "Mantel": 0.01}, "Jacke"),
        ({"coat"}, {"Jacke": 0.5, "Mantel": 0.4}, "ambiguous"),
        ({"trousers"}, {"Hose": 0.6}, "Hose"),
        ({"dress"}, {"Hose": 0.6}, "list"),
        ({"coat"}, {"Sonstiges": 0.999}, "ambiguous"),
    ],
)
def test_without_kinds_the_formula_works_on_the_classes(
    words: set[str], classes: dict[str, float], expected: str
) -> None:
    photo = make_photo(classes, release=GERMAN)

    assert outcome(decide_with_words(photo, words, GERMAN))[0] == expected


def test_an_accepted_class_of_unknown_name_stays_beside_words() -> None:
    photo = make_photo({"Sonstiges": 0.9}, release=GERMAN, label_reason=None)

    decision = decide_with_words(photo, {"coat"}, GERMAN)

    assert (decision.label, decision.decision, decision.label_decided_by) == ("Sonstiges", "accept", "model")


@pytest.mark.parametrize("release", [WITHOUT_KIND, WITHOUT_OTHER], ids=["no kinds", "no label other"])
@pytest.mark.parametrize("words", [{"scarf"}, {"top", "vest"}])
def test_without_the_label_other_words_for_kinds_without_a_label_accept_nothing(
    release: ReleaseLabels, words: set[str]
) -> None:
    kinds = {"top": 0.9} if release.kinds else None
    photo = make_photo({"T-shirt/top": 0.9}, kinds, release)

    assert decide_with_words(photo, words, release).decision == "review"


def test_words_for_other_kinds_only_contradict_if_they_were_not_right_often_enough() -> None:
    photo = make_photo({"Dress": 0.5}, {OTHER_KIND: 0.9})

    decision = decide_with_words(photo, {"scarf"}, figures=FormulaFigures(can_accept_other=False))

    assert outcome(decision) == ("ambiguous", "ambiguous")


@pytest.mark.parametrize("figures", [None, DEFAULT_FIGURES])
@pytest.mark.parametrize("kinds", [("jeans slim", "jeans wide"), ("trousers", "jeans slim")])
@pytest.mark.parametrize("words", [{"trousers"}, {"dress"}, {"scarf"}, set[str]()])
@pytest.mark.parametrize("reason", [None, Reason.AMBIGUOUS])
def test_an_attribute_kind_with_labels_of_its_own_has_no_say(
    words: set[str], reason: Reason | None, kinds: tuple[str, ...], figures: FormulaFigures | None
) -> None:
    photo = make_photo({"Trouser": 0.6}, release=WITHOUT_KIND, label_reason=reason)
    own_kind = PhotoAnswer(label=kinds[0], reason=None, scores=(0.9, 0.1))
    release = translate_release_labels(LABELS, kinds, "en")

    with_attribute = decide_with_words(replace(photo, kind=own_kind), words, release, figures)

    assert with_attribute == decide_with_words(photo, words, WITHOUT_KIND, figures)


OWN = translate_release_labels(("T-shirt/top", "Zeugs", "Sets", NONE), None, "en")


@pytest.mark.parametrize(
    ("label", "reason"),
    [("T-shirt/top", Reason.TITLE_CONFLICT), ("Zeugs", Reason.TITLE_CONFLICT), ("Sets", None), (NONE, None)],
)
@pytest.mark.parametrize("figures", [None, DEFAULT_FIGURES])
def test_a_set_is_not_its_part_whatever_the_photo_accepts(
    label: str, reason: Reason | None, figures: FormulaFigures | None
) -> None:
    photo = make_photo({label: 0.9}, release=OWN, label_reason=None)

    assert decide_with_words(photo, {"set"}, OWN, figures).label_reason == reason


@pytest.mark.parametrize(
    ("words", "reason", "expected"),
    [
        ({"dress"}, None, None),
        ({"dress"}, Reason.UNFAMILIAR, "unfamiliar"),
        ({"coat"}, None, "list"),
        ({"scarf"}, None, "list"),
        ({"scarf"}, Reason.AMBIGUOUS, "ambiguous"),
    ],
)
@pytest.mark.parametrize("release", [SIX_CLASSES, WITHOUT_KIND], ids=["kinds", "no kinds"])
def test_words_that_were_not_measured_only_contradict(
    words: set[str], reason: Reason | None, expected: str | None, release: ReleaseLabels
) -> None:
    kinds = {"dress": 0.5} if release.kinds else None
    photo = make_photo({"Dress": 0.6}, kinds, release, label_reason=reason)

    decision = decide_with_words(photo, words, release, None)

    assert (decision.label_reason, decision.label_decided_by) == (expected, "model")


@pytest.mark.parametrize(
    ("words", "kind", "label_reason", "kind_reason"),
    [
        ({"dress"}, "dress", None, None),
        ({"coat"}, "dress", "list", "list"),
        ({"scarf"}, "hat", "unfamiliar", "list"),
        ({"hat"}, "hat", "unfamiliar", None),
    ],
)
def test_words_that_were_not_measured_contradict_class_and_kind_each_for_itself(
    words: set[str], kind: str, label_reason: str | None, kind_reason: str | None
) -> None:
    class_reason = None if kind == "dress" else Reason.UNFAMILIAR
    photo = make_photo({"Dress": 0.9}, {kind: 0.9}, label_reason=class_reason, kind_reason=None)

    decision = decide_with_words(photo, words, figures=None)

    assert (decision.label_reason, decision.kind_reason) == (label_reason, kind_reason)
    assert (decision.label, decision.kind) == ("Dress", kind)
    assert not decision.has_witness


@pytest.mark.parametrize("reason", [Reason.CONTRADICTING, Reason.UNPROVEN, Reason.UNFAMILIAR])
def test_a_review_beside_words_is_ambiguous_whatever_the_photos_reason_was(reason: Reason) -> None:
    photo = make_photo({"Dress": 0.5}, {"dress": 0.5, "skirt": 0.4}, label_reason=reason, kind_reason=reason)

    assert outcome(decide_with_words(photo, {"dress", "skirt"})) == ("ambiguous", "ambiguous")


def test_a_word_of_a_guessed_language_weighs_as_little_as_a_broad_one() -> None:
    photo = make_photo({"Dress": 0.7}, {"dress": 0.5, "skirt": 0.3, "coat": 0.1})
    guessed = replace(photo, title=WordEvidence(frozenset(["skirt"]), is_broad=True))

    assert outcome(decide_garment(guessed, SIX_CLASSES, DEFAULT_FIGURES)) == ("list", "list")
    assert outcome(decide_with_words(photo, {"skirt"})) == (NONE, "skirt")


def test_other_products_alone_need_a_higher_probability_than_words_do() -> None:
    photo = make_photo({"Dress": 0.7}, {"dress": 0.5, "skirt": 0.3, "coat": 0.1})
    weak = {kind: 1.0 if kind == "dress" else 0.13 for kind in KINDS}
    strong = {kind: 1.0 if kind == "dress" else 0.02 for kind in KINDS}

    by_weak = decide_garment(replace(photo, other_products=weak), SIX_CLASSES, DEFAULT_FIGURES)
    by_strong = decide_garment(replace(photo, other_products=strong), SIX_CLASSES, DEFAULT_FIGURES)

    assert outcome(by_weak) == ("ambiguous", "ambiguous")
    assert outcome(by_strong) == ("Dress", "dress")


SURE_COAT = make_photo({"Coat": 0.9}, {"coat": 0.7, "shirt": 0.2}, label_reason=None, kind_reason=None)
MANY_SHIRTS = {kind: 1.0 if kind == "shirt" else 0.02 for kind in KINDS}
MANY_COATS = {kind: 1.0 if kind == "coat" else 0.02 for kind in KINDS}
FEW_COATS = {kind: 0.9 if kind == "coat" else 1.0 for kind in KINDS}


@pytest.mark.parametrize(
    ("others", "words", "expected"),
    [
        (MANY_SHIRTS, set[str](), ("ambiguous", "ambiguous")),
        (MANY_SHIRTS, {"coat", "shirt"}, ("Shirt", "shirt")),
        (MANY_COATS, set[str](), ("Coat", "coat")),
        (MANY_COATS, {"coat", "shirt"}, ("Coat", "coat")),
        (FEW_COATS, {"coat"}, ("Coat", "coat")),
    ],
)
def test_an_answer_of_the_photos_stays_unless_the_other_products_make_it_improbable(
    others: dict[str, float], words: set[str], expected: tuple[str, str]
) -> None:
    photo = replace(SURE_COAT, other_products=others)

    assert outcome(decide_with_words(photo, words)) == expected


def test_a_class_in_review_is_not_accepted_because_the_photos_accept_its_kind() -> None:
    photo = replace(SURE_COAT, label=replace(SURE_COAT.label, reason=Reason.UNFAMILIAR))

    decision = decide_with_words(photo, {"coat", "shirt"})

    assert outcome(decision) == ("ambiguous", "coat")


@pytest.mark.parametrize("words", [set[str](), {"hat", "skirt"}])
def test_a_class_outside_that_follows_from_an_accepted_kind_stays_beside_a_witness(words: set[str]) -> None:
    figures = FormulaFigures(can_accept_outside=True)
    photo = make_photo({"Dress": 0.3}, {"hat": 0.55, "coat": 0.3}, kind_reason=None)
    agreeing = {kind: 1.0 if kind in {"hat", "coat"} else 0.9 for kind in KINDS}

    decision = decide_with_words(replace(photo, other_products=agreeing), words, figures=figures)

    assert outcome(decision) == (NONE, "hat")
    assert decision.kind_confidence is None


def test_other_products_that_speak_slightly_against_a_photo_do_not_accept_it() -> None:
    photo = make_photo({"Coat": 0.99}, {"coat": 0.99})
    slightly_against = {kind: 0.8 if kind == "coat" else 1.0 for kind in KINDS}

    assert outcome(decide_with_words(replace(photo, other_products=slightly_against), set())) == (
        "ambiguous",
        "ambiguous",
    )
    assert outcome(decide_with_words(replace(photo, other_products=MANY_COATS), set())) == ("Coat", "coat")


@pytest.mark.parametrize(
    ("photo", "has_confidence"),
    [(SURE_COAT, False), (make_photo({"Coat": 0.9}, {"coat": 0.7}), True)],
    ids=["accepted by the photos", "accepted by the formula"],
)
def test_the_confidence_is_the_one_that_reached_its_threshold(
    photo: GarmentEvidence, has_confidence: bool
) -> None:
    decision = decide_with_words(photo, {"coat"})

    assert outcome(decision) == ("Coat", "coat")
    assert decision.label_decided_by == decision.kind_decided_by == ("list" if has_confidence else "model")
    assert (decision.label_confidence is not None) == has_confidence
    assert (decision.kind_confidence is not None) == has_confidence


PURSE = {"bag", "wallet"}


def decide_in_category(photo: dict[str, float], title: set[str], category: WordEvidence) -> GarmentDecision:
    """Decide about a product of the bundled release's kinds, whose photos alone are in review."""
    evidence = make_evidence(Case("", photo, "|".join(title), "", None, None, None, ("", "")))
    return decide_garment(replace(evidence, category=category), RELEASE, DEFAULT_FIGURES)


@pytest.mark.parametrize(
    ("photo", "title", "expected"),
    [
        ({"dress": 0.77, "other": 0.1, "bag": 0.002}, PURSE, ("list", "list")),
        ({"dress": 0.77, "other": 0.001, "bag": 0.1}, PURSE, ("Bag", "bag")),
        ({"bag": 0.6, "dress": 0.3}, PURSE, ("Bag", "bag")),
        ({"bag": 0.5, "other": 0.45}, PURSE, ("ambiguous", "ambiguous")),
        ({"other": 0.95, "dress": 0.03}, PURSE, (NONE, OTHER_KIND)),
        ({"other": 0.7, "bag": 0.1}, PURSE, ("ambiguous", "ambiguous")),
        ({"pullover": 0.6, "coat": 0.3}, {"pullover", "vest"}, ("Pullover", "pullover")),
        ({"coat": 0.5, "pullover": 0.04, "other": 0.4}, {"pullover", "vest"}, ("list", "list")),
        ({"boot": 0.8, "other": 0.15}, {"socks", "underwear"}, ("list", "list")),
        ({"underwear": 0.5, "boot": 0.45}, {"socks", "underwear"}, (NONE, "underwear")),
        ({"skirt": 0.4, "other": 0.35}, {"skirt", "socks"}, (NONE, "ambiguous")),
    ],
)
def test_a_word_with_and_without_a_label_makes_neither_meaning_certain(
    photo: dict[str, float], title: set[str], expected: tuple[str, str]
) -> None:
    assert outcome(decide_in_category(photo, title, WordEvidence())) == expected


@pytest.mark.parametrize(
    ("category", "photo", "expected"),
    [
        ({"bag"}, {"bag": 0.5, "other": 0.45}, ("Bag", "bag")),
        ({"bag", "belt"}, {"bag": 0.5, "other": 0.45}, ("Bag", "bag")),
        ({"bag", "scarf"}, {"bag": 0.5, "other": 0.45}, ("Bag", "bag")),
        ({"wallet"}, {"bag": 0.45, "other": 0.4}, (NONE, OTHER_KIND)),
        ({"wallet", "scarf"}, {"bag": 0.45, "other": 0.4}, (NONE, OTHER_KIND)),
    ],
)
@pytest.mark.parametrize("is_confirmed", [False, True])
def test_of_an_ambiguous_title_only_the_kinds_of_its_category_speak(
    category: set[str], photo: dict[str, float], expected: tuple[str, str], is_confirmed: bool
) -> None:
    words = WordEvidence(frozenset(category), is_confirmed=is_confirmed)

    assert outcome(decide_in_category(photo, PURSE, words)) == expected


def test_a_broad_category_stays_weak_beside_an_ambiguous_title() -> None:
    tops = WordEvidence(frozenset(["top", "shirt", "pullover", "vest", "dress"]))
    photo = {"coat": 0.9, "pullover": 0.01}

    assert outcome(decide_in_category(photo, {"pullover", "vest"}, tops)) == ("list", "list")


def test_the_confidence_of_a_class_is_the_sum_over_its_kinds() -> None:
    decision = decide_with_words(DOUBTFUL_DRESS, {"skirt"})

    assert decision.kind_confidence is not None
    assert decision.label_confidence is not None
    assert 0.9 < decision.kind_confidence < decision.label_confidence


def test_a_kind_answer_that_is_missing_leaves_the_decision_to_the_photos() -> None:
    photo = make_photo({"Dress": 0.9}, label_reason=None)
    crowded = replace(photo, other_products=dict.fromkeys(KINDS, 1.0))

    assert outcome(decide_with_words(crowded, {"dress"}))[0] == "Dress"
    assert outcome(decide_with_words(crowded, {"coat"}))[0] == "list"
