"""The backbone: a small network in colour, trained on photos of clothes, and its file of weights.

64 x 64 RGB, whole pictures. Its features are the means of its three stages (compact.py). Trained by
lab/pretraining.py; a block of blocks.py. Reads and writes the file of weights; its card is BACKBONE.md
beside it.
"""

from pathlib import Path
from typing import Any, Final

import keras

from inference.contract import InputContract, whole_pictures
from training.features.weights import load_weights
from training.gradient.networks.layers import FEATURES
from training.gradient.networks.registry import build
from training.gradient.recipes import Recipe
from training.untyped import Network

INPUT: Final[InputContract] = whole_pictures(64, 3)
"""What it reads."""

NETWORK: Final = Recipe(network="compact_stages", precision="float32")

BUNDLED: Final = Path(__file__).with_name("backbone.npz")


def backbone(recipe: Recipe = NETWORK, *, training: bool = False) -> Network:
    """Build the backbone with fresh weights.

    Args:
        recipe: its network is `compact_stages`.
        training: build the form that trains faster; its weights are in the order of the other form's.

    Returns:
        keras.Model from `pixels` uint8 (N, 64, 64, 3) to `features` float32 (N, 392): the mean of each
        channel of stage 1, 2 and 3.
    """
    whole = build(recipe, 1, INPUT.array_shape, training=training)
    return keras.Model(whole.input, whole.get_layer(FEATURES).output, name="backbone")


def load_backbone(path: Path = BUNDLED) -> tuple[Network, dict[str, Any]]:
    """Read a backbone, and what it learnt.

    Raises:
        WeightsUnfit: the file is missing, damaged, or of another network.
    """
    model = backbone()
    return model, load_weights(model, path)
