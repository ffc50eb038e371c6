"""A head with one hidden layer on vectors: the mean of several members, each of fresh weights.

Where "none of these" is many kinds, a logistic head finds them less well (docs/explanation/model-card.md).
The members learn side by side in one fit and become one hidden layer, so that their mean costs no more than a
wider one. Each picture is learnt as it is and mirrored. The scaling of the vectors is folded into the
weights. Pure, but for running the fit. A head without a hidden layer: logistic.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from training.data.labels import Codes
from training.data.vectors import Features, Vectors
from training.features.blocks import scaling
from training.gradient.networks.registry import LOGITS
from training.untyped import Network

MEMBERS: Final = 3
UNITS: Final = 512
"""Hidden units of each member."""

INPUT_DROPOUT: Final = 0.2
DROPOUT: Final = 0.5
SMOOTHING: Final = 0.05
"""Smoothing of the labels, some of which are wrong."""

RATE: Final = 0.002
DECAY: Final = 0.01
BATCH: Final = 512
PASSES: Final = 12
"""Passes of AdamW over the pictures and their mirror images; the rate falls to 0 as a half cosine."""

LEAST_STEPS: Final = 300
"""Fewest batches, if there are few pictures."""

SEED: Final = 0


@dataclass(frozen=True)
class HiddenHead:
    """The weights of the last two layers.

    Attributes:
        hidden: float32 (D, H), before what is negative becomes 0.
        hidden_bias: float32 (H,).
        kernel: float32 (H, C).
        bias: float32 (C,).
    """

    hidden: Vectors
    hidden_bias: Vectors
    kernel: Vectors
    bias: Vectors

    def logits(self, vectors: Vectors) -> Vectors:
        """Return logits, float32 (N, C), of vectors, float32 (N, D)."""
        units = np.maximum(vectors @ self.hidden + self.hidden_bias, 0)
        return np.asarray(units @ self.kernel + self.bias, np.float32)

    def on(self, body: Network) -> Network:
        """Return a network that answers logits, float32 (N, C), on the body that the head was learnt on."""
        hidden = layers.Dense(len(self.hidden_bias), "relu", name="hidden", dtype="float32")
        last = layers.Dense(len(self.bias), name=LOGITS, dtype="float32")
        model = keras.Model(body.input, last(hidden(body.output)), name=body.name)
        hidden.set_weights([self.hidden, self.hidden_bias])
        last.set_weights([self.kernel, self.bias])
        return model


def fit_hidden_head(
    seen: Features, labels: Codes, classes: int, weights: NDArray[np.float64], units: int = UNITS
) -> HiddenHead:
    """Fit it.

    Args:
        seen: the features of N pictures.
        labels: (N,), 0..C - 1; some may not occur.
        classes: C.
        weights: float64 (N,), of each picture in the loss.
        units: the hidden units of each member.
    """
    both = np.concatenate([seen.upright, seen.mirrored])
    mean, scale = scaling(both)
    counted = np.tile(weights / weights.mean(), 2).astype(np.float32)
    keras.utils.set_random_seed(SEED)
    steps = max(LEAST_STEPS, PASSES * len(both) // BATCH)
    model = _members(both.shape[1], classes, units, steps)
    # One epoch: of few pictures an epoch is few steps, and its beginning takes longer than these.
    batches = _batches(
        ((both - mean) / scale).astype(np.float32),
        np.eye(classes, dtype=np.float32)[np.tile(labels, 2)],
        counted,
        steps,
    )
    model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)
    hidden, hidden_bias, kernel, bias = model.get_weights()
    folded = hidden / scale[:, None]
    return HiddenHead(
        folded.astype(np.float32),
        (hidden_bias - mean @ folded).astype(np.float32),
        (kernel.reshape(-1, classes) / MEMBERS).astype(np.float32),
        bias.mean(axis=0).astype(np.float32),
    )


def _batches(
    vectors: Vectors, targets: Vectors, weights: Vectors, steps: int
) -> Iterator[tuple[Vectors, Vectors, Vectors]]:
    """Yield batches drawn at random: vectors (N, D), targets (N, MEMBERS, C), weights (N, MEMBERS)."""
    rng = np.random.default_rng(SEED)
    for _ in range(steps):
        drawn = rng.integers(len(vectors), size=BATCH)
        of_each = np.repeat(targets[drawn][:, None], MEMBERS, axis=1)
        yield vectors[drawn], of_each, np.repeat(weights[drawn][:, None], MEMBERS, axis=1)


def _members(width: int, classes: int, units: int, steps: int) -> Network:
    """Build all members side by side, from float32 (N, D) to logits float32 (N, MEMBERS, C)."""
    vectors = keras.Input((width,))
    hidden = layers.Dense(MEMBERS * units, "relu")(layers.Dropout(INPUT_DROPOUT)(vectors))
    of_each = layers.Reshape((MEMBERS, units))(layers.Dropout(DROPOUT)(hidden))
    logits = layers.EinsumDense("nmh,mhc->nmc", (MEMBERS, classes), bias_axes="mc")(of_each)
    model = keras.Model(vectors, logits)
    model.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(RATE, steps), weight_decay=DECAY),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING),
    )
    return model
