"""Refuse files that are no `.keras` file of Keras 3, before TensorFlow is loaded, which takes seconds.

Files of Keras 1 and 2 are recognised by their first bytes and their metadata, so that the error can say what
to do. No layer is read, since a layer can run code.
"""

import errno
import json
import mmap
from pathlib import Path
from typing import Final

from inference.errors import ArchiveUnreadable, MemberTooLarge, MemberUnreadable, ModelUnreadable
from inference.sessions.zip_file import open_zip, read_member

_HDF5: Final = b"\x89HDF\r\n\x1a\n"
"""The signature of HDF5 (HDF5 File Format Specification, section II.A)."""

_MOST_METADATA_BYTES: Final = 64 * 1024
"""Limit for the bytes of `metadata.json`, which names a version and a date."""

_HDF5_LAYERS: Final = b"model_config"
"""Name of the attribute in which an HDF5 file has the layers of a model. A file of weights has none."""


_MEMBERS: Final = (("config.json",), ("model.weights.h5", "model.weights.npz"))
"""Files in a `.keras` file: the layers of the model, and its weights in one of two formats."""


def check_keras_file(path: Path, *, can_be_hdf5: bool = False) -> None:
    """Check, without TensorFlow, that a file is a `.keras` file of Keras 3, by its metadata alone.

    Args:
        can_be_hdf5: whether a whole model in HDF5, the format of Keras 2, is accepted as well.

    Raises:
        ModelUnreadable: the file is something else; the message names it, and says what to do.
    """
    if (path / "saved_model.pb").is_file():
        raise ModelUnreadable(
            f"{path}: a SavedModel folder. Load it with the TensorFlow that made it, and save it as one "
            "file: `tf.keras.models.load_model(FOLDER).save('model.h5')`."
        )
    try:
        if not path.is_dir() and path.exists() and not path.is_file():  # a pipe would be read for ever
            raise OSError(errno.EINVAL, "This is no file", str(path))
        with path.open("rb") as file:
            beginning = file.read(len(_HDF5))
    except OSError as error:
        raise ModelUnreadable(
            f"{path}: {error.strerror}. It must be a `.keras` file: `model.save('model.keras')`."
        ) from error
    if beginning == _HDF5:
        if not _has_bytes(path, _HDF5_LAYERS):
            raise ModelUnreadable(
                f"{path}: an HDF5 file of weights, without the model's layers. Save the whole model where it "
                "was trained: `model.save('model.h5')`."
            )
        if not can_be_hdf5:
            raise ModelUnreadable(
                f"{path}: an HDF5 file, the format of Keras 1 and 2. Make a release of it: `wardrobe adopt "
                f"{path.name}`."
            )
        return
    version = read_keras_version(path)
    if version.split(".")[0] in {"1", "2"}:
        raise ModelUnreadable(
            f"{path}: saved by Keras {version[:20]}. Save it there with `model.save('model.h5')`, and make a "
            "release of that file: `wardrobe adopt model.h5`."
        )


def is_hdf5_file(path: Path) -> bool:
    """Return whether a file is HDF5, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(_HDF5)) == _HDF5


def _has_bytes(path: Path, wanted: bytes) -> bool:
    """Return whether a file has these bytes somewhere."""
    # h5py would look an attribute up, but it is not installed where services run.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(wanted) >= 0


def read_keras_version(path: Path) -> str:
    """Return the version of Keras that saved a file.

    Raises:
        ModelUnreadable: the file does not name the version.
    """
    try:
        with open_zip(str(path)) as archive:
            metadata = read_member(archive, archive.getinfo("metadata.json"), _MOST_METADATA_BYTES)
            return str(json.loads(metadata)["keras_version"])
    except (
        *(ArchiveUnreadable, MemberTooLarge, MemberUnreadable),
        *(OSError, KeyError, TypeError, ValueError, RecursionError),
    ) as error:
        raise ModelUnreadable(
            f"{path}: no `.keras` file, or a damaged one. Save it again: `model.save('model.keras')`."
        ) from error


def find_missing_member(path: Path) -> str:
    """Return the name of a file that a `.keras` file should contain and does not; empty if it has all."""
    with open_zip(str(path)) as archive:
        names = archive.namelist()
    return next((members[0] for members in _MEMBERS if not set(members) & set(names)), "")
