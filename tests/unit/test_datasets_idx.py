"""IDX files: what is read comes back as it was, and what is wrong is named with its file."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tests.fashion import idx_bytes, write_idx_folder
from training.data.datasets import LABELS, from_idx
from training.data.pixel_files import read_idx
from training.data.splitting import first
from training.errors import BadIdx, DataSetMissing


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=3, max_dims=3, max_side=5)), st.booleans())
def test_what_was_written_is_read_again_packed_or_not(
    tmp_path_factory: pytest.TempPathFactory, pictures: NDArray[np.uint8], packed: bool
) -> None:
    path = tmp_path_factory.mktemp("idx") / "pictures"
    path.write_bytes(gzip.compress(idx_bytes(pictures)) if packed else idx_bytes(pictures))

    read = read_idx(path, 3)

    assert read.tolist() == pictures.tolist()


def test_the_header_is_the_one_that_the_format_asks_for() -> None:
    content = idx_bytes(np.array([[1, 2, 3]], np.uint8))

    assert content == bytes.fromhex("00000802 00000001 00000003 010203")


def test_a_file_cut_short_says_how_much_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "pictures"
    path.write_bytes(idx_bytes(np.zeros((2, 28, 28), np.uint8))[:-100])

    with pytest.raises(BadIdx, match=r"pictures: truncated\. The header promises 1568 values .* holds 1468"):
        read_idx(path, 3)


def test_a_file_without_a_whole_header_is_called_truncated(tmp_path: Path) -> None:
    path = tmp_path / "pictures"
    path.write_bytes(b"\0\0\x08")

    with pytest.raises(BadIdx, match="pictures: 3 bytes, but the header alone takes 16"):
        read_idx(path, 3)


def test_a_packed_file_cut_short_is_called_truncated(tmp_path: Path) -> None:
    path = tmp_path / "pictures.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros((2, 28, 28), np.uint8)))[:-12])

    with pytest.raises(BadIdx, match=r"pictures\.gz: truncated\. Its gzip stream ends early"):
        read_idx(path, 3)


def test_a_damaged_packed_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "pictures.gz"
    path.write_bytes(b"\x1f\x8bnot gzip at all")

    with pytest.raises(BadIdx, match=r"pictures\.gz: damaged gzip"):
        read_idx(path, 3)


def test_bytes_left_over_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(idx_bytes(np.zeros(4, np.uint8)) + b"xyz")

    with pytest.raises(BadIdx, match="labels: 3 bytes are left over after the 4 values"):
        read_idx(path, 1)


def test_a_wrong_magic_number_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "pictures"
    path.write_bytes(b"\x89PNG" + bytes(100))

    with pytest.raises(BadIdx, match="pictures: begins with 89504e47, expected 00000803"):
        read_idx(path, 3)


def test_swapped_files_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "pictures"
    path.write_bytes(idx_bytes(np.zeros(40, np.uint8)))

    with pytest.raises(BadIdx, match="It holds labels: perhaps two files were swapped"):
        read_idx(path, 3)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadIdx, match="nowhere: cannot be read"):
        read_idx(tmp_path / "nowhere", 3)


def test_a_folder_of_four_files_becomes_a_data_set(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=30, test=20)

    data = from_idx(tmp_path)

    assert (data.train.images.shape, data.test.images.shape) == ((30, 28, 28), (20, 28, 28))
    assert set(data.train.labels) == set(range(len(LABELS)))


def test_a_missing_file_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=10, test=10)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()

    with pytest.raises(
        DataSetMissing, match=r"neither t10k-labels-idx1-ubyte nor .*\.gz is there.*make data"
    ):
        from_idx(tmp_path)


def test_labels_that_do_not_fit_their_pictures_are_counted(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=10, test=10)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(9, np.uint8)))

    with pytest.raises(BadIdx, match="train-labels-idx1-ubyte: 9 labels for the 10 pictures"):
        from_idx(tmp_path)


def test_a_label_out_of_range_is_named_with_its_row(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=10, test=10)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(np.array([0] * 6 + [10] + [0] * 3, np.uint8)))

    with pytest.raises(BadIdx, match="t10k-labels-idx1-ubyte, row 7: label 10, expected 0 to 9"):
        from_idx(tmp_path)


def test_pictures_of_another_size_are_refused(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=10, test=10)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((10, 32, 32), np.uint8)))

    with pytest.raises(BadIdx, match=r"train-images-idx3-ubyte: pictures of \(32, 32\), expected \(28, 28\)"):
        from_idx(tmp_path)


def test_a_data_set_without_a_picture_is_refused(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=0, test=10)

    with pytest.raises(BadIdx, match="train-images-idx3-ubyte: no picture in it"):
        from_idx(tmp_path)


def test_a_quick_try_takes_the_first_pictures(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=30, test=10)
    train = from_idx(tmp_path).train

    few = first(train, 12)

    assert few.images.tolist() == train.images[:12].tolist()
    assert few.labels.tolist() == train.labels[:12].tolist()
