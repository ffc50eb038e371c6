"""Refuse what is no Keras 3 `.keras` file before TensorFlow is loaded, which takes seconds.

Older formats are recognised by their first bytes and their metadata. Reads one file. The model in it:
keras_session.py.
"""

import json
import zipfile
from pathlib import Path
from typing import Final

from inference.errors import ModelUnreadable

_HDF5: Final = b"\x89HDF\r\n\x1a\n"
"""The signature of HDF5 (HDF5 File Format Specification, section II.A)."""

_CONVERT: Final = "Convert it with Keras 3: `keras.saving.load_model('{file}').save('model.keras')`."


def check_keras_file(path: Path) -> None:
    """Check that a file is a `.keras` file of Keras 3, by its members alone.

    Raises:
        ModelUnreadable: it is not; the message says what it is and how to convert it.
    """
    if path.is_dir():
        raise ModelUnreadable(f"{path}: a folder. It must be one `.keras` file: `model.save('model.keras')`.")
    try:
        with path.open("rb") as file:
            beginning = file.read(len(_HDF5))
        if beginning == _HDF5:
            name = path.with_suffix(".h5").name
            renamed = "" if path.suffix in {".h5", ".hdf5"} else f", so rename it to {name}"
            raise ModelUnreadable(
                f"{path}: an HDF5 file, the format of Keras 1 and 2{renamed}. "
                + _CONVERT.format(file=path.name if not renamed else name)
            )
        _check_members(path)
    except OSError as error:
        raise ModelUnreadable(f"{path}: {error.strerror}. It must be a `.keras` file.") from error


def saved_by(path: Path) -> str:
    """The version of Keras that a checked file was saved by.

    Raises:
        ModelUnreadable: the file does not say.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise ModelUnreadable(
            f"{path}: no `.keras` file, or a damaged one. Save it again: `model.save('model.keras')`."
        ) from error


def _check_members(path: Path) -> None:
    version = saved_by(path)
    if version.split(".")[0] in {"1", "2"}:
        raise ModelUnreadable(
            f"{path}: saved by Keras {version[:20]}. Save it there with `model.save('model.h5')`. "
            + _CONVERT.format(file="model.h5")
        )
