"""Fit a head with one hidden layer on feature vectors: the last layers of the network that answers photos.

It has a further class, "none of these", for photos of other things. Such things are of many kinds, and a head
without a hidden layer finds them less well. Three members with random weights of their own learn side by
side. Their mean is one head with a hidden layer three times as wide, so a service runs only one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from training.data.labels import LabelCodes
from training.data.vectors import Features, FeatureVectors
from training.features.blocks import fit_scaling
from training.gradient.networks.registry import LOGITS_LAYER
from training.untyped import Network

ENSEMBLE_MEMBERS: Final = 3
HIDDEN_UNITS: Final = 512
"""Number of networks whose mean is the head, and number of hidden units in each of them."""

INPUT_DROPOUT: Final = 0.2
HIDDEN_DROPOUT: Final = 0.5
"""Shares of the inputs and of the hidden units that are set to 0 in each step, against overfitting."""

LABEL_SMOOTHING: Final = 0.05
"""Smoothing of the labels in the loss, because some labels are wrong."""

LEARNING_RATE: Final = 0.002
ADAMW_WEIGHT_DECAY: Final = 0.01
HEAD_BATCH_SIZE: Final = 512
"""Settings of the optimizer AdamW: its highest learning rate, its weight decay, and vectors in each step."""

PASSES_OVER_PICTURES: Final = 12
"""Number of passes of AdamW over the pictures and their mirror images; the learning rate falls to 0 as a half
cosine."""

MIN_FIT_STEPS: Final = 300
"""Smallest number of batches. With few pictures, PASSES_OVER_PICTURES would be only a few batches."""

HEAD_SEED: Final = 0


@dataclass(frozen=True)
class HiddenLayerHead:
    """The weights of a hidden layer and the output layer after it.

    Attributes:
        hidden_kernel: float32 (D, H), the weights of the hidden layer, before its ReLU.
        hidden_bias: float32 (H,), the bias of the hidden layer.
        kernel: float32 (H, C), the weights of the output layer.
        bias: float32 (C,), the bias of the output layer.
    """

    hidden_kernel: FeatureVectors
    hidden_bias: FeatureVectors
    kernel: FeatureVectors
    bias: FeatureVectors

    def compute_logits(self, vectors: FeatureVectors) -> FeatureVectors:
        """Compute the logits, float32 (N, C), of feature vectors, float32 (N, D)."""
        units = np.maximum(vectors @ self.hidden_kernel + self.hidden_bias, 0)
        return np.asarray(units @ self.kernel + self.bias, np.float32)

    def attach_to(self, body: Network) -> Network:
        """Return a network from pictures to logits, float32 (N, C): a body with this head on top.

        Args:
            body: a network that ends with the vectors on which the head was fitted.
        """
        hidden_layer = layers.Dense(len(self.hidden_bias), "relu", name="hidden", dtype="float32")
        output_layer = layers.Dense(len(self.bias), name=LOGITS_LAYER, dtype="float32")
        model = keras.Model(body.input, output_layer(hidden_layer(body.output)), name=body.name)
        hidden_layer.set_weights([self.hidden_kernel, self.hidden_bias])
        output_layer.set_weights([self.kernel, self.bias])
        return model


def fit_hidden_layer_head(  # noqa: PLR0913, PLR0917 - what is learnt, its size, and who follows it
    features: Features,
    labels: LabelCodes,
    classes: int,
    weights: NDArray[np.float64],
    units: int = HIDDEN_UNITS,
    report_share: Callable[[float], None] = lambda _: None,
) -> HiddenLayerHead:
    """Fit a head with one hidden layer to labelled feature vectors.

    Args:
        features: the features of N pictures.
        labels: (N,), the class index of each picture, 0 to C - 1; some classes may not occur.
        classes: the number of classes, C.
        weights: float64 (N,), the weight of each picture in the loss.
        units: the number of hidden units in each member.
        report_share: a function that gets the finished share of the fit, 0 to 1, after each step.
    """
    # Each picture is learnt twice, as it is and mirrored.
    vectors = np.concatenate([features.upright, features.mirrored])
    mean, scale = fit_scaling(vectors)
    picture_weights = np.tile(weights / weights.mean(), 2).astype(np.float32)
    keras.utils.set_random_seed(HEAD_SEED)
    steps = max(MIN_FIT_STEPS, PASSES_OVER_PICTURES * len(vectors) // HEAD_BATCH_SIZE)
    model = _build_members(vectors.shape[1], classes, units, steps)
    # All steps are one epoch for Keras. An epoch of few pictures has few steps, and starting it takes longer
    # than they do.
    batches = _draw_batches(
        ((vectors - mean) / scale).astype(np.float32),
        np.eye(classes, dtype=np.float32)[np.tile(labels, 2)],
        picture_weights,
        steps,
    )
    report_step = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: report_share((batch + 1) / steps)
    )
    model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=[report_step])
    hidden, hidden_bias, kernel, bias = model.get_weights()
    # The scaling of the vectors becomes part of the weights, and so does the mean of the members: their
    # hidden layers stand side by side, and each one's output weights are divided by their number.
    scaled_kernel = hidden / scale[:, None]
    return HiddenLayerHead(
        scaled_kernel.astype(np.float32),
        (hidden_bias - mean @ scaled_kernel).astype(np.float32),
        (kernel.reshape(-1, classes) / ENSEMBLE_MEMBERS).astype(np.float32),
        bias.mean(axis=0).astype(np.float32),
    )


def _draw_batches(
    vectors: FeatureVectors, targets: FeatureVectors, weights: FeatureVectors, steps: int
) -> Iterator[tuple[FeatureVectors, FeatureVectors, FeatureVectors]]:
    """Yield batches that are drawn at random, with targets and weights repeated for each member.

    Yields:
        Vectors (HEAD_BATCH_SIZE, D), targets (HEAD_BATCH_SIZE, ENSEMBLE_MEMBERS, C) and weights
        (HEAD_BATCH_SIZE, ENSEMBLE_MEMBERS).
    """
    rng = np.random.default_rng(HEAD_SEED)
    for _ in range(steps):
        rows = rng.integers(len(vectors), size=HEAD_BATCH_SIZE)
        member_targets = np.repeat(targets[rows][:, None], ENSEMBLE_MEMBERS, axis=1)
        yield vectors[rows], member_targets, np.repeat(weights[rows][:, None], ENSEMBLE_MEMBERS, axis=1)


def _build_members(width: int, classes: int, units: int, steps: int) -> Network:
    """Build all members side by side, from float32 (N, D) to logits float32 (N, ENSEMBLE_MEMBERS, C)."""
    vectors = keras.Input((width,))
    hidden = layers.Dense(ENSEMBLE_MEMBERS * units, "relu")(layers.Dropout(INPUT_DROPOUT)(vectors))
    member_units = layers.Reshape((ENSEMBLE_MEMBERS, units))(layers.Dropout(HIDDEN_DROPOUT)(hidden))
    logits = layers.EinsumDense("nmh,mhc->nmc", (ENSEMBLE_MEMBERS, classes), bias_axes="mc")(member_units)
    model = keras.Model(vectors, logits)
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps), weight_decay=ADAMW_WEIGHT_DECAY
        ),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING),
    )
    return model
