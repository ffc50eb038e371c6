"""What words and a photo say together: the kind of the words, where the photo confirms it."""

from typing import NamedTuple

import pytest

from inference.reasons import Reason
from inference.title_rule import NO_SHARES, NONE, OTHER, Alone, Names, Shares, decide_listed, names_of

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt")
KINDS = ("top", "trousers", "pullover", "dress", "coat", "shirt", "skirt", "hat", OTHER)
RELEASE = names_of(LABELS, KINDS, "en")
WITHOUT_KIND = names_of(LABELS, None, "en")
GERMAN = names_of(("Jacke", "Mantel", "Hose", "Sonstiges"), None, "en")
SHOWN = Shares(named=0.05, other=0.1)


def shares_of(labels: tuple[str, ...], given: dict[str, float]) -> list[float]:
    """Probabilities of labels; what is left over goes to those that are not given."""
    rest = (1 - sum(given.values())) / max(1, len(labels) - len(given))
    return [given.get(label, rest) for label in labels]


def photo(
    label: str,
    reason: Reason | None = Reason.AMBIGUOUS,
    kind: str | None = None,
    *,
    names: Names = RELEASE,
    classes: dict[str, float] | None = None,
    **kinds: float,
) -> Alone:
    """What a photo says; `kind` is what it accepts."""
    return Alone(
        label=label,
        reason=reason,
        kind=kind,
        is_kind_accepted=kind is not None,
        classes=shares_of(tuple(names.classes), classes or {label: 0.6}),
        kinds=shares_of(names.kinds, kinds) if names.kinds else (),
    )


class Case(NamedTuple):
    says: set[str]
    photo: Alone
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
    "one name that the head lacks": Case({"scarf"}, photo("Dress", other=0.1), (NONE, OTHER, None, "list")),
    "the same with too little": Case({"scarf"}, photo("Dress", other=0.09), (NONE, OTHER, "list", "model")),
    "two names that the head lacks": Case(
        {"scarf", "gloves"}, photo("Dress", other=0.9), (NONE, OTHER, "ambiguous", "model")
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
    says, alone, (label, kind, reason, decided_by) = CASES[case]

    listed = decide_listed(frozenset(says), alone, RELEASE, SHOWN)

    assert (listed.label, listed.kind, listed.reason, listed.decided_by) == (label, kind, reason, decided_by)
    assert listed.decision == ("review" if reason else "accept")


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
    [(RELEASE, NO_SHARES), (WITHOUT_KIND, NO_SHARES), (RELEASE, Shares(other=None))],
)
def test_where_nothing_is_shown_words_are_a_veto(
    says: set[str], reason: Reason | None, outcome: str | None, names: Names, shares: Shares
) -> None:
    listed = decide_listed(frozenset(says), photo("Dress", reason, names=names), names, shares)

    assert (listed.reason, listed.decided_by) == (outcome, "model")


def test_without_other_names_that_nothing_answers_accept_nothing() -> None:
    doubtful = photo("Dress", names=WITHOUT_KIND, classes={"T-shirt/top": 0.9})

    alone = decide_listed(frozenset({"scarf"}), photo("Dress", None, names=WITHOUT_KIND), WITHOUT_KIND, SHOWN)
    beside = decide_listed(frozenset({"top", "vest"}), doubtful, WITHOUT_KIND, SHOWN)

    assert (alone.decision, alone.reason) == ("review", Reason.TITLE_CONFLICT)
    assert (beside.label, beside.reason) == ("T-shirt/top", "ambiguous")


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
    alone = photo("Sonstiges", names=GERMAN, classes=shares)

    listed = decide_listed(frozenset(says), alone, GERMAN, SHOWN)

    assert (listed.label, listed.reason) == outcome


def test_an_accepted_class_that_the_words_do_not_know_stays() -> None:
    listed = decide_listed(frozenset({"coat"}), photo("Sonstiges", None, names=GERMAN), GERMAN, SHOWN)

    assert (listed.label, listed.decision, listed.decided_by) == ("Sonstiges", "accept", "model")


def test_an_attribute_of_this_name_with_other_labels_is_none_of_these() -> None:
    assert names_of(LABELS, ("casual", "formal"), "en") == WITHOUT_KIND
