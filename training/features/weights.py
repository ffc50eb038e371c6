"""Write arrays, such as a network's weights, to one compressed file, all of it or nothing, and read them.

Touches the named file.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model_store.files import write_whole
from training.errors import WeightsUnfit
from training.untyped import Network

UNREADABLE: Final = (
    OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError,
)  # fmt: skip
"""What reading a missing, damaged or other file, and asking it for an array, may raise."""

ABOUT: Final = "about"
"""The array of the file that holds what the weights were learnt from, as JSON."""


def write_npz(path: Path, **arrays: object) -> None:
    """Replace a file by one of these arrays, in one step."""
    packed = io.BytesIO()
    np.savez_compressed(
        packed, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()}
    )
    write_whole(path, packed.getvalue())


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of a file, by name; raises one of UNREADABLE."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return dict(stored)


def save_weights(model: Network, about: Mapping[str, Any], path: Path) -> None:
    """Write the weights as float16, by the path of each, and what they were learnt from.

    Args:
        model: of `backbone`, or another start's.
        about: plain JSON.
        path: of the file, which is replaced in one step.
    """
    weights = {weight.path: np.asarray(weight, np.float16) for weight in model.weights}
    write_npz(path, **weights, **{ABOUT: json.dumps(about)})


def weights_hash(model: Network) -> str:
    """The SHA-256 of a network's weights as float32, as hex digits."""
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(np.asarray(weight, np.float32).tobytes())
    return digest.hexdigest()


def load_weights(model: Network, path: Path) -> dict[str, Any]:
    """Give a network the weights of a file; what they were learnt from.

    Raises:
        WeightsUnfit: the file is missing, damaged, or of another network.
    """
    try:
        stored = read_npz(path)
        about: dict[str, Any] = json.loads(str(stored[ABOUT]))
        model.set_weights([stored[weight.path].astype(np.float32) for weight in model.weights])
    except UNREADABLE as error:
        raise WeightsUnfit(f"{path}: no backbone of this version ({error}).") from error
    return about
