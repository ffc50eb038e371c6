"""The targets of auxiliary data, and the file in which a run keeps them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.contract import PHOTOGRAPHS, Imaging
from training.data.splitting import AuxiliaryData
from training.photos.making import FILE_NAME, load_auxiliary, photos_sha256, save_auxiliary, variants_key
from training.photos.reading import OOD, Photos

LEARNT = AuxiliaryData(np.arange(3 * 784, dtype=np.uint8).reshape(3, 28, 28), np.array([1, OOD, 0], np.uint8))

PHOTOS = Photos(
    images=np.zeros((2, 28, 28), np.uint8),
    labels=np.array([0, OOD], np.uint8),
    tiers=("A", "X"),
    files=(Path("a.jpg"), Path("b.jpg")),
    sha256=("a" * 64, "b" * 64),
)


def test_a_known_photo_is_learnt_under_its_label_with_room_for_a_wrong_one() -> None:
    targets = LEARNT.targets(4)

    assert targets[0] == pytest.approx([0.0125, 0.9625, 0.0125, 0.0125])


def test_an_ood_photo_is_learnt_to_be_doubted() -> None:
    targets = LEARNT.targets(4)

    assert targets[1].tolist() == [0.25] * 4
    assert targets.sum(axis=1) == pytest.approx(1.0)


def test_what_a_run_kept_is_there_when_it_goes_on(tmp_path: Path) -> None:
    save_auxiliary(LEARNT, tmp_path / "run", "aa")

    kept = load_auxiliary(tmp_path / "run", "aa")

    assert kept is not None
    assert np.array_equal(kept.images, LEARNT.images)
    assert np.array_equal(kept.labels, LEARNT.labels)


def test_what_another_run_kept_is_made_anew(tmp_path: Path) -> None:
    save_auxiliary(LEARNT, tmp_path, "aa")

    assert load_auxiliary(tmp_path, "bb") is None


def test_half_a_file_is_made_anew(tmp_path: Path) -> None:
    save_auxiliary(LEARNT, tmp_path, "aa")
    whole = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(whole[: len(whole) // 2])

    assert load_auxiliary(tmp_path, "aa") is None


def test_photos_that_were_moved_or_read_in_another_order_are_the_same_photos() -> None:
    turned = PHOTOS.take(np.array([1, 0]))
    moved = replace(turned, files=(Path("elsewhere/b.jpg"), Path("elsewhere/a.jpg")))

    assert photos_sha256(moved) == photos_sha256(PHOTOS)


def test_a_photo_under_another_label_makes_other_photos() -> None:
    relabelled = replace(PHOTOS, labels=np.array([1, OOD], np.uint8))

    assert photos_sha256(relabelled) != photos_sha256(PHOTOS)


def test_what_is_kept_goes_by_the_run_and_by_how_photos_are_converted() -> None:
    keys = {
        variants_key(fingerprint, imaging)
        for fingerprint in ("aa", "bb")
        for imaging in (PHOTOGRAPHS, Imaging(), replace(PHOTOGRAPHS, border_tolerance=0.06))
    }

    assert len(keys) == 6
    assert variants_key("aa", PHOTOGRAPHS) in keys
