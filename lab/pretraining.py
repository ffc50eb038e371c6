"""Train the backbone from scratch: the network whose features classes of one's own are learnt on.

python -m lab.pretraining PHOTOS --out FILE [--epochs N]

PHOTOS is the folder that lab.fetch makes. A run that was stopped continues after its last epoch. RUN gets the
checkpoints, and FILE the weights.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import layers
from keras.callbacks import BackupAndRestore, CSVLogger, SwapEMAWeights, TerminateOnNaN
from numpy.typing import NDArray
from rich.progress import track

from inference.arrays import PixelsBatch
from lab.pretraining_photos import (
    STORED_EDGE,
    Photo,
    Targets,
    decode_photo_pairs,
    list_photos,
    make_targets,
)
from lab.views import change_view
from training.errors import DataError
from training.features.frozen import BACKBONE
from training.features.weights import DATA_DESCRIPTION_ARRAY, write_npz
from training.gradient.fitting.optimizers import build_optimizer
from training.gradient.recipes import Recipe
from training.untyped import Network

RECIPE: Final = replace(
    BACKBONE.recipe,
    epochs=80,
    batch_size=128,
    optimizer="adamw",
    learning_rate=0.002,
    weight_decay=0.05,
    warm_up=3.0,
    averaging=0.999,
    precision="bfloat16",
)
"""Recipe of the training."""

LABELS: Final = 10
"""Number of classes."""
KIND_SMOOTHING: Final = 0.1
"""Label smoothing of the kinds."""
LOSS_WEIGHTS: Final = {"kind": 1.0, "colours": 5.0, "gender": 0.25, "label": 0.5}
"""Weight of each head's mean loss.

