"""CSV pairs: what is read comes back as it was, and what is wrong is named with its file and row."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tests.fashion import csv_text, write_csv
from training.data.datasets import LabelledImages, from_csv
from training.data.pixel_files import read_csv
from training.errors import BadCsv

PIXELS = ",".join(["0"] * 784)


def a_file(folder: Path, text: str) -> Path:
    path = folder / "pictures.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return path


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), count=st.integers(1, 4), header=st.booleans(), line_end=st.sampled_from(["\n", "\r\n"])
)
def test_what_was_written_is_read_again_with_a_header_or_without(
    tmp_path: Path, data: st.DataObject, count: int, header: bool, line_end: str
) -> None:
    pictures: NDArray[np.uint8] = data.draw(arrays.arrays(np.uint8, (count, 28, 28)))
    labels: NDArray[np.uint8] = data.draw(arrays.arrays(np.uint8, count, elements=st.integers(0, 9)))
    lines = csv_text(pictures, labels).splitlines()[0 if header else 1 :]
    path = a_file(tmp_path, line_end.join(lines) + line_end)

    read_pictures, read_labels = read_csv(path, 10)

    assert read_pictures.tolist() == pictures.tolist()
    assert read_labels.tolist() == labels.tolist()


def test_quoted_cells_are_read_too(tmp_path: Path) -> None:
    path = a_file(tmp_path, ",".join(f'"{cell}"' for cell in f"7,{PIXELS}".split(",")) + "\n")

    pictures, labels = read_csv(path, 10)

    assert (pictures.shape, labels.tolist()) == ((1, 28, 28), [7])


def test_the_same_pictures_have_the_same_hash_in_csv_as_in_memory(tmp_path: Path) -> None:
    pair = from_csv(write_csv(tmp_path / "a.csv", 20), write_csv(tmp_path / "b.csv", 10, seed=1))

    copied = LabelledImages(pair.train.images.copy(), pair.train.labels.copy())

    assert copied.sha256() == pair.train.sha256() != pair.test.sha256()


def test_other_pictures_do_not_go_by_the_name_of_the_data_set(tmp_path: Path) -> None:
    pair = from_csv(write_csv(tmp_path / "a.csv", 20), write_csv(tmp_path / "b.csv", 10, seed=1))

    assert pair.described().name == "other pictures in Fashion-MNIST's form"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"pictures\.csv: no picture in it"),
        ("\n\n", r"pictures\.csv: no picture in it"),
        (f"label,{PIXELS}\n", r"pictures\.csv: no picture in it"),
        (f"1,{PIXELS}\n2,{PIXELS},0\n", r"pictures\.csv, row 2: 786 columns, expected 785"),
        (f"label,{PIXELS}\n1,{PIXELS}\n2,0,0\n", r"pictures\.csv, row 3: 3 columns, expected 785"),
        (
            f"1,{PIXELS[:-1]}x\n",
            r"pictures\.csv, row 1, column 785: 'x', expected a whole number from 0 to 255",
        ),
        (
            f"1,0.5{PIXELS[1:]}\n",
            r"pictures\.csv, row 1, column 2: '0\.5', expected a whole number from 0 to 255",
        ),
        (
            f"1,{PIXELS}\n,{PIXELS}\n",
            r"pictures\.csv, row 2, column 1: '', expected a whole number from 0 to 9",
        ),
        (
            f"1,{PIXELS}\n10,{PIXELS}\n",
            r"pictures\.csv, row 2, column 1: '10', expected a whole number from 0 to 9",
        ),
        (f"-1,{PIXELS}\n", r"pictures\.csv, row 1, column 1: '-1', expected a whole number from 0 to 9"),
        (
            f"label,{PIXELS}\n1,256{PIXELS[1:]}\n",
            r"pictures\.csv, row 2, column 2: '256', expected a whole number from 0 to 255",
        ),
        (
            f"1,{PIXELS[:-1]}-3\n",
            r"pictures\.csv, row 1, column 785: '-3', expected a whole number from 0 to 255",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_and_row(tmp_path: Path, text: str, message: str) -> None:
    path = a_file(tmp_path, text)

    with pytest.raises(BadCsv, match=message):
        read_csv(path, 10)


def test_a_packed_file_is_told_apart_from_text(tmp_path: Path) -> None:
    path = tmp_path / "pictures.csv"
    path.write_bytes(b"\x1f\x8b\x08\x00packed")

    with pytest.raises(BadCsv, match=r"pictures\.csv: byte 1 is no UTF-8 text\. Unpack the file"):
        read_csv(path, 10)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCsv, match=r"nowhere\.csv: cannot be read \(No such file or directory\)"):
        read_csv(tmp_path / "nowhere.csv", 10)
