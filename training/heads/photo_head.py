"""The network that answers photos: a frozen network in colour, and a head with a class more, "none of these".

That class is no label: the probabilities of the others are scaled to sum 1, and its log odds are the OOD
score. The network below learnt no photo that a person checked, nor another one of its sender, and learns
nothing here, so what heads of folds answer to these is honest, and anyone can make the network again. Pure,
but for running the network. The vectors: features/shipped.py; the release that comes of it:
release/photos.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from inference.onnx_session import DISTANCE, OF_ATTRIBUTE, PROBABILITIES
from inference.session import Scores
from inference.title_rule import NONE
from training.data.labels import OOD
from training.data.photos import OOD_PREFIX
from training.data.split import stratified_folds
from training.data.vectors import Vectors
from training.errors import BadPictures
from training.features.blocks import READS, VECTOR
from training.features.frozen import OTHER_THINGS
from training.features.shipped import SCALED, PhotoFeatures
from training.heads.cross_val import answers_out_of_fold
from training.heads.hidden import HiddenHead, fit_hidden_head
from training.progress import Watch
from training.untyped import Network

BALANCE: Final = 0.6
"""The n photos of a class in one tier from one source weigh n^-BALANCE each, so that all of
them weigh n^(1 - BALANCE): a rare class or shop is not lost. Those of one thing are a class here."""

OF_OTHER_THINGS: Final = 0.5
"""What an OOD photo counts, since there are more things than classes."""

OF_TIERS: Final = {"C": 2.0, SCALED: 0.3}
"""What a photo counts by its tier, else 1: of users' photos there are few, and they are the hardest; of
enlarged pictures of the data set there are many, of all classes alike."""

FOLDS: Final = 5
"""Heads whose answers choose the thresholds, each to photos of senders that it did not learn; and as many
more at most, each of which did not learn a part of the things on OOD photos that the network below did not
learn: of the bundled release's photos outfits, scarves and socks."""

THING_LETTERS: Final = 3
"""First letters that say what an OOD photo shows, so that `X_kaggle:Scarves` and `X_scarf` are one. Things
that share them are left out together."""


@dataclass(frozen=True)
class PhotoHead:
    """A head, and what heads of folds answered.

    Attributes:
        learnt: photos that the head learnt.
        head: of C + 1 classes, "none of these" last; of C where no OOD photo was learnt.
        classes: C.
        answered: positions of the photos that the folds answered, among those that were learnt.
        folds: int64, from 1, the head of each answer.
        scores: of these photos, in this order, before temperature.
        scores_of_unseen_ood: of OOD photos, by heads that learnt no photo of the same thing; None where
            there are fewer than two.
        lacking: names of what a head of a fold has not learnt: all photos of it were in that fold.
    """

    learnt: PhotoFeatures
    head: HiddenHead
    classes: int
    answered: NDArray[np.int64]
    folds: NDArray[np.int64]
    scores: Scores
    scores_of_unseen_ood: Scores | None
    lacking: tuple[str, ...] = ()


def folds_of(learnt: PhotoFeatures, classes: int) -> list[NDArray[np.int64]]:
    """Positions of the checked photos in FOLDS parts, no group in two of them; of so many classes.

    Raises:
        BadRecipe: they are of fewer groups than there are folds.
    """
    checked, labels = np.flatnonzero(learnt.checked), np.where(learnt.classes == OOD, classes, learnt.classes)
    cells = np.array([f"{tier} {label}" for tier, label in zip(learnt.tiers, labels, strict=True)])
    return [checked[fold] for _, fold in stratified_folds(cells[checked], learnt.groups[checked], FOLDS)]


def fit_photo_head(
    learnt: PhotoFeatures,
    names: Sequence[str],
    in_folds: Sequence[NDArray[np.int64]],
    left_out: Sequence[NDArray[np.int64]],
    watch: Watch,
) -> PhotoHead:
    """Fit the head on all photos, and heads of folds that answer what they did not learn.

    Args:
        learnt: N photos.
        names: of the classes.
        in_folds: of `folds_of`.
        left_out: of `things_in_folds`; empty where no answer to OOD photos of unknown things is needed.
        watch: called after each head, with how many there are.

    Raises:
        BadPictures: a class has no photo.
    """
    classes = len(names)
    if missing := [name for index, name in enumerate(names) if index not in learnt.classes]:
        raise BadPictures(
            f"No photo shows {', '.join(missing)}. The network that answers photos needs some of each class."
        )
    labels = np.where(learnt.classes == OOD, classes, learnt.classes)
    weights = weights_of(learnt)
    outputs, lacking = int(labels.max()) + 1, set[int]()

    def fit(some: NDArray[np.int64]) -> HiddenHead:
        lacking.update(set(range(outputs)) - set(labels[some].tolist()))
        return fit_hidden_head(learnt.features.take(some), labels[some], outputs, weights[some])

    things = things_of(learnt)
    logits, others, heads = list[Vectors](), list[Vectors](), FOLDS + len(left_out) + 1
    for given in answers_out_of_fold(fit, learnt.features.upright, learnt.groups, in_folds):
        logits.append(given)
        watch(len(logits), heads)
    for given in answers_out_of_fold(fit, learnt.features.upright, things, left_out):
        others.append(given)
        watch(FOLDS + len(others), heads)
    head = fit(np.arange(len(learnt)))
    watch(heads, heads)
    scores = scores_of(np.concatenate(logits), classes)
    scores_of_unseen_ood = scores_of(np.concatenate(others), classes) if others else None
    lacks = tuple((*names, NONE)[label] for label in sorted(lacking))
    return PhotoHead(
        learnt,
        head,
        classes,
        np.concatenate(in_folds),
        numbered(in_folds),
        scores,
        scores_of_unseen_ood,
        lacks,
    )


