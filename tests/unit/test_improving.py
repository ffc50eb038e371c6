"""What of people's answers is learnt, and which pictures a release and its parent are compared on."""

from pathlib import Path

import pytest

from inference.contract import GREY_28
from model_store.local_releases import LocalRelease, open_bundled_release
from tests.photos import write_photos
from training.data.data_source import DataSource
from training.data.fashion import FASHION_MNIST_LABELS
from training.data.labels import OOD
from training.data.learnt_hashes import LearntHashes
from training.data.listing import PictureUse
from training.data.photo_reading import read_photos
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.errors import DataError
from training.evaluation.photos import choose_compared_photos
from training.gradient.recipes import COMPACT_RECIPE, adapt_recipe_to_small_data
from training.progress import ProgressLines


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(name.encode())
    rows = ["a.png,Shirt,2026-11-02", "b.png,none of these,", "c.png, ,", "a.png,Coat,2026-11-01"]
    (tmp_path / "corrections.csv").write_text("\n".join(["path,label,at", *rows]), "utf-8")
    return tmp_path / "corrections.csv"


def test_answers_of_people_are_photos_of_their_own_tier(answers: Path) -> None:
    listing = DataSource(place=str(answers), photo_use="measure").list_photos(FASHION_MNIST_LABELS)

    found = [
        (one.path.name, one.tier, class_id)
        for one, class_id in zip(listing.pictures, listing.class_ids, strict=True)
    ]
    assert found == [("a.png", "own", FASHION_MNIST_LABELS.index("Shirt")), ("b.png", "own", OOD)]
    assert [one.name for one in listing.left_out_files] == ["c.png"]


def test_pictures_that_are_new_to_the_parent_are_compared_and_one_has_to_show_a_class(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 2, {"X": ["Hats"], "own": ["Bag", "Dress"]})
    named = DataSource(place=str(photos), photo_use="learn")
    read = read_photos(named, named.list_photos(FASHION_MNIST_LABELS), GREY_28, ProgressLines())
    parent = LocalRelease(tmp_path, open_bundled_release().manifest)
    LearntHashes.make_from_digests(read.sha256[read.spelt == "Bag"][:1]).save_hashes(tmp_path)

    found = choose_compared_photos(read, parent, print)

    assert sorted(found.spelt.tolist()) == ["Bag", "Dress", "Dress", "Hats", "Hats"]
    LearntHashes.make_from_digests(read.sha256[:0], read.hashes[read.classes != OOD]).save_hashes(tmp_path)
    with pytest.raises(DataError, match="none of these 6 pictures shows a class and is new to"):
        choose_compared_photos(read, parent, print)


def test_corrections_that_no_audit_drew_are_of_a_tier_of_their_own(tmp_path: Path) -> None:
    for name in ("drawn", "copy", "doubted"):
        (tmp_path / name).write_bytes(name.removeprefix("copy").encode() or b"drawn")
    corrections = tmp_path / "corrections.csv"
    corrections.write_text("path,label,audit\ndrawn,Bag,200\ncopy,Bag,\ndoubted,Bag,\n", "utf-8")

    uses: tuple[PictureUse, ...] = ("learn", "measure")
    listings = [
        DataSource(place=str(corrections), photo_use=use).list_photos(FASHION_MNIST_LABELS) for use in uses
    ]

    learnt, measured = ({one.path.name: one.tier for one in found.pictures} for found in listings)
    assert learnt == {"drawn": OWN_TIER, "copy": OWN_TIER, "doubted": CORRECTED_TIER}
    assert set(measured.values()) == {OWN_TIER}


@pytest.mark.parametrize(("pictures", "patience"), [(45, 20), (2000, None)])
def test_few_pictures_end_a_training_early(pictures: int, patience: int | None) -> None:
    assert adapt_recipe_to_small_data(COMPACT_RECIPE, pictures).patience == patience
