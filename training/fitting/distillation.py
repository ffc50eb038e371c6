"""Soft targets: the probabilities of larger networks for the training pictures, stored for distillation.

Hinton et al. 2015 (arXiv 1503.02531): a teacher's probabilities carry more than the one right class. A
network answers a picture that it learnt with too much certainty, so teachers can be fitted in folds: one
network per fold learns the others, and a picture gets the mean answer of the networks that did not learn it.
One compressed file in half precision, about a megabyte for 60,000 pictures, with the hash of the training set
that it belongs to. Touches that file. scripts/teach.py fits the networks and writes it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from model_store.manifest import DataSet
from training.data.datasets import ANSWERED_AT_ONCE, LabelledImages, in_batches
from training.data.npz import UNREADABLE, read_npz, write_npz
from training.data.splitting import Split, first, fold_indices, held_out_indices, split
from training.errors import SoftTargetsUnfit
from training.fitting.checkpoints import Run
from training.recipes import Recipe, default_run_folder, fingerprint
from training.untyped import Network

Targets = NDArray[np.float16]

KEPT: Final = Path(__file__).parents[1] / "soft-targets.npz"
"""What the bundled recipe learns from: answers to each picture of Fashion-MNIST's training set by networks
that had not seen it (docs/explanation/experiments.md)."""

USUAL_TEACHING: Final = 0.5
"""The teacher's share of the targets by default; more of it was worse (docs/explanation/experiments.md)."""


@dataclass(frozen=True)
class SoftTargets:
    """Probabilities to learn from.

    Attributes:
        probabilities: float16 (N, C), one row per training picture, before anything is held out.
        train_sha256: of the training set (`LabelledImages.sha256`).
        teachers: the releases' versions, or what was fitted in folds.
        temperature: what the logarithms of the teachers' mean were divided by.
    """

    probabilities: Targets
    train_sha256: str
    teachers: tuple[str, ...]
    temperature: float

    @property
    def sha256(self) -> str:
        """Sixteen hex digits of the probabilities, for the recipe to name them by."""
        return hashlib.sha256(self.probabilities.tobytes()).hexdigest()[:16]

    def check(self, train: LabelledImages, classes: int) -> None:
        """See that they speak of this training set.

        Raises:
            SoftTargetsUnfit: they speak of another one, or of other classes.
        """
        if self.train_sha256 != train.sha256():
            raise SoftTargetsUnfit(
                f"The soft targets were made for another training set ({self.train_sha256[:16]}, this one is "
                f"{train.sha256()[:16]}). Make new ones with wardrobe teach."
            )
        if self.probabilities.shape != (len(train), classes):
            raise SoftTargetsUnfit(
                f"The soft targets are {self.probabilities.shape}, expected ({len(train)}, {classes})."
            )

    def save(self, path: Path) -> None:
        """Write the file, all of it or nothing."""
        write_npz(path, **vars(self))


def load_soft_targets(path: Path) -> SoftTargets:
    """Read the file.

    Raises:
        SoftTargetsUnfit: it is not there, or damaged.
    """
    try:
        stored = read_npz(path)
        return SoftTargets(
            probabilities=stored["probabilities"].astype(np.float16),
            train_sha256=str(stored["train_sha256"]),
            teachers=tuple(map(str, stored["teachers"])),
            temperature=float(stored["temperature"]),
        )
    except UNREADABLE as error:
        raise SoftTargetsUnfit(f"{path}: {error}. wardrobe teach writes such a file.") from error


def teach(teachers: dict[str, Classifier], train: LabelledImages, temperature: float) -> SoftTargets:
    """Let every teacher answer every training picture and its mirror image, and average.

    Args:
        teachers: by version; they know the same classes.
        train: the training set.
        temperature: above 1 softens the mean: teachers are surer of what they learnt than they should be.

    Raises:
        ModelError: a teacher cannot be run.
    """
    rows = [
        [one.probabilities for batch in in_batches(images) for one in teacher.classify(batch)]
        for teacher in teachers.values()
        for images in _both_ways(train.images)
    ]
    mean = np.mean(np.asarray(rows, np.float64), axis=0)
    return SoftTargets(soften(mean, temperature), train.sha256(), tuple(teachers), temperature)


def _both_ways(images: PixelsBatch) -> tuple[PixelsBatch, PixelsBatch]:
    """Pictures, and their mirror images."""
    return images, np.ascontiguousarray(images[:, :, ::-1])


