"""Cross-fitting for soft targets: each picture is answered by networks that did not learn it.

A network answers a picture that it learnt with too much certainty. So the training pictures are divided into
folds; one network per fold is fitted on the others, and a picture gets the mean answer of the networks that
did not learn it. Pure, numpy only. scripts/teach.py fits the networks; distillation.py stores the answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from model_store.manifest import DataSet
from training.data.datasets import ANSWERED_AT_ONCE, LabelledImages
from training.data.splitting import Split, first, held_out_indices, split
from training.errors import BadRecipe
from training.fitting.checkpoints import Run
from training.recipes import Recipe, default_run_folder, fingerprint
from training.untyped import Network

FOLD_SEED: Final = 1234
"""Of the dealing, whatever the recipe's seeds: the stored answers were dealt with it."""

FEWEST: Final = 2
"""Folds; with one there would be nothing to learn from."""


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
        """Where its checkpoint is and what this must carry: a folder and a fingerprint for each fold."""
        name = f"fold{self.number}of{self.of}"
        usual = default_run_folder(recipe, data)
        return Run(usual.with_name(f"{usual.name}-{name}"), f"{fingerprint(recipe, data)}-{name}")


def deal(train: LabelledImages, recipe: Recipe, folds: int, classes: int) -> tuple[Fold, ...]:
    """Deal what the recipe would learn from into folds, whose sizes differ by one picture at most.

    Args:
        train: the whole training set. What the recipe holds out of it, or leaves out for its `limit`, no
            network learns from, so that a student by the same split is still judged on new pictures.
        recipe: of every network.
        folds: FEWEST or more.
        classes: how many there are; each must occur.

    Raises:
        BadRecipe: there are fewer pictures than folds, a fold has all pictures of a class that are not held
            out, or the recipe does not fit the training set (splitting.py).
    """
    used = first(train, recipe.limit)
    parts = split(used, recipe.validation, recipe.splitting, classes)
    held_out = held_out_indices(used.labels, recipe.validation, recipe.splitting)
    learnt = np.setdiff1d(np.arange(len(used)), held_out, assume_unique=True)
    if not FEWEST <= folds <= len(learnt):
        raise BadRecipe(f"--folds {folds}: {len(learnt)} training pictures allow {FEWEST} to {len(learnt)}.")
    dealt = np.random.default_rng(FOLD_SEED).permutation(len(learnt)) % folds
    made = []
    for number in range(folds):
        others = np.flatnonzero(dealt != number)
        lessons = parts.train.take(others)
        _check_classes(lessons, classes, f"--folds {folds}: fold {number + 1}")
        unseen = np.setdiff1d(np.arange(len(train)), learnt[others], assume_unique=True)
        made.append(Fold(number + 1, folds, Split(lessons, parts.validation), unseen))
    return tuple(made)


def _check_classes(lessons: LabelledImages, classes: int, left_out: str) -> None:
    missing = np.setdiff1d(np.arange(classes), lessons.labels)
    if missing.size:
        raise BadRecipe(
            f"{left_out} has every picture of class {missing[0]}, and its network would never see one. Take "
            "more folds, or hold out fewer pictures."
        )


def answers_of(model: Network, images: PixelsBatch) -> NDArray[np.float64]:
    """Mean of a network's probabilities for each picture and for its mirror image.

    Args:
        model: keras.Model to logits, on either of Keras' backends.
        images: uint8 (N, 28, 28).

    Returns:
        float64 (N, C), rows that sum to 1.
    """
    straight, mirrored = (_probabilities(model, seen) for seen in (images, images[:, :, ::-1]))
    return (straight + mirrored) / 2


def _probabilities(model: Network, images: PixelsBatch) -> NDArray[np.float64]:
    logits = model.predict(np.ascontiguousarray(images), batch_size=ANSWERED_AT_ONCE, verbose=0)
    logits = logits.astype(np.float64)
    return np.asarray(np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)))


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
