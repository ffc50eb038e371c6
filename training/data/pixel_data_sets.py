"""Read a data set of pictures in the form of Fashion-MNIST: IDX files, CSV files, or Keras' download.

These pictures have 28 x 28 grey pixels, and class numbers from 0 to 9 instead of names.
"""

from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import EDGE
from training.data.fashion import FASHION_MNIST_LABELS, LabelledData
from training.data.pictures import Pictures
from training.data.pixel_files import read_idx_file, read_pixel_csv
from training.errors import DataError

FASHION_MNIST_FOLDER: Final = Path("/usr/share/datasets/fashion-mnist")
"""Folder in which Debian's package dataset-fashion-mnist installs the four IDX files."""


IDX_FILE_PREFIXES: Final = {"train": "train", "test": "t10k"}
"""Beginning of the names of the IDX files, such as `t10k-images-idx3-ubyte`, by part of the data set."""


def read_idx_folder(folder: Path) -> LabelledData:
    """Read the four IDX files of a folder, each gzipped (`.gz`) or not.

    Raises:
        DataError: a file is missing or damaged, has pictures of another size than 28 x 28, or has another
            number of labels than pictures.
    """
    return LabelledData(train=_read_idx_part(folder, "train"), test=_read_idx_part(folder, "test"))


def _read_idx_part(folder: Path, part: str) -> Pictures:
    """Read the pictures and labels of one part, `train` or `test`, from their two IDX files."""
    images_path = _find_idx_file(folder, f"{IDX_FILE_PREFIXES[part]}-images-idx3-ubyte")
    labels_path = _find_idx_file(folder, f"{IDX_FILE_PREFIXES[part]}-labels-idx1-ubyte")
    images = read_idx_file(images_path, 3)
    labels = read_idx_file(labels_path, 1)
    if images.shape[1:] != (EDGE, EDGE):
        raise DataError(f"{images_path}: pictures of {images.shape[1:]}, expected ({EDGE}, {EDGE}).")
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: {len(labels)} labels for the {len(images)} pictures of {images_path}."
        )
    if len(images) == 0:
        raise DataError(f"{images_path}: no picture in it.")
    for row in np.flatnonzero(labels >= len(FASHION_MNIST_LABELS)):  # the first such row ends the loop
        raise DataError(
            f"{labels_path}, row {row + 1}: label {labels[row]}, expected 0 to "
            f"{len(FASHION_MNIST_LABELS) - 1}."
        )
    return Pictures.make_from_pixels(images, labels)


def _find_idx_file(folder: Path, name: str) -> Path:
    """Return the path of an IDX file, which may be gzipped or in a folder of its own name."""
    for file_name in (name, name.replace("-idx", ".idx")):  # as some archives unpack them
        for candidate in (folder / file_name, folder / f"{file_name}.gz", folder / file_name / file_name):
            if candidate.is_file():
                return candidate
    raise DataError(
        f"{folder}: neither {name} nor {name}.gz is there, nor one sub-folder per class. "
        "`make data` installs the data set; --data names another folder, --train and --test a CSV pair."
    )


def read_pixel_csv_pair(train: Path, test: Path) -> LabelledData:
    """Read a training set and a test set from two CSV files of pixels.

    Raises:
        DataError: a file or one of its rows is wrong; the message names both.
    """
    return LabelledData(
        train=Pictures.make_from_pixels(*read_pixel_csv(train, len(FASHION_MNIST_LABELS))),
        test=Pictures.make_from_pixels(*read_pixel_csv(test, len(FASHION_MNIST_LABELS))),
    )


def read_evaluation_csv(path: Path) -> LabelledData:
    """Read one CSV file of pixels to measure a model on. Training set and test set are both the whole file.

    Raises:
        DataError: the file or one of its rows is wrong; the message names both.
    """
    pictures = Pictures.make_from_pixels(*read_pixel_csv(path, len(FASHION_MNIST_LABELS)))
    return LabelledData(train=pictures, test=pictures)


def download_fashion_mnist() -> LabelledData:
    """Download the data set with Keras, or read the copy that Keras keeps in ~/.keras.

    Raises:
        DataError: TensorFlow is not installed, or the download failed.
    """
    try:
        from keras.datasets import fashion_mnist  # noqa: PLC0415 - Keras takes seconds to import

        (train_x, train_y), (test_x, test_y) = fashion_mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception for every failed download.
        raise DataError(
            f"Keras could not fetch Fashion-MNIST: {error}. `make data` installs the IDX files instead."
        ) from error
    return LabelledData(
        train=Pictures.make_from_pixels(train_x, train_y), test=Pictures.make_from_pixels(test_x, test_y)
    )
