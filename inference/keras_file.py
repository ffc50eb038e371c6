"""Refuse what is no Keras 3 `.keras` file before TensorFlow is loaded, which takes seconds.

Older formats are recognised by their first bytes and their metadata. What the file holds is unpacked here
first, and counted: Keras believes its sizes. Reads one file. The model in it: keras_session.py.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

from inference.errors import ArchiveUnreadable, MemberTooLarge, MemberUnreadable, ModelUnreadable
from inference.zip_file import content_of, open_zip

_HDF5: Final = b"\x89HDF\r\n\x1a\n"
"""The signature of HDF5 (HDF5 File Format Specification, section II.A)."""

MOST_UNPACKED, SPARE_BYTES = 8, 16_000_000
"""How many times its own size a file may unpack to, and bytes beyond. Keras stores members as they are."""

_CONFIG: Final = "config.json"
"""The member that declares the layers."""

_SIZES: Final = frozenset(
    {"units", "filters", "kernel_size", "input_dim", "output_dim", "key_dim", "num_heads"}
)
"""What layers call the edges of their arrays. A file of some hundred bytes may declare gigabytes of them."""

MOST_METADATA_BYTES: Final = 64 * 1024
"""Of `metadata.json`, which names a version and a date."""

_CONVERT: Final = (
    "Build its layers with Keras 3 as your code did, then `model.load_weights('{file}')` and "
    "`model.save('model.keras')`."
)
"""`load_model` fails on what Keras 2 saved: it reads the first layer's `batch_input_shape` otherwise."""


_OF_OTHERS: Final = {
    ".onnx": "an ONNX graph. No line makes a Keras model of it: bring the one that it was exported from",
    ".tflite": "a TensorFlow Lite model. No line makes it one of Keras: bring the one that it was made from",
    ".pt": "a file of PyTorch. No line converts it: build and train its layers with Keras 3",
    ".pth": "a file of PyTorch. No line converts it: build and train its layers with Keras 3",
}
"""What formats of other libraries are, by the ending of their names, and what would do."""

_OF_TEACHABLE_MACHINE: Final = (frozenset({"keras_model.h5"}), frozenset({"model.json", "weights.bin"}))
"""The members of its exports for Keras and for browsers."""


_SAVE: Final = "`model.save('model.keras')`."
_RESAVE: Final = "Where it was saved: `keras.models.load_model(FOLDER).save('model.h5')`."
_CONVERT_H5: Final = _CONVERT.format(file="model.h5")


def check_keras_file(path: Path) -> None:
    """Check that a file is a `.keras` file of Keras 3, by its members alone.

    Raises:
        ModelUnreadable: it is not; the message says what it is and how to convert it.
    """
    if path.is_dir():
        saved = (path / "saved_model.pb").is_file()
        kind = f"a SavedModel of TensorFlow. {_RESAVE}" if saved else "a folder. It must be one file:"
        raise ModelUnreadable(f"{path}: {kind} {_CONVERT_H5 if saved else _SAVE}")
    try:
        with path.open("rb") as file:
            beginning = file.read(len(_HDF5))
        if beginning == _HDF5:
            raise ModelUnreadable(f"{path}: {_of_hdf5(path)}")
        if path.suffix in _OF_OTHERS:
            raise ModelUnreadable(f"{path}: {_OF_OTHERS[path.suffix]}, {_SAVE}")
        _check_members(path)
    except OSError as error:
        raise ModelUnreadable(f"{path}: {error.strerror}. It must be a `.keras` file.") from error


def _of_hdf5(path: Path) -> str:
    """What an HDF5 file is, and how to convert it."""
    if path.name.endswith(".weights.h5"):
        kind = "the weights of a Keras 3 model, without its layers"
        return f"{kind}. {_CONVERT.format(file=path.name)}"
    renamed = "" if path.suffix in {".h5", ".hdf5"} else f", so rename it to {path.with_suffix('.h5').name}"
    name = path.with_suffix(".h5").name if renamed else path.name
    return f"an HDF5 file, the format of Keras 1 and 2{renamed}. {_CONVERT.format(file=name)}"


