"""Write arrays, such as the weights of a network, to a compressed file in one step, and read them."""

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model_store.release_files import write_atomically
from training.untyped import Network

NPZ_ERRORS: Final = (
    OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError,
)  # fmt: skip
"""Errors that may be raised when a file of arrays is missing or damaged, or lacks an array."""

DATA_DESCRIPTION_ARRAY: Final = "about"
"""Name of the array that describes, as JSON, the data from which the weights were learnt."""


def write_npz(path: Path, **arrays: object) -> None:
    """Write arrays to a compressed file, which is replaced in one step.

    Args:
        arrays: the arrays, by their names in the file.
    """
    packed = io.BytesIO()
    np.savez_compressed(
        packed, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()}
    )
    write_atomically(path, packed.getvalue())


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a file, by name. If the file is missing or damaged, one of NPZ_ERRORS is raised."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return dict(stored)


def hash_weights(model: Network) -> str:
    """Return the SHA-256 of a network's weights as float32, as hex digits."""
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(np.asarray(weight, np.float32).tobytes())
    return digest.hexdigest()
