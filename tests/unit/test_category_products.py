"""What the products of a category add to it, and what its other products then say about one of them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pytest

from inference.contract import LABEL
from inference.garment_evidence import WordEvidence
from inference.posterior import FormulaFigures
from inference.reasons import Reason
from inference.release_labels import NONE
from inference.words.kinds import KIND
from labelling.decide.category_products import MILLION, CategoryProductCollector, CategoryProductSums
from labelling.decide.human_answers import HumanAnswers
from labelling.decide.product_parts import CategoryContributionReader
from labelling.decide.product_titles import ProductTitle
from labelling.decide.shared_photos import SharedPhotos, SharedProducts
from labelling.decide.title_decision import collect_titles
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.journal.journal_rows import ProductKindProbabilities
from labelling.lists.list_meaning import ListReader
from labelling.lists.row_words import ListMeaning, RowWords
from labelling.run_settings import RunSettings

KINDS: Final = ("dress", "coat", "skirt", "other")
GENERAL: Final = {"dress": 0.1, "coat": 0.15, "skirt": 0.25, "other": 0.5}
DRESS: Final = (0.9, 0.1, 0.0, 0.0)
COAT: Final = (0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Member:
    """A product of the list, by what matters to its category."""

    name: str
    shares: Sequence[float] = DRESS
    categories: tuple[str, ...] = ("new",)
    title: str = ""
    photos: frozenset[str] = frozenset()


def sum_up(members: Sequence[Member], shared: Sequence[str] = ()) -> CategoryProductSums:
    """Sum up the categories of some products."""
    collected = CategoryProductCollector(shared)
    for number, member in enumerate(members):
        collected.add_product(
            ProductTitle(
                product=member.name,
                number=number,
                title=member.title,
                words=RowWords(),
                shown_kinds=frozenset(),
                photo_hashes=member.photos,
                category_keys=member.categories,
            )
        )
    parts = np.zeros((len(collected.numbers), len(KINDS)), np.int32)
    for member in members:
        if member.name in collected.numbers:
            parts[collected.numbers[member.name]] = [round(share * MILLION) for share in member.shares]
    return collected.sum_contributions(parts, GENERAL)


def test_the_other_products_speak_for_what_they_are_more_often_than_products_in_general() -> None:
    products = sum_up([Member(str(number)) for number in range(9)] + [Member("coat", COAT)])

    found = products.compare_other_products("coat")

    assert found == pytest.approx(  # nine others, and four products in general
        {
            "dress": (9 * 0.9 + 0.4) / 13 / 0.1,
            "coat": (9 * 0.1 + 0.6) / 13 / 0.15,
            "skirt": 1.0 / 13 / 0.25,
            "other": 2.0 / 13 / 0.5,
        }
    )


@pytest.mark.parametrize("name", ["1", "2", "unknown"])
def test_the_only_product_of_a_category_has_no_others(name: str) -> None:
    products = sum_up([Member("1"), Member("2", categories=()), Member("3", categories=("sale",))])

    assert products.compare_other_products(name) is None


def test_a_product_that_adds_nothing_hears_the_others_and_is_not_counted() -> None:
    products = sum_up([Member("held", (0.0,) * 4), Member("1"), Member("2")])

    assert products.counts.tolist() == [2]
    assert products.compare_other_products("held") == sum_up(
        [Member("new"), Member("1"), Member("2")]
    ).compare_other_products("new")


def test_of_several_categories_the_one_with_most_products_speaks_and_each_counts_the_product() -> None:
    both = Member("both", COAT, ("small", "large"))
    small = [Member("1", categories=("small",))]
    large = [Member(name, categories=("large",)) for name in "234"]

    products = sum_up([both, *small, *large])
    alone = sum_up([Member("both", COAT, ("large",)), *large])

    assert products.compare_other_products("both") == alone.compare_other_products("both")
    assert products.counts.tolist() == [2, 4]


@pytest.mark.parametrize("categories", [("b", "a"), ("a", "b")])
def test_of_categories_with_equally_many_products_the_first_by_its_key_speaks(
    categories: tuple[str, ...],
) -> None:
    others = [Member("1", DRESS, ("a",)), Member("2", COAT, ("b",))]

    found = sum_up([Member("both", COAT, categories), *others]).compare_other_products("both")

    assert found
    assert found["dress"] > 1 > found["coat"]


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        (Member("1", title="Summer dress Anna red M"), Member("2", title="Summer dress Anna blue L"), True),
        (Member("1", title="Summer dress Anna"), Member("2", title="Summer dress Berta"), False),
        (Member("1", title="Summer dress"), Member("2", title="Summer dress"), False),  # two words
        (Member("1", photos=frozenset("ab")), Member("2", photos=frozenset("bc")), True),
        (Member("1", photos=frozenset("a")), Member("2", photos=frozenset("c")), False),
    ],
)
def test_products_that_are_alike_count_once_with_the_mean_of_their_parts(
    one: Member, other: Member, is_alike: bool
) -> None:
    members = [replace(one, shares=DRESS), replace(other, shares=COAT), Member("3", COAT)]

    products = sum_up(members, shared=["b"])

    assert products.counts.tolist() == [2 if is_alike else 3]
    if is_alike:
        assert products.sums.tolist() == [[450_000, 1_550_000, 0, 0]]
        by_one, by_other = products.compare_other_products("1"), products.compare_other_products("2")
        assert by_one == by_other == sum_up([Member("3", COAT), Member("4")]).compare_other_products("4")


def test_products_that_are_alike_have_no_others_if_they_are_alone() -> None:
    sizes = [Member(str(number), title=f"Summer dress Anna {number}") for number in range(36, 46)]

    assert sum_up(sizes).compare_other_products("40") is None


def test_a_hundred_thousand_categories_are_summed_up_one_by_one() -> None:
    members = [Member(str(number), DRESS, (f"category {number}",)) for number in range(100_000)]

    products = sum_up([*members, Member("second", COAT, ("category 7",))])

    assert len(products.counts) == 100_000
    assert products.compare_other_products("8") is None
    assert products.compare_other_products("7") == sum_up(
        [Member("1"), Member("2", COAT)]
    ).compare_other_products("1")


def test_the_order_of_rows_makes_no_difference() -> None:
    draw = random.Random(1)
    titles = ["Summer dress Anna red", "Summer dress Anna blue", "Coat with a belt", "Coat", ""]
    members = [
        Member(
            str(number),
            (share := draw.random(), 1 - share, 0.0, 0.0),
            tuple(draw.sample(["a", "b", "c", "d"], draw.randrange(3))),
            draw.choice(titles),
            frozenset(draw.sample("abcdefgh", 2)) if draw.random() < 0.1 else frozenset(),
        )
        for number in range(200)
    ]
    shuffled = draw.sample(members, len(members))

    first, second = sum_up(members, shared="abcdefgh"), sum_up(shuffled, shared="abcdefgh")

    for member in members:
        assert first.compare_other_products(member.name) == second.compare_other_products(member.name)


RUN = RunSettings(
    source="list.csv",
    version="1",
    heads={LABEL: ("Dress", "Coat", "Riddle"), KIND: KINDS},
    figures=FormulaFigures(),
    general_shares=GENERAL,
)
SKIRT_TITLE = RowWords(ListMeaning(frozenset({"skirt"})), title=WordEvidence(frozenset({"skirt"})))
TWO_ARTICLES = RowWords(ListMeaning(frozenset({"skirt", "dress"}), Reason.CONTRADICTING))
UNCLEAR = (0.4, 0.3, 0.2, 0.1)


def find_part(
    people: Mapping[tuple[str, str], Mapping[str, str]] | None = None,
    words: RowWords | None = None,
    shared: Mapping[str, SharedProducts] | None = None,
    photos: Mapping[str, Sequence[float]] | None = None,
) -> list[float] | None:
    """Return the part of a product, rounded to two digits."""
    given = photos or {"a": UNCLEAR}
    listed = [ProductTitle("7", 0, "", words, frozenset(), frozenset(given))] if words else []
    titles = collect_titles(RUN, ListReader(), listed)
    reader = CategoryContributionReader(
        titles=titles,
        shared_photos=SharedPhotos(titles=titles, products_by_photo=shared or {}),
        human_answers=HumanAnswers(people or {}),
        class_kinds={"Dress": frozenset({"dress"}), "Coat": frozenset({"coat"}), "Riddle": frozenset()},
    )
    part = reader.compute_contribution(ProductKindProbabilities("7", tuple(given), tuple(given.values())))
    return [round(share, 2) for share in part] if part else None


def test_a_product_adds_what_its_photos_and_its_title_say() -> None:
    assert find_part() == [0.4, 0.3, 0.2, 0.1]
    assert find_part(words=SKIRT_TITLE) == [0.02, 0.01, 0.96, 0.0]


@pytest.mark.parametrize(
    ("people", "part"),
    [
        ({("", "7"): {KIND: "coat"}}, [0, 1, 0, 0]),
        ({("a", ""): {KIND: "coat"}}, [0, 1, 0, 0]),
        ({("", "7"): {LABEL: "Coat"}}, [0, 1, 0, 0]),
        ({("", "7"): {LABEL: NONE}}, [0, 0, 0.67, 0.33]),  # what its photos say of kinds without a class
        ({("", "7"): {LABEL: "Riddle"}}, None),  # a class of which no kind is known
        ({("", "7"): {LABEL: LEFT_OUT_LABEL}}, None),
        ({("a", ""): {LABEL: LEFT_OUT_LABEL}}, None),
        ({("", "7"): {"colour": "red"}}, [0.4, 0.3, 0.2, 0.1]),
    ],
)
def test_people_say_what_a_product_adds(
    people: Mapping[tuple[str, str], Mapping[str, str]], part: list[float] | None
) -> None:
    assert find_part(people) == part


def test_people_who_contradict_each_other_add_nothing_and_photos_that_were_left_out_neither() -> None:
    both = {"a": UNCLEAR, "b": COAT}

    assert find_part({("a", ""): {LABEL: "Dress"}, ("b", ""): {LABEL: "Coat"}}, photos=both) is None
    assert find_part({("a", ""): {LABEL: LEFT_OUT_LABEL}}, photos=both) == [0, 1, 0, 0]


def test_products_that_are_held_back_add_nothing() -> None:
    elsewhere = {"a": SharedProducts(frozenset({frozenset({"skirt"}), frozenset({"dress"})}), False)}
    variants = {"a": SharedProducts(frozenset({frozenset[str]()}), True)}

    assert find_part(words=TWO_ARTICLES) is None
    assert find_part(shared=elsewhere) is None
    assert find_part(shared=variants) == [0.4, 0.3, 0.2, 0.1]
    assert find_part({("", "7"): {KIND: "coat"}}, words=TWO_ARTICLES) == [0, 1, 0, 0]


def test_a_product_without_an_answer_about_its_kind_adds_nothing() -> None:
    assert find_part(photos={"a": ()}) is None
    assert find_part(photos={"a": (), "b": COAT}) == [0, 1, 0, 0]
