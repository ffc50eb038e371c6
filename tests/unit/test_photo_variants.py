"""Variants of photos and drawn shoes: how many, what a model sees of them, their targets and file."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.arrays import Picture
from inference.contract import PHOTOGRAPHS
from tests.drawn_garments import on_a_floor
from tests.drawn_people import BOTH, a_person, a_shirt, alone
from tests.fashion import ON_PLAIN, striped_pictures
from tests.photos import a_garment_photo
from tests.uploads import png
from training.data.datasets import LABELS
from training.data.splitting import AuxiliaryData, Split, split
from training.photos.balance import GARMENTS, KNOWN, OF_ONE, OF_ONE_RARE, OOD_KNOWN, PAIRED, Planned, plan
from training.photos.compositions import CutOut
from training.photos.drawn_shoes import DRAWN, drawn_pair
from training.photos.making import FILE_NAME, load_auxiliary, save_auxiliary
from training.photos.reading import OOD, Photos
from training.photos.variants import Task, variants_of
from training.recipes import PLAIN

TROUSER, SANDAL, BOOT = LABELS.index("Trouser"), LABELS.index("Sandal"), LABELS.index("Ankle boot")

LEARNT = AuxiliaryData(np.arange(3 * 784, dtype=np.uint8).reshape(3, 28, 28), np.array([1, OOD, 0], np.uint8))


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
    return split(striped_pictures(400), len(LABELS))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A garment on light ground."""
    return written(tmp_path / "plain.png", cluttered=False)


@pytest.fixture
def floor(tmp_path: Path) -> Path:
    """A shirt on boards."""
    return written(tmp_path / "floor.png", cluttered=True)


def written(path: Path, *, cluttered: bool) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(on_a_floor() if cluttered else a_garment_photo(1)))
    return path


def photos_of(where: Path, *cells: Cell) -> Photos:
    """Photos with contents made up by number, and a file behind each cell: those of tier C show a floor."""
    members = [(cell, number) for cell in cells for number in range(cell.count)]
    files = {
        cell: written(where / cell.tier / cell.folder / "1.png", cluttered=cell.tier == "C") for cell in cells
    }
    names = tuple(f"{cell.tier} {cell.label} {cell.folder} {number}" for cell, number in members)
    return Photos(
        images=np.zeros((len(members), 28, 28), np.uint8),
        labels=np.array([cell.label for cell, _ in members], np.uint8),
        tiers=tuple(cell.tier for cell, _ in members),
        files=tuple(files[cell] for cell, _ in members),
        sha256=names,
        keys=names,
        kinds=tuple(cell.folder for cell, _ in members),
        worn=(None,) * len(members),
        shown=(ON_PLAIN,) * len(members),
    )


def planned(photos: Photos, parts: Split, scale: float = 1.0) -> list[Planned]:
    return plan(photos, parts.train, LABELS, PHOTOGRAPHS, replace(PLAIN, variants=scale))


def of_photos(plans: list[Planned], label: int) -> list[int]:
    """How many variants each photo of a label gets."""
    mine = [one.task for one in plans if one.label == label and isinstance(one.task.source, Path)]
    return [len(task.grounds) for task in mine]


def of_garments(plans: list[Planned], label: int) -> int:
    """How many variants a class gets of the training set."""
    mine = [one.task for one in plans if one.label == label and isinstance(one.task.source, np.ndarray)]
    return sum(len(task.grounds) for task in mine)


@pytest.mark.parametrize(
    ("count", "least", "most"),
    [
        (5, 5 * OF_ONE_RARE, 5 * OF_ONE_RARE),
        (30, 30 * OF_ONE, 30 * OF_ONE),
        (100, KNOWN[0], KNOWN[0] + 99),
        (3000, 0.9 * KNOWN[1], 1.1 * KNOWN[1]),
    ],
)
def test_every_label_of_a_tier_gets_its_share_of_variants(
    count: int, least: float, most: float, tmp_path: Path, parts: Split
) -> None:
    plans = planned(photos_of(tmp_path, Cell("A", TROUSER, count)), parts)

    assert least <= sum(of_photos(plans, TROUSER)) <= most


def test_each_kind_of_ood_photo_counts_on_its_own(tmp_path: Path, parts: Split) -> None:
    kinds = [Cell("X", OOD, 300, kind) for kind in ("Hats", "Belts")]

    plans = planned(photos_of(tmp_path, *kinds, Cell("A", TROUSER, 1)), parts)

    assert sum(of_photos(plans, OOD)) == pytest.approx(2 * OOD_KNOWN[1], rel=0.2)


def test_what_photos_cannot_give_is_made_of_the_training_set_without_what_is_held_out(
    tmp_path: Path, parts: Split
) -> None:
    plans = planned(photos_of(tmp_path, Cell("A", TROUSER, 800), Cell("A", SANDAL, 500)), parts)

    garments = {label: of_garments(plans, label) for label in (TROUSER, SANDAL, BOOT)}
    learnt = {one.task.source.tobytes() for one in plans if isinstance(one.task.source, np.ndarray)}
    assert garments == {TROUSER: GARMENTS, SANDAL: 300, BOOT: 800}
    assert learnt <= {image.tobytes() for image in parts.train.images}
    assert learnt.isdisjoint(image.tobytes() for image in parts.validation.images)


