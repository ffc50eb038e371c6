"""The network that answers photos: a frozen network in colour, and a head with a class more, "none of these".

That class is no label: the probabilities of the others are scaled to sum 1, and its log odds are the OOD
score. The network below learnt no photo that a person checked, nor another one of its sender, and learns
nothing here, so what heads of folds answer to these is honest, and anyone can make the network again. Pure,
but for running the network. The vectors: features/shipped.py; the release that comes of it:
release/photos.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from inference.onnx_session import ATTRIBUTE_PREFIX, DISTANCE, PROBABILITIES
from inference.session import Scores
from inference.title_rule import NONE
from training.data.labels import OOD
from training.data.photos import OOD_PREFIX
from training.data.pictures import Pictures
from training.data.split import Folds, stratified_folds
from training.data.vectors import Vectors
from training.errors import BadPictures
from training.features.blocks import READS, VECTOR
from training.features.frozen import OTHER_THINGS
from training.features.shipped import SCALED
from training.heads.cross_val import out_of_fold
from training.heads.hidden import HiddenHead, fit_hidden_head
from training.progress import Watch
from training.untyped import Network

BALANCE: Final = 0.6
"""The n photos of a class in one tier from one source weigh n^-BALANCE each, so that all of
them weigh n^(1 - BALANCE): a rare class or shop is not lost. Those of one thing are a class here."""

OF_OTHER_THINGS: Final = 0.5
"""Weight of an OOD photo, since there are more things than classes."""

OF_TIERS: Final = {"C": 2.0, SCALED: 0.3}
"""Weights of photos by tier, else 1: of users' photos there are few, and they are the hardest; of enlarged
pictures of the data set there are many, of all classes alike."""

FOLDS: Final = 5
"""Heads whose answers choose the thresholds, each to photos of senders that it did not learn; and as many
more at most, each of which did not learn a part of the things on OOD photos that the network below did not
learn: of the bundled release's photos outfits, scarves and socks."""

THING_LETTERS: Final = 3
"""Number of first letters that name the thing of an OOD photo, so that `X_kaggle:Scarves` and `X_scarf` are
one. Things that share them are left out together."""


@dataclass(frozen=True)
class PhotoHead:
    """A head, and the answers of heads of folds.

    Attributes:
        learnt: photos that the head learnt.
        head: the head of C + 1 classes, "none of these" last; of C if no OOD photo was learnt.
        classes: C.
        folds: the folds of the photos that were learnt; those that choose thresholds have one.
        scores: the scores of these, in their order, before temperature.
        scores_of_unseen_ood: the scores of OOD photos, by heads that learnt no photo of the same thing; None
            if there are none.
        lacking: names of what a head of a fold has not learnt: all photos of it were in that fold.
    """

    learnt: Pictures
    head: HiddenHead
    classes: int
    folds: Folds
    scores: Scores
    scores_of_unseen_ood: Scores | None
    lacking: tuple[str, ...] = ()


def folds_of(learnt: Pictures, classes: int) -> Folds:
    """Split the checked photos into FOLDS folds, no group in two of them; of so many classes.

    Raises:
        BadRecipe: they are of fewer groups than there are folds.
    """
    labels, folds = np.where(learnt.classes == OOD, classes, learnt.classes), np.zeros(len(learnt), np.int64)
    cells = np.array([f"{tier} {label}" for tier, label in zip(learnt.tiers, labels, strict=True)])
    checked = learnt.checked
    folds[checked] = stratified_folds(cells[checked], learnt.groups[checked], FOLDS)
    return folds


