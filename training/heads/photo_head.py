"""The network that answers photos: a frozen network, and a head with the additional class "none of these".

This additional class is no label: the probabilities of the others are scaled to sum 1, and its log odds are
the out-of-distribution (OOD) score. The frozen network has learnt no photo that a person checked, nor another
photo of the same sender. So the cross-validated answers to these photos are honest, and anyone can make the
network again. Pure, except that it runs the network. The vectors: features/shipped.py; the release:
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
from training.data.photos import OOD_LABEL_PREFIX
from training.data.pictures import Pictures
from training.data.split import FoldNumbers, make_stratified_folds
from training.data.vectors import FeatureVectors
from training.errors import BadPictures
from training.features.blocks import READS, VECTOR
from training.features.frozen import OTHER_THINGS
from training.features.shipped import SCALED
from training.heads.cross_val import out_of_fold
from training.heads.hidden import HiddenHead, fit_hidden_head
from training.progress import Watch
from training.untyped import Network

BALANCE: Final = 0.6
"""Exponent that balances classes and sources: each of the n photos of a class in one tier from one source has
the weight n^-BALANCE, so that all together weigh n^(1 - BALANCE), and a rare class or shop is not lost. OOD
photos of one thing are a class here."""

OF_OTHER_THINGS: Final = 0.5
"""Weight of an OOD photo, because there are more other things than classes."""

OF_TIERS: Final = {"C": 2.0, SCALED: 0.3}
"""Weights of photos by tier; 1 for other tiers. Users' photos are few and the hardest; enlarged pictures of
the data set are many, equally for all classes."""

FOLDS: Final = 5
"""Number of heads whose answers choose the thresholds; each answers photos of senders that it did not learn.
At most the same number of further heads each leave out a part of the other things that the frozen network has
not learnt either: in the bundled release's photos outfits, scarves and socks."""

THING_LETTERS: Final = 3
"""Number of first letters that identify the thing on an OOD photo, so that `X_kaggle:Scarves` and `X_scarf`
are one thing. Photos with the same letters are left out together."""


@dataclass(frozen=True)
class PhotoHead:
    """A fitted head for photos, with cross-validated answers.

    Attributes:
        learnt: the photos that the head learnt.
        head: the head for C + 1 classes, "none of these" last; for C classes if no OOD photo was learnt.
        classes: the number of classes, C.
        folds: the fold of each learnt photo, from 1; 0 for photos that choose no threshold.
        scores: the cross-validated scores of photos in a fold, in their order, before temperature.
        scores_of_unseen_ood: the scores of OOD photos from heads that learnt no photo of the same thing; None
            if there are none.
        lacking: the names of labels that the head of some fold has not learnt, because all its photos were in
            the fold.
    """

    learnt: Pictures
    head: HiddenHead
    classes: int
    folds: FoldNumbers
    scores: Scores
    scores_of_unseen_ood: Scores | None
    lacking: tuple[str, ...] = ()


def folds_of(learnt: Pictures, classes: int) -> FoldNumbers:
    """Split the photos that a person checked into FOLDS folds, with each group in one fold.

    Args:
        learnt: the photos.
        classes: the number of classes.

    Returns:
        The fold of each photo, from 1; 0 for photos that were not checked.

    Raises:
        BadRecipe: there are fewer groups than folds.
    """
    labels, folds = np.where(learnt.classes == OOD, classes, learnt.classes), np.zeros(len(learnt), np.int64)
    cells = np.array([f"{tier} {label}" for tier, label in zip(learnt.tiers, labels, strict=True)])
    checked = learnt.is_checked
    folds[checked] = make_stratified_folds(cells[checked], learnt.groups[checked], FOLDS)
    return folds


