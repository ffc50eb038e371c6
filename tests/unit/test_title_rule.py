"""What words and a photo say together: the kind of the words, where the photo confirms it."""

from typing import NamedTuple

import pytest

from inference.garment_evidence import PhotoAnswer
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND, ReleaseLabels, find_release_labels
from inference.title_rule import NO_MINIMUM_SHARES, MinimumShares, TitleDecision, decide_with_title

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt")
KINDS = ("top", "trousers", "pullover", "dress", "coat", "shirt", "skirt", "hat", OTHER_KIND)
RELEASE = find_release_labels(LABELS, KINDS, "en")
WITHOUT_KIND = find_release_labels(LABELS, None, "en")
GERMAN = find_release_labels(("Jacke", "Mantel", "Hose", "Sonstiges"), None, "en")
SHOWN = MinimumShares(named=0.05, other=0.1)


def shares_of(labels: tuple[str, ...], given: dict[str, float]) -> list[float]:
    """Probabilities of labels; what is left over goes to those that are not given."""
    rest = (1 - sum(given.values())) / max(1, len(labels) - len(given))
    return [given.get(label, rest) for label in labels]


class Photo(NamedTuple):
    """The answers of a photo about class and kind."""

    label: PhotoAnswer
    kind: PhotoAnswer | None


def photo(
    label: str,
    reason: Reason | None = Reason.AMBIGUOUS,
    kind: str | None = None,
    *,
    names: ReleaseLabels = RELEASE,
    classes: dict[str, float] | None = None,
    **kinds: float,
) -> Photo:
    """What a photo says; `kind` is what it accepts."""
    of_class = PhotoAnswer(
        label=label, reason=reason, scores=shares_of(tuple(names.classes), classes or {label: 0.6})
    )
    scores = shares_of(names.kinds, kinds)
    doubtful = names.kinds[scores.index(max(scores))] if names.kinds else ""
    of_kind = PhotoAnswer(label=kind or doubtful, reason=None if kind else Reason.AMBIGUOUS, scores=scores)
    return Photo(of_class, of_kind if names.kinds else None)


def photo_that_accepts(kind: str) -> Photo:
    """A photo of an accepted dress, of which it accepts a kind, too."""
    scores = shares_of(RELEASE.kinds, {kind: 0.9})
    return photo("Dress", None)._replace(kind=PhotoAnswer(label=kind, reason=None, scores=scores))


def decided(
    says: set[str], given: Photo, names: ReleaseLabels = RELEASE, shares: MinimumShares = SHOWN
) -> TitleDecision:
    return decide_with_title(frozenset(says), given.label, given.kind, names, shares)


def outcome_of(decision: TitleDecision) -> tuple[str | None, str | None, str | None]:
    """Class and kind, or what is suggested for them, and the reason."""
    has_suggestion = decision.label_reason and decision.suggested_label
    label = decision.suggested_label if has_suggestion else decision.label
    kind = decision.suggested_kind if decision.kind_reason else decision.kind
    return label, kind, decision.label_reason


class Case(NamedTuple):
    says: set[str]
    photo: Photo
    answer: tuple[str | None, str | None, str | None, str]


