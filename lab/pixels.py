"""Fit teachers and store their answers, or make a release of a network that learns these answers.

python -m lab.pixels teach FILE
python -m lab.pixels train FILE

A network that learns the probabilities of other networks (teachers) is more accurate than one that learns
labels alone (Hinton et al. 2015, arXiv 1503.02531). A teacher is too sure about pictures that it has learnt.
So teachers are fitted in folds: each learns all folds but one, and a picture gets the mean answer of the
teachers that did not learn it.

`teach` writes these answers to FILE: about a megabyte for 60,000 pictures, in half precision, with the hash
of the training set. `train` makes a release. It records the hash of FILE and which pictures the teachers
learnt. The same command continues a stopped run.
"""

import argparse
import hashlib
import shlex
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pydantic
from keras import layers
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from training.answering import make_batched_model
from training.data.data_source import DataSource
from training.data.fashion import MAX_MODEL_BATCH_SIZE, LabelledData
from training.data.learnt_hashes import LearntHashes
from training.data.perceptual_hashes import NO_PERCEPTUAL_HASHES
from training.data.pictures import Pictures
from training.data.read import load_data_set
from training.data.split import Split, make_class_folds, split_train_validation
from training.errors import BadRecipe
from training.features.weights import read_npz, write_npz
from training.gradient.fitting.checkpoints import TrainingRun
from training.gradient.fitting.fit import fit_by_gradient
from training.gradient.networks.layers import LayerFactory
from training.gradient.networks.registry import NETWORK_BUILDERS
from training.gradient.recipes import COMPACT_RECIPE, RECIPES, Recipe
from training.loading import hide_retracing_warning
from training.pixel_network import fit_pixel_network, make_training_run, release_pixel_network
from training.progress import ProgressLines
from training.untyped import Network, Tensor

WIDENING: Final = 4
"""Factor of the widths 16, 32 and 64 of a residual network. The paper has 8 and 10, for 32 x 32 pixels."""

WIDE_BLOCKS: Final = 2
"""Number of residual blocks in each of the three stages.

With two convolutions in each, the stem, the shortcuts and the last layer, this is called 16 layers.
"""