def fit_photo_head(
    learnt: Pictures,
    names: Sequence[str],
    folds: FoldNumbers,
    of_things: FoldNumbers,
    watch: Watch,
) -> PhotoHead:
    """Fit the head for photos, and further heads that answer photos which they did not learn.

    Args:
        learnt: the N photos, with features.
        names: the names of the classes.
        folds: the fold of each photo, from `folds_of`.
        of_things: the fold of each OOD photo by its thing, from `things_in_folds`; all 0 if answers about
            unknown things are not needed.
        watch: a function that is called after each fitted head with the number done and the number of all.

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

    def learn(some: NDArray[np.int64]) -> Callable[[FeatureVectors], FeatureVectors]:
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
    """Return the thing that each OOD photo shows, str (N,); empty for a photo of a class.

    A thing is named by its first THING_LETTERS letters.
    """
    return np.where(learnt.classes == OOD, [name[:THING_LETTERS] for name in _names_of(learnt)], "")


def known_below(learnt: Pictures) -> NDArray[np.bool_]:
    """Tell which photos show other things that the frozen network below the head has learnt, bool (N,).

    Leaving such a thing out of a head does not show how a thing is answered that no part of the model has
    learnt.
    """
    names = _names_of(learnt)
    return np.array([name.startswith(OTHER_THINGS) for name in names], np.bool_)


def _names_of(learnt: Pictures) -> list[str]:
    return [
        spelt.removeprefix(OOD_LABEL_PREFIX).rpartition(":")[2].casefold() for spelt in learnt.spelt.tolist()
    ]


def things_in_folds(learnt: Pictures) -> FoldNumbers:
    """Split the OOD photos into FOLDS folds, with each thing in one fold; things with many photos come first.

    Returns:
        The fold of each photo, from 1; 0 for photos of a class, and for things that the frozen network has
        learnt. All are 0 if fewer than two things remain.
    """
    things = np.where(known_below(learnt), "", things_of(learnt))
    names, of_each, counts = np.unique(things, return_inverse=True, return_counts=True)
    ranks = np.zeros(len(names), np.int64)
    named = np.flatnonzero(names != "")
    if len(named) > 1:
        ranks[named[np.argsort(-counts[named], kind="stable")]] = 1 + np.arange(len(named)) % FOLDS
    return ranks[of_each]


def weights_of(learnt: Pictures) -> NDArray[np.float64]:
    """Return the weight of each photo in the loss, float64 (N,), by its class, tier and source."""
    ood = learnt.classes == OOD
    shown = np.where(ood, learnt.spelt, learnt.classes.astype(str))
    cells = np.unique(np.stack([shown, learnt.tiers, learnt.sources]), axis=1, return_inverse=True)[1].ravel()
    of_each = np.bincount(cells)[cells] ** -BALANCE
    of_tiers = [OF_TIERS.get(tier, 1.0) for tier in learnt.tiers.tolist()]
    return np.asarray(of_each * of_tiers * np.where(ood, OF_OTHER_THINGS, 1))


def scores_of(logits: FeatureVectors, classes: int) -> Scores:
    """Turn logits into probabilities of the classes, and into log odds of "none of these" as the OOD score.

    Args:
        logits: float32 (N, C + 1) with "none of these" last, or (N, C) without it.
        classes: the number of classes, C.
    """
    of_classes = logits[:, :classes].astype(np.float64)
    distances = None
    if logits.shape[1] > classes:
        distances = (logits[:, classes] - logsumexp(of_classes, axis=1)).astype(np.float32)
    return Scores.make_class_scores(softmax(of_classes, axis=1).astype(np.float32), distances)


def photo_heads(fitted: PhotoHead, before: Network | None = None) -> Network:
    """Return a network with all heads for photos, from the frozen network's vector to the answers.

    Args:
        fitted: the head of the class.
        before: a network whose heads of attributes are taken over; None for none. It must have the same
            inputs.

    Returns:
        keras.Model from `pixels` uint8 (N, 192, 192, 3), whose colours an attribute may use, and `vector`
        float32 (N, D), to PROBABILITIES float32 (N, C), an output for each attribute and, if OOD photos were
        learnt, DISTANCE float32 (N,).
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
