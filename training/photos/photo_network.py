"""The network that answers photos: a frozen network in colour, and a head with a class more, "none of these".

That class is no label: the probabilities of the others are scaled to sum 1, and its log odds are the OOD
score. Nothing below the head is learnt from the photos, so what heads of folds answer is honest, and anyone
can make the network again. Pure, but for running the network. The vectors: vectors.py; the release that
comes of it: export/photo_release.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from inference.onnx_session import DISTANCE, PROBABILITIES
from inference.session import Scores
from training.data.splitting import dealt_indices
from training.errors import BadPictures
from training.features import Vectors, network
from training.head import Head, answers_out_of_fold, fit_head
from training.photos.reading import OOD
from training.photos.vectors import LITE0, SeenPhotos
from training.untyped import Network

STRENGTH: Final = 0.004
"""C of the head: of .002 to .008, which were compared by sender, none is clearly better."""

BALANCE: Final = 0.7
"""Photos of a class in a tier weigh n^-BALANCE each, where there are n of them: rare ones count for more, yet
twelve do not count for as much as a thousand."""

FOLDS: Final = 5
"""Heads whose answers choose the thresholds, each to photos of senders that it did not learn."""


@dataclass(frozen=True)
class PhotoHead:
    """A head, and what heads of folds answered.

    Attributes:
        head: float32 (D, C + 1) and (C + 1,) with "none of these" last; (D, C) and (C,) where no OOD photo
            was learnt.
        classes: C.
        asked: positions of the photos that the folds answered, among those that were learnt.
        folds: int64, from 1, the head of each answer.
        scores: of these photos, in this order, before temperature.
    """

    head: Head
    classes: int
    asked: NDArray[np.int64]
    folds: NDArray[np.int64]
    scores: Scores


def fit_photo_head(learnt: SeenPhotos, names: Sequence[str]) -> PhotoHead:
    """Fit the head on all photos, and heads of folds that answer the checked ones.

    Args:
        learnt: N photos.
        names: of the classes.

    Raises:
        BadPictures: a class has no photo.
        BadRecipe: the checked photos are of fewer groups than there are folds.
    """
    classes = len(names)
    if missing := [name for index, name in enumerate(names) if index not in learnt.labels]:
        raise BadPictures(
            f"No photo shows {', '.join(missing)}. The network that answers photos needs some of each class."
        )
    labels = np.where(learnt.labels == OOD, classes, learnt.labels).astype(np.uint8)
    weights = _weights(labels, learnt.tiers)
    asked = np.flatnonzero(learnt.checked)
    cells = np.array([f"{tier} {label}" for tier, label in zip(learnt.tiers, labels, strict=True)])
    dealt = [asked[mine] for _, mine in dealt_indices(cells[asked], learnt.keys[asked], FOLDS)]
    logits = answers_out_of_fold(
        learnt.seen, labels, learnt.keys, dealt, weights=weights, strengths=(STRENGTH,)
    )
    head = fit_head(learnt.seen, labels, learnt.keys, weights=weights, strengths=(STRENGTH,))
    answered_by = np.repeat(np.arange(1, FOLDS + 1), [len(mine) for mine in dealt])
    scores = scores_of(np.concatenate(logits), classes)
    return PhotoHead(head, classes, np.concatenate(dealt), answered_by, scores)


def _weights(labels: NDArray[np.uint8], tiers: NDArray[np.str_]) -> NDArray[np.float64]:
    """Of each photo in the loss, float64 (N,)."""
    cells = np.unique(np.stack([labels.astype(str), tiers]), axis=1, return_inverse=True)[1].ravel()
    return np.asarray(np.bincount(cells)[cells] ** -BALANCE)


def scores_of(logits: Vectors, classes: int) -> Scores:
    """Probabilities of the classes, and the log odds of none of them, of float32 (N, C + 1) or (N, C)."""
    known = logits[:, :classes].astype(np.float64)
    distances = None
    if logits.shape[1] > classes:
        distances = (logits[:, classes] - logsumexp(known, axis=1)).astype(np.float32)
    return Scores(softmax(known, axis=1).astype(np.float32), distances)


def photo_network(fitted: PhotoHead) -> Network:
    """The whole network.

    Returns:
        keras.Model from `pixels` uint8 (N, 192, 192, 3) to PROBABILITIES float32 (N, C) and, where OOD photos
        were learnt, DISTANCE float32 (N,).
    """
    logits = fitted.head.on(network(LITE0))
    known = logits.output[:, : fitted.classes]
    answers = {PROBABILITIES: ops.softmax(known, axis=-1)}
    if len(fitted.head.bias) > fitted.classes:
        answers[DISTANCE] = logits.output[:, fitted.classes] - ops.logsumexp(known, axis=-1)
    return keras.Model(logits.input, answers, name="photos")
