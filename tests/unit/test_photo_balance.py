"""How many variants are made of which photo: every label of every tier gets its share."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from inference.contract import PHOTOGRAPHS
from tests.drawn_garments import on_a_floor
from tests.fashion import striped_pictures
from tests.photos import a_garment_photo
from tests.uploads import png
from training.data.datasets import LABELS
from training.data.splitting import Split, split
from training.photos.balance import GARMENTS, KNOWN, OF_ONE, OF_ONE_RARE, OOD_KNOWN, Planned, plan
from training.photos.reading import OOD, Photos
from training.recipes import PLAIN

TROUSER, SANDAL, BOOT = LABELS.index("Trouser"), LABELS.index("Sandal"), LABELS.index("Ankle boot")


@dataclass(frozen=True)
class Cell:
    """So many photos of one label in one tier."""

    tier: str
    label: int
    count: int
    folder: str = "folder"


@pytest.fixture
def parts() -> Split:
    """The training set in two."""
    return split(striped_pictures(400), 40, seed=0, classes=len(LABELS))


def photos_of(where: Path, *cells: Cell) -> Photos:
    """Photos with contents made up by number, and two files behind them: those of tier C show a floor."""
    members = [(cell, number) for cell in cells for number in range(cell.count)]
    files = [_written(where / cell.tier / cell.folder, cell.tier) for cell, _ in members]
    return Photos(
        images=np.zeros((len(members), 28, 28), np.uint8),
        labels=np.array([cell.label for cell, _ in members], np.uint8),
        tiers=tuple(cell.tier for cell, _ in members),
        files=tuple(files),
        sha256=tuple(f"{cell.tier} {cell.label} {cell.folder} {number}" for cell, number in members),
    )


def _written(folder: Path, tier: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    photo = folder / "1.png"
    if not photo.exists():
        photo.write_bytes(png(on_a_floor() if tier == "C" else a_garment_photo(1)))
    return photo


def planned(photos: Photos, parts: Split, scale: float = 1.0) -> list[Planned]:
    return plan(photos, parts.train, LABELS, PHOTOGRAPHS, replace(PLAIN, variants=scale))


def of_photos(plans: list[Planned], label: int) -> list[int]:
    """How many variants each photo of a label gets."""
    mine = [one.task for one in plans if one.label == label and isinstance(one.task.source, Path)]
    return [len(task.grounds) for task in mine]


def of_garments(plans: list[Planned], label: int) -> int:
    """How many variants a class gets of the training set."""
    return sum(one.label == label and isinstance(one.task.source, np.ndarray) for one in plans)


@pytest.mark.parametrize(
    ("count", "least", "most"),
    [(5, 5 * OF_ONE_RARE, 5 * OF_ONE_RARE), (30, 30 * OF_ONE, 30 * OF_ONE), (100, KNOWN[0], KNOWN[0] + 99)],
)
def test_few_photos_of_a_label_get_more_variants_each(
    count: int, least: int, most: int, tmp_path: Path, parts: Split
) -> None:
    plans = planned(photos_of(tmp_path, Cell("A", TROUSER, count)), parts)

    assert least <= sum(of_photos(plans, TROUSER)) <= most


def test_of_many_photos_of_a_label_some_get_none(tmp_path: Path, parts: Split) -> None:
    plans = planned(photos_of(tmp_path, Cell("A", TROUSER, 3000)), parts)

    assert sum(of_photos(plans, TROUSER)) == pytest.approx(KNOWN[1], rel=0.1)
    assert max(of_photos(plans, TROUSER)) == 1


def test_each_kind_of_ood_photo_counts_on_its_own(tmp_path: Path, parts: Split) -> None:
    photos = photos_of(
        tmp_path, *(Cell("X", OOD, 300, kind) for kind in ("Hats", "Belts")), Cell("A", TROUSER, 1)
    )

    assert sum(of_photos(planned(photos, parts), OOD)) == pytest.approx(2 * OOD_KNOWN[1], rel=0.2)


def test_what_photos_cannot_give_is_made_of_the_training_set(tmp_path: Path, parts: Split) -> None:
    plans = planned(photos_of(tmp_path, Cell("A", TROUSER, 800), Cell("A", SANDAL, 500)), parts)

    garments = {label: of_garments(plans, label) for label in (TROUSER, SANDAL, BOOT)}
    assert garments == {TROUSER: GARMENTS, SANDAL: 300, BOOT: 800}


def test_a_picture_that_is_held_out_is_never_learnt(tmp_path: Path, parts: Split) -> None:
    plans = planned(photos_of(tmp_path, Cell("A", TROUSER, 300)), parts)

    learnt = {one.task.source.tobytes() for one in plans if isinstance(one.task.source, np.ndarray)}
    assert learnt <= {image.tobytes() for image in parts.train.images}
    assert learnt.isdisjoint(image.tobytes() for image in parts.validation.images)


def test_half_the_variants_are_made_when_asked_for(tmp_path: Path, parts: Split) -> None:
    photos = photos_of(tmp_path, Cell("A", TROUSER, 100), Cell("X", OOD, 50))

    whole, half = (sum(len(one.task.grounds) for one in planned(photos, parts, scale)) for scale in (1, 0.5))

    assert half == pytest.approx(whole / 2, rel=0.05)


def test_the_order_in_which_photos_are_read_changes_nothing(tmp_path: Path, parts: Split) -> None:
    photos = photos_of(tmp_path, Cell("A", TROUSER, 40), Cell("C", SANDAL, 4), Cell("X", OOD, 20))
    turned = photos.take(np.arange(len(photos))[::-1])

    first, again = ([one.task.seed for one in planned(some, parts)] for some in (photos, turned))

    assert first == again


def test_grounds_come_from_the_cluttered_tier_whatever_it_is_called(tmp_path: Path, parts: Split) -> None:
    photos = photos_of(tmp_path, Cell("A", TROUSER, 30), Cell("C", SANDAL, 6))
    renamed = replace(photos, tiers=tuple("users" if tier == "C" else tier for tier in photos.tiers))

    grounds = {ground for one in planned(renamed, parts) for ground in one.task.grounds}

    assert grounds == {tmp_path / "C" / "folder" / "1.png"}


def test_without_a_cluttered_tier_garments_stay_where_they_are(tmp_path: Path, parts: Split) -> None:
    plans = planned(photos_of(tmp_path, Cell("A", TROUSER, 30)), parts)

    assert {ground for one in plans for ground in one.task.grounds} == {None}


def test_shoes_may_be_shown_in_pairs_and_trousers_may_not(tmp_path: Path, parts: Split) -> None:
    plans = planned(photos_of(tmp_path, Cell("C", TROUSER, 3), Cell("C", SANDAL, 3)), parts)

    assert {one.label for one in plans if one.task.paired} == {
        LABELS.index(label) for label in ("Sandal", "Sneaker", "Ankle boot")
    }
