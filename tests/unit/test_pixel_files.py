"""IDX and CSV files: what is read comes back as it was, and what is wrong is named with its file and row."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tests.fashion import csv_text, idx_bytes, write_csv, write_idx_folder
from training.data.datasets import LABELS, LabelledImages, from_csv, from_idx
from training.data.pixel_files import read_csv, read_idx
from training.data.splitting import first
from training.errors import BadCsv, BadIdx, DataSetMissing

TWO_PICTURES = idx_bytes(np.zeros((2, 28, 28), np.uint8))
PIXELS = ",".join(["0"] * 784)
WHOLE = "expected a whole number from 0 to"


@settings(deadline=None)
@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=3, max_dims=3, max_side=5)), st.booleans())
def test_an_idx_file_is_read_as_it_was_written_packed_or_not(
    tmp_path_factory: pytest.TempPathFactory, pictures: NDArray[np.uint8], packed: bool
) -> None:
    path = tmp_path_factory.mktemp("idx") / "pictures"
    path.write_bytes(gzip.compress(idx_bytes(pictures)) if packed else idx_bytes(pictures))

    read = read_idx(path, 3)

    assert read.tolist() == pictures.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "pictures: cannot be read"),
        (TWO_PICTURES[:-100], r"truncated\. The header promises 1568 values .* holds 1468"),
        (b"\0\0\x08", "pictures: 3 bytes, but the header alone takes 16"),
        (gzip.compress(TWO_PICTURES, mtime=0)[:-12], r"truncated\. Its gzip stream ends early"),
        (b"\x1f\x8bnot gzip at all", "damaged gzip"),
        (TWO_PICTURES + b"xyz", "3 bytes are left over after the 1568 values"),
        (b"\x89PNG" + bytes(100), "begins with 89504e47, expected 00000803"),
        (idx_bytes(np.zeros(40, np.uint8)), "It holds labels: perhaps two files were swapped"),
    ],
)
def test_a_damaged_idx_file_is_named_with_what_is_wrong(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "pictures"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BadIdx, match=message):
        read_idx(path, 3)


def test_a_folder_of_four_idx_files_becomes_a_data_set(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=30, test=20)

    data = from_idx(tmp_path)

    assert (data.train.images.shape, data.test.images.shape) == ((30, 28, 28), (20, 28, 28))
    assert set(data.train.labels) == set(range(len(LABELS)))
    assert first(data.train, 12).images.tolist() == data.train.images[:12].tolist()


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("train-labels-idx1-ubyte", np.zeros(9), "train-labels-idx1-ubyte: 9 labels for the 10 pictures"),
        ("t10k-labels-idx1-ubyte", np.array([0] * 6 + [10] + [0] * 3), "row 7: label 10, expected 0 to 9"),
        ("train-images-idx3-ubyte", np.zeros((10, 32, 32)), r"pictures of \(32, 32\), expected \(28, 28\)"),
    ],
)
def test_idx_files_that_do_not_fit_each_other_are_refused(
    name: str, values: NDArray[np.float64], message: str, tmp_path: Path
) -> None:
    write_idx_folder(tmp_path, train=10, test=10)
    (tmp_path / name).write_bytes(idx_bytes(values.astype(np.uint8)))

    with pytest.raises(BadIdx, match=message):
        from_idx(tmp_path)


def test_a_data_set_without_a_picture_is_refused(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=0, test=10)

    with pytest.raises(BadIdx, match="train-images-idx3-ubyte: no picture in it"):
        from_idx(tmp_path)


def test_a_missing_idx_file_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=10, test=10)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()

    with pytest.raises(DataSetMissing, match=r"neither t10k-labels-idx1-ubyte nor .*\.gz is.*make data"):
        from_idx(tmp_path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), count=st.integers(1, 4), header=st.booleans(), line_end=st.sampled_from(["\n", "\r\n"])
)
def test_a_csv_is_read_as_it_was_written_with_a_header_or_without(
    tmp_path: Path, data: st.DataObject, count: int, header: bool, line_end: str
) -> None:
    pictures: NDArray[np.uint8] = data.draw(arrays.arrays(np.uint8, (count, 28, 28)))
    labels: NDArray[np.uint8] = data.draw(arrays.arrays(np.uint8, count, elements=st.integers(0, 9)))
    lines = csv_text(pictures, labels).splitlines()[0 if header else 1 :]
    (tmp_path / "pictures.csv").write_bytes((line_end.join(lines) + line_end).encode())

    read_pictures, read_labels = read_csv(tmp_path / "pictures.csv", 10)

    assert read_pictures.tolist() == pictures.tolist()
    assert read_labels.tolist() == labels.tolist()


def test_quoted_cells_of_a_csv_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "pictures.csv"
    path.write_text(",".join(f'"{cell}"' for cell in f"7,{PIXELS}".split(",")) + "\n")

    pictures, labels = read_csv(path, 10)

    assert (pictures.shape, labels.tolist()) == ((1, 28, 28), [7])


def test_a_csv_pair_has_the_hash_of_its_pictures_and_not_the_name_of_the_original(tmp_path: Path) -> None:
    pair = from_csv(write_csv(tmp_path / "a.csv", 20), write_csv(tmp_path / "b.csv", 10, seed=1))

    copied = LabelledImages(pair.train.images.copy(), pair.train.labels.copy())

    assert copied.sha256() == pair.train.sha256() != pair.test.sha256()
    assert pair.described().name == "other pictures in Fashion-MNIST's form"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no picture in it"),
        ("\n\n", "no picture in it"),
        (f"label,{PIXELS}\n", "no picture in it"),
        (f"1,{PIXELS}\n2,{PIXELS},0\n", "row 2: 786 columns, expected 785"),
        (f"label,{PIXELS}\n1,{PIXELS}\n2,0,0\n", "row 3: 3 columns, expected 785"),
        (f"1,{PIXELS[:-1]}x\n", f"row 1, column 785: 'x', {WHOLE} 255"),
        (f"1,0.5{PIXELS[1:]}\n", rf"row 1, column 2: '0\.5', {WHOLE} 255"),
        (f"1,{PIXELS}\n,{PIXELS}\n", f"row 2, column 1: '', {WHOLE} 9"),
        (f"1,{PIXELS}\n10,{PIXELS}\n", f"row 2, column 1: '10', {WHOLE} 9"),
        (f"-1,{PIXELS}\n", f"row 1, column 1: '-1', {WHOLE} 9"),
        (f"label,{PIXELS}\n1,256{PIXELS[1:]}\n", f"row 2, column 2: '256', {WHOLE} 255"),
        (f"1,{PIXELS[:-1]}-3\n", f"row 1, column 785: '-3', {WHOLE} 255"),
        (f"1, 5{PIXELS[1:]}\n1,300{PIXELS[1:]}\n", f"row 2, column 2: '300', {WHOLE} 255"),
        (f"1,+5{PIXELS[1:]}\n1,300{PIXELS[1:]}\n", f"row 2, column 2: '300', {WHOLE} 255"),
        (f"1,1_0{PIXELS[1:]}\n", f"row 1, column 2: '1_0', {WHOLE} 255"),
        (f"1,\u0665{PIXELS[1:]}\n", f"row 1, column 2: '\u0665', {WHOLE} 255"),
        ("\x1f\udc8b packed", r"byte 1 is no UTF-8 text\. Unpack the file"),
    ],
)
def test_a_wrong_csv_is_named_with_its_row(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "pictures.csv"
    path.write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(BadCsv, match=rf"pictures\.csv.*{message}"):
        read_csv(path, 10)


def test_a_csv_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCsv, match=r"nowhere\.csv: cannot be read \(No such file or directory\)"):
        read_csv(tmp_path / "nowhere.csv", 10)
