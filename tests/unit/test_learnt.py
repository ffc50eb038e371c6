"""What a release learnt is known by contents and near copies, so that nothing is measured on it again."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.arrays import Picture
from inference.pictures.decode import MAX_PIXELS, decode_image
from model_store.errors import ReleaseCorrupt
from model_store.local_releases import open_bundled_release
from tests.photos import a_garment_photo
from tests.saved_again import SAVED_AGAIN
from training.data.learnt_hashes import (
    LEARNT_HASHES_FILE,
    LEARNT_PERCEPTUAL_HASHES_FILE,
    UNSTATED_LEARNT_HASHES,
    LearntHashes,
    describe_missing_hashes,
    load_learnt_hashes,
)
from training.data.perceptual_hashes import NO_PERCEPTUAL_HASHES, PerceptualHashes, compute_perceptual_hash


def contents(*names: str) -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
    return np.array([hashlib.sha256(name.encode()).hexdigest() for name in names])


def test_a_release_knows_what_it_and_its_parents_learnt(tmp_path: Path) -> None:
    parent = LearntHashes.make_from_digests(contents("a", "b", "a"))
    own = LearntHashes.make_from_digests(contents("b", "c"))

    (parent | own).save_hashes(tmp_path)

    found = load_learnt_hashes(tmp_path)
    assert found is not None
    assert found.mark_matches(contents("d", "c", "a", "b")).tolist() == [False, True, True, True]
    assert (len(found.sha256_prefixes), (tmp_path / LEARNT_HASHES_FILE).stat().st_size) == (3, 128 + 3 * 8)


def test_contents_that_share_32_bits_are_told_apart() -> None:
    learnt, new = "01234567" + "0" * 56, "01234567" + "f" * 56

    assert not LearntHashes.make_from_digests(np.array([learnt])).mark_matches(np.array([new])).any()


def test_a_release_from_before_or_from_elsewhere_does_not_say_what_it_learnt(tmp_path: Path) -> None:
    assert load_learnt_hashes(tmp_path) is None


def photos(*seeds: int) -> PerceptualHashes:
    """Of different photos."""
    return np.stack([compute_perceptual_hash(a_garment_photo(seed)) for seed in seeds])


@pytest.mark.parametrize("save", SAVED_AGAIN.values(), ids=SAVED_AGAIN)
def test_a_photo_that_was_saved_again_is_known_and_another_one_is_not(
    save: Callable[[Picture], bytes], tmp_path: Path
) -> None:
    LearntHashes.make_from_digests(contents("0", "1"), photos(0, 1)).save_hashes(tmp_path)
    again = compute_perceptual_hash(decode_image(save(a_garment_photo(1)), MAX_PIXELS).picture)
    learnt = load_learnt_hashes(tmp_path)
    assert learnt is not None

    known = learnt.mark_matches(contents("other", "bytes"), np.stack([*photos(2), again]))

    assert known.tolist() == [False, True]


def test_a_training_takes_over_what_the_parent_learnt_and_the_photos_stand_once(tmp_path: Path) -> None:
    (
        LearntHashes.make_from_digests(contents("0"), photos(0))
        | LearntHashes.make_from_digests(contents("1"), photos(1, 0))
    ).save_hashes(tmp_path)

    assert np.load(tmp_path / LEARNT_PERCEPTUAL_HASHES_FILE).shape == (2, 10)
    assert (tmp_path / LEARNT_PERCEPTUAL_HASHES_FILE).stat().st_size == 128 + 2 * 80


def test_a_release_without_hashes_of_photos_is_said_to_know_bytes_alone(tmp_path: Path) -> None:
    LearntHashes.make_from_digests(contents("0"), photos(0)).save_hashes(tmp_path)
    (tmp_path / LEARNT_PERCEPTUAL_HASHES_FILE).unlink()
    learnt = load_learnt_hashes(tmp_path)
    assert learnt is not None

    assert learnt.mark_matches(contents("0", "1"), photos(5, 0)).tolist() == [True, False]
    assert "2026 knows what it learnt by bytes alone" in describe_missing_hashes(learnt, "2026")
    assert not describe_missing_hashes(
        LearntHashes.make_from_digests(contents("0"), NO_PERCEPTUAL_HASHES), "2026"
    )


@pytest.mark.parametrize(
    "parent",
    [replace(LearntHashes.make_from_digests(contents("0")), perceptual_hashes=None), UNSTATED_LEARNT_HASHES],
)
def test_a_child_of_a_release_without_hashes_of_photos_is_said_to_know_its_own_photos_alone(
    parent: LearntHashes, tmp_path: Path
) -> None:
    (parent | LearntHashes.make_from_digests(contents("1"), photos(1))).save_hashes(tmp_path)
    child = load_learnt_hashes(tmp_path)
    assert child is not None
    grandchild = child | LearntHashes.make_from_digests(contents("2"), photos(2))

    assert grandchild.mark_matches(contents("a", "b", "c"), photos(0, 1, 2)).tolist() == [False, True, True]
    assert "2026 knows some photos that it learnt by bytes alone" in describe_missing_hashes(
        grandchild, "2026"
    )


def numpy_file(shape: str, dtype: str = "'<u8'", values: bytes = bytes(24)) -> bytes:
    """A file of np.save with this header."""
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x05\x06" + bytes(18),  # an empty ZIP, which np.load would open
        numpy_file("(2,)"),
        numpy_file("(3,)", values=bytes(23)),
        numpy_file("(1000000000000,)"),
        numpy_file("3"),
        numpy_file("(3,)", "'''"),
        numpy_file("(3,)", "'|O'"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LEARNT_HASHES_FILE).write_bytes(content)

    with pytest.raises(ReleaseCorrupt, match=r"learnt\.npy"):
        load_learnt_hashes(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", numpy_file("(3,)"), numpy_file("(1, 10)"), numpy_file("(2, 10)", values=bytes(80))]
)
def test_damaged_hashes_of_photos_are_named(tmp_path: Path, content: bytes) -> None:
    LearntHashes.make_from_digests(contents("a")).save_hashes(tmp_path)
    (tmp_path / LEARNT_PERCEPTUAL_HASHES_FILE).write_bytes(content)

    with pytest.raises(ReleaseCorrupt, match=r"learnt-near\.npy: expected uint64, N x 10"):
        load_learnt_hashes(tmp_path)


def test_the_bundled_release_learnt_55000_pictures_and_33608_photos_by_64_bits() -> None:
    found = load_learnt_hashes(open_bundled_release().folder)

    assert found is not None
    # Of its heads and of the heads before them.
    assert len(found.sha256_prefixes) == 55_000 + 33_608
    assert (found.sha256_prefixes >= 2**32).all()
