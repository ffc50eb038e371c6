"""What a list's words, and photos of two products, do to accepted answers."""

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter

import pytest

from inference.contract import LABEL
from inference.posterior import FormulaFigures
from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE
from inference.words.kinds import KIND
from labelling.decide.human_answers import HumanAnswers
from labelling.decide.product_answers import make_product_record
from labelling.decide.product_titles import read_product_titles
from labelling.decide.row_decision import DecisionContext, answer_row_with_list, decide_row
from labelling.decide.shared_photos import SharedProductsCollector, make_shared_photos
from labelling.decide.title_decision import collect_titles
from labelling.lists.list_meaning import ListReader
from labelling.lists.titles import ListWords, find_word_columns
from labelling.rows import FoundPlace, HeadAnswer, HeadAnswers, PhotoRecord, ProductRecord, Record
from labelling.run_settings import ProductGrouping, RunSettings

LABELS = ("T-shirt/top", "Dress", "Shirt")
KINDS = ("top", "dress", "shirt", "skirt", "other")


def photo(
    title: str, label: str, *, product: str = "", sha256: str = "a", reason: Reason | None = None
) -> PhotoRecord:
    shares = tuple(0.8 if name == label else 0.1 for name in LABELS)
    answer = HeadAnswer(label=label, reason=reason, probabilities=shares)
    return PhotoRecord(
        path="1.jpg", sha256=sha256, answers={LABEL: answer}, cells={"Title": title}, product=product
    )


RUN = RunSettings(source="list.csv", version="1", heads={LABEL: LABELS, KIND: KINDS})


def of_product(photos: list[PhotoRecord], label: str) -> ProductRecord:
    answer = replace(photos[0].answers[LABEL], label=label, reason=None)
    return replace(make_product_record(photos, RUN), answers={LABEL: answer}, cells=photos[0].cells)


def known_of(
    photos: list[PhotoRecord],
    language: str = "en",
    figures: FormulaFigures | None = None,
    run: RunSettings = RUN,
) -> DecisionContext:
    products = {one.sha256: {each.product for each in photos if each.sha256 == one.sha256} for one in photos}
    shared = SharedProductsCollector(sha256 for sha256, names in products.items() if len(names) > 1)
    words = find_word_columns(["Title"]).choose_language(language, []) if language else ListWords()
    table = replace(run, figures=figures)
    reader = ListReader(list_words=words)
    by_product = sorted((photo for photo in photos if photo.product), key=attrgetter("product"))
    titles = collect_titles(table, reader, shared.observe_products(read_product_titles(reader, by_product)))
    return DecisionContext(
        settings=table,
        titles=titles,
        shared_photos=make_shared_photos(shared.make_shared_products(), photos, titles),
        human_answers=HumanAnswers(),
    )


def reason_of(subject: Record, known: DecisionContext) -> str | None:
    return answer_row_with_list(subject, known)[LABEL].reason


@pytest.mark.parametrize(
    ("title", "label", "reason"),
    [
        ("Pleated skirt", "Dress", Reason.TITLE_CONFLICT),
        ("Striped blouse", "Dress", Reason.TITLE_CONFLICT),
        ("Shirt dress", "Dress", None),
        ("Polo shirt", "T-shirt/top", None),
        ("Polo shirt", "Shirt", None),
        ("Anna", "Dress", None),
    ],
)
def test_an_accepted_answer_that_the_title_does_not_admit_needs_a_person(
    title: str, label: str, reason: Reason | None
) -> None:
    row = photo(title, label)

    answer = answer_row_with_list(row, known_of([row]))[LABEL]

    assert (answer.label, answer.reason) == (label, reason)


def test_words_that_are_not_read_change_nothing() -> None:
    row = photo("Pleated skirt", "Dress")

    known = known_of([row], language="")

    assert (reason_of(row, known), known.titles.find_title_kinds(row)) == (None, frozenset())


@pytest.mark.parametrize(
    ("title", "kind", "reason"),
    [
        ("Pleated skirt", "top", Reason.TITLE_CONFLICT),
        ("Pleated skirt", "skirt", None),
        ("Pleated skirt", "other", Reason.TITLE_CONFLICT),
        ("Wool scarf", "other", None),
    ],
)
def test_a_kind_of_the_attribute_is_held_against_the_list_too(
    title: str, kind: str, reason: Reason | None
) -> None:
    row = photo(title, "Dress", reason=Reason.AMBIGUOUS)
    shares = tuple(float(name == kind) for name in KINDS)
    attributes = {KIND: HeadAnswer(label=kind, probabilities=shares), "colour": HeadAnswer(label="red")}

    answers = answer_row_with_list(replace(row, answers={**row.answers, **attributes}), known_of([row]))

    assert [answers[name].reason for name in (KIND, "colour")] == [reason, None]


