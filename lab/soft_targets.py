"""Soft targets: the probabilities of larger networks for the training pictures, stored for distillation.

Hinton et al. 2015 (arXiv 1503.02531): a teacher's probabilities carry more than the one right class. A
network answers a picture that it learnt with too much certainty, so teachers are fitted in folds: one
network per fold learns the others, and a picture gets the mean answer of the networks that did not learn it.
One compressed file in half precision, about a megabyte for 60,000 pictures, with the hash of the training set
that it belongs to. Touches that file. pixels.py fits the networks.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from training.answering import answering
from training.data.fashion import ANSWERED_AT_ONCE
from training.data.learnt_hashes import Learnt
from training.data.near_copies import NO_HASHES
from training.data.pictures import Pictures
from training.errors import BadRecipe
from training.features.weights import read_npz, write_npz
from training.untyped import Network

Targets = NDArray[np.float16]

SHARE: Final = 0.5
"""Of the soft targets in what a student learns; more was worse."""


@dataclass(frozen=True)
class SoftTargets:
    """Probabilities to learn from.

    Attributes:
        probabilities: float16 (N, C), one row per training picture, before anything is held out.
        train_sha256: of the training set (`Pictures.sha256`).
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
        """Sixteen hex digits of the probabilities, which a student's release records."""
        return hashlib.sha256(self.probabilities.tobytes()).hexdigest()[:16]

    def beside_labels(self, train: Pictures, learnt: Pictures) -> NDArray[np.float32]:
        """What a student learns: SHARE of each target is from here, the rest from the label.

        Args:
            train: the whole training set.
            learnt: the pictures of it that are learnt, in its order; of equal pictures all or none.

        Returns:
            float32 (M, C), of what is learnt.

        Raises:
            BadRecipe: these probabilities are of another training set.
        """
        if self.train_sha256 != train.digest():
            raise BadRecipe(
                f"The soft targets were made for another training set ({self.train_sha256[:16]}, this one is "
                f"{train.digest()[:16]}). Make new ones: python -m lab.pixels teach."
            )
        rows = self.probabilities[np.isin(train.sha256, learnt.sha256)].astype(np.float32)
        return (1 - SHARE) * np.eye(rows.shape[1], dtype=np.float32)[learnt.classes] + SHARE * rows

    def save(self, path: Path) -> None:
        """Write the file, all of it or nothing."""
        write_npz(path, **{**vars(self), "learnt": self.learnt.hashes})


def load_soft_targets(path: Path) -> SoftTargets:
    """Read the file."""
    stored = read_npz(path)
    return SoftTargets(
        probabilities=stored["probabilities"],
        train_sha256=str(stored["train_sha256"]),
        teachers=tuple(map(str, stored["teachers"])),
        temperature=float(stored["temperature"]),
        learnt=Learnt(stored["learnt"], NO_HASHES),
    )


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


def answers_of(model: Network, images: PixelsBatch, *, flip: bool) -> NDArray[np.float64]:
    """A network's probabilities for each picture; with `flip`, their mean with those for its mirror image.

    Args:
        model: keras.Model to logits.
        images: uint8 (N, 28, 28).
        flip: whether the network learnt mirrored pictures.

    Returns:
        float64 (N, C), rows that sum to 1.
    """
    answer, total, views = answering(model, ANSWERED_AT_ONCE), 0.0, [images]
    if flip:
        views.append(np.ascontiguousarray(images[:, :, ::-1]))
    for pictures in views:
        logits = answer(pictures).astype(np.float64)
        total += np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    return np.asarray(total / len(views))
