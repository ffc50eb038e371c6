"""What a release learnt is known by the contents, so that a further training measures nothing on it."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from model_store.errors import ReleaseCorrupt
from model_store.local import bundled
from training.data.learnt_hashes import LEARNT, Learnt, load_learnt


def contents(*names: str) -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
    return np.array([hashlib.sha256(name.encode()).hexdigest() for name in names])


def test_a_release_knows_what_it_and_its_parents_learnt(tmp_path: Path) -> None:
    parent, own = Learnt.of(contents("a", "b", "a")), Learnt.of(contents("b", "c"))

    (parent | own).save(tmp_path)

    found = load_learnt(tmp_path)
    assert found is not None
    assert found.has(contents("d", "c", "a", "b")).tolist() == [False, True, True, True]
    assert (len(found.hashes), (tmp_path / LEARNT).stat().st_size) == (3, 128 + 3 * 8)


def test_contents_that_share_32_bits_are_told_apart() -> None:
    learnt, new = "01234567" + "0" * 56, "01234567" + "f" * 56

    assert not Learnt.of(np.array([learnt])).has(np.array([new])).any()


def test_a_release_that_kept_32_bits_does_not_say_what_it_learnt(tmp_path: Path) -> None:
    np.save(tmp_path / LEARNT, np.array([1, 2], "<u4"), allow_pickle=False)

    assert load_learnt(tmp_path) is None


def test_a_release_from_before_or_from_elsewhere_does_not_say_what_it_learnt(tmp_path: Path) -> None:
    assert load_learnt(tmp_path) is None


def numpy_file(shape: str, dtype: str = "'<u8'", values: bytes = bytes(24)) -> bytes:
    """A file of np.save with this header."""
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no array",
        b"\x93NUMPY\x01\x00",
        numpy_file("(2,)"),
        numpy_file("(3,)", values=bytes(23)),
        numpy_file("(1000000000000,)"),
        numpy_file("(-1,)"),
        numpy_file("(0, 1000000000000)"),
        numpy_file("3"),
        numpy_file("(3,)", "'''"),
        numpy_file("(3,)", "[('a',)]"),
        numpy_file("(3,)", "'|O'"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LEARNT).write_bytes(content)

    with pytest.raises(ReleaseCorrupt, match=r"learnt\.npy"):
        load_learnt(tmp_path)


def test_the_bundled_release_learnt_55000_pictures_and_33608_photos_by_64_bits() -> None:
    found = load_learnt(bundled().folder)

    assert found is not None
    # Of its heads and of the heads before them.
    assert len(found.hashes) == 55_000 + 33_608
    assert (found.hashes >= 2**32).all()
