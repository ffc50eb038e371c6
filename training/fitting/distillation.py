"""Soft targets: the probabilities of larger networks for the training pictures, stored for distillation.

Hinton et al. 2015 (arXiv 1503.02531): a teacher's probabilities carry more than the one right class. A
network answers a picture that it learnt with too much certainty, so teachers are fitted in folds: one
network per fold learns the others, and a picture gets the mean answer of the networks that did not learn it.
One compressed file in half precision, about a megabyte for 60,000 pictures, with the hash of the training set
that it belongs to. Touches that file. scripts/training/fitting.py fits the networks and writes it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from training.data.datasets import ANSWERED_AT_ONCE, LabelledImages
from training.data.learnt import Learnt
from training.data.npz import UNREADABLE, read_npz, write_npz
from training.errors import SoftTargetsUnfit
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
        teachers: what was fitted in folds.
        temperature: what the logarithms of the teachers' mean were divided by.
        learnt: what the teachers learnt, which a student's figures do not come from.
    """

    probabilities: Targets
    train_sha256: str
    teachers: tuple[str, ...]
    temperature: float
    learnt: Learnt

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
                f"{train.sha256()[:16]}). Make new ones with --save-answers."
            )
        if self.probabilities.shape != (len(train), classes):
            raise SoftTargetsUnfit(
                f"The soft targets are {self.probabilities.shape}, expected ({len(train)}, {classes})."
            )

    def save(self, path: Path) -> None:
        """Write the file, all of it or nothing."""
        write_npz(path, **{**vars(self), "learnt": self.learnt.hashes})


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
            learnt=Learnt(stored["learnt"].astype(np.uint64)),
        )
    except UNREADABLE as error:
        raise SoftTargetsUnfit(
            f"{path}: {error}. wardrobe train --save-answers writes such a file."
        ) from error


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


def unseen(train: LabelledImages, learnt: LabelledImages) -> NDArray[np.int64]:
    """The pictures that a network did not learn, and so answers: its fold's, and what no network learns.

    Args:
        train: the whole training set.
        learnt: what the network learnt of it.

    Returns:
        int64, ascending positions in the whole training set.
    """
    return np.flatnonzero(~np.isin(train.contents, learnt.contents))


def answers_of(model: Network, images: PixelsBatch, *, flip: bool) -> NDArray[np.float64]:
    """A network's probabilities for each picture; with `flip`, their mean with those for its mirror image.

    Args:
        model: keras.Model to logits.
        images: uint8 (N, 28, 28).
        flip: whether the network learnt mirrored pictures.

    Returns:
        float64 (N, C), rows that sum to 1.
    """
    total, asked = 0.0, [images]
    if flip:
        asked.append(np.ascontiguousarray(images[:, :, ::-1]))
    for pictures in asked:
        logits = model.predict(pictures, batch_size=ANSWERED_AT_ONCE, verbose=0).astype(np.float64)
        total += np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    return np.asarray(total / len(asked))


def join(
    asked: Sequence[NDArray[np.int64]], answers: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give each picture the mean answer of the networks that have not seen it.

    Args:
        asked: the pictures of each network (`unseen`); every picture of the training set is among them.
        answers: float64 (M, C) of each, in their order.

    Returns:
        float64 (N, C), in the order of the whole training set; and which were dealt, bool (N,): one network
        answers each of these, the others know it.
    """
    networks = np.bincount(np.concatenate(asked))
    total = np.zeros((len(networks), answers[0].shape[1]))
    for places, rows in zip(asked, answers, strict=True):
        total[places] += rows
    return np.asarray(total / networks[:, None]), np.equal(networks, 1)
