"""IDX and CSV files: what is read comes back as it was, and what is wrong is named with its file and row."""

import gzip
import hashlib
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scripts.progress_bars import TerminalProgress
from tests.fashion import csv_text, idx_bytes, striped_pictures, write_csv, write_idx_folder
from training.data.data_source import DataSource
from training.data.fashion import FASHION_MNIST_LABELS
from training.data.pictures import Pictures
from training.data.pixel_data_sets import read_idx_folder, read_pixel_csv_pair
from training.data.pixel_files import read_idx_file, read_pixel_csv
from training.data.read import load_data_set
from training.data.split import take_first_pictures
from training.errors import DataError

TWO_PICTURES = idx_bytes(np.zeros((2, 28, 28), np.uint8))
PIXELS = ",".join(["0"] * 784)


def test_a_packed_idx_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path, pictures = tmp_path / "pictures", striped_pictures(2).images
    path.write_bytes(gzip.compress(idx_bytes(pictures)))

    assert read_idx_file(path, 3).tolist() == pictures.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "pictures: cannot be read"),
        (TWO_PICTURES[:-100], "the header promises 1568 values .* holds 1468"),
        (gzip.compress(TWO_PICTURES, mtime=0)[:-12], "damaged or truncated gzip"),
        (idx_bytes(np.zeros(40, np.uint8)), "begins with 00000801, expected 00000803 for pictures"),
    ],
)
def test_a_damaged_idx_file_is_named_with_what_is_wrong(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "pictures"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=message):
        read_idx_file(path, 3)


@pytest.mark.parametrize(
    "spelling",
    [
        "{kind}-idx{n}-ubyte",
        # As archives unpack them.
        "{kind}.idx{n}-ubyte",
        "{kind}-idx{n}-ubyte/{kind}-idx{n}-ubyte",
    ],
)
def test_a_folder_of_four_idx_files_becomes_a_data_set(tmp_path: Path, spelling: str) -> None:
    write_idx_folder(tmp_path / "usual", train=30, test=20)
    for kind, n in (("train-images", 3), ("train-labels", 1), ("t10k-images", 3), ("t10k-labels", 1)):
        target = tmp_path / "set" / spelling.format(kind=kind, n=n)
        target.parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "usual" / f"{kind}-idx{n}-ubyte").rename(target)

    data = read_idx_folder(tmp_path / "set")

    assert (data.train.images.shape, data.test.images.shape) == ((30, 28, 28), (20, 28, 28))
    assert set(data.train.classes) == set(range(len(FASHION_MNIST_LABELS)))
    assert take_first_pictures(data.train, 12).images.tolist() == data.train.images[:12].tolist()


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

    with pytest.raises(DataError, match=message):
        read_idx_folder(tmp_path)


def test_a_missing_idx_file_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=10, test=10)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()

    with pytest.raises(DataError, match=r"neither t10k-labels-idx1-ubyte nor .*\.gz is.*make data"):
        read_idx_folder(tmp_path)


@pytest.mark.parametrize(("header", "quote", "line_end"), [(True, "", "\n"), (False, '"', "\r\n")])
def test_a_csv_is_read_as_it_was_written(tmp_path: Path, header: bool, quote: str, line_end: str) -> None:
    part = striped_pictures(3)
    lines = csv_text(part.images, part.classes).splitlines()[0 if header else 1 :]
    quoted = [",".join(f"{quote}{cell}{quote}" for cell in line.split(",")) for line in lines]
    (tmp_path / "pictures.csv").write_bytes((line_end.join(quoted) + line_end).encode())

    pictures, labels = read_pixel_csv(tmp_path / "pictures.csv", 10)

    assert pictures.tolist() == part.images.tolist()
    assert labels.tolist() == part.classes.tolist()


@pytest.mark.parametrize("packing", ["gzip", "zip"])
def test_a_packed_csv_is_read_as_it_was_written(tmp_path: Path, packing: str) -> None:
    part, path = striped_pictures(3), tmp_path / "pictures.csv.packed"
    content = csv_text(part.images, part.classes).encode()
    if packing == "gzip":
        path.write_bytes(gzip.compress(content))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data/train.csv", content)
            archive.writestr("__MACOSX/data/._train.csv", b"more of macOS")

    pictures, _ = read_pixel_csv(path, 10)

    assert pictures.tolist() == part.images.tolist()