def fit_photo_head(
    learnt: Pictures,
    names: Sequence[str],
    folds: Folds,
    of_things: Folds,
    watch: Watch,
) -> PhotoHead:
    """Fit the head on all photos, and heads of folds that answer photos that they did not learn.

    Args:
        learnt: N photos.
        names: the names of the classes.
        folds: the folds of the photos, from `folds_of`.
        of_things: the folds of things, from `things_in_folds`; all 0 if no answer to OOD photos of unknown
            things is needed.
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
    done, heads = count(1), int(folds.max() + of_things.max()) + 1

    def fit(some: NDArray[np.int64]) -> HiddenHead:
        lacking.update(set(range(outputs)) - set(labels[some].tolist()))
        head = fit_hidden_head(learnt.features.take(some), labels[some], outputs, weights[some])
        watch(next(done), heads)
        return head

    def learn(some: NDArray[np.int64]) -> Callable[[Vectors], Vectors]:
        return fit(some).logits

    upright = learnt.features.upright
    logits = out_of_fold(learn, upright, learnt.groups, folds)[folds > 0]
    others = out_of_fold(learn, upright, things_of(learnt), of_things)[of_things > 0]
    return PhotoHead(
        learnt,
        fit(np.arange(len(learnt))),
        classes,
        folds,
        scores_of(logits, classes),
        scores_of(others, classes) if len(others) else None,
        tuple((*names, NONE)[label] for label in sorted(lacking)),
    )


def things_of(learnt: Pictures) -> NDArray[np.str_]:
    """Return the thing that each OOD photo shows, str (N,), by THING_LETTERS; empty if it shows a class."""
    return np.where(learnt.classes == OOD, [name[:THING_LETTERS] for name in _names_of(learnt)], "")


def known_below(learnt: Pictures) -> NDArray[np.bool_]:
    """Tell which photos show other things that the network below has learnt, bool (N,).

    A head that leaves these out does not say how a thing that nothing learnt is answered.
    """
    names = _names_of(learnt)
    return np.array([name.startswith(OTHER_THINGS) for name in names], np.bool_)


def _names_of(learnt: Pictures) -> list[str]:
    return [spelt.removeprefix(OOD_PREFIX).rpartition(":")[2].casefold() for spelt in learnt.spelt.tolist()]


def things_in_folds(learnt: Pictures) -> Folds:
    """Split the OOD photos into FOLDS folds, no thing in two of them; things with many photos first.

    In none are those that the network below has learnt, nor any where there are fewer than two things.
    """
    things = np.where(known_below(learnt), "", things_of(learnt))
    names, of_each, counts = np.unique(things, return_inverse=True, return_counts=True)
    ranks = np.zeros(len(names), np.int64)
    named = np.flatnonzero(names != "")
    if len(named) > 1:
        ranks[named[np.argsort(-counts[named], kind="stable")]] = 1 + np.arange(len(named)) % FOLDS
    return ranks[of_each]


def weights_of(learnt: Pictures) -> NDArray[np.float64]:
    """Return the weight of each photo in the loss, float64 (N,)."""
    ood = learnt.classes == OOD
    shown = np.where(ood, learnt.spelt, learnt.classes.astype(str))
    cells = np.unique(np.stack([shown, learnt.tiers, learnt.sources]), axis=1, return_inverse=True)[1].ravel()
    of_each = np.bincount(cells)[cells] ** -BALANCE
    of_tiers = [OF_TIERS.get(tier, 1.0) for tier in learnt.tiers.tolist()]
    return np.asarray(of_each * of_tiers * np.where(ood, OF_OTHER_THINGS, 1))


def scores_of(logits: Vectors, classes: int) -> Scores:
    """Return probabilities of the classes and log odds of none, of float32 (N, C + 1) or (N, C)."""
    of_classes = logits[:, :classes].astype(np.float64)
    distances = None
    if logits.shape[1] > classes:
        distances = (logits[:, classes] - logsumexp(of_classes, axis=1)).astype(np.float32)
    return Scores.make_class_scores(softmax(of_classes, axis=1).astype(np.float32), distances)


def photo_heads(fitted: PhotoHead, before: Network | None = None) -> Network:
    """Join all heads on the vector of the network below.

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
        answers |= {
            name: output for name, output in before.output.items() if name.startswith(ATTRIBUTE_PREFIX)
        }
    if len(fitted.head.bias) > fitted.classes:
        answers[DISTANCE] = logits.output[:, fitted.classes] - ops.logsumexp(of_classes, axis=-1)
    return keras.Model([pixels, vector], answers, name="heads")
