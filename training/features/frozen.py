"""The frozen networks, which compute features and are not trained: EfficientNet-Lite2 and the backbone.

They read whole pictures in RGB. Each weight of EfficientNet-Lite2 is the mean of a weight that was learnt on
ImageNet and one that was then tuned on clothes (lab/tuning.py). The backbone was trained only on clothes
(lab/pretraining.py). BACKBONE.md beside the files of weights is their model card.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import keras
import numpy as np

from inference.contract import InputContract, make_whole_picture_input
from training.errors import WeightsUnusable
from training.features.weights import NPZ_ERRORS, read_npz
from training.gradient.networks.layers import FEATURES_LAYER
from training.gradient.networks.registry import build_network
from training.gradient.recipes import Recipe
from training.untyped import Network


@dataclass(frozen=True)
class FrozenNetwork:
    """A pretrained network that is not trained further; it turns a picture into a vector of features.

    Attributes:
        name: the name of the Keras model.
        recipe: the settings by which the network is built.
        input_contract: the shape, range and channels of the pixels that it reads.
        weights_file: the file of weights that comes with this package.
    """

    name: str
    recipe: Recipe
    input_contract: InputContract
    weights_file: Path

    def build_with_random_weights(
        self, recipe: Recipe | None = None, *, is_training: bool = False
    ) -> Network:
        """Build the network with fresh random weights, from `pixels` to `features`, float32 (N, D).

        Args:
            recipe: the recipe by which it will be trained; None for its own.
            is_training: whether to build the form that trains faster. Its weights have the same order as
                those of the other form.
        """
        whole_network = build_network(
            recipe or self.recipe, 1, self.input_contract.array_shape, is_training=is_training
        )
        return keras.Model(
            whole_network.input, whole_network.get_layer(FEATURES_LAYER).output, name=self.name
        )

    def load_network(self, path: Path | None = None) -> Network:
        """Build the network, and load its weights from a file.

        Args:
            path: the file of weights; None for the file that comes with this package.

        Raises:
            WeightsUnusable: the file is missing, damaged, or of another network.
        """
        model = self.build_with_random_weights()
        path = path or self.weights_file
        try:
            stored_weights = read_npz(path)
            model.set_weights([stored_weights[weight.path].astype(np.float32) for weight in model.weights])
        except NPZ_ERRORS as error:
            raise WeightsUnusable(f"{path}: no backbone of this version ({error}).") from error
        return model


EFFICIENTNET: Final = FrozenNetwork(
    name="efficientnet_lite2",
    recipe=Recipe(network="efficientnet_lite2", precision="float32"),
    input_contract=make_whole_picture_input(224, 3),
    weights_file=Path(__file__).with_name("lite2.npz"),
)
"""EfficientNet-Lite2, whose features are the 352 means of its last stage."""

BACKBONE: Final = FrozenNetwork(
    name="backbone",
    recipe=Recipe(network="compact_stages", precision="float32"),
    input_contract=make_whole_picture_input(64, 3),
    weights_file=Path(__file__).with_name("backbone.npz"),
)
"""Backbone: a small network for pictures of 64 x 64, whose features are the 392 means of its three stages."""

THINGS_LEARNT_BY_LITE2: Final = (
    *("apron", "balaclava", "ballerinas", "belt", "bodysuit", "bra", "briefs", "cap", "costume"),
    *("dhoti", "earring", "flats", "formal", "glasses", "gloves", "hairband", "hat", "jewellery"),
    *("jumpsuit", "knee-boots", "kurta", "lingerie", "luggage", "mask", "nail polish"),
    *("nail-polish", "necklace", "overalls", "poncho", "pyjamas", "ring", "robe", "romper"),
    *("saree", "set", "shorts", "skirt", "suit", "sunglasses", "swimwear", "tie", "umbrella"),
    *("underwear", "vest", "wallet", "watch"),
)
"""Beginnings of the names of things outside the ten classes that EfficientNet-Lite2 has learnt."""