def numbered(in_folds: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The fold of each position, from 1, in the order of the folds."""
    return np.repeat(np.arange(1, len(in_folds) + 1), [len(fold) for fold in in_folds])


def things_of(learnt: PhotoFeatures) -> NDArray[np.str_]:
    """What each OOD photo shows, str (N,), by THING_LETTERS; empty for a photo that shows a class."""
    return np.where(learnt.classes == OOD, [name[:THING_LETTERS] for name in _names_of(learnt)], "")


def known_below(learnt: PhotoFeatures) -> NDArray[np.bool_]:
    """Which photos show other things that the network below has learnt, bool (N,).

    A head that leaves these out does not say how a thing that nothing learnt is answered.
    """
    names = _names_of(learnt)
    return np.array([name.startswith(OTHER_THINGS) for name in names], np.bool_)


def _names_of(learnt: PhotoFeatures) -> list[str]:
    return [spelt.removeprefix(OOD_PREFIX).rpartition(":")[2].casefold() for spelt in learnt.spelt.tolist()]


def things_in_folds(learnt: PhotoFeatures) -> list[NDArray[np.int64]]:
    """Positions of the OOD photos in FOLDS parts, no thing in two of them; those with many photos first.

    In none are those that the network below has learnt.
    """
    things = np.where(known_below(learnt), "", things_of(learnt))
    names, counts = np.unique(things[things != ""], return_counts=True)
    if len(names) < 2:
        return []
    ordered = names[np.argsort(-counts, kind="stable")]
    return [np.flatnonzero(np.isin(things, ordered[part::FOLDS])) for part in range(min(FOLDS, len(names)))]


def weights_of(learnt: PhotoFeatures) -> NDArray[np.float64]:
    """Of each photo in the loss, float64 (N,)."""
    ood = learnt.classes == OOD
    shown = np.where(ood, learnt.spelt, learnt.classes.astype(str))
    cells = np.unique(np.stack([shown, learnt.tiers, learnt.sources]), axis=1, return_inverse=True)[1].ravel()
    of_each = np.bincount(cells)[cells] ** -BALANCE
    of_tiers = [OF_TIERS.get(tier, 1.0) for tier in learnt.tiers.tolist()]
    return np.asarray(of_each * of_tiers * np.where(ood, OF_OTHER_THINGS, 1))


def scores_of(logits: Vectors, classes: int) -> Scores:
    """Probabilities of the classes, and the log odds of none of them, of float32 (N, C + 1) or (N, C)."""
    of_classes = logits[:, :classes].astype(np.float64)
    distances = None
    if logits.shape[1] > classes:
        distances = (logits[:, classes] - logsumexp(of_classes, axis=1)).astype(np.float32)
    return Scores.of_class(softmax(of_classes, axis=1).astype(np.float32), distances)


def photo_heads(fitted: PhotoHead, before: Network | None = None) -> Network:
    """All heads, on what the network below sees.

    Args:
        fitted: the head of the class.
        before: heads whose attributes these also answer: they read the same inputs.

    Returns:
        keras.Model from `pixels` uint8 (N, 192, 192, 3), of which an attribute may read the palette, and
        `vector` float32 (N, D) to PROBABILITIES float32 (N, C), an output for each attribute and, where OOD
        photos were learnt, DISTANCE float32 (N,).
    """
    if before is None:
        pixels = keras.Input(READS.array_shape, dtype="uint8", name="pixels")
        vector = keras.Input((len(fitted.head.hidden),), name=VECTOR)
    else:
        pixels, vector = before.inputs
    logits = fitted.head.on(keras.Model(vector, vector))
    of_classes = logits.output[:, : fitted.classes]
    answers = {PROBABILITIES: ops.softmax(of_classes, axis=-1)}
    if before is not None:
        answers |= {name: output for name, output in before.output.items() if name.startswith(OF_ATTRIBUTE)}
    if len(fitted.head.bias) > fitted.classes:
        answers[DISTANCE] = logits.output[:, fitted.classes] - ops.logsumexp(of_classes, axis=-1)
    return keras.Model([pixels, vector], answers, name="heads")