def saved_by(path: Path) -> str:
    """The version of Keras that a checked file was saved by.

    Raises:
        ModelUnreadable: the file does not say.
    """
    with _opened(path) as archive:
        return _version(archive)


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """The file as an archive; what cannot be read of it is a ModelUnreadable."""
    try:
        with open_zip(str(path)) as archive:
            yield archive
    except MemberTooLarge as error:
        raise ModelUnreadable(
            f"{path}: unpacks to more than {MOST_UNPACKED} times its size, or to metadata without end. Keras "
            "packs nothing: save it again by `model.save('model.keras')`."
        ) from error
    except (ArchiveUnreadable, MemberUnreadable, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelUnreadable(
            f"{path}: no `.keras` file, or a damaged one. Save it again: `model.save('model.keras')`."
        ) from error


def _version(archive: ZipFile) -> str:
    metadata = content_of(archive, archive.getinfo("metadata.json"), MOST_METADATA_BYTES)
    return str(json.loads(metadata)["keras_version"])


def _check_members(path: Path) -> None:
    with _opened(path) as archive:
        names = set(archive.namelist())
        if any(members <= names for members in _OF_TEACHABLE_MACHINE):
            raise ModelUnreadable(
                f"{path}: an export of Teachable Machine, which reads 224 x 224 pixels in colour. "
                "Learn its pictures: `wardrobe train --data FOLDER`, a folder for each class."
            )
        version = _version(archive)
        if version.split(".")[0] in {"1", "2"}:
            raise ModelUnreadable(
                f"{path}: saved by Keras {version[:20]}. Save it there with `model.save('model.h5')`. "
                f"{_CONVERT_H5}"
            )
        most = MOST_UNPACKED * path.stat().st_size + SPARE_BYTES
        left = most - sum(member.file_size for member in archive.infolist())
        if left < 0:
            raise MemberTooLarge
        declared, edges = set[int](), set[int]()
        for member in archive.infolist():  # all of them: Keras would unpack what lies about its size
            content = content_of(archive, member, most)
            if member.filename == _CONFIG:
                declared = set(_sizes_in(json.loads(content)))
            elif member.filename.endswith(".h5"):
                for shape, size in _arrays_in(content):
                    edges.update(shape)
                    left -= size
            if left < 0:
                raise MemberTooLarge
        if find_spec("h5py") and (without := declared - edges):
            raise ModelUnreadable(
                f"{path}: a layer of size {max(without):,}, of which its weights have no array. "
                f"Save it again: {_SAVE}"
            )


def _sizes_in(config: object) -> Iterator[int]:
    """What the layers of a configuration declare that Keras makes arrays of: an edge of an array each."""
    nodes = [config]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            for name in _SIZES & node.keys():
                sizes = node[name] if isinstance(node[name], list) else [node[name]]
                yield from (size for size in sizes if isinstance(size, int))
        nodes += node.values() if isinstance(node, dict) else node if isinstance(node, list) else []


def _arrays_in(weights: bytes) -> list[tuple[tuple[int, ...], int]]:
    """Shape and bytes of the arrays of a file of weights; of zeros it may store the shape alone."""
    if find_spec("h5py") is None:
        return []
    import h5py  # noqa: PLC0415 - comes with Keras, which alone needs it

    arrays = list[tuple[tuple[int, ...], int]]()

    def add(_: str, node: Any) -> None:  # noqa: ANN401 - h5py has no types
        if isinstance(node, h5py.Dataset):
            arrays.append((node.shape, node.nbytes))

    try:
        with h5py.File(io.BytesIO(weights)) as file:
            file.visititems(add)
    except (OSError, RuntimeError):  # Keras says what is wrong with it
        return []
    return arrays
