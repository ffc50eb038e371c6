"""Soft targets: the probabilities of larger networks for the training pictures, stored for distillation.

Hinton et al. 2015 (arXiv 1503.02531): a teacher's probabilities carry more than the one right class. One
compressed file in half precision, about a megabyte for 60,000 pictures. It belongs to one training set, whose
hash it carries. Touches that file. scripts/teach.py writes it.
"""

import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.classifier import Classifier
from training.data.datasets import LabelledImages, in_batches
from training.errors import SoftTargetsUnfit

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
        teachers: the releases' versions, or what was fitted in folds (folds.py).
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
        temporary = path.with_name(f"{path.name}.tmp")
        with temporary.open("wb") as file:
            np.savez_compressed(
                file,
                probabilities=self.probabilities,
                train_sha256=np.array(self.train_sha256),
                teachers=np.array(self.teachers),
                temperature=np.array(self.temperature),
            )
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def load_soft_targets(path: Path) -> SoftTargets:
    """Read the file.

    Raises:
        SoftTargetsUnfit: it is not there, or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return SoftTargets(
                probabilities=stored["probabilities"].astype(np.float16),
                train_sha256=str(stored["train_sha256"]),
                teachers=tuple(map(str, stored["teachers"])),
                temperature=float(stored["temperature"]),
            )
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise SoftTargetsUnfit(f"{path}: {error}. wardrobe teach writes such a file.") from error


def teach(teachers: dict[str, Classifier], train: LabelledImages, temperature: float) -> SoftTargets:
    """Let every teacher answer every training picture, and average.

    Args:
        teachers: by version; they know the same classes.
        train: the training set.
        temperature: above 1 softens the mean: teachers are surer of what they learnt than they should be.

    Raises:
        ModelError: a teacher cannot be run.
    """
    mean = np.mean([_answers(teacher, train) for teacher in teachers.values()], axis=0)
    return SoftTargets(soften(mean, temperature), train.sha256(), tuple(teachers), temperature)


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


def _answers(teacher: Classifier, train: LabelledImages) -> NDArray[np.float64]:
    """float64 (N, C): the mean of the answers to each picture and to its mirror image."""
    rows = [
        prediction.probabilities
        for images in (train.images, train.images[:, :, ::-1])
        for batch in in_batches(images)
        for prediction in teacher.classify(np.ascontiguousarray(batch))
    ]
    both: NDArray[np.float64] = np.asarray(rows, np.float64).reshape(2, len(train), -1)
    return np.asarray(both.mean(axis=0))