def build_wide(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build a Wide ResNet of 16 layers (Zagoruyko and Komodakis 2016, arXiv 1605.07146, table 1).

    Normalization and ReLU come before each convolution, as in the paper. Instead of the mean over all
    positions, each channel has a filter of its own, as in our compact networks.
    """
    x = factory.add_linear_convolution(x, 16, 3, "stem")
    for stage in range(3):
        for number in range(WIDE_BLOCKS):
            strides = 2 if stage > 0 and number == 0 else 1
            x = _wide_block(x, factory, (16 << stage) * WIDENING, f"stage{stage + 1}_{number + 1}", strides)
    return factory.add_global_depthwise_convolution(_activate(x, factory, "last"))


def _wide_block(x: Tensor, factory: LayerFactory, channels: int, name: str, strides: int) -> Tensor:
    """Add a residual block of two convolutions, with a shortcut if the number of channels changes."""
    active = _activate(x, factory, f"{name}_a")
    branch = factory.add_linear_convolution(active, channels, 3, f"{name}_a", strides)
    branch = factory.add_linear_convolution(_activate(branch, factory, f"{name}_b"), channels, 3, f"{name}_b")
    if x.shape[-1] != channels:
        x = factory.add_linear_convolution(active, channels, 1, f"{name}_shortcut", strides)
    return layers.Add(name=f"{name}_add")([branch, x])


def _activate(x: Tensor, factory: LayerFactory, name: str) -> Tensor:
    """Add a normalization and a ReLU."""
    return layers.ReLU(name=f"{name}_relu")(factory.add_normalization(x, f"{name}_norm"))


NAME: Final = "wide4"

NETWORK_BUILDERS[NAME] = build_wide
"""Name of the teachers' network in recipes."""


@pydantic.dataclasses.dataclass(frozen=True, kw_only=True)
class WideRecipe(Recipe):
    """A recipe of the teachers' network, which the product's commands do not train."""

    network: Literal["wide4"] = NAME  # type: ignore[assignment]  # none of those of `Recipe`


Targets = NDArray[np.float16]
"""Probabilities in half precision, (N, C)."""

SOFT_SHARE: Final = 0.5
"""Share of the teachers' probabilities in the targets of a student; the rest is the label. More was worse."""


@dataclass(frozen=True)
class SoftTargets:
    """The teachers' answers, which a student learns.

    Attributes:
        probabilities: float16 (N, C), one row for each training picture, before any is held out.
        train_sha256: the hash of the training set.
        teachers: a description of the teachers.
        temperature: the number by which the logarithms of the teachers' mean were divided.
        learnt: hashes of the pictures that the teachers learnt. The student is not measured on them.
    """

    probabilities: Targets
    train_sha256: str
    teachers: tuple[str, ...]
    temperature: float
    learnt: LearntHashes

    @property
    def sha256(self) -> str:
        """Sixteen hexadecimal digits of the hash of the probabilities, which a student's release records."""
        return hashlib.sha256(self.probabilities.tobytes()).hexdigest()[:16]

    def mix_with_labels(self, train: Pictures, learnt: Pictures) -> NDArray[np.float32]:
        """Return the targets of a student: SOFT_SHARE of each comes from here, the rest from the label.

        Args:
            train: the whole training set.
            learnt: the pictures of it that are learnt, in the same order. Of equal pictures, all are learnt
                or none.

        Returns:
            float32 (M, C), for the M learnt pictures.

        Raises:
            BadRecipe: these probabilities belong to another training set.
        """
        if self.train_sha256 != train.compute_digest():
            raise BadRecipe(
                f"The soft targets were made for another training set ({self.train_sha256[:16]}, this one is "
                f"{train.compute_digest()[:16]}). Make new ones: python -m lab.pixels teach."
            )
        rows = self.probabilities[np.isin(train.sha256, learnt.sha256)].astype(np.float32)
        return (1 - SOFT_SHARE) * np.eye(rows.shape[1], dtype=np.float32)[learnt.classes] + SOFT_SHARE * rows

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        write_npz(path, **{**vars(self), "learnt": self.learnt.sha256_prefixes})


def load_soft_targets(path: Path) -> SoftTargets:
    """Read a file that `SoftTargets.save` wrote."""
    stored = read_npz(path)
    return SoftTargets(
        probabilities=stored["probabilities"],
        train_sha256=str(stored["train_sha256"]),
        teachers=tuple(map(str, stored["teachers"])),
        temperature=float(stored["temperature"]),
        learnt=LearntHashes(stored["learnt"], NO_PERCEPTUAL_HASHES),
    )


def soften_probabilities(mean: NDArray[np.float64], temperature: float) -> Targets:
    """Divide the logarithms of probabilities by a temperature, and scale each row to the sum 1.

    Args:
        mean: float64 (N, C), rows with sum 1.
        temperature: a number above 1 makes them more equal. One below 1 makes them less equal, which takes
            back what label smoothing and mixup did to the teachers.

    Returns:
        float16 (N, C), rows with sum 1 as far as half precision allows.
    """
    softened = np.maximum(mean, np.finfo(np.float32).tiny) ** (1 / temperature)
    softened /= softened.sum(axis=1, keepdims=True)
    return softened.astype(np.float16)


def compute_answers(model: Network, images: PixelsBatch, *, flip: bool) -> NDArray[np.float64]:
    """Return a network's probabilities for each picture, float64 (N, C).

    Args:
        model: keras.Model to logits.
        images: uint8 (N, 28, 28).
        flip: whether to return the mean of the answers to each picture and its mirror image, for a network
            that has learnt both.
    """
    answer = make_batched_model(model, MAX_MODEL_BATCH_SIZE)
    total = 0.0
    views = [images]
    if flip:
        views.append(np.ascontiguousarray(images[:, :, ::-1]))
    for pictures in views:
        logits = answer(pictures).astype(np.float64)
        total += np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    return np.asarray(total / len(views))


FOLDS: Final = 4
"""Number of folds, and so of teachers."""

TEMPERATURE: Final = 0.66
"""Temperature of the teachers' answers, fitted to the pictures that no teacher learns."""

TEACHER: Final = WideRecipe(
    **asdict(COMPACT_RECIPE)
    | {"network": NAME, "epochs": 30, "label_smoothing": 0.1, "erase": 10, "mixup": 0.2}
)
"""Recipe of the teachers."""
LEARNER: Final = RECIPES["first"]
"""Recipe of the student."""


def main(argv: list[str] | None = None) -> int:
    """Do one of the two steps."""
    parser = argparse.ArgumentParser(prog="python -m lab.pixels", description=main.__doc__)
    steps = {"teach": fit_teachers, "train": train_learner}
    parser.add_argument("step", choices=steps)
    parser.add_argument("soft_targets", type=Path, metavar="FILE", help="the teachers' answers")
    parser.add_argument("--data", metavar="FOLDER", help="IDX files of Fashion-MNIST")
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="folder of checkpoint and release")
    given = parser.parse_args(argv)
    steps[given.step](
        load_data_set(DataSource(place=given.data), ProgressLines()), given.soft_targets, given.run
    )
    return 0