That of the colours is a mean over all 27, of which a photo has one or two.
"""

COMPOSED: Final = 1 / 3
"""Share of the plain shop photos that are shown on a cluttered ground."""


@dataclass(frozen=True)
class Pictures:
    """Decoded photos.

    Attributes:
        whole: the photos, uint8 (N, STORED_EDGE, STORED_EDGE, 3).
        composed: the same garments on cluttered grounds; zeros if `is_composed` is false.
        is_composed: whether there is such a picture, bool (N,).
    """

    whole: PixelsBatch
    composed: PixelsBatch
    is_composed: NDArray[np.bool_]


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras ships no types
    """Batches of augmented pictures.

    A kind is drawn in proportion to the square root of the number of its photos.
    """

    def __init__(self, pictures: Pictures, targets: Targets, groups: Sequence[str], recipe: Recipe) -> None:
        """Prepare batches without drawing anything yet.

        Args:
            pictures: N pictures.
            groups: the group of each picture, such as its kind; groups are balanced.
            recipe: the recipe, of which `batch_size` and `seed` are used.
        """
        super().__init__()
        self._pictures = pictures
        self._targets = targets
        self._recipe = recipe
        _, of, counts = np.unique(np.array(groups), return_inverse=True, return_counts=True)
        weights = 1 / np.sqrt(counts[of])
        self._chances = weights / weights.sum()
        self._rng = np.random.default_rng(recipe.seed)

    def __len__(self) -> int:
        return len(self._chances) // self._recipe.batch_size

    def __getitem__(self, _: int) -> tuple[PixelsBatch, dict[str, Any], dict[str, Any]]:
        """Draw a batch: pixels, uint8 (B, 64, 64, 3), then targets and weights by head."""
        chosen = self._rng.choice(len(self._chances), self._recipe.batch_size, p=self._chances)
        pixels = np.stack([self._draw_view(int(index)) for index in chosen])
        targets = self._targets
        kinds, genders, labels = (
            values[chosen] for values in (targets.kinds, targets.genders, targets.labels)
        )
        wanted = {
            "kind": np.eye(len(targets.names), dtype=np.float32)[np.maximum(kinds, 0)],
            "colours": targets.colours[chosen],
            "gender": np.maximum(genders, 0),
            "label": np.maximum(labels, 0),
        }
        has_target = {
            "kind": kinds >= 0,
            "colours": targets.colours[chosen].any(axis=1),
            "gender": genders >= 0,
            "label": labels >= 0,
        }
        return pixels, wanted, {name: mask.astype(np.float32) for name, mask in has_target.items()}

    def _draw_view(self, index: int) -> NDArray[np.uint8]:
        """Return a picture changed at random, sometimes on a cluttered ground."""
        is_composed = self._pictures.is_composed[index] and self._rng.random() < COMPOSED
        pictures = self._pictures.composed if is_composed else self._pictures.whole
        return change_view(pictures[index], BACKBONE.input_contract.shape[0], self._rng)


def pretrain(
    pictures: Pictures, photos: Sequence[Photo], targets: Targets, recipe: Recipe, run: Path
) -> Network:
    """Train the backbone from scratch, or continue after the last epoch of a run.

    Returns:
        keras.Model of the backbone, float32, with the running average of the weights.
    """
    keras.utils.set_random_seed(recipe.seed)
    features = BACKBONE.build_with_random_weights(recipe, is_training=True)
    heads = {
        "kind": len(targets.names),
        "colours": targets.colours.shape[1],
        "gender": int(targets.genders.max()) + 1,
        "label": LABELS,
    }
    outputs = {
        name: layers.Dense(units, name=name, dtype="float32")(features.output)
        for name, units in heads.items()
    }
    model = keras.Model(features.input, outputs)
    groups = [photo.kind or f"{photo.tier} {photo.label}" for photo in photos]
    batches = Batches(pictures, targets, groups, recipe)
    categories = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        optimizer=build_optimizer(recipe, model.trainable_variables, len(batches)),
        loss={
            "kind": keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=KIND_SMOOTHING),
            "colours": keras.losses.BinaryCrossentropy(from_logits=True),
            "gender": categories,
            "label": categories,
        },
        loss_weights=LOSS_WEIGHTS,
        weighted_metrics={"kind": ["accuracy"], "label": ["accuracy"]},
    )
    callbacks = [
        TerminateOnNaN(raise_error=True),
        BackupAndRestore(str(run / "backup"), delete_checkpoint=False),
        CSVLogger(str(run / "history.csv"), append=True),
        SwapEMAWeights(),
    ]
    model.fit(batches, epochs=recipe.epochs, callbacks=callbacks, verbose=2)
    plain = BACKBONE.build_with_random_weights()
    plain.set_weights(features.get_weights())
    return plain


def decode_photos(folder: Path, photos: Sequence[Photo], cache: Path) -> Pictures:
    """Decode the photos, or read them from the file of an earlier run.

    Raises:
        DataError: the file of the earlier run has other photos.
    """
    ids = [photo.id for photo in photos]
    if not cache.exists():
        whole = np.zeros((len(photos), STORED_EDGE, STORED_EDGE, 3), np.uint8)
        composed = np.zeros_like(whole)
        is_composed = np.zeros(len(photos), np.bool_)
        pairs = track(decode_photo_pairs(folder, photos), "Decoding", len(photos))
        for index, (picture, laid) in enumerate(pairs):
            whole[index] = picture
            if laid is not None:
                composed[index] = laid
                is_composed[index] = True
        np.savez(cache, ids=ids, whole=whole, composed=composed, is_composed=is_composed)
    with np.load(cache, allow_pickle=False) as stored:
        if list(stored["ids"]) != ids:
            raise DataError(f"{cache}: holds other photos. Remove it, and all are decoded again.")
        return Pictures(stored["whole"], stored["composed"], stored["is_composed"])


def save_weights(model: Network, about: Mapping[str, Any], path: Path) -> None:
    """Write weights as float16 by their paths, with a description of what they were learnt from.

    Args:
        about: the description, plain JSON.
        path: the path of the file, which is replaced in one step.
    """
    weights = {weight.path: np.asarray(weight, np.float16) for weight in model.weights}
    write_npz(path, **weights, **{DATA_DESCRIPTION_ARRAY: json.dumps(about)})


def main(argv: list[str] | None = None) -> int:
    """Train the backbone, and write its file."""
    parser = argparse.ArgumentParser(prog="python -m lab.pretraining", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the weights, .npz")
    parser.add_argument("--run", type=Path, default=Path("runs/backbone"), metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs, metavar="N")
    options = parser.parse_args(argv)
    options.run.mkdir(parents=True, exist_ok=True)
    photos = list_photos(options.photos)
    targets = make_targets(photos)
    pictures = decode_photos(options.photos, photos, options.run / "photos.npz")
    recipe = replace(RECIPE, epochs=options.epochs)
    model = pretrain(pictures, photos, targets, recipe, options.run)
    about = {
        "photos": len(photos),
        "kinds": list(targets.names),
        "epochs": recipe.epochs,
    }
    save_weights(model, about, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
