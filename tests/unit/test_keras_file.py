"""What is no `.keras` file of Keras 3 is named before Keras opens it."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.errors import ModelUnreadable
from inference.sessions.keras_file import check_keras_file, read_keras_version

LONGEST = 330
"""Characters of a message."""


def zipped(**members: str) -> Callable[[Path], None]:
    """Writes a ZIP."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return write


def of_weights(path: Path) -> None:
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(2000))


def of_hdf5(path: Path) -> None:
    """A whole model: its layers stand in an attribute."""
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(2000) + b"model_config" + bytes(2000))


KERAS_2 = zipped(**{"metadata.json": json.dumps({"keras_version": "2.15.0"}), "config.json": "{}"})


def of_saved_model(path: Path) -> None:
    path.mkdir()
    (path / "saved_model.pb").touch()


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("old.h5", of_hdf5, r"an HDF5 file.*`wardrobe adopt old\.h5`"),
        ("old.keras", of_hdf5, r"an HDF5 file.*`wardrobe adopt old\.keras`"),
        ("mine.weights.h5", of_weights, r"of weights,.* Save the whole model where it was trained"),
        ("folder.tf", of_saved_model, r"a SavedModel folder\..*load_model\(FOLDER\)\.save\('model\.h5'\)"),
        (
            "old.keras",
            KERAS_2,
            r"Keras 2\.15\.0\..*model\.save\('model\.h5'\).*`wardrobe adopt model\.h5`",
        ),
        ("other.keras", zipped(**{"weights.bin": ""}), "no `.keras` file"),
        ("text.keras", lambda path: path.write_text("model"), "no `.keras` file"),
        ("folder", Path.mkdir, "Is a directory. It must be"),
        ("nested.keras", zipped(**{"metadata.json": "[" * 60_000}), "no `.keras` file"),
        ("packed.keras", zipped(**{"metadata.json": " " * 70_000}), "no `.keras` file"),
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


def test_a_whole_model_in_hdf5_can_be_adopted(tmp_path: Path) -> None:
    of_hdf5(tmp_path / "old.h5")

    check_keras_file(tmp_path / "old.h5", can_be_hdf5=True)


def test_the_version_that_saved_a_file_of_keras_3_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    zipped(**{"metadata.json": json.dumps({"keras_version": "3.12.0"})})(path)

    check_keras_file(path)

    assert read_keras_version(path) == "3.12.0"