def fit_teachers(data: LabelledData, file: Path, run: Path | None, recipe: Recipe = TEACHER) -> None:
    """Fit a network for each fold, and store the mean answer of those that did not learn a picture."""
    progress = ProgressLines()
    parts = split_train_validation(data, None)
    task = make_training_run(recipe, data, run)
    pictures = parts.train
    hide_retracing_warning()
    total = np.zeros((len(data.train), len(data.labels)))
    networks = np.zeros(len(data.train), np.int64)
    folds = make_class_folds(pictures.classes, pictures.groups, FOLDS)
    for number in range(1, FOLDS + 1):
        learnt = replace(parts, train=pictures.take(folds != number))
        # Its fold, and what no network learns: held-out pictures are answered by all.
        answered = ~np.isin(data.train.sha256, learnt.train.sha256)
        progress.say(f"Fold {number} of {FOLDS}: answers {answered.sum():,} pictures.")
        fitted = fit_pixel_network(_make_fold_run(task, number), data, learnt, recipe, progress)
        total[answered] += compute_answers(fitted.model, data.train.images[answered], flip=recipe.flip)
        networks += answered
    targets = SoftTargets(
        soften_probabilities(total / networks[:, None], TEMPERATURE),
        data.train.compute_digest(),
        (f"{recipe.network} in {FOLDS} folds",),
        TEMPERATURE,
        LearntHashes.make_from_digests(pictures.sha256),
    )
    targets.save(file)
    by_one = networks == 1
    right = float(np.mean(total[by_one].argmax(axis=1) == data.train.classes[by_one]))
    progress.say(f"{targets.sha256}: {right:.2%} of {by_one.sum():,} unseen pictures answered rightly.")


def _make_fold_run(task: TrainingRun, number: int) -> TrainingRun:
    """Return the description of a teacher's run, with a checkpoint folder of its own."""
    name = f"fold{number}of{FOLDS}"
    return replace(
        task, folder=task.folder / name, fingerprint=f"{task.fingerprint}-{name}", tensorboard_folder=None
    )


def train_learner(data: LabelledData, file: Path, run: Path | None, recipe: Recipe = LEARNER) -> None:
    """Fit a network to the stored answers and the labels, and make a release of it."""
    targets = load_soft_targets(file)
    progress = ProgressLines()
    # Held out is what no teacher learnt.
    learnt = targets.learnt.mark_matches(data.train.sha256)
    parts = Split(*(data.train.take(rows) for rows in (learnt, ~learnt)))
    task = make_training_run(recipe, data)
    task = replace(
        task,
        folder=run or Path(f"{task.folder}-{targets.sha256}"),
        fingerprint=f"{task.fingerprint}-{targets.sha256}",
        command_line=f"{shlex.join(sys.orig_argv)}  # soft targets {targets.sha256}",
    )
    wanted = targets.mix_with_labels(data.train, parts.train)
    with progress.show_epochs(recipe.epochs) as watcher:
        fitted = fit_by_gradient(parts, len(data.labels), recipe, task, watcher, targets=wanted)
    made = release_pixel_network(task, recipe, fitted, data, parts, progress)
    progress.say(f"Release: {made.release_folder}")


if __name__ == "__main__":
    sys.exit(main())
