"""What the lab measures of products' colours: by heads that learnt nothing of their source."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.contract import Familiarity, Head, whole_pictures
from lab.attribute import places_of_products, promise_of_products
from lab.colour import COLOUR, SHOP, USERS, WORDS, Coloured, labels_of
from lab.pretraining_photos import Photo
from lab.strangers_heads import SOURCES
from lab.tuning_photos import part_of
from reports.answers import NAME_LENGTH, Answers
from tests.releases import LABELS, a_contract
from training.data.vectors import Features, Vectors
from training.heads.hidden import HiddenHead

RED, BLUE = WORDS.index("red"), WORDS.index("blue")


def photo(source: str, number: int, colour: str, product: str = "", tier: str = "A") -> Coloured:
    archive = "pool_A.zip" if source == "kag" else f"{SOURCES}_{tier}.zip"
    name = f"{tier}/0/{source}-{number}.jpg"
    return Coloured(Photo(archive, name, sender=product, label=0, tier=tier), SHOP, (colour,))


PHOTOS = [
    *(photo("lig", n, ("red", "blue")[n // 2 % 2], f"lig-{n // 2}") for n in range(240)),
    photo("lig", 900, "red", "of two colours"),
    photo("lig", 901, "blue", "of two colours"),
    photo("lig", 902, "red", "of one photo"),
    *(photo("nat", n, "red", "a sender", "C") for n in range(2)),
    *(photo("kag", n, ("red", "blue")[n % 2], "a brand") for n in range(4)),
]


class Sure:
    """A head that reads the colour off its vector, and is wrong of the first pictures."""

    def logits(self, x: Vectors) -> Vectors:
        return np.where(np.arange(len(WORDS)) == x[:, :1], 9.0, 0.0).astype(np.float32)


def fit(places: NDArray[np.int64]) -> HiddenHead:
    sources = {PHOTOS[place].photo.source for place in places.tolist()}
    assert "lig" not in sources, "it would know the source"
    assert "kag" in sources
    return Sure()  # type: ignore[return-value]


def promise(wrong: int, least_familiarity: float = 0.0) -> tuple[int, int, bool]:
    """Products, those accepted, and whether 85% are shown, where the photos of so many are mistaken."""
    said = np.array([[WORDS.index(one.right[0])] for one in PHOTOS], np.float32)
    said[: 2 * wrong] = WORDS.index("green")
    names = [f"{place:064x}" for place in range(len(PHOTOS))]
    kept = Answers.of(
        "A",
        np.zeros(len(PHOTOS), int),
        pictures=[name[-NAME_LENGTH:] for name in names],
        familiarity=0.5,
        networks="photos",
        probabilities=np.eye(len(LABELS))[np.zeros(len(PHOTOS), int)],
    )
    colour = Head(labels=WORDS, temperature=1.0, confidence=0.5)
    contract = a_contract(LABELS, whole_pictures(32, 3), {COLOUR: colour}, least_familiarity)
    assert isinstance(contract.familiarity, Familiarity)
    photos, labels, seen = [one.photo for one in PHOTOS], labels_of(PHOTOS), Features(said, said)
    name_of = dict(zip(photos, kept.pictures.tolist(), strict=True)).__getitem__
    found = promise_of_products(COLOUR, photos, labels, seen, fit, name_of, kept, contract)
    assert found is not None
    return found.n, found.accepted, found.lower_bound >= 0.85


def test_a_product_is_several_photos_of_one_colour_that_a_shop_of_the_sources_shows() -> None:
    assert places_of_products([one.photo for one in PHOTOS], labels_of(PHOTOS)) == list(range(240))
    assert {one.part for one in PHOTOS} <= {SHOP, USERS}
    assert part_of("lig") >= 0


@pytest.mark.parametrize(("wrong", "is_shown"), [(0, True), (9, True), (30, False)])
def test_heads_that_left_the_source_out_answer_and_the_report_says_what_that_shows(
    wrong: int, is_shown: bool
) -> None:
    assert promise(wrong) == (120, 120, is_shown)


def test_products_whose_class_is_unfamiliar_are_not_accepted() -> None:
    assert promise(0, least_familiarity=0.6)[1] == 0
