"""Tune the last three stages of EfficientNet-Lite0 on clothes, and write its file of weights.

python -m lab.tuning PHOTOS --out FILE [--seed N] [--steps N]

Learns ten classes and none of these, kinds, colours and gender at once, from the activations of stage 4 that
tuning_photos.py keeps. Batch statistics and depthwise filters stay as they are. A stopped run goes on from
its last checkpoint. Writes RUN and FILE. What it is for: training/features/blocks.py.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from lab.pretraining_photos import CLUTTERED, targets_of
from lab.tuning_photos import (
    LEFT_OUT_KINDS,
    NONE,
    OTHER_THINGS,
    Views,
    changed_views,
    labels_of,
    scaled_views,
    shown_by,
    tuning_photos,
)
from training.features import lite0
from training.features.backbone import save_weights
from training.features.blocks import STAGE_ENDS
from training.features.npz import read_npz, write_npz
from training.features.shipped import SCALED
from training.gradient.fitting.optimizers import build_optimizer
from training.gradient.networks.efficientnet_lite import STAGES
from training.heads.photo_head import BALANCE
from training.untyped import Network, Tensor

RECIPE: Final = replace(
    lite0.NETWORK,
    epochs=1,
    batch_size=64,
    optimizer="adamw",
    learning_rate=0.0008,
    weight_decay=0.02,
    warm_up=0.05,
    averaging=0.99,
)

STEPS: Final = 700

TUNED: Final = (5, 6, 7)
"""The stages that learn."""

SHARES: Final = {CLUTTERED: 0.34, "A": 0.2, "B": 0.2, OTHER_THINGS: 0.12, "": 0.12, SCALED: 0.02}
"""Of a batch, by tier; empty: photos of the catalogue alone. Within a tier a class or kind of n photos has
n^(1 - BALANCE)."""

LOSSES: Final = {"label": 1.0, "kind": 0.5, "colours": 3.0, "gender": 0.1}
"""Weights of the heads; the loss of the colours is a mean over all of them."""

SMOOTHING: Final = 0.08
DROPOUT: Final = 0.3
MIXUP: Final = 0.2
"""Both parameters of the beta distribution (Zhang et al. 2017, arXiv 1710.09412)."""

KEPT: Final = 50
"""Steps between two checkpoints."""


@dataclass(frozen=True)
class Batch:
    """What B views have to be recognised as; rows of zeros where it is not known.

    Attributes:
        activations: float32 (B, 12, 12, 80).
        wanted: float32 (B, C) of each head.
    """

    activations: NDArray[np.float32]
    wanted: dict[str, NDArray[np.float32]]


class LastStages:
    """The stages that learn, each normalization folded into its convolution.

    The same arithmetic as the Keras layers of `whole`, whose weights it shares, in 40% of the time where the
    processor multiplies bfloat16.
    """

    def __init__(self, whole: Network) -> None:
        self._layer = whole.get_layer
        self._dtype = compute_dtype()
        self.variables: list[keras.Variable] = []
        self(np.zeros((1, *whole.get_layer(STAGE_ENDS[0]).output.shape[1:]), np.float32))

    def __call__(self, activations: Tensor) -> Tensor:
        """The means of the last stages, float32 (N, 704), of the output of stage 4."""
        self.variables.clear()
        means, x = [tf.reduce_mean(activations, (1, 2))], tf.cast(activations, self._dtype)
        for number in TUNED:
            stage = STAGES[number - 1]
            for block in range(1, stage.blocks + 1):
                x = self._block(x, f"stage{number}_{block}", stage.strides if block == 1 else 1)
            means.append(tf.reduce_mean(tf.cast(x, tf.float32), (1, 2)))
        return tf.concat(means, 1)

    def _block(self, x: Tensor, name: str, strides: int) -> Tensor:
        wide = tf.nn.relu6(self._filters(x, f"{name}_widened"))
        narrow = self._filters(tf.nn.relu6(self._depthwise(wide, f"{name}_depthwise", strides)), name)
        return x + narrow if x.shape == narrow.shape else narrow

    def _filters(self, x: Tensor, name: str) -> Tensor:
        convolution, norm = self._layer(name), self._layer(f"{name}_norm")
        factor = norm.gamma * tf.math.rsqrt(norm.moving_variance + norm.epsilon)
        self.variables += [convolution.kernel, norm.gamma, norm.beta]
        filtered = tf.nn.conv2d(x, tf.cast(convolution.kernel * factor, x.dtype), 1, "SAME")
        return tf.nn.bias_add(filtered, tf.cast(norm.beta - norm.moving_mean * factor, x.dtype))

    def _depthwise(self, x: Tensor, name: str, strides: int) -> Tensor:
        convolution, norm = self._layer(name), self._layer(f"{name}_norm")
        factor = tf.stop_gradient(norm.gamma * tf.math.rsqrt(norm.moving_variance + norm.epsilon))
        kernel = tf.stop_gradient(convolution.kernel * factor[:, None])
        self.variables.append(norm.beta)
        # With strides, TensorFlow's gradient in bfloat16 takes seventy times as long as in float32.
        computed = tf.float32 if strides > 1 else x.dtype
        shape = [1, strides, strides, 1]
        filtered = tf.nn.depthwise_conv2d(tf.cast(x, computed), tf.cast(kernel, computed), shape, "SAME")
        bias = norm.beta - norm.moving_mean * factor
        return tf.nn.bias_add(tf.cast(filtered, x.dtype), tf.cast(bias, x.dtype))


def compute_dtype() -> str:
    """The dtype of the products: bfloat16 is 30 times as slow as float32 where a processor lacks it."""
    flags = Path("/proc/cpuinfo")
    known = flags.read_text("utf-8").split() if flags.exists() else []
    return "bfloat16" if {"avx512_bf16", "amx_bf16"} & set(known) else "float32"


@dataclass(frozen=True)
class TuningSet:
    """N photos and their M views.

    Attributes:
        wanted: float32 (N, C) of each head; rows of zeros where it is not known.
        chances: float64 (N,), of each photo to be drawn; sum 1.
        views: of these photos, each of which has some.
    """

    wanted: dict[str, NDArray[np.float32]]
    chances: NDArray[np.float64]
    views: Views

    def batches(self, seed: int) -> Iterator[Batch]:
        """Batches without end: photos drawn with replacement, and one view of each."""
        counts = np.bincount(self.views.of)
        starts = np.cumsum(counts) - counts
        rng = np.random.default_rng(seed)
        while True:
            drawn = rng.choice(len(counts), RECIPE.batch_size, p=self.chances)
            some = starts[drawn] + rng.integers(counts[drawn])
            wanted = {name: rows[drawn] for name, rows in self.wanted.items()}
            yield Batch(self.views.activations[some].astype(np.float32), wanted)


def tuning_set(folder: Path, run: Path) -> TuningSet:
    """The photos of a folder and some of Fashion-MNIST's training pictures, and what stage 4 sees of them."""
    photos = tuning_photos(folder)
    views = changed_views(folder, photos, run / "views")
    scaled, scaled_labels = scaled_views(run / "scaled")
    targets, count, more = targets_of(photos), len(photos), len(scaled_labels)
    wanted = {
        "label": _one_hot(np.concatenate([labels_of(photos), scaled_labels]), NONE + 1),
        "kind": _one_hot(targets.kinds, len(targets.names)),
        "colours": targets.colours,
        "gender": _one_hot(targets.genders, int(targets.genders.max()) + 1),
    }
    return TuningSet(
        {name: np.pad(rows, [(0, count + more - len(rows)), (0, 0)]) for name, rows in wanted.items()},
        chances_of(
            np.array([photo.tier for photo in photos] + [SCALED] * more),
            np.array([shown_by(photo) for photo in photos] + scaled_labels.astype(str).tolist()),
        ),
        Views(
            np.concatenate([views.activations, scaled.activations]),
            np.concatenate([views.of, scaled.of + count]),
        ),
    )


