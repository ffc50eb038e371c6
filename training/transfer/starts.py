"""The networks that own classes can begin with: their body, without the last layer, and what they read.

Reads the bundled release. What is learnt on top of them: probe.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import keras
from keras import layers

from inference.contract import InputContract
from inference.keras_session import load_model
from model_store.files import MODEL
from model_store.local import LocalRelease
from training.fitting.starting import fine_tuning
from training.networks.compact import STAGES, stage_of
from training.networks.layers import FEATURES, LayerFactory
from training.recipes import Recipe
from training.transfer import imagenet
from training.transfer.backbone import INPUT, NETWORK, load_backbone
from training.transfer.tuning import LastStage
from training.untyped import Network, Tensor

IN_COLOUR: Final = "the backbone in colour"

OF_IMAGENET: Final = "EfficientNet-Lite0"

LAST_STAGE: Final = "stage3_relu"
"""The last layer of the backbone's last stage, float32 (N, 4, 4, 224)."""

STAGE_ENDS: Final = ("stage1_3_relu", "stage2_3_relu")
"""The last layers of the bundled network's stages, whose means join its own features."""


@dataclass(frozen=True)
class Start:
    """One of these networks.

    Attributes:
        name: for a person.
        reads: its input.
        recipe: names the network, and the release or the weights that it begins with.
        body: builds it: keras.Model from pixels to what a probe is learnt on, float32 (N, D). Its layer
            FEATURES, which may be less, float32 (N, M), is what distances are measured in.
        stage: what can be tuned of it; None for nothing.
        costly: takes several times the others' time for an answer.
    """

    name: str
    reads: InputContract
    recipe: Recipe
    body: Callable[[], Network]
    stage: LastStage | None = None
    costly: bool = False


def bundled_start(release: LocalRelease, reads: InputContract) -> Start:
    """The network of the bundled release; `reads` is its input with the newest parameters."""
    recipe = replace(fine_tuning(release.manifest), seed=0)
    return Start("the bundled release", reads, recipe, partial(_body_of, release))


def start_in_colour() -> Start:
    """The backbone for photos in colour (backbone.py)."""
    stage = LastStage(f"stage{STAGES - 1}_relu", f"stage{STAGES}", _last_stage)
    recipe = replace(NETWORK, seed=0)
    return Start(IN_COLOUR, INPUT, recipe, lambda: with_positions(load_backbone()[0]), stage)


def start_of_imagenet() -> Start:
    """The network that has learnt photos of a thousand kinds of things (imagenet.py)."""
    return Start(OF_IMAGENET, imagenet.INPUT, replace(imagenet.NETWORK, seed=0), imagenet.body, costly=True)


def _last_stage(x: Tensor, name: str) -> Tensor:
    return stage_of(x, LayerFactory(NETWORK, training=False), STAGES, name)


def with_positions(backbone: Network) -> Network:
    """A backbone that keeps where things are: its features, and its last stage at each of 4 x 4 positions."""
    placed = layers.Flatten(name="positions")(backbone.get_layer(LAST_STAGE).output)
    both = layers.Concatenate(name="features_and_positions")([backbone.output, placed])
    return keras.Model(backbone.input, both, name=backbone.name)


def _body_of(release: LocalRelease) -> Network:
    known = load_model(release.folder / MODEL)
    renamed = keras.models.clone_model(known, clone_function=_renamed)
    renamed.set_weights(known.get_weights())
    means = [
        layers.GlobalAveragePooling2D(name=f"{name}_mean")(renamed.get_layer(name).output)
        for name in STAGE_ENDS
    ]
    placed = renamed.get_layer(PLACED).output
    return keras.Model(renamed.input, layers.Concatenate(name=FEATURES)([*means, placed]), name=known.name)


PLACED: Final = "placed"
"""What the bundled network's own FEATURES become."""


def _renamed(layer: keras.Layer) -> keras.Layer:
    config = layer.get_config()
    return type(layer).from_config(config | {"name": PLACED} if layer.name == FEATURES else config)