def doubtful(title: str, shares: Mapping[str, float], product: str = "", sha256: str = "a") -> PhotoRecord:
    """A photo of an unfamiliar class, with what it gives to kinds."""
    row = photo(title, "Dress", product=product, sha256=sha256, reason=Reason.UNFAMILIAR)
    of_kinds = tuple(shares.get(name, 0.0) for name in KINDS)
    kind = HeadAnswer(label="dress", reason=Reason.UNFAMILIAR, probabilities=of_kinds)
    return replace(row, answers={**row.answers, KIND: kind})


FIGURES = FormulaFigures()


def decided(row: Record, *others: PhotoRecord) -> HeadAnswers:
    return answer_row_with_list(row, known_of([*row.photos, *others], figures=FIGURES))


def shown(answers: HeadAnswers, head: str) -> tuple[str, str | None, str]:
    answer = answers[head]
    return answer.label, answer.reason, answer.decided_by


@pytest.mark.parametrize(
    ("title", "shares", "label", "kind", "reason"),
    [
        ("Summer dress", {"dress": 0.06}, "Dress", "dress", None),
        ("Pleated skirt", {"skirt": 0.3}, NONE, "skirt", None),
        ("Wool scarf", {"other": 0.3}, NONE, "other", None),
        ("Blouse", {"dress": 0.99}, "Dress", "dress", Reason.TITLE_CONFLICT),
        ("Tunic", {"dress": 0.3, "top": 0.3}, "Dress", "dress", "ambiguous"),
        ("Anna", {"dress": 0.9}, "Dress", "dress", "unfamiliar"),
    ],
)
def test_words_accept_what_the_photo_confirms_where_the_release_shows_from_which_share(
    title: str, shares: dict[str, float], label: str, kind: str, reason: Reason | None
) -> None:
    row = decided(doubtful(title, shares))

    rest = (reason, DecidedBy.MODEL) if reason else (None, DecidedBy.LIST)
    assert shown(row, LABEL) == (label, *rest)
    assert shown(row, KIND) == (kind, *rest)


@pytest.mark.parametrize(
    ("title", "shares", "suggested"),
    [
        ("Blouse", {"dress": 0.99}, ("dress", "shirt")),
        ("Wool scarf", {"dress": 0.99}, ("dress", "other")),
        ("Tunic", {"dress": 0.3, "top": 0.5}, ("top", "dress")),
    ],
)
def test_the_two_most_probable_kinds_by_photo_and_title_are_suggested(
    title: str, shares: dict[str, float], suggested: tuple[str, str]
) -> None:
    row = decide_row(doubtful(title, shares), known_of([doubtful(title, shares)], figures=FIGURES))

    assert row.suggested_kinds == suggested
    assert row.find_decision(KIND).answer.suggested_label == suggested[0]  # type: ignore[union-attr]


def test_the_confidence_is_the_probability_of_what_was_decided() -> None:
    answers = decided(doubtful("Blouse", {"shirt": 0.3, "dress": 0.7}))

    assert answers[LABEL].label == "Shirt"
    assert answers[LABEL].confidence == pytest.approx(0.3 / (0.3 + 0.7 * 0.01), abs=0.001)
    assert answers[KIND].confidence == answers[LABEL].confidence


def test_in_a_review_the_confidence_stays_that_of_the_photos() -> None:
    row = doubtful("Blouse", {"dress": 0.99})

    answers = decided(row)

    assert [answers[head].confidence for head in (LABEL, KIND)] == [
        row.answers[head].confidence for head in (LABEL, KIND)
    ]


def test_of_a_product_all_photos_answer_unfamiliar_ones_too() -> None:
    photos = [
        doubtful("Blouse", {"dress": 0.96, "shirt": 0.04}, "7", "a"),
        doubtful("Blouse", {"shirt": 0.9, "dress": 0.1}, "7", "b"),
    ]
    product = make_product_record(photos, replace(RUN, further={"Title": "Title"}))

    assert shown(decided(product), LABEL) == ("Shirt", None, Reason.TITLE_CONFLICT)


@pytest.mark.parametrize(("title", "reason"), [("Blouse", None), ("Skirt", Reason.SHARED_PHOTO)])
def test_a_shared_photo_is_enough_for_words_that_every_product_has(title: str, reason: Reason | None) -> None:
    row, other = doubtful("Striped blouse", {"shirt": 0.6}, "1"), doubtful(title, {"shirt": 0.6}, "2")

    assert decided(row, other)[LABEL].reason == reason


