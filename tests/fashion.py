"""Small data sets in Fashion-MNIST's shape, drawn from a seed, that a network can learn in seconds."""

import struct
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import NetworkName
from training.data.labels import LabelCodes
from training.data.pictures import Pictures
from training.data.pixel_files import IDX_UINT8_CODE, PIXEL_CSV_COLUMNS, PIXELS_PER_PICTURE

CLASSES = 10

PHOTO: Final[NetworkName] = "photos"


def striped_pictures(count: int, seed: int = 0) -> Pictures:
    """Pictures whose class is where a bright bar lies: classes in turn, noise on top.

    Args:
        count: how many; ten in a row hold every class once.
        seed: of the noise.
    """
    labels = (np.arange(count) % CLASSES).astype(np.uint8)
    images: NDArray[np.uint8] = np.random.default_rng(seed).integers(0, 60, (count, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4 + 2 * label : 6 + 2 * label, 4:24] = 230
    return Pictures.make_from_pixels(images, labels)


def write_idx_folder(folder: Path, *, train: int, test: int) -> None:
    """Write the four IDX files, not gzipped."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("train", striped_pictures(train)), ("t10k", striped_pictures(test, seed=1))):
        (folder / f"{name}-images-idx3-ubyte").write_bytes(idx_bytes(part.images))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx_bytes(part.classes.astype(np.uint8)))


def write_csv(path: Path, count: int, seed: int = 0) -> Path:
    """Write one CSV file of `striped_pictures`, with a header."""
    part = striped_pictures(count, seed)
    path.write_text(csv_text(part.images, part.classes), encoding="utf-8")
    return path


def csv_text(pictures: NDArray[np.uint8], labels: LabelCodes) -> str:
    """The CSV file of uint8 (N, 28, 28) pictures and their labels, (N,), with the customary header."""
    header = ",".join(["label", *(f"pixel{number}" for number in range(1, PIXEL_CSV_COLUMNS))])
    table = np.concatenate([labels[:, None], pictures.reshape(len(pictures), PIXELS_PER_PICTURE)], axis=1)
    return "\n".join([header, *(",".join(map(str, row)) for row in table.tolist())]) + "\n"


def idx_bytes(values: NDArray[np.uint8]) -> bytes:
    """The IDX file of a uint8 array of 1 to 255 dimensions, not gzipped."""
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, IDX_UINT8_CODE, values.ndim, *values.shape)
    return header + np.ascontiguousarray(values).tobytes()
