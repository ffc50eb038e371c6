"""EfficientNet-Lite2 with the weights that come with this package: a block of blocks.py.

192 x 192 RGB, whole pictures. Half of each weight is ImageNet's, half tuned on clothes, by lab/tuning.py;
nothing of a user's pictures is learnt here. Reads the file of weights; its card is BACKBONE.md beside it.
"""

from pathlib import Path
from typing import Final

import keras

from inference.contract import InputContract, whole_pictures
from training.features.weights import load_weights
from training.gradient.networks.layers import FEATURES
from training.gradient.networks.registry import build
from training.gradient.recipes import Recipe
from training.untyped import Network

INPUT: Final[InputContract] = whole_pictures(192, 3)
"""What it reads."""

NETWORK: Final = Recipe(network="efficientnet_lite2", precision="float32")

BUNDLED: Final = Path(__file__).with_name("lite2.npz")

OTHER_THINGS: Final = (
    *("apron", "balaclava", "ballerinas", "belt", "bodysuit", "bra", "briefs", "cap", "costume"),
    *("dhoti", "earring", "flats", "formal", "glasses", "gloves", "hairband", "hat", "jewellery"),
    *("jumpsuit", "knee-boots", "kurta", "lingerie", "luggage", "mask", "nail polish"),
    *("nail-polish", "necklace", "overalls", "poncho", "pyjamas", "ring", "robe", "romper"),
    *("saree", "set", "shorts", "skirt", "suit", "sunglasses", "swimwear", "tie", "umbrella"),
    *("underwear", "vest", "wallet", "watch"),
)
"""How the names begin of kinds that are none of the ten classes and that its weights learnt."""


def load(path: Path = BUNDLED) -> Network:
    """The network with its weights, as `fresh` has it.

    Raises:
        WeightsUnfit: the file of weights is missing or damaged.
    """
    model = fresh()
    load_weights(model, path)
    return model


def fresh() -> Network:
    """The network with fresh weights: keras.Model from `pixels` to `features` float32 (N, 352)."""
    whole = build(NETWORK, 1, INPUT.array_shape)
    return keras.Model(whole.input, whole.get_layer(FEATURES).output, name=NETWORK.network)
