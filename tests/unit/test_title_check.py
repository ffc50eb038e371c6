"""What a list's words, and photos of two products, do to accepted answers."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from inference.contract import LABEL
from inference.title_rule import LIST, NO_SHARES, NONE, Shares
from inference.words import KIND
from labelling.row import ACCEPT, REVIEW, HeadAnswer, Row, TableOf
from labelling.title_check import SHARED, ListCheck, list_check
from labelling.titles import ListWords, word_columns

LABELS = ("T-shirt/top", "Dress", "Shirt")
KINDS = ("top", "dress", "shirt", "skirt", "other")


def photo(title: str, label: str, *, product: str = "", sha256: str = "a", reason: str | None = None) -> Row:
    shares = tuple(0.8 if name == label else 0.1 for name in LABELS)
    decision = REVIEW if reason else ACCEPT
    answer = HeadAnswer(label=label, decision=decision, reason=reason, probabilities=shares)
    return Row(path="1.jpg", sha256=sha256, heads={LABEL: answer}, further={"Title": title}, product=product)


def of_product(photos: list[Row], label: str) -> Row:
    answer = replace(photos[0].label, label=label, decision=ACCEPT, reason=None)
    return replace(photos[0], path=photos[0].product, sha256="", heads={LABEL: answer}, photos=tuple(photos))


def check_of(photos: list[Row], language: str = "en", shares: Shares = NO_SHARES) -> ListCheck:
    products = {
        one.sha256: frozenset(each.product for each in photos if each.sha256 == one.sha256) for one in photos
    }
    shared = {sha256: names for sha256, names in products.items() if len(names) > 1}
    words = word_columns(["Title"]).in_language(language, []) if language else ListWords()
    listed = [(photo.product, photo.further) for photo in photos]
    run = TableOf(source="list.csv", version="1", heads={LABEL: LABELS, KIND: KINDS}, shares=shares)
    return list_check(words, run, listed, photos, shared)


def outcome(row: Row) -> tuple[str | None, str | None]:
    return row.label.decision, row.label.reason


@pytest.mark.parametrize(
    ("title", "label", "reason"),
    [
        ("Pleated skirt", "Dress", LIST),
        ("Striped blouse", "Dress", LIST),
        ("Shirt dress", "Dress", None),
        ("Polo shirt", "T-shirt/top", None),
        ("Polo shirt", "Shirt", None),
        ("Anna", "Dress", None),
    ],
)
def test_an_accepted_answer_that_the_title_does_not_admit_needs_a_person(
    title: str, label: str, reason: str | None
) -> None:
    row = photo(title, label)

    checked = check_of([row]).checked(row)

    assert outcome(checked) == ((REVIEW, reason) if reason else (ACCEPT, None))
    assert checked.label.label == label


def test_words_that_are_not_read_change_nothing() -> None:
    row = photo("Pleated skirt", "Dress")

    checked = check_of([row], language="").checked(row)

    assert (outcome(checked), checked.listed) == ((ACCEPT, None), frozenset())


@pytest.mark.parametrize(
    ("title", "kind", "reason"),
    [
        ("Pleated skirt", "shorts", LIST),
        ("Pleated skirt", "skirt", None),
        ("Pleated skirt", "other", LIST),
        ("Wool scarf", "other", None),
    ],
)
def test_a_kind_of_the_attribute_is_held_against_the_list_too(
    title: str, kind: str, reason: str | None
) -> None:
    row = photo(title, "Dress")
    kinds = {head: HeadAnswer(label=of, decision=ACCEPT) for head, of in ((KIND, kind), ("colour", "red"))}

    heads = check_of([row]).checked(replace(row, heads=kinds)).heads

    assert [heads[name].reason for name in (KIND, "colour")] == [reason, None]


def doubtful(title: str, shares: Mapping[str, float], product: str = "", sha256: str = "a") -> Row:
    """A photo of an unfamiliar class, with what it gives to kinds."""
    row = photo(title, "Dress", product=product, sha256=sha256, reason="unfamiliar")
    of_kinds = tuple(shares.get(name, 0.0) for name in KINDS)
    kind = HeadAnswer(label="dress", decision=REVIEW, reason="unfamiliar", probabilities=of_kinds)
    return replace(row, heads={**row.heads, KIND: kind})


SHARES = Shares(named=0.05, other=0.05)


def decided(row: Row, *others: Row) -> Row:
    return check_of([row, *others], shares=SHARES).checked(row)


def shown(row: Row, head: str) -> tuple[str | None, str | None, str | None, str | None]:
    answer = row.heads[head]
    return answer.label, answer.decision, answer.reason, answer.decided_by


@pytest.mark.parametrize(
    ("title", "shares", "label", "kind", "reason"),
    [
        ("Summer dress", {"dress": 0.06}, "Dress", "dress", None),
        ("Pleated skirt", {"skirt": 0.3}, NONE, "skirt", None),
        ("Wool scarf", {"other": 0.3}, NONE, "other", None),
        ("Blouse", {"dress": 0.99}, "Dress", "dress", LIST),
        ("Tunic", {"dress": 0.3, "top": 0.3}, "Dress", "dress", "ambiguous"),
        ("Anna", {"dress": 0.9}, "Dress", "dress", "unfamiliar"),
    ],
)
def test_words_accept_what_the_photo_confirms_where_the_release_shows_from_which_share(
    title: str, shares: dict[str, float], label: str, kind: str, reason: str | None
) -> None:
    row = decided(doubtful(title, shares))

    rest = (REVIEW, reason, None) if reason else (ACCEPT, None, LIST)
    assert shown(row, LABEL) == (label, *rest)
    assert shown(row, KIND) == (kind, *rest)


@pytest.mark.parametrize(
    ("title", "least", "suggested"),
    [("Blouse", 0.1, "Shirt"), ("Blouse", 0.2, None), ("Wool scarf", 0.2, NONE)],
)
def test_only_a_class_to_which_the_photo_gives_the_least_share_is_suggested(
    title: str, least: float, suggested: str | None
) -> None:
    row = doubtful(title, {"dress": 0.99})

    checked = check_of([row], shares=Shares(named=least, other=least)).checked(row)

    assert (checked.label.reason, checked.label.suggested) == (LIST, suggested)


def test_the_confidence_stays_what_the_photo_gives_to_the_label_that_is_shown() -> None:
    row = decided(doubtful("Blouse", {"shirt": 0.06, "dress": 0.94}))

    assert (row.label.label, row.label.confidence) == ("Shirt", 0.1)
    assert row.heads[KIND].confidence == 0.06
    assert decided(doubtful("Pleated skirt", {"skirt": 0.3})).label.confidence is None


def test_of_a_product_all_photos_answer_unfamiliar_ones_too() -> None:
    photos = [
        doubtful("Blouse", {"dress": 0.96, "shirt": 0.04}, "7", "a"),
        doubtful("Blouse", {"shirt": 0.9, "dress": 0.1}, "7", "b"),
    ]
    product = replace(photos[0], path="7", photos=tuple(photos))

    assert shown(decided(product, *photos), LABEL) == ("Shirt", ACCEPT, None, LIST)


@pytest.mark.parametrize(("title", "reason"), [("Blouse", None), ("Skirt", SHARED)])
def test_a_shared_photo_is_enough_for_words_that_every_product_has(title: str, reason: str | None) -> None:
    row, other = doubtful("Striped blouse", {"shirt": 0.6}, "1"), doubtful(title, {"shirt": 0.6}, "2")

    assert decided(row, other).label.reason == reason


@pytest.mark.parametrize(
    "shares", [NO_SHARES, SHARES], ids=["of nothing", "of kinds, which it does not answer"]
)
def test_words_accept_nothing_of_which_the_release_shows_nothing(shares: Shares) -> None:
    row = photo("Summer dress", "Dress", reason="ambiguous")

    assert outcome(check_of([row], shares=shares).checked(row)) == (REVIEW, "ambiguous")


def test_all_photos_of_a_product_have_the_title_of_the_first_that_has_one() -> None:
    photos = [photo("Pleated skirt", "Dress", product="7"), photo("", "Dress", product="7", sha256="b")]

    checked = [check_of(photos).checked(row) for row in (*photos, of_product(photos, "Dress"))]

    assert [outcome(row) for row in checked] == [(REVIEW, LIST)] * 3


@pytest.mark.parametrize(
    ("titles", "language", "reason"),
    [
        (("", ""), "en", SHARED),
        (("Summer dress", "Anna"), "en", SHARED),
        (("Summer dress", "Winter dress"), "en", None),
        (("Anna blue, M", "Anna Off White (38)"), "en", None),
        (("Anna blue", "Anna long"), "en", SHARED),
        (("Summer dress", "Winter dress"), "", SHARED),
    ],
)
def test_a_photo_of_two_products_is_enough_where_the_list_lets_it_show_both(
    titles: tuple[str, str], language: str, reason: str | None
) -> None:
    photos = [photo(title, "Dress", product=name) for title, name in zip(titles, "78", strict=True)]

    checked = [
        check_of(photos, language).checked(row) for row in (photos[0], of_product(photos[:1], "Dress"))
    ]

    assert [row.label.reason for row in checked] == [reason] * 2


@pytest.mark.parametrize(
    ("label", "reason", "expected"),
    [
        ("Dress", None, None),
        ("Dress", "ambiguous", None),
        ("Dress", "unfamiliar", SHARED),
        ("Shirt", None, SHARED),
    ],
)
def test_another_familiar_photo_that_agrees_makes_it_enough(
    label: str, reason: str | None, expected: str | None
) -> None:
    both = [photo("", "Dress", product=name) for name in "78"]
    own = photo("", label, product="7", sha256="b", reason=reason)

    checked = check_of([*both, own]).checked(of_product([both[0], own], "Dress"))

    assert checked.label.reason == expected


def test_a_photo_twice_in_one_product_is_no_photo_of_two() -> None:
    photos = [photo("", "Dress", product="7"), photo("", "Dress", product="7")]

    assert outcome(check_of(photos).checked(of_product(photos, "Dress"))) == (ACCEPT, None)


@pytest.mark.parametrize(
    ("columns", "title", "category", "kinds"),
    [
        ("Titel Kategorie", "Hose Anna", "", "trousers"),
        ("Titre Cat\u00e9gorie", "", "Femme > Jupes en lin", "skirt"),
        ("Nombre Categor\u00edas", "Falda larga con bolsillos", "", "skirt"),
        ("Name Categories", "Anna", "Women > Skirts for summer", "skirt"),
        ("Product_Name Type", "Pleated skirt with pockets", "simple", "skirt"),
    ],
)
def test_the_headers_of_shops_exports_are_read(columns: str, title: str, category: str, kinds: str) -> None:
    words = word_columns(columns.split())
    cells = dict(zip(columns.split(), (title, category), strict=True))

    assert words.in_language("", [cells]).says(cells).kinds == {kinds}