def soften(mean: NDArray[np.float64], temperature: float) -> Targets:
    """Divide the logarithms of probabilities by a temperature.

    Args:
        mean: float64 (N, C), rows that sum to 1.
        temperature: above 1 softens; below, it sharpens, which takes back what label smoothing and mixup
            did to the teachers.

    Returns:
        float16 (N, C), rows that sum to 1 as far as half precision goes.
    """
    softened = np.maximum(mean, np.finfo(np.float32).tiny) ** (1 / temperature)
    softened /= softened.sum(axis=1, keepdims=True)
    return softened.astype(np.float16)


@dataclass(frozen=True)
class Fold:
    """The task of one network.

    Attributes:
        number: which of the folds is left out, 1-based.
        of: how many there are.
        parts: the other folds to learn from, and the held-out pictures to choose the best weights by.
        unseen: int64 (M,), ascending: the positions in the whole training set of the pictures that the
            network does not learn from, and so answers; its fold and what no network learns from.
    """

    number: int
    of: int
    parts: Split
    unseen: NDArray[np.int64]

    def run(self, recipe: Recipe, data: DataSet) -> Run:
        """Where its checkpoint is and what this must carry: other pictures never go on with it."""
        dealt = hashlib.sha256(self.unseen.tobytes()).hexdigest()[:8]
        name = f"{dealt}-fold{self.number}of{self.of}"
        usual = default_run_folder(recipe, data)
        return Run(usual.with_name(f"{usual.name}-{name}"), f"{fingerprint(recipe, data)}-{name}")


def deal(train: LabelledImages, recipe: Recipe, folds: int, classes: int) -> tuple[Fold, ...]:
    """Divide what the recipe would learn from into folds, in which each class keeps its share.

    Args:
        train: the whole training set. What the recipe holds out of it, or leaves out for its `limit`, no
            network learns from, so that a student by the same split is still judged on new pictures.
        recipe: of every network.
        folds: FEWEST_FOLDS or more.
        classes: how many there are; each must occur.

    Raises:
        BadRecipe: a class has fewer pictures than there are folds, or the recipe does not fit the training
            set (splitting.py).
    """
    used = first(train, recipe.limit) if recipe.limit else train
    parts = split(used, recipe.validation, recipe.splitting, classes)
    held_out = held_out_indices(used, recipe.validation, recipe.splitting)
    learnt = np.setdiff1d(np.arange(len(used)), held_out, assume_unique=True)
    dealt = fold_indices(parts.train.labels, parts.train.keys, folds)
    return tuple(
        Fold(
            number,
            folds,
            Split(parts.train.take(others), parts.validation),
            np.setdiff1d(np.arange(len(train)), learnt[others], assume_unique=True),
        )
        for number, (others, _) in enumerate(dealt, start=1)
    )


def answers_of(model: Network, images: PixelsBatch) -> NDArray[np.float64]:
    """Mean of a network's probabilities for each picture and for its mirror image.

    Args:
        model: keras.Model to logits, on either of Keras' backends.
        images: uint8 (N, 28, 28).

    Returns:
        float64 (N, C), rows that sum to 1.
    """
    total = 0.0
    for seen in _both_ways(images):
        logits = model.predict(seen, batch_size=ANSWERED_AT_ONCE, verbose=0).astype(np.float64)
        total += np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    return np.asarray(total / 2)


def join(folds: Sequence[Fold], answers: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Give each picture the mean answer of the networks that have not seen it.

    Args:
        folds: all that were dealt.
        answers: float64 (M, C) for each of them: its network's, to its `unseen` pictures in their order.

    Returns:
        float64 (N, C), in the order of the whole training set.
    """
    asked = _asked(folds)
    total = np.zeros((len(asked), answers[0].shape[1]))
    for fold, rows in zip(folds, answers, strict=True):
        total[fold.unseen] += rows
    return np.asarray(total / asked[:, None])


def cross_fitted(folds: Sequence[Fold]) -> NDArray[np.int64]:
    """Ascending positions of the pictures that were dealt: one network answers each, the others know it."""
    return np.flatnonzero(_asked(folds) == 1)


def _asked(folds: Sequence[Fold]) -> NDArray[np.int64]:
    """How many networks answer each picture of the whole training set, int64 (N,)."""
    return np.bincount(np.concatenate([fold.unseen for fold in folds]))
