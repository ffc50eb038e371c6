"""Eighteen products for the formula: what photos, title, category and people say, and the decision.

docs/explanation/title-and-photo.md shows six of them to readers, and docs/reference/product-decision.md the
others.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from inference.garment_evidence import GarmentEvidence, PhotoAnswer, WordEvidence
from inference.posterior import (
    Shares,
    compute_frequency_ratios,
    compute_posterior,
)
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND, translate_release_labels
from inference.words.kinds import KINDS

CLASSES: Final = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
KIND_LABELS: Final = (*KINDS[:19], OTHER_KIND)
RELEASE: Final = translate_release_labels(CLASSES, KIND_LABELS, "en")
CLASS_OF_KIND: Final = {kind: classes[0] for kind, classes in RELEASE.classes_of_kinds.items() if classes}

GENERAL: Final = dict.fromkeys(KIND_LABELS, 1 / len(KIND_LABELS))
"""The frequencies of kinds in general; the cases take them as equal."""


class Case(NamedTuple):
    """A product, and the decision about it.

    Attributes:
        name: what the case shows.
        photo: the probabilities of the photo; the other kinds share the rest.
        title: the kinds that the title admits, with `|` between; empty for none.
        category: the kinds that the category's word admits, after `!` if a person said it.
        others: the probabilities of each of nine other products of the category; None without others.
        kind: the accepted kind; None if it is in review.
        label: the accepted class; None if it is in review.
        suggestions: the two most probable kinds.
    """

    name: str
    photo: Mapping[str, float]
    title: str
    category: str
    others: Mapping[str, float] | None
    kind: str | None
    label: str | None
    suggestions: tuple[str, str]


ANY: Final = "top|shirt|pullover|dress"
DRESSES: Final = {"dress": 0.9, "skirt": 0.05}
MIXED: Final = {"dress": 0.3, "coat": 0.3, "skirt": 0.3}
WATCHES: Final = {"watch": 0.95}
COAT: Final = {"coat": 0.82, "pullover": 0.09, "shirt": 0.02}
UNCLEAR: Final = {"dress": 0.4, "coat": 0.4}

CASES: Final = (
    Case(
        "photo and title agree",
        {"skirt": 0.7, "dress": 0.2},
        *("skirt", "", None),
        *("skirt", NONE, ("skirt", "dress")),
    ),
    Case(
        "the title says something else than a clear photo",
        {"trousers": 0.98, "bag": 0.001},
        *("bag", "", None),
        *(None, None, ("trousers", "bag")),
    ),
    Case(
        "an exact title that the photo nearly denies",
        COAT,
        *("shirt", "", None),
        *(None, None, ("shirt", "coat")),
    ),
    Case(
        "an exact title that the photo nearly denies, and the category agrees with it",
        COAT,
        *("shirt", "shirt", None),
        *("shirt", "Shirt", ("shirt", "coat")),
    ),
    Case(
        "a vague category, and the photo shows something else",
        {"coat": 0.763, "other": 0.144, "shirt": 0.043},
        *("", ANY, None),
        *(None, None, ("coat", "shirt")),
    ),
    Case(
        "an exact category, and the photo shows something else",
        {"other": 0.80, "shirt": 0.045, "coat": 0.1},
        *("", "shirt", None),
        *(None, None, ("shirt", "other")),
    ),
    Case(
        "a vague category, and the photo is clear",
        {"dress": 0.97, "skirt": 0.02},
        *("", ANY, None),
        *("dress", "Dress", ("dress", "skirt")),
    ),
    Case(
        "title and category differ, and the photo is clear",
        {"underwear": 0.87, "other": 0.10, "top": 0.005},
        *("top", "underwear", None),
        *("underwear", NONE, ("underwear", "top")),
    ),
    Case(
        "title and category differ, and the photo is not clear",
        {"shorts": 0.40, "trousers": 0.30, "other": 0.1},
        *("shorts", "trousers", None),
        *(None, None, ("shorts", "trousers")),
    ),
    Case(
        "a set word without a garment beside it",
        {"other": 0.24, "coat": 0.23, "dress": 0.2},
        *("set", "", None),
        *("other", NONE, ("other", "coat")),
    ),
    Case(
        "a set word, and the photo shows one shirt",
        {"shirt": 0.92, "other": 0.014},
        *("set", "", None),
        *(None, None, ("other", "shirt")),
    ),
    Case(
        "a purse is a bag or a wallet, and the photo shows something else",
        {"dress": 0.7, "other": 0.2, "bag": 0.01},
        *("bag|wallet", "", None),
        *(None, None, ("other", "bag")),
    ),
    Case(
        "a person said: skirts or shorts",
        {"dress": 0.70, "skirt": 0.12, "shorts": 0.005},
        *("", "!skirt|shorts", None),
        *("skirt", NONE, ("skirt", "shorts")),
    ),
    Case(
        "a person said pullover, the title says top",
        {"pullover": 0.74, "top": 0.2},
        *("top", "!pullover", None),
        *("pullover", "Pullover", ("pullover", "top")),
    ),
    Case(
        "no words; nine other products of the category are dresses",
        UNCLEAR,
        *("", "", DRESSES),
        *("dress", "Dress", ("dress", "coat")),
    ),
    Case(
        "no words; the category is mixed",
        UNCLEAR,
        *("", "", MIXED),
        *(None, None, ("coat", "dress")),
    ),
    Case(
        "an exact title against a category of dresses",
        {"skirt": 0.35, "dress": 0.34},
        *("skirt", "", DRESSES),
        *(None, None, ("skirt", "dress")),
    ),
    Case(
        "a bracelet that was filed under watches",
        {"jewellery": 0.97, "watch": 0.005},
        *("", "watch", WATCHES),
        *(None, NONE, ("jewellery", "watch")),
    ),
)


def make_kind_scores(given: Mapping[str, float]) -> dict[str, float]:
    """Return the probability of each kind; those that are not given share the rest."""
    rest = (1 - sum(given.values())) / (len(KIND_LABELS) - len(given))
    return {kind: given.get(kind, rest) for kind in KIND_LABELS}


def read_words(text: str) -> WordEvidence:
    """Return the words of a case: kinds with `|` between, after `!` if a person said it."""
    kinds = frozenset(filter(None, text.removeprefix("!").split("|")))
    return WordEvidence(kinds, is_confirmed=text.startswith("!"))


def make_other_products(case: Case) -> Shares | None:
    """Return how much more frequent each kind is among the nine other products of a case than in general."""
    if case.others is None:
        return None
    each = compute_posterior(make_kind_scores(case.others), [])
    return compute_frequency_ratios({kind: 9 * share for kind, share in each.items()}, 9, GENERAL)


def make_evidence(case: Case) -> GarmentEvidence:
    """Return the evidence of a case, for a photo whose own answers are all in review."""
    kinds = make_kind_scores(case.photo)
    class_scores = [kinds[kind] for kind in CLASS_OF_KIND]
    scores = [share / sum(class_scores) for share in class_scores]
    return GarmentEvidence(
        label=PhotoAnswer(label=CLASSES[scores.index(max(scores))], reason=Reason.UNFAMILIAR, scores=scores),
        kind=PhotoAnswer(
            label=max(kinds, key=kinds.__getitem__), reason=Reason.UNFAMILIAR, scores=list(kinds.values())
        ),
        title=read_words(case.title),
        category=read_words(case.category),
        other_products=make_other_products(case),
    )
