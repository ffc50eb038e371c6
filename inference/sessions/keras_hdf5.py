"""Load a whole model from an HDF5 file of Keras 2, in safe mode, without writing anything beside it.

In such a file the first layer of a model often has the shape of the input in place of a layer of its own.
Keras 3 does not read this shape. So a layer for the input is put into the description of the layers in
memory, and Keras reads the changed description and the weights of the file.

h5py and Keras are imported when a file is loaded, because the container does not contain them.
"""

import io
import json
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from inference.errors import ModelUnreadable

_LAYERS_ATTRIBUTE: Final = "model_config"
"""Name of the attribute with the layers of the model, as JSON."""

_SHAPE_KEY: Final = "batch_input_shape"
"""Key by which the first layer of a Keras 2 model names the shape of the input, with None for the batch."""

Config = dict[str, Any]
"""Description of a layer or a model, as Keras saves it."""


def load_hdf5_model(keras: ModuleType, path: Path, custom_objects: dict[str, object]) -> Any:  # noqa: ANN401 - Keras ships no types
    """Load a model from an HDF5 file in safe mode, without its optimizer.

    Args:
        custom_objects: functions that Keras does not know by the name in the file.

    Raises:
        ModelUnreadable: the file has links, or was saved by Keras 1.
    """
    import h5py  # noqa: PLC0415 - comes with Keras
    from keras.src.legacy.saving import legacy_h5_format  # noqa: PLC0415 - as above

    # A copy in memory, so that the changed description is not written into the user's file.
    with h5py.File(io.BytesIO(path.read_bytes()), "r+") as file:
        _check_links(h5py, file, path)
        _check_version(file, path)
        config = add_input_layers(json.loads(_read_text(file.attrs[_LAYERS_ATTRIBUTE])))
        file.attrs[_LAYERS_ATTRIBUTE] = json.dumps(config)
        return legacy_h5_format.load_model_from_hdf5(
            file, custom_objects=custom_objects, compile=False, safe_mode=True
        )


def _check_links(h5py: ModuleType, group: Any, path: Path) -> None:  # noqa: ANN401 - an h5py group
    """Refuse a file with a link, by which it could read another file of this machine."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelUnreadable(
                f"{path}: {name} in it is a link. Save the model again, with its weights: "
                "`model.save('model.h5')`."
            )
        member = group[name]
        if isinstance(member, h5py.Group):
            _check_links(h5py, member, path)
        elif member.external or member.is_virtual:
            raise ModelUnreadable(
                f"{path}: {name} in it lies in another file. Save the model again, with its weights: "
                "`model.save('model.h5')`."
            )


def _check_version(file: Any, path: Path) -> None:  # noqa: ANN401 - an h5py file
    """Refuse a file of Keras 1, whose layers have other options."""
    version = _read_text(file.attrs.get("keras_version", "1"))
    if version.split(".")[0] == "1":
        raise ModelUnreadable(
            f"{path}: saved by Keras 1, whose layers have other options. Load it with Keras 2, and save it "
            "there again as HDF5."
        )


def _read_text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def add_input_layers(config: Config) -> Config:
    """Return the description of a model in which the shape of each input is a layer of its own.

    Args:
        config: the description of a Keras 2 model. Models in it are changed as well.
    """
    inner = config.get("config")
    if config.get("class_name") == "Sequential" and isinstance(inner, list):  # as Keras 2.0 wrote it
        inner = {"name": "sequential", "layers": inner}
    if not isinstance(inner, dict):
        return config
    if "layers" not in inner:
        return {**config, "config": {key: value for key, value in inner.items() if key != _SHAPE_KEY}}
    described_layers = inner["layers"]
    layers = [layer if _is_input(layer) else add_input_layers(layer) for layer in described_layers]
    if config.get("class_name") == "Sequential" and described_layers and not _is_input(described_layers[0]):
        shape = _find_input_shape(described_layers[0])
        if shape is not None:
            layers.insert(0, _describe_input(shape, str(inner.get("name", "sequential"))))
    return {**config, "config": {**inner, "layers": layers}}


def _is_input(layer: Config) -> bool:
    return layer.get("class_name") == "InputLayer"


def _find_input_shape(layer: Config) -> list[int | None] | None:
    """Return the shape of the input of a layer, or of the first layer of a model; None if it has none."""
    inner = layer.get("config")
    described_layers = inner if isinstance(inner, list) else (inner or {}).get("layers")
    if described_layers:
        return _find_input_shape(described_layers[0])
    shape: list[int | None] | None = (inner or {}).get(_SHAPE_KEY)
    return shape


def _describe_input(shape: list[int | None], name: str) -> Config:
    return {
        "class_name": "InputLayer",
        "config": {_SHAPE_KEY: shape, "dtype": "float32", "name": f"{name}_input"},
    }
