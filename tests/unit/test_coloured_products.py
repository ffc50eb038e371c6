"""What the lab measures of products' colours: by heads that learnt nothing of their source."""

import hashlib
import zipfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.contract import make_whole_picture_input
from lab.attribute import decide_attribute, fit_attribute
from lab.attribute_rules import COLOUR, Attribute, Fitted, Mask, make_colour_attribute
from lab.coloured_photos import CHECKED, SHOP, WORDS
from lab.pretraining_photos import Photo
from lab.strangers_heads import SOURCES
from model_store.local_releases import open_release
from reports.answers import PICTURE_NAME_DIGITS, Answers
from reports.promises import ProductPromise
from tests.releases import LABELS, a_contract, a_release
from training.data.vectors import Features, FeatureVectors


def photo(source: str, number: int, colour: str, product: str = "", tier: str = "A") -> tuple[str, Photo]:
    archive = "pool_A.zip" if source == "kag" else f"{SOURCES}_{tier}.zip"
    name = f"{tier}/0/{source}-{number}.jpg"
    return SHOP, Photo(archive, name, sender=product, label=0, tier=tier, colours=(colour,))


def checked(number: int, colour: str) -> tuple[str, Photo]:
    return CHECKED, Photo("", f"clo-{number}.jpg", tier="C", colours=(colour,))


PHOTOS = [
    *(photo("lig", n, ("red", "blue")[n // 2 % 2], f"lig-{n // 2}") for n in range(240)),
    photo("lig", 900, "red", "of two colours"),
    photo("lig", 901, "blue", "of two colours"),
    photo("lig", 902, "red", "of one photo"),
    *(photo("nat", n, "red", "a sender", "C") for n in range(2)),
    *(photo("kag", n, ("red", "blue")[n % 2], "a brand") for n in range(4)),
    *(checked(n, ("red", "blue")[n % 2]) for n in range(200)),
]


class Sure:
    """A head that reads the colour off its vector."""

    def compute_logits(self, x: FeatureVectors) -> FeatureVectors:
        return np.where(np.arange(len(WORDS)) == x[:, :1], 9.0, 0.0).astype(np.float32)


def sure(_: Mask, seen: Features) -> Fitted:
    return Sure(), None  # type: ignore[return-value]


def colours(wrong: int = 0) -> Attribute:
    """The attribute, of whose first photos so many are taken for the other colour."""
    red, blue = (WORDS.index(word) for word in ("red", "blue"))
    said = np.array([[WORDS.index(photo.colours[0])] for _, photo in PHOTOS], np.float32)
    said[:wrong] = red + blue - said[:wrong]
    return replace(make_colour_attribute(PHOTOS, lambda _: Features(said, said)), fit=sure)


def promise(folder: Path, wrong: int, familiarity: float = 0.5) -> ProductPromise:
    """What products of two photos show, where those of so many are mistaken, and are that familiar."""
    archives = defaultdict[str, list[str]](list)
    for _, each in PHOTOS:
        archives[each.archive].append(each.member)
    for name in archives.pop(""):
        (folder / name).write_text(name, "utf-8")
    for archive, members in archives.items():
        with zipfile.ZipFile(folder / archive, "w") as file:
            for member in members:
                file.writestr(member, member)
    names = [hashlib.sha256(each.member.encode()).hexdigest()[:PICTURE_NAME_DIGITS] for _, each in PHOTOS]
    kept = Answers.make_answers(
        [each.tier for _, each in PHOTOS],
        np.zeros(len(PHOTOS), int),
        pictures=names,
        groups=[each.sender for _, each in PHOTOS],
        familiarity=[0.5 if part == CHECKED else familiarity for part, _ in PHOTOS],
        distances=0.5,
        networks="photos",
        probabilities=np.eye(len(LABELS))[np.zeros(len(PHOTOS), int)],
    )
    reads = make_whole_picture_input(32, 3)
    parent = open_release(a_release(folder / "parent", per_class=1, photos=reads, further_answers=kept))
    network = parent.manifest.get_network("photos").replace_fields(
        contract=a_contract(LABELS, reads, least_familiarity=0.2)
    )
    manifest = parent.manifest.replace_fields(networks=parent.manifest.networks | {"photos": network})
    attribute = colours(2 * wrong)
    _, report, answers = decide_attribute(
        attribute, fit_attribute(attribute)[1], replace(parent, manifest=manifest), folder
    )
    assert not (answers.attributes == COLOUR).any(), "colours that decide are of known sources"
    return report.products[COLOUR]


def test_no_head_that_answers_learnt_the_source_nor_a_photo_that_decides() -> None:
    attribute = colours()

    for trial in attribute.trials:
        learnt, answered = (
            {attribute.photos[place].source for place in np.flatnonzero(some).tolist()}
            for some in (trial.learnt, trial.answered)
        )
        assert not learnt & answered
        assert "kag" in learnt
    assert set().union(*(np.flatnonzero(trial.answered) for trial in attribute.trials)) == {
        *range(243),
        *range(249, 449),
    }


@pytest.mark.parametrize(("wrong", "is_shown"), [(0, True), (9, True), (30, False)])
def test_heads_that_left_the_source_out_answer_and_the_report_says_what_that_shows(
    wrong: int, is_shown: bool, tmp_path: Path
) -> None:
    """A product is several photos of one colour that a shop of the sources shows."""
    shown = promise(tmp_path, wrong)

    assert (shown.n, shown.accepted, shown.lower_bound >= 0.85) == (120, 120, is_shown)


def test_products_whose_class_is_unfamiliar_are_not_accepted(tmp_path: Path) -> None:
    assert promise(tmp_path, 0, familiarity=0.1).accepted == 0
