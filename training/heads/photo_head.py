"""Fit the head that answers photos, with cross-validated answers, and build the network of it.

The head is the last part of the network. A frozen network below it turns a photo into a vector. Besides the
classes, the head has an output "none of these". This is no label. Its log odds are the out-of-distribution
(OOD) score, and the probabilities of the classes are scaled to sum 1 without it.

The frozen network has learnt no photo that a person checked, nor another photo of the same sender. So the
cross-validated answers to these photos are honest, although no fold fits the frozen network again.
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

from inference.release_labels import NONE
from inference.sessions.onnx_session import ATTRIBUTE_PREFIX, DISTANCE, PROBABILITIES
from inference.sessions.session import Scores
from training.data.labels import OOD
from training.data.photos import OOD_LABEL_PREFIX
from training.data.pictures import Pictures
from training.data.split import FoldNumbers, make_stratified_folds
from training.data.vectors import FeatureVectors
from training.errors import DataError
from training.features.blocks import BLOCKS_INPUT_CONTRACT, VECTOR_LAYER
from training.features.frozen import THINGS_LEARNT_BY_LITE2
from training.features.shipped import SCALED_TIER
from training.heads.cross_val import answer_out_of_fold
from training.heads.hidden import HiddenLayerHead, fit_hidden_layer_head
from training.progress import ReportDone
from training.untyped import Network

BALANCE_EXPONENT: Final = 0.6
"""Exponent that balances classes and sources, so that a rare class or shop is not lost. Each of the n photos
of one class, tier and source has the weight n^-0.6, so all together weigh n^0.4: 100 photos weigh 2.5 times
as much as 10, not 10 times. OOD photos of one thing are a class here."""

OOD_PHOTO_WEIGHT: Final = 0.5
"""Weight in the loss of a photo that shows none of the classes (OOD); 1 for others. There are many such
things, and they should not outweigh the classes."""

TIER_WEIGHTS: Final = {"C": 2.0, SCALED_TIER: 0.3}
"""Weights of photos by tier (how a photo was taken); 1 for other tiers. Users' photos (C) are few and the
hardest. Enlarged pictures of Fashion-MNIST are many, and as many for each class."""

PHOTO_FOLDS: Final = 5
"""Number of folds of the cross-validation. Five heads each answer photos of senders that they did not learn,
and these answers choose the thresholds, or show what thresholds accept that stay. With three folds
and 12 answers of a shop, tiers A and B show the same shares of accepted photos as with five (86.2% and
79.5%), but tier C shows 63.0% in place of 65.4%, and .5 points fewer right answers: each head learns fewer of
the few photos of tier C. Up to five further heads each leave out some other things, to show how unknown
things are answered. Only things that the frozen network has not learnt are left out. In the photos of the
bundled release they are outfits, scarves and socks."""

THING_NAME_LETTERS: Final = 3
"""Number of first letters that identify the thing on an OOD photo, so that `X_kaggle:Scarves` and `X_scarf`
are one thing. Photos with the same letters are left out together."""


@dataclass(frozen=True)
class PhotoHead:
    """A fitted head for photos, with cross-validated answers.

    Attributes:
        learnt_photos: the photos that the head learnt.
        head: the head for C + 1 classes, "none of these" last; for C classes if no OOD photo was learnt.
        class_count: the number of classes, C.
        folds: the fold of each learnt photo, from 1; 0 for photos that choose no threshold, because no person
            checked them.
        cross_fitted_scores: the cross-validated scores of photos in a fold, in their order, before
            temperature.
        unseen_ood_scores: the scores of OOD photos from heads that learnt no photo of the same thing; None
            if there are none.
        lacking_labels: the names of labels that the head of some fold has not learnt, because all its photos
            were in the fold.
    """

    learnt_photos: Pictures
    head: HiddenLayerHead
    class_count: int
    folds: FoldNumbers
    cross_fitted_scores: Scores
    unseen_ood_scores: Scores | None
    lacking_labels: tuple[str, ...] = ()


def make_photo_folds(learnt_photos: Pictures, classes: int) -> FoldNumbers:
    """Split the photos that a person checked into PHOTO_FOLDS folds, with each group in one fold.

    Returns:
        The fold of each photo, from 1; 0 for photos that were not checked.

    Raises:
        BadRecipe: there are fewer groups than folds.
    """
    # "None of these" is balanced over the folds like a class, and each class within each tier.
    labels = np.where(learnt_photos.classes == OOD, classes, learnt_photos.classes)
    folds = np.zeros(len(learnt_photos), np.int64)
    cells = np.array([f"{tier} {label}" for tier, label in zip(learnt_photos.tiers, labels, strict=True)])
    is_checked = learnt_photos.is_checked
    folds[is_checked] = make_stratified_folds(
        cells[is_checked], learnt_photos.groups[is_checked], PHOTO_FOLDS
    )
    return folds


def fit_photo_head(
    learnt_photos: Pictures,
    names: Sequence[str],
    folds: FoldNumbers,
    object_folds: FoldNumbers,
    report_done: ReportDone,
) -> PhotoHead:
    """Fit the head for photos, and further heads that answer the photos which they did not learn.

    Args:
        learnt_photos: the N photos, with features.
        folds: the fold of each photo, from `make_photo_folds`.
        object_folds: the fold of each OOD photo by its thing, from `make_object_folds`; all 0 if answers
            about unknown things are not needed.
        report_done: a function that gets the percent that is done, and 100, after each step of a fit.

    Raises:
        DataError: a class has no photo.
    """
    classes = len(names)
    if missing_classes := [name for index, name in enumerate(names) if index not in learnt_photos.classes]:
        raise DataError(
            f"No photo shows {', '.join(missing_classes)}. The network that answers photos needs some of "
            "each class."
        )
    labels = np.where(learnt_photos.classes == OOD, classes, learnt_photos.classes)
    weights = compute_photo_weights(learnt_photos)
    outputs = int(labels.max()) + 1
    lacking_ids = set[int]()
    fits_before = count()
    heads = int(folds.max() + object_folds.max()) + 1

    def fit(positions: NDArray[np.int64]) -> HiddenLayerHead:
        """Fit a head to the photos at these positions, and report its steps."""
        finished_fits = next(fits_before)
        lacking_ids.update(set(range(outputs)) - set(labels[positions].tolist()))
        return fit_hidden_layer_head(
            learnt_photos.features.take(positions),
            labels[positions],
            outputs,
            weights[positions],
            report_share=lambda share: report_done(int(100 * (finished_fits + share) / heads), 100),
        )

    def learn(positions: NDArray[np.int64]) -> Callable[[FeatureVectors], FeatureVectors]:
        return fit(positions).compute_logits

    upright = learnt_photos.features.upright
    logits = answer_out_of_fold(learn, upright, learnt_photos.groups, folds)[folds > 0]
    unseen_ood_logits = answer_out_of_fold(learn, upright, name_ood_objects(learnt_photos), object_folds)[
        object_folds > 0
    ]
    return PhotoHead(
        learnt_photos,
        fit(np.arange(len(learnt_photos))),
        classes,
        folds,
        make_photo_scores(logits, classes),
        make_photo_scores(unseen_ood_logits, classes) if len(unseen_ood_logits) else None,
        tuple((*names, NONE)[label] for label in sorted(lacking_ids)),
    )


def name_ood_objects(learnt_photos: Pictures) -> NDArray[np.str_]:
    """Return the thing that each OOD photo shows, str (N,); empty for a photo of a class.

    A thing is named by its first THING_NAME_LETTERS letters.
    """
    return np.where(
        learnt_photos.classes == OOD,
        [name[:THING_NAME_LETTERS] for name in _list_thing_names(learnt_photos)],
        "",
    )


def find_pretrained_things(learnt_photos: Pictures) -> NDArray[np.bool_]:
    """Tell which photos show other things that the frozen network below the head has learnt, bool (N,).

    If such a thing is left out of a head, the answers do not show how an unknown thing is answered, because
    a part of the model knows it.
    """
    names = _list_thing_names(learnt_photos)
    return np.array([name.startswith(THINGS_LEARNT_BY_LITE2) for name in names], np.bool_)


def _list_thing_names(learnt_photos: Pictures) -> list[str]:
    """Return the label of each photo without prefix and source: `scarves` for `X_kaggle:Scarves`."""
    return [
        spelt.removeprefix(OOD_LABEL_PREFIX).rpartition(":")[2].casefold()
        for spelt in learnt_photos.spelt.tolist()
    ]


def make_object_folds(learnt_photos: Pictures) -> FoldNumbers:
    """Split the photos that show no class, such as hats, into PHOTO_FOLDS folds for cross-validation.

    All photos of one object, such as all hats, are in one fold, so that a head is measured on objects that it
    has not learnt.

    Returns:
        The fold of each photo, from 1; 0 for photos of a class, and for objects that the frozen network has
        learnt. All are 0 if fewer than two objects remain.
    """
    # Folds take turns, and the most frequent objects come first, so that they are in different folds.
    things = np.where(find_pretrained_things(learnt_photos), "", name_ood_objects(learnt_photos))
    names, name_of_photo, counts = np.unique(things, return_inverse=True, return_counts=True)
    ranks = np.zeros(len(names), np.int64)
    named_positions = np.flatnonzero(names != "")
    if len(named_positions) > 1:
        ranks[named_positions[np.argsort(-counts[named_positions], kind="stable")]] = (
            1 + np.arange(len(named_positions)) % PHOTO_FOLDS
        )
    return ranks[name_of_photo]


def compute_photo_weights(learnt_photos: Pictures) -> NDArray[np.float64]:
    """Return the weight of each photo in the loss, float64 (N,), by its class, tier and source."""
    # A cell is one class (or other thing) in one tier from one source.
    is_ood = learnt_photos.classes == OOD
    class_or_thing = np.where(is_ood, learnt_photos.spelt, learnt_photos.classes.astype(str))
    cells = np.unique(
        np.stack([class_or_thing, learnt_photos.tiers, learnt_photos.sources]), axis=1, return_inverse=True
    )[1].ravel()
    cell_weights = np.bincount(cells)[cells] ** -BALANCE_EXPONENT
    tier_weights = [TIER_WEIGHTS.get(tier, 1.0) for tier in learnt_photos.tiers.tolist()]
    return np.asarray(cell_weights * tier_weights * np.where(is_ood, OOD_PHOTO_WEIGHT, 1))


def make_photo_scores(logits: FeatureVectors, classes: int) -> Scores:
    """Turn logits into probabilities of the classes, and into log odds of "none of these" as the OOD score.

    Args:
        logits: float32 (N, C + 1) with "none of these" last, or (N, C) without it.
        classes: the number of classes, C.
    """
    class_logits = logits[:, :classes].astype(np.float64)
    distances = None
    if logits.shape[1] > classes:
        distances = (logits[:, classes] - logsumexp(class_logits, axis=1)).astype(np.float32)
    return Scores.make_class_scores(softmax(class_logits, axis=1).astype(np.float32), distances)


def build_heads_network(fitted_head: PhotoHead, earlier_heads: Network | None = None) -> Network:
    """Return a network with all heads for photos, from the frozen network's vector to the answers.

    Args:
        fitted_head: the head for the class.
        earlier_heads: a network whose heads of attributes are taken over; None for none. It must have the
            same inputs.

    Returns:
        keras.Model from `pixels` uint8 (N, 224, 224, 3), whose colours an attribute may use, and `vector`
        float32 (N, D), to PROBABILITIES float32 (N, C), an output for each attribute and, if OOD photos were
        learnt, DISTANCE float32 (N,).
    """
    if earlier_heads is None:
        pixels = keras.Input(BLOCKS_INPUT_CONTRACT.array_shape, dtype="uint8", name="pixels")
        vector = keras.Input((len(fitted_head.head.hidden_kernel),), name=VECTOR_LAYER)
    else:
        pixels, vector = earlier_heads.inputs
    logits = fitted_head.head.attach_to(keras.Model(vector, vector))
    class_logits = logits.output[:, : fitted_head.class_count]
    answers = {PROBABILITIES: ops.softmax(class_logits, axis=-1)}
    if earlier_heads is not None:
        answers |= {
            name: output for name, output in earlier_heads.output.items() if name.startswith(ATTRIBUTE_PREFIX)
        }
    if len(fitted_head.head.bias) > fitted_head.class_count:
        answers[DISTANCE] = logits.output[:, fitted_head.class_count] - ops.logsumexp(class_logits, axis=-1)
    return keras.Model([pixels, vector], answers, name="heads")
