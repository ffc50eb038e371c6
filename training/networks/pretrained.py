"""Keras Applications' networks without their top, and the weights that they were trained to elsewhere.

Their own layers rescale the pixels, so the release's input is that of any other network. Which phases learn
what of them: fitting/phases.py. Reads the named file, or lets Keras fetch one to ~/.keras/models.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import keras
from keras import layers

from training.errors import WeightsUnfit
from training.networks.layers import FEATURES, LayerFactory
from training.recipes import IMAGENET
from training.untyped import Network, Tensor

APPLICATIONS: Final[dict[str, Callable[..., Network]]] = {
    "mobilenet_v3_small": keras.applications.MobileNetV3Small,
    "mobilenet_v3_large": keras.applications.MobileNetV3Large,
    "efficientnet_v2_b0": keras.applications.EfficientNetV2B0,
}
"""Each with its preprocessing as layers, as Keras builds it by default."""

USUAL_SHAPE: Final = (224, 224, 3)
"""What ImageNet's weights were learnt at; they fit any size."""


def backbone(light: Tensor, _: LayerFactory, network: str) -> Tensor:
    """The features, float (N, C), of float (N, H, W, 3) in 0..1: the mean of each channel."""
    # These networks expect 0..255.
    pixels = layers.Rescaling(255.0, name="to_255")(light)
    below = APPLICATIONS[network](include_top=False, weights=None, input_tensor=pixels)
    return layers.GlobalAveragePooling2D(name=FEATURES)(below.output)


def load_pretrained(model: Network, network: str, file: Path | None) -> None:
    """Give a model of `registry.build` the weights of its backbone; the head keeps its own.

    Args:
        model: of this network.
        network: what the weights are of.
        file: what Keras' `save_weights` wrote, or its own download, without the top; None downloads it.

    Raises:
        WeightsUnfit: the file cannot be read, is of another network, or cannot be fetched.
    """
    weights = IMAGENET if file is None else str(file)
    try:
        known = APPLICATIONS[network](include_top=False, weights=weights, input_shape=USUAL_SHAPE)
    except Exception as error:  # Keras raises nothing narrower for a failed download
        raise WeightsUnfit(_explained(network, file, error)) from error
    for layer in known.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())


def _explained(network: str, file: Path | None, error: Exception) -> str:
    cause = str(error).split("\n", maxsplit=1)[0]
    if file is None:
        return (
            f"The weights of {network} could not be fetched: {cause}. Fetch that file where the network "
            "allows it, and name it with --weights FILE."
        )
    return (
        f"{file}: no weights of {network} without its top: {cause} Expected what `save_weights` of "
        f"keras.applications.{APPLICATIONS[network].__name__}(include_top=False) writes, or Keras' download."
    )
