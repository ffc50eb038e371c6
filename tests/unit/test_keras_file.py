"""A `.keras` file that unpacks to far more than it is, is refused before Keras opens it."""

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from inference.errors import ModelUnreadable
from inference.keras_file import check_keras_file, saved_by
from inference.zip_file import DIRECTORY_ENTRY

h5py = pytest.importorskip("h5py")
NOTHING: Mapping[str, object] = {}
METADATA = json.dumps({"keras_version": "3.12.0"}).encode()
NOISE = np.random.default_rng(0).bytes(300_000)


def keras_file(
    path: Path, weights: bytes, method: int = zipfile.ZIP_DEFLATED, layer: Mapping[str, object] = NOTHING
) -> Path:
    """A file as Keras 3 lays it out."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("metadata.json", METADATA)
        layers = [{"class_name": "Layer", "config": dict(layer)}]
        archive.writestr("config.json", json.dumps({"config": {"layers": layers}}))
        archive.writestr("model.weights.h5", weights)
    return path


def weights(shape: tuple[int, ...], content: bytes | None = None) -> bytes:
    """A file of weights of one array, which holds zeros where it has no content."""
    file = io.BytesIO()
    with h5py.File(file, "w") as written:
        layer = written.create_group("layers/dense/vars")
        if content is None:
            layer.create_dataset("0", shape, np.float32, chunks=(1024, 1024), compression="gzip")
        else:
            layer.create_dataset("0", data=np.frombuffer(content, np.float32))
    return file.getvalue()


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Fails a test that takes more than 100 MB."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("name", ["model.weights.h5", "config.json", "metadata.json", "assets/words.txt"])
def test_a_member_that_unpacks_to_a_hundred_megabytes_is_refused_unread(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(name, "w") as file:
            for _ in range(150):
                file.write(bytes(1_000_000))
        if name != "metadata.json":
            archive.writestr("metadata.json", METADATA)

    with pytest.raises(ModelUnreadable, match="unpacks to more than 8 times its size"):
        check_keras_file(path)


@pytest.mark.usefixtures("little_memory")
def test_a_member_that_says_less_than_it_unpacks_to_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    packed = bytearray(keras_file(path, bytes(60_000_000)).read_bytes())
    struct.pack_into("<I", packed, packed.rindex(DIRECTORY_ENTRY) + 24, 1000)
    path.write_bytes(packed)

    with pytest.raises(ModelUnreadable, match="or a damaged one"):
        check_keras_file(path)


def test_arrays_of_which_a_file_stores_the_shape_alone_are_counted(tmp_path: Path) -> None:
    path = keras_file(tmp_path / "model.keras", weights((20_000, 20_000)))

    with pytest.raises(ModelUnreadable, match="unpacks to more than 8 times its size"):
        check_keras_file(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_real_weights_pass_packed_or_not(method: int, tmp_path: Path) -> None:
    path = keras_file(tmp_path / "model.keras", weights((75_000,), NOISE), method)

    check_keras_file(path)

    assert saved_by(path) == "3.12.0"


LONGEST = 330
"""Characters of a message."""


def zipped(**members: str) -> Callable[[Path], None]:
    """Writes a ZIP."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return write


def of_hdf5(path: Path) -> None:
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(2000))


def a_saved_model(path: Path) -> None:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"")


KERAS_2 = zipped(**{"metadata.json": json.dumps({"keras_version": "2.15.0"}), "config.json": "{}"})
IN_BROWSERS = zipped(**{"model.json": "{}", "weights.bin": "", "metadata.json": "{}"})


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("old.h5", of_hdf5, "an HDF5 file"),
        ("old.keras", of_hdf5, r"an HDF5 file.*rename it to old\.h5"),
        ("mine.weights.h5", of_hdf5, r"the weights of a Keras 3 model.*load_weights\('mine\.weights\.h5'\)"),
        ("old.keras", KERAS_2, r"saved by Keras 2\.15\.0\..*model\.save\('model\.h5'\)"),
        ("teachable.zip", zipped(**{"keras_model.h5": "", "labels.txt": ""}), "export of Teachable Machine"),
        ("teachable.zip", IN_BROWSERS, r"export of Teachable Machine.*wardrobe train --data"),
        ("other.keras", zipped(**{"weights.bin": ""}), "no `.keras` file"),
        ("text.keras", lambda path: path.write_text("model"), "no `.keras` file"),
        ("mine.onnx", lambda path: path.write_text("model"), "an ONNX graph"),
        ("mine.tflite", lambda path: path.write_text("model"), "a TensorFlow Lite model"),
        ("mine.pt", lambda path: path.write_text("model"), "a file of PyTorch"),
        ("saved", a_saved_model, r"a SavedModel.*load_model\(FOLDER\)\.save\('model\.h5'\)"),
        ("folder", Path.mkdir, "a folder"),
        ("empty.keras", Path.touch, "no `.keras` file"),
        ("torn.keras", lambda path: path.write_bytes(b"PK\x03\x04 torn"), "no `.keras` file"),
        ("missing.keras", lambda path: None, "No such file"),
    ],
)
def test_what_is_no_keras_3_file_is_named_with_what_would_do(
    name: str, write: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    write(tmp_path / name)

    with pytest.raises(ModelUnreadable, match=said) as raised:
        check_keras_file(tmp_path / name)

    assert len(str(raised.value).replace(str(tmp_path), "")) <= LONGEST


@pytest.mark.parametrize(
    "layer",
    [
        {"units": 300_000},
        {"filters": 70_000},
        {"filters": 16, "kernel_size": [9_000, 16]},
        {"input_dim": 1 << 30, "output_dim": 16},
        {"cell": {"config": {"units": 90_000}}},
    ],
)
def test_a_layer_without_an_array_of_its_size_is_refused(layer: Mapping[str, object], tmp_path: Path) -> None:
    path = keras_file(tmp_path / "model.keras", weights((16, 16), NOISE[:1024]), layer=layer)

    with pytest.raises(ModelUnreadable, match="of which its weights have no array"):
        check_keras_file(path)


@pytest.mark.parametrize(
    "layer", [{"units": 75_000}, {"filters": 75_000, "kernel_size": [75_000]}, {"rate": 7}]
)
def test_a_layer_whose_array_is_there_passes(layer: Mapping[str, object], tmp_path: Path) -> None:
    check_keras_file(keras_file(tmp_path / "model.keras", weights((75_000,), NOISE), layer=layer))


def test_a_configuration_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("metadata.json", METADATA)
        archive.writestr("config.json", "[" * 100_000)

    with pytest.raises(ModelUnreadable, match="or a damaged one"):
        check_keras_file(tmp_path / "model.keras")