def chances_of(tiers: NDArray[np.str_], shown: NDArray[np.str_]) -> NDArray[np.float64]:
    """Of each photo to be drawn, float64 (N,), sum 1."""
    chances = np.zeros(len(tiers))
    for tier in np.unique(tiers):
        mine = tiers == tier
        _, cells, counts = np.unique(shown[mine], return_inverse=True, return_counts=True)
        weights = counts[cells] ** -BALANCE
        chances[mine] = SHARES[str(tier)] * weights / weights.sum()
    return np.asarray(chances / chances.sum())


def _one_hot(indices: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Float32 (N, C); zeros for -1."""
    return np.eye(classes + 1, dtype=np.float32)[indices][:, :classes]


def tune(source: Iterator[Batch], steps: int, seed: int, kept: Path) -> Network:
    """Tune EfficientNet-Lite0, or go on from a checkpoint.

    Args:
        source: of batches.
        steps: in all.
        seed: of heads, dropout and mixup.
        kept: the checkpoint.

    Returns:
        `lite0.load()` with the running average of what was learnt.
    """
    keras.utils.set_random_seed(seed)
    whole = lite0.load()
    stages, first = LastStages(whole), next(source)
    heads = _heads(
        stages(first.activations[:1]).shape[1], {name: each.shape[1] for name, each in first.wanted.items()}
    )
    variables = stages.variables + heads.trainable_variables
    optimizer = build_optimizer(replace(RECIPE, seed=seed), variables, steps)
    state = [*variables, *heads.non_trainable_variables, *optimizer.variables]

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def step(activations: Tensor, wanted: dict[str, Tensor], others: Tensor, share: Tensor) -> Tensor:
        mixed = _mixed(activations, others, share)
        with tf.GradientTape() as tape:
            logits = heads(stages(mixed), training=True)
            loss = sum(
                LOSSES[name] * _loss(name, logits[name], rows, share)
                + LOSSES[name] * _loss(name, logits[name], tf.gather(rows, others), 1 - share)
                for name, rows in wanted.items()
            )
        optimizer.apply(tape.gradient(loss, [one.value for one in variables]), variables)
        return loss

    done = _restored(state, kept)
    rng, losses = np.random.default_rng(seed + 1), list[float]()
    for number, batch in zip(range(steps), source, strict=False):
        others = rng.permutation(len(batch.activations))
        share = rng.beta(MIXUP, MIXUP, len(others)).astype(np.float32)
        if number < done:
            continue
        losses.append(float(step(batch.activations, batch.wanted, others, share)))
        if (number + 1) % KEPT == 0 and number + 1 < steps:
            write_npz(
                kept, done=number + 1, **{str(place): np.asarray(one) for place, one in enumerate(state)}
            )
            sys.stdout.write(f"{number + 1} of {steps}: loss {np.mean(losses[-KEPT:]):.3f}\n")
            sys.stdout.flush()
    optimizer.finalize_variable_values(variables)
    return whole


def _mixed(activations: Tensor, others: Tensor, share: Tensor) -> Tensor:
    """Each view mixed with another one, of which it keeps a share."""
    share = share[:, None, None, None]
    return activations * share + tf.gather(activations, others) * (1 - share)


def _heads(width: int, units: dict[str, int]) -> Network:
    means = keras.Input((width,))
    x = layers.Dropout(DROPOUT)(layers.BatchNormalization(momentum=0.9)(means))
    return keras.Model(means, {name: layers.Dense(count, name=name)(x) for name, count in units.items()})


def _loss(name: str, logits: Tensor, wanted: Tensor, share: Tensor) -> Tensor:
    """The mean over a batch of the share of each view; what is not known has none."""
    known = tf.reduce_sum(wanted, 1)
    if name == "colours":
        each = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(wanted, logits), 1)
    else:
        smooth = wanted * (1 - SMOOTHING) + SMOOTHING / wanted.shape[1]
        each = tf.nn.softmax_cross_entropy_with_logits(smooth, logits)
    return tf.reduce_mean(each * share * tf.cast(known > 0, tf.float32))


def _restored(state: list[keras.Variable], kept: Path) -> int:
    if not kept.exists():
        return 0
    stored = read_npz(kept)
    for place, variable in enumerate(state):
        variable.assign(stored[str(place)])
    return int(stored["done"])


def main(argv: list[str] | None = None) -> int:
    """Tune, and write the file."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the weights, .npz")
    parser.add_argument("--run", type=Path, default=Path("runs/tuning"), metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N")
    options = parser.parse_args(argv)
    known = tuning_set(options.photos, options.run)
    kept = options.run / f"{options.out.stem}.checkpoint.npz"
    whole = tune(known.batches(options.seed), options.steps, options.seed, kept)
    about = {
        "tuned_on": len(known.chances),
        "left_out": sorted(LEFT_OUT_KINDS),
        "steps": options.steps,
        "seed": options.seed,
    }
    save_weights(whole, about, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
