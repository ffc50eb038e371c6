"""What a list's words, and photos of two products, do to accepted answers."""

from dataclasses import replace

import pytest

from inference.contract import LABEL
from inference.words import KIND
from labelling.list_check import LIST, SHARED, ListCheck, list_check
from labelling.list_words import ListWords, word_columns
from labelling.row import ACCEPT, REVIEW, HeadAnswer, Row

LABELS = ("T-shirt/top", "Dress", "Shirt")


def photo(title: str, label: str, *, product: str = "", sha256: str = "a", reason: str | None = None) -> Row:
    answer = HeadAnswer(label=label, decision=REVIEW if reason else ACCEPT, reason=reason)
    return Row(path="1.jpg", sha256=sha256, heads={LABEL: answer}, further={"Title": title}, product=product)


def of_product(photos: list[Row], label: str) -> Row:
    answer = HeadAnswer(label=label, decision=ACCEPT)
    name = photos[0].product
    return Row(
        path=name, product=name, heads={LABEL: answer}, further=photos[0].further, photos=tuple(photos)
    )


def check_of(photos: list[Row], language: str = "en") -> ListCheck:
    products = {
        one.sha256: frozenset(each.product for each in photos if each.sha256 == one.sha256) for one in photos
    }
    shared = {sha256: names for sha256, names in products.items() if len(names) > 1}
    words = word_columns(["Title"]).in_language(language, []) if language else ListWords()
    listed = [(photo.product, photo.further) for photo in photos]
    return list_check(words, LABELS, listed, photos, shared)


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
        ("", "Dress", None),
    ],
)
def test_an_accepted_answer_that_the_title_does_not_admit_needs_a_person(
    title: str, label: str, reason: str | None
) -> None:
    row = photo(title, label)

    checked = check_of([row]).checked(row)

    assert outcome(checked) == ((REVIEW, reason) if reason else (ACCEPT, None))
    assert checked.label.label == label


def test_nothing_is_accepted_because_of_words() -> None:
    row = photo("Summer dress", "Dress", reason="ambiguous")

    assert outcome(check_of([row]).checked(row)) == (REVIEW, "ambiguous")


def test_words_that_are_not_read_change_nothing() -> None:
    row = photo("Pleated skirt", "Dress")

    checked = check_of([row], language="").checked(row)

    assert (outcome(checked), checked.listed) == ((ACCEPT, None), frozenset())


def test_a_kind_of_the_attribute_is_held_against_the_list_too() -> None:
    row = photo("Pleated skirt", "Dress")
    kinds = {
        "kind": HeadAnswer(label="shorts", decision=ACCEPT),
        "colour": HeadAnswer(label="red", decision=ACCEPT),
    }
    answered = Row(path="1.jpg", heads=kinds, further=row.further)

    heads = check_of([row]).checked(answered).heads

    assert [heads[name].reason for name in ("kind", "colour")] == [LIST, None]


@pytest.mark.parametrize(
    ("kind", "decision", "agrees"),
    [("hat", ACCEPT, True), ("hat", REVIEW, False), ("belt", ACCEPT, False), (None, None, False)],
)
def test_an_accepted_kind_that_the_title_admits_agrees_whatever_the_class_is(
    kind: str | None, decision: str | None, agrees: bool
) -> None:
    row = photo("Straw hat", "Dress", reason="unfamiliar")
    row = replace(row, heads={**row.heads, KIND: HeadAnswer(label=kind, decision=decision)})

    check = check_of([row])

    assert check.agrees(check.checked(row)) is agrees


@pytest.mark.parametrize(("title", "agrees"), [("Straw dress", True), ("", None)])
def test_without_an_accepted_kind_that_the_title_names_the_class_agrees(
    title: str, agrees: bool | None
) -> None:
    row = photo(title, "Dress")
    row = replace(row, heads={**row.heads, KIND: HeadAnswer(label="hat", decision=ACCEPT)})

    check = check_of([row])

    assert check.agrees(check.checked(row)) is agrees


def test_all_photos_of_a_product_have_the_title_of_the_first_that_has_one() -> None:
    photos = [photo("Pleated skirt", "Dress", product="7"), photo("", "Dress", product="7", sha256="b")]

    checked = [check_of(photos).checked(row) for row in (*photos, of_product(photos, "Dress"))]

    assert [outcome(row) for row in checked] == [(REVIEW, LIST)] * 3


@pytest.mark.parametrize(
    ("titles", "language", "reason"),
    [
        (("Anna", "Berta"), "en", SHARED),
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
