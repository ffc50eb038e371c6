"""Fine-tune a linear probe: a copy of its network's last stage, by gradient.

The rest of the network stays as it is, and so does its own last stage, in which distances are measured; what
it says of each picture is computed once. A fixed number of steps, so that nothing has to be held out. Pure,
but for running the networks. The probe: probe.py; whether the tuned network replaces it: selection.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from inference.arrays import Probabilities
from training.data.datasets import LabelledImages, class_weights
from training.export.onnx_graph import probabilities_of
from training.networks.layers import FEATURES
from training.networks.registry import LOGITS, with_softmax
from training.transfer.probe import Features, Probe
from training.untyped import Network, Tensor

STEPS: Final = 400
BATCH: Final = 32
RATE: Final = 0.0002
DECAY: Final = 0.01
AVERAGING: Final = 0.99
"""Decay per step of the average of the weights, which is what is kept."""

SEED: Final = 0

MOST: Final = 20_000
"""Pictures above which nothing is tuned: what is computed once takes 28 KB of memory for each."""

TUNED: Final = "tuned"
"""What the names of the copied layers begin with."""


@dataclass(frozen=True)
class LastStage:
    """The part of a network that is tuned.

    Attributes:
        below: the layer whose output it reads.
        name: what the names of its layers begin with.
        build: makes it again on a tensor of that output, under another name; its output at each position
            follows FEATURES in what a probe is learnt on.
    """

    below: str
    name: str
    build: Callable[[Tensor, str], Tensor]


@dataclass(frozen=True)
class Below:
    """What the network below its last stage says of N pictures, and what they are.

    Attributes:
        upright: float16 (N, H, W, C).
        mirrored: the same of the pictures flipped left to right.
        features: float32 (2, N, M), at the layer FEATURES: of the upright ones, and of the mirrored ones.
        labels: uint8 (N,).
    """

    upright: NDArray[np.float16]
    mirrored: NDArray[np.float16]
    features: NDArray[np.float32]
    labels: NDArray[np.uint8]

    @classmethod
    def of(cls, body: Network, stage: LastStage, train: LabelledImages, features: Features) -> "Below":
        """Run the network up to there.

        Args:
            body: of the start.
            stage: of the body.
            train: N pictures, as it reads them.
            features: of these.
        """
        part = keras.Model(body.input, body.get_layer(stage.below).output)
        flipped = np.ascontiguousarray(train.images[:, :, ::-1])
        upright, mirrored = (
            probabilities_of(part, one).astype(np.float16) for one in (train.images, flipped)
        )
        measured = features.measured.shape[1]
        both = np.stack([features.upright[:, :measured], features.mirrored[:, :measured]])
        return cls(upright, mirrored, both, train.labels)


def tune(body: Network, stage: LastStage, probe: Probe, below: Below, learnt: NDArray[np.int64]) -> Network:
    """Tune a copy of the last stage, with the probe as it is, on the pictures that the probe learnt.

    Args:
        body: its output is what the probe was learnt on; it is not changed.
        stage: of the body.
        probe: what follows the stage. Its penalty was chosen by folds, of which a gradient knows nothing.
        below: of all pictures.
        learnt: int64, which of them are learnt.

    Returns:
        keras.Model from what `Below` holds of a picture to logits.
    """
    at = keras.Input(below.upright.shape[1:], name="below")
    seen = keras.Input(below.features.shape[2:], name="seen")
    model = _on(at, seen, [at, seen], stage, len(probe.bias))
    for layer in _copied(model):
        layer.set_weights(body.get_layer(stage.name + layer.name.removeprefix(TUNED)).get_weights())
        # A normalization that does not learn keeps its mean and variance, too.
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    model.get_layer(LOGITS).set_weights([probe.kernel, probe.bias])
    model.get_layer(LOGITS).trainable = False
    model.compile(
        keras.optimizers.AdamW(RATE, weight_decay=DECAY, use_ema=True, ema_momentum=AVERAGING),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    # Keras gives the model the average of the weights at the end of a fit.
    batches = _batches(below, learnt, len(probe.bias))
    model.fit(batches, steps_per_epoch=STEPS, shuffle=False, verbose=0)
    return model


def _batches(below: Below, learnt: NDArray[np.int64], classes: int) -> Iterator[tuple[Any, ...]]:
    """STEPS batches of pictures drawn at random, half of them mirrored: inputs, labels, weights."""
    rng = np.random.default_rng(SEED)
    weights = class_weights(below.labels[learnt], classes) or dict.fromkeys(range(classes), 1.0)
    weight = np.array([weights[label] for label in range(classes)], np.float32)
    for _ in range(STEPS):
        chosen, flipped = rng.choice(learnt, BATCH), rng.random(BATCH) < 0.5
        at = np.where(flipped[:, None, None, None], below.mirrored[chosen], below.upright[chosen])
        seen = below.features[flipped.astype(np.int64), chosen]
        labels = below.labels[chosen]
        yield (at.astype(np.float32), seen), labels, weight[labels]


def answers_of(tuned: Network, below: Below, asked: NDArray[np.int64]) -> Probabilities:
    """float32 (K, C), what a tuned network says of K of these pictures, upright."""
    given = [below.upright[asked].astype(np.float32), below.features[0, asked]]
    return np.asarray(with_softmax(tuned).predict(given, verbose=0), np.float32)


def assembled(body: Network, stage: LastStage, tuned: Network) -> Network:
    """The whole network, from pixels to logits; the body's own last stage stays in it, below FEATURES."""
    at, seen = body.get_layer(stage.below).output, body.get_layer(FEATURES).output
    model = _on(at, seen, body.input, stage, tuned.output.shape[-1], body.name)
    for layer in (*_copied(model), model.get_layer(LOGITS)):
        layer.set_weights(tuned.get_layer(layer.name).get_weights())
    return model


def _on(  # noqa: PLR0913, PLR0917 - tensors, and what is built on them
    at: Tensor, seen: Tensor, inputs: Tensor, stage: LastStage, classes: int, name: str = "tail"
) -> Network:
    placed = layers.Flatten(name=f"{TUNED}_positions")(stage.build(at, TUNED))
    both = layers.Concatenate(name="features_and_tuned_positions")([seen, placed])
    return keras.Model(inputs, layers.Dense(classes, name=LOGITS, dtype="float32")(both), name=name)


def _copied(model: Network) -> list[keras.Layer]:
    return [layer for layer in model.layers if layer.name.startswith(f"{TUNED}_") and layer.weights]