@pytest.mark.parametrize(
    "figures", [None, FIGURES], ids=["without figures", "without an answer about the kind"]
)
def test_words_accept_nothing_of_which_the_release_shows_nothing(figures: FormulaFigures | None) -> None:
    row = photo("Summer dress", "Dress", reason=Reason.AMBIGUOUS)

    assert reason_of(row, known_of([row], figures=figures)) == "ambiguous"


def test_all_photos_of_a_product_have_the_title_of_the_first_that_has_one() -> None:
    photos = [photo("Pleated skirt", "Dress", product="7"), photo("", "Dress", product="7", sha256="b")]

    rows: list[Record] = [*photos, of_product(photos, "Dress")]
    known = known_of(photos)

    assert [reason_of(row, known) for row in rows] == [Reason.TITLE_CONFLICT] * 3


@pytest.mark.parametrize(
    ("titles", "language", "reason"),
    [
        (("", ""), "en", Reason.SHARED_PHOTO),
        (("Summer dress", "Anna"), "en", Reason.SHARED_PHOTO),
        (("Summer dress", "Winter dress"), "en", None),
        (("Anna blue, M", "Anna Off White (38)"), "en", None),
        (("Anna blue", "Anna long"), "en", Reason.SHARED_PHOTO),
        (("Summer dress", "Winter dress"), "", Reason.SHARED_PHOTO),
    ],
)
def test_a_photo_of_two_products_is_enough_where_the_list_lets_it_show_both(
    titles: tuple[str, str], language: str, reason: Reason | None
) -> None:
    photos = [photo(title, "Dress", product=name) for title, name in zip(titles, "78", strict=True)]

    rows, known = (photos[0], of_product(photos[:1], "Dress")), known_of(photos, language)

    assert [reason_of(row, known) for row in rows] == [reason] * 2


@pytest.mark.parametrize(
    ("label", "reason", "expected"),
    [
        ("Dress", None, None),
        ("Dress", "ambiguous", None),
        ("Dress", "unfamiliar", Reason.SHARED_PHOTO),
        ("Shirt", None, Reason.SHARED_PHOTO),
    ],
)
def test_another_familiar_photo_that_agrees_makes_it_enough(
    label: str, reason: Reason | None, expected: str | None
) -> None:
    both = [photo("", "Dress", product=name) for name in "78"]
    own = photo("", label, product="7", sha256="b", reason=reason)

    product = of_product([both[0], own], "Dress")

    assert reason_of(product, known_of([*both, own])) == expected


def test_a_photo_twice_in_one_product_is_no_photo_of_two() -> None:
    photos = [photo("", "Dress", product="7"), photo("", "Dress", product="7")]

    assert reason_of(of_product(photos, "Dress"), known_of(photos)) is None


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
    words = find_word_columns(columns.split())
    cells = dict(zip(columns.split(), (title, category), strict=True))

    assert words.choose_language("", [cells]).read_words_and_kinds(cells).kinds == {kinds}


OWN_KINDS = ("jeans slim", "jeans wide")
OWN_RUN = replace(RUN, heads={LABEL: ("Trouser", "Dress", "Coat"), KIND: OWN_KINDS})


@pytest.mark.parametrize("figures", [FIGURES, None])
@pytest.mark.parametrize("reason_of_kind", [None, Reason.AMBIGUOUS])
@pytest.mark.parametrize(
    ("title", "label", "reason"),
    [
        ("Blue jeans", None, None),
        ("Blue jeans", Reason.AMBIGUOUS, None),
        ("Summer dress", None, Reason.TITLE_CONFLICT),
        ("Anna", Reason.AMBIGUOUS, Reason.AMBIGUOUS),
    ],
    ids=["accepted", "doubtful", "contradicted by the title", "without a word"],
)
def test_an_attribute_kind_with_labels_of_its_own_is_like_any_other(
    title: str,
    label: Reason | None,
    reason: Reason | None,
    reason_of_kind: Reason | None,
    figures: FormulaFigures | None,
) -> None:
    of_class = HeadAnswer(label="Trouser", confidence=0.99, reason=label, probabilities=(0.98, 0.01, 0.01))
    of_kind = HeadAnswer(label="jeans wide", confidence=0.8, reason=reason_of_kind, probabilities=(0.2, 0.8))
    row = PhotoRecord(
        path="1.jpg", sha256="a", answers={LABEL: of_class, KIND: of_kind}, cells={"Title": title}
    )

    answers = answer_row_with_list(row, known_of([row], figures=figures, run=OWN_RUN))

    is_title_decisive = figures is FIGURES or label is None
    assert answers[LABEL].reason == (reason if is_title_decisive else label)
    assert answers[KIND] == of_kind