def test_a_zip_of_two_csv_files_is_refused_with_their_names(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.writestr("train.csv", "")
        archive.writestr("test.csv", "")

    with pytest.raises(DataError, match=r"2 CSV files in it \(train\.csv, test\.csv\)"):
        read_pixel_csv(tmp_path / "both.zip", 10)


@pytest.mark.parametrize("order", ["by row", "by column"])
def test_a_header_that_names_rows_and_columns_is_read_where_it_goes_by_row(
    tmp_path: Path, order: str
) -> None:
    part, path = striped_pictures(2), tmp_path / "pictures.csv"
    rows = csv_text(part.images, part.classes).splitlines()[1:]
    cells = [(one, other) for one in range(1, 29) for other in range(1, 29)]
    names = [f"{row}x{column}" if order == "by row" else f"{column}x{row}" for row, column in cells]
    path.write_text("\n".join([",".join(["label", *names]), *rows]))

    if order == "by row":
        assert read_pixel_csv(path, 10)[0].tolist() == part.images.tolist()
    else:
        with pytest.raises(DataError, match="the columns in another order"):
            read_pixel_csv(path, 10)


def test_a_csv_pair_has_the_hash_of_its_pictures_and_not_the_name_of_the_original(tmp_path: Path) -> None:
    pair = read_pixel_csv_pair(write_csv(tmp_path / "a.csv", 20), write_csv(tmp_path / "b.csv", 10, seed=1))
    contents = [hashlib.sha256(one.tobytes()).hexdigest() for one in pair.train.images]

    copied = Pictures.make_from_pixels(pair.train.images.copy(), pair.train.classes.copy())

    assert copied.compute_digest() == pair.train.compute_digest() != pair.test.compute_digest()
    assert pair.train.sha256.tolist() == pair.train.groups.tolist() == contents
    assert (pair.train.files, set(pair.train.networks)) == ((), {"pixels"})
    assert pair.describe_data_set().name == "other pictures in Fashion-MNIST's form"


ONE_TO_TEN = f"label,{PIXELS}\n" + "".join(f"{label}.0,{PIXELS}\n" for label in range(1, 11))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no picture in it"),
        (f"label,{PIXELS}\n1,{PIXELS}\n2,0,0\n", "row 3: .* has 3 columns"),
        (f"1,0.5{PIXELS[1:]}\n", "row 1, column 2: the pixel '0.5'. Expected .* from 0 to 255"),
        (f"1,{PIXELS[:-1]}nan\n", "row 1, column 785: the pixel 'nan'"),
        (f"1,{PIXELS[:-1]}\n", "row 1, column 785: the pixel ''"),
        (f"0,{PIXELS}\n10,{PIXELS}\n", "row 2: the label '10'. Expected a whole number from 0 to 9.$"),
        (f"1,{PIXELS}\n1.5,{PIXELS}\n", "row 2: the label '1.5'"),
        (ONE_TO_TEN, "row 11: the label '10.0'.* begin with 1: subtract 1 from each"),
        (
            f"label,{PIXELS}\nBag,{PIXELS}\n",
            "row 2: the label 'Bag'.* number of the class in place",
        ),
        (f"Bag,{PIXELS}\n", "row 1: the label 'Bag'"),
        (f"label,{PIXELS}\n1,256{PIXELS[1:]}\n", "row 2, column 2: the pixel '256'"),
        (f"pixel1,pixel2,label\n{PIXELS},1\n", "row 1: the header names .* Expected `label`"),
        (f"label,pixel2,pixel1\n1,{PIXELS}\n", "row 1: the header names .* Expected `label`"),
        ("\x1f\udc8b packed", r"damaged or truncated"),
    ],
)
def test_a_wrong_csv_is_named_with_its_row_and_cell(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "pictures.csv"
    path.write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(DataError, match=rf"pictures\.csv.*{message}"):
        read_pixel_csv(path, 10)


def test_whole_numbers_with_a_decimal_point_are_read_as_pandas_writes_them(tmp_path: Path) -> None:
    part, path = striped_pictures(3), tmp_path / "pictures.csv"
    text = csv_text(part.images, part.classes)
    path.write_text(re.sub(r"(?m)(?<=[,\n])(\d+)(?=,|$)", r"\1.0", text))

    images, labels = read_pixel_csv(path, 10)

    assert ".0,0.0," in path.read_text()
    assert (images.tolist(), labels.tolist()) == (part.images.tolist(), part.classes.tolist())


def test_one_csv_of_pixels_is_measured_on_and_not_learnt(tmp_path: Path) -> None:
    one = DataSource(place=str(write_csv(tmp_path / "part.csv", 12)))

    measured = load_data_set(one, TerminalProgress(), picture_use="measure")

    assert measured.test is measured.train
    assert len(measured.test) == 12
    with pytest.raises(DataError, match=r"a training needs two.* --train TRAIN\.csv --test TEST\.csv"):
        load_data_set(one, TerminalProgress())