def test_a_garment_that_is_drawn_again_is_another_variant(tmp_path: Path, parts: Split) -> None:
    plans = planned(photos_of(tmp_path, Cell("A", TROUSER, 800)), parts)

    boots = [one.task for one in plans if one.label == BOOT and isinstance(one.task.source, np.ndarray)]
    variants = np.concatenate([variants_of(task) for task in boots[:3]])
    assert len({task.source.tobytes() for task in boots if isinstance(task.source, np.ndarray)}) == len(boots)
    assert sum(len(task.grounds) for task in boots) > 2 * len(boots)
    assert len(np.unique(variants, axis=0)) == len(variants)


def test_grounds_come_from_the_cluttered_tier_whatever_it_is_called(tmp_path: Path, parts: Split) -> None:
    photos = photos_of(tmp_path, Cell("A", TROUSER, 30), Cell("C", SANDAL, 6))
    renamed = replace(photos, tiers=tuple("users" if tier == "C" else tier for tier in photos.tiers))

    grounds, none = (
        {ground for one in planned(some, parts) for ground in one.task.grounds}
        for some in (renamed, photos.take(np.arange(30)))
    )

    assert (grounds, none) == ({tmp_path / "C" / "folder" / "1.png"}, {None})
    assert {LABELS[one.label] for one in planned(photos, parts) if one.task.paired} == PAIRED


def a_task(source: Path, *grounds: Path | None, seed: int = 7) -> Task:
    return Task(source=source, seed=seed, grounds=grounds, paired=True, worn=False, imaging=PHOTOGRAPHS)


def test_variants_of_a_worn_garment_are_of_both_crops_where_the_service_would_find_both(
    tmp_path: Path,
) -> None:
    def made(picture: Picture) -> list[set[bytes]]:
        (file := tmp_path / "worn.png").write_bytes(png(picture[..., ::-1]))
        tasks = (
            Task(file, 1, (None,) * 12, paired=False, worn=True, imaging=imaging)
            for imaging in (PHOTOGRAPHS, BOTH)
        )
        return [{one.tobytes() for one in variants_of(task)} for task in tasks]

    # Some variants of a person have lost the head.
    whole, both = made(a_person(a_shirt()))
    assert whole < both
    assert 3 <= len(both - whole) < 12
    whole, both = made(alone(a_shirt()))
    assert whole == both


def test_variants_differ_and_depend_on_their_number_and_seed_alone(photo: Path, floor: Path) -> None:
    first, again = (variants_of(a_task(photo, floor, floor, floor)) for _ in range(2))

    assert np.array_equal(first, again)
    assert np.array_equal(first[0], variants_of(a_task(photo, floor))[0])
    assert not np.array_equal(first[0], variants_of(a_task(photo, floor, seed=8))[0])
    assert len(np.unique(first, axis=0)) == 3


def test_a_known_photo_leaves_room_for_a_wrong_label_and_an_ood_one_is_doubted() -> None:
    targets = LEARNT.targets(4)

    assert targets[0] == pytest.approx([0.0125, 0.9625, 0.0125, 0.0125])
    assert targets[1].tolist() == [0.25] * 4
    assert targets.sum(axis=1) == pytest.approx(1.0)


def test_what_a_run_kept_is_there_when_it_goes_on_and_half_a_file_is_made_anew(tmp_path: Path) -> None:
    save_auxiliary(LEARNT, tmp_path / "run", "aa")

    kept, other = (load_auxiliary(tmp_path / "run", key) for key in ("aa", "bb"))
    whole = (tmp_path / "run" / FILE_NAME).read_bytes()
    (tmp_path / "run" / FILE_NAME).write_bytes(whole[: len(whole) // 2])

    assert kept is not None
    assert np.array_equal(kept.images, LEARNT.images)
    assert np.array_equal(kept.labels, LEARNT.labels)
    assert other is None
    assert load_auxiliary(tmp_path / "run", "aa") is None


def drawn(label: str, seed: int) -> CutOut:
    return drawn_pair(label, np.random.default_rng(seed))


@pytest.mark.parametrize("label", DRAWN)
def test_most_drawings_show_two_shoes_of_like_size(label: str) -> None:
    like = 0
    for seed in range(20):
        _, _, stats, _ = cv2.connectedComponentsWithStats((drawn(label, seed)[..., 3] > 127).astype(np.uint8))
        areas = sorted(stats[1:, cv2.CC_STAT_AREA], reverse=True)
        like += len(areas) == 1 or areas[1] > 0.6 * areas[0]

    assert like >= 18


@pytest.mark.parametrize("label", DRAWN)
def test_the_same_seed_draws_the_same_and_another_another(label: str) -> None:
    first, again, other = drawn(label, 3), drawn(label, 3), drawn(label, 4)

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