@pytest.mark.parametrize("label", ["Trouser", "Dress", NONE])
def test_a_person_who_names_the_class_says_nothing_about_such_an_attribute(label: str) -> None:
    of_class = HeadAnswer(label="Trouser", probabilities=(0.98, 0.01, 0.01))
    of_kind = HeadAnswer(label="jeans wide", confidence=0.8, probabilities=(0.2, 0.8))
    row = PhotoRecord(path="1.jpg", sha256="a", answers={LABEL: of_class, KIND: of_kind}, cells={"Title": ""})
    known = replace(known_of([row], run=OWN_RUN), human_answers=HumanAnswers({("a", ""): {LABEL: label}}))

    kind = decide_row(row, known).find_decision(KIND)

    assert (kind.label, kind.decided_by, kind.reason, kind.is_allowed_by_title) == (
        "jeans wide",
        "model",
        None,
        None,
    )


def with_titles(*titles: str, run: RunSettings = RUN) -> tuple[list[PhotoRecord], DecisionContext]:
    photos = [photo(title, "Dress", product="1", sha256=str(number)) for number, title in enumerate(titles)]
    by = replace(run, by=ProductGrouping(column="sku", folder=None, proven=(LABEL,)))
    return photos, known_of(photos, run=by)


@pytest.mark.parametrize(
    ("titles", "kinds", "reason"),
    [
        (("Blue dress", "Pink T-shirt"), {"dress", "top"}, Reason.CONTRADICTING),
        (("Blue dress", "Dress size M"), {"dress"}, None),
        (("Tunic", "Shirt dress"), {"dress"}, None),
        (("Blue dress", "Anna"), {"dress"}, None),
        (("Anna", "Blue dress"), {"dress"}, None),
        (("Dress", "", "Skirt"), {"dress", "skirt"}, Reason.CONTRADICTING),
        (("Tunic", "Dress", "Skirt"), {"top", "shirt", "dress", "skirt"}, Reason.CONTRADICTING),
    ],
)
def test_the_kinds_of_a_product_are_those_that_all_its_titles_share(
    titles: tuple[str, ...], kinds: set[str], reason: Reason | None
) -> None:
    photos, known = with_titles(*titles)
    product = make_product_record(photos, known.settings)

    assert known.titles.find_title_kinds(product) == kinds
    assert reason_of(product, known) == reason
    assert known.titles.contradicting_products == (("1",) if reason else ())


def test_a_photo_of_two_articles_with_one_number_is_read_with_its_own_title() -> None:
    photos, known = with_titles("Blue dress", "Pink T-shirt")

    assert [reason_of(one, known) for one in photos] == [None, Reason.TITLE_CONFLICT]


def test_a_photo_of_a_set_and_of_its_part_may_show_the_part() -> None:
    photos = [
        photo("Shirt and dress set", "Dress", product="1"),
        photo("Set of 2 dresses", "Dress", product="2"),
    ]
    known = known_of(photos)

    assert reason_of(of_product(photos[:1], "Dress"), known) == Reason.TITLE_CONFLICT
    assert reason_of(of_product(photos[1:], "Dress"), known) is None


def test_a_garment_that_only_a_part_of_a_photo_shows_is_found_in_that_photo_and_part() -> None:
    """The photos show a top above a skirt, and the network answers with the skirt."""
    of_skirt = (0.03, 0.01, 0.01, 0.92, 0.03)
    parts = ({"lower": of_skirt}, {"upper": (0.9, 0.02, 0.04, 0.01, 0.03), "lower": of_skirt})
    photos = [
        replace(
            photo("Cotton T-shirt", "Dress", product="A", sha256=str(number), reason=Reason.AMBIGUOUS),
            path=f"{number}.jpg",
            number=number,
        )
        for number in range(2)
    ]
    photos = [
        replace(
            one,
            answers={
                LABEL: one.answers[LABEL],
                KIND: HeadAnswer(
                    label="skirt", reason=Reason.UNFAMILIAR, probabilities=of_skirt, parts=of_photo
                ),
            },
        )
        for one, of_photo in zip(photos, parts, strict=True)
    ]
    product = make_product_record(photos, RUN)

    once = answer_row_with_list(product, known_of(photos, figures=FormulaFigures()))
    twice = answer_row_with_list(product, known_of(photos, figures=FormulaFigures(second_threshold=0.9)))

    assert once[KIND].reason and once[KIND].found_in is None
    assert twice[LABEL].label == "T-shirt/top" and twice[LABEL].decided_by == DecidedBy.LIST
    assert twice[LABEL].found_in == twice[KIND].found_in == FoundPlace("1.jpg", "upper")