CASES = {
    "no word": Case(set(), photo("Dress", None), ("Dress", "dress", None, "model")),
    "no word, doubtful": Case(
        set(), photo("Dress", Reason.UNFAMILIAR), ("Dress", "dress", "unfamiliar", "model")
    ),
    "accepted class": Case({"dress"}, photo("Dress", None), ("Dress", "dress", None, "model")),
    "accepted class of two kinds": Case(
        {"top", "shirt"}, photo("Shirt", None, shirt=0.1, top=0.8), ("Shirt", "shirt", None, "model")
    ),
    "accepted kind without a class": Case(
        {"skirt"}, photo("Dress", Reason.UNFAMILIAR, "skirt"), (NONE, "skirt", None, "model")
    ),
    "accepted kind gives its class": Case(
        {"dress"}, photo("Coat", Reason.AMBIGUOUS, "dress", dress=0.9), ("Dress", "dress", None, "model")
    ),
    "class and kind accepted, and different": Case(
        {"skirt", "dress"}, photo("Dress", None, "skirt", skirt=0.9), (NONE, "skirt", "ambiguous", "model")
    ),
    "doubtful photo of the kind": Case(
        {"dress"}, photo("Coat", dress=0.06), ("Dress", "dress", None, "list")
    ),
    "exactly the least share": Case({"dress"}, photo("Coat", dress=0.05), ("Dress", "dress", None, "list")),
    "the kind has its share, and its class has less": Case(
        {"dress"}, photo("Coat", dress=0.06, classes={"Dress": 0.01}), ("Dress", "dress", "list", "model")
    ),
    "the photo accepts the kind, and its class has less": Case(
        {"dress"},
        photo("Coat", Reason.AMBIGUOUS, "dress", classes={"Dress": 0.01}),
        ("Dress", "dress", None, "model"),
    ),
    "unfamiliar photo of the kind": Case(
        {"skirt"}, photo("Dress", Reason.UNFAMILIAR, skirt=0.2), (NONE, "skirt", None, "list")
    ),
    "unproven product of the kind": Case(
        {"coat"}, photo("Coat", Reason.UNPROVEN, coat=0.5), ("Coat", "coat", None, "list")
    ),
    "accepted, and the words have their share": Case(
        {"shirt"}, photo("Coat", None, coat=0.9, shirt=0.06), ("Shirt", "shirt", None, "list")
    ),
    "accepted, and the words have less": Case(
        {"shirt"}, photo("Coat", None, coat=0.95, shirt=0.01), ("Shirt", "shirt", "list", "model")
    ),
    "two kinds, one has most": Case(
        {"pullover", "coat"}, photo("Shirt", pullover=0.3, coat=0.1), ("Pullover", "pullover", None, "list")
    ),
    "two kinds alike": Case(
        {"pullover", "coat"},
        photo("Shirt", pullover=0.3, coat=0.2),
        ("Pullover", "pullover", "ambiguous", "model"),
    ),
    "one name that the head lacks": Case(
        {"scarf"}, photo("Dress", other=0.1), (NONE, OTHER_KIND, None, "list")
    ),
    "the same with too little": Case(
        {"scarf"}, photo("Dress", other=0.09), (NONE, OTHER_KIND, "list", "model")
    ),
    "two names that the head lacks": Case(
        {"scarf", "gloves"}, photo("Dress", other=0.9), (NONE, OTHER_KIND, "ambiguous", "model")
    ),
    "a name, and one that the head lacks": Case(
        {"top", "vest"}, photo("Dress", top=0.6, other=0.1), ("T-shirt/top", "top", None, "list")
    ),
    "other never wins beside a name": Case(
        {"top", "vest"}, photo("Dress", top=0.1, other=0.8), ("T-shirt/top", "top", Reason.AMBIGUOUS, "model")
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_words_say_the_kind_and_the_photo_checks(case: str) -> None:
    says, given, (label, kind, reason, decided_by) = CASES[case]

    decision = decided(says, given)

    assert (*outcome_of(decision), decision.decided_by) == (label, kind, reason, decided_by)
    assert decision.decision == ("review" if reason else "accept")


@pytest.mark.parametrize("case", [name for name, case in CASES.items() if case.answer[2]])
def test_in_a_review_the_answers_of_the_photo_stay(case: str) -> None:
    says, given, _ = CASES[case]

    decision = decided(says, given)

    assert (decision.label, decision.kind) == (given.label.label, given.kind and given.kind.label)


@pytest.mark.parametrize(
    ("says", "reason", "outcome"),
    [
        ({"dress"}, None, None),
        ({"dress"}, "unfamiliar", "unfamiliar"),
        ({"coat"}, None, Reason.TITLE_CONFLICT),
        ({"scarf"}, None, Reason.TITLE_CONFLICT),
        ({"scarf"}, "ambiguous", "ambiguous"),
    ],
)
@pytest.mark.parametrize(
    ("names", "shares"),
    [(RELEASE, NO_MINIMUM_SHARES), (WITHOUT_KIND, NO_MINIMUM_SHARES), (RELEASE, MinimumShares(other=None))],
)
def test_where_nothing_is_shown_words_are_a_veto(
    says: set[str], reason: Reason | None, outcome: str | None, names: ReleaseLabels, shares: MinimumShares
) -> None:
    decision = decided(says, photo("Dress", reason, names=names), names, shares)

    assert (decision.label_reason, decision.decided_by) == (outcome, "model")


def test_without_other_names_that_nothing_answers_accept_nothing() -> None:
    doubtful = photo("Dress", names=WITHOUT_KIND, classes={"T-shirt/top": 0.9})

    alone = decided({"scarf"}, photo("Dress", None, names=WITHOUT_KIND), WITHOUT_KIND)
    beside = decided({"top", "vest"}, doubtful, WITHOUT_KIND)

    assert (alone.decision, alone.label_reason) == ("review", "list")
    assert outcome_of(beside) == ("T-shirt/top", "top", "ambiguous")


@pytest.mark.parametrize(
    ("says", "shares", "outcome"),
    [
        ({"coat"}, {"Jacke": 0.4, "Mantel": 0.1}, ("Jacke", None)),
        ({"coat"}, {"Jacke": 0.3, "Mantel": 0.2}, ("Jacke", "ambiguous")),
        ({"trousers"}, {"Hose": 0.06}, ("Hose", None)),
        ({"dress"}, {"Hose": 0.06}, ("Sonstiges", "ambiguous")),
    ],
)
def test_own_classes_are_their_kinds_in_whatever_language(
    says: set[str], shares: dict[str, float], outcome: tuple[str, str | None]
) -> None:
    label, _, reason = outcome_of(decided(says, photo("Sonstiges", names=GERMAN, classes=shares), GERMAN))

    assert (label, reason) == outcome


def test_an_accepted_class_that_the_words_do_not_know_stays() -> None:
    decision = decided({"coat"}, photo("Sonstiges", None, names=GERMAN), GERMAN)

    assert (decision.label, decision.decision, decision.decided_by) == ("Sonstiges", "accept", "model")


def test_a_kind_that_neither_title_nor_class_names_stays_as_the_photo_answered_it() -> None:
    release = find_release_labels(("Dress", "Sonstiges"), KINDS, "en")
    doubtful = photo("Sonstiges", None, names=release, shirt=0.4)

    decision = decided({"dress"}, doubtful, release)

    assert (decision.label, decision.label_reason) == ("Sonstiges", None)
    assert (decision.kind, decision.kind_reason) == ("shirt", "ambiguous")


@pytest.mark.parametrize("shares", [SHOWN, NO_MINIMUM_SHARES])
@pytest.mark.parametrize("kinds", [("jeans slim", "jeans wide"), ("trousers", "jeans slim")])
@pytest.mark.parametrize("says", [{"trousers"}, {"dress"}, {"scarf"}, set[str]()])
@pytest.mark.parametrize("reason", [None, Reason.AMBIGUOUS])
def test_an_attribute_kind_with_labels_of_its_own_has_no_say(
    says: set[str], reason: Reason | None, kinds: tuple[str, ...], shares: MinimumShares
) -> None:
    given = photo("Trouser", reason, names=WITHOUT_KIND)
    of_kind = PhotoAnswer(label=kinds[0], reason=None, scores=(0.9, 0.1))
    labels = find_release_labels(LABELS, kinds, "en")

    with_attribute = decided(says, given._replace(kind=of_kind), labels, shares)

    assert with_attribute == decided(says, given, WITHOUT_KIND, shares)
    assert with_attribute.kind not in kinds[1:]


def test_an_attribute_of_this_name_with_other_labels_is_none_of_these() -> None:
    assert find_release_labels(LABELS, ("casual", "formal"), "en") == WITHOUT_KIND


OWN = find_release_labels(("T-shirt/top", "Zeugs", "Sets", NONE), None, "en")


@pytest.mark.parametrize(
    ("label", "reason"),
    [("T-shirt/top", Reason.TITLE_CONFLICT), ("Zeugs", Reason.TITLE_CONFLICT), ("Sets", None), (NONE, None)],
)
@pytest.mark.parametrize("shares", [NO_MINIMUM_SHARES, SHOWN])
def test_a_set_is_not_its_part_whatever_the_photo_accepts(
    label: str, reason: Reason | None, shares: MinimumShares
) -> None:
    given = photo(label, None, names=OWN, classes={label: 0.9})

    decision = decide_with_title(frozenset({"set"}), given.label, given.kind, OWN, shares)

    assert decision.label_reason == reason
    if reason and shares == NO_MINIMUM_SHARES:
        assert decision.suggested_label == "Sets"


def test_a_review_of_a_set_suggests_none_of_these() -> None:
    given = photo("Trouser", None, kind="trousers", trousers=0.97)

    decision = decide_with_title(frozenset({"set"}), given.label, given.kind, RELEASE, SHOWN)

    assert (decision.label_reason, decision.suggested_label) == (Reason.TITLE_CONFLICT, NONE)


@pytest.mark.parametrize(
    ("says", "kind", "label_reason", "kind_reason", "suggested"),
    [
        ({"dress"}, "dress", None, None, (None, "dress")),
        ({"skirt"}, "skirt", "list", None, (NONE, "skirt")),
        ({"dress"}, "skirt", None, "list", (None, "dress")),
        ({"coat"}, "skirt", "list", "list", ("Coat", "coat")),
        ({"scarf"}, OTHER_KIND, "list", None, (NONE, OTHER_KIND)),
        ({"dress"}, OTHER_KIND, None, "list", (None, "dress")),
    ],
)
def test_without_shares_a_title_contradicts_class_and_kind_each_for_itself(
    says: set[str],
    kind: str,
    label_reason: str | None,
    kind_reason: str | None,
    suggested: tuple[str | None, str | None],
) -> None:
    decision = decided(says, photo_that_accepts(kind), shares=NO_MINIMUM_SHARES)

    assert (decision.label_reason, decision.kind_reason) == (label_reason, kind_reason)
    assert (decision.label, decision.kind, decision.is_joint) == ("Dress", kind, False)
    assert (decision.suggested_label, decision.suggested_kind) == suggested


@pytest.mark.parametrize(("share", "is_shown"), [(0.05, True), (0.049, False)])
def test_a_sheet_shows_a_suggested_class_only_if_the_photo_gives_it_the_minimum_share(
    share: float, is_shown: bool
) -> None:
    denied = photo("Dress", dress=0.99, classes={"Dress": 0.9, "Coat": share})

    decision = decided({"coat"}, denied)

    assert (decision.suggested_label, decision.is_suggestion_shown) == ("Coat", is_shown)
