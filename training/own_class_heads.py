"""Fit the heads and the OOD score for photos with a user's own classes, with cross-validated answers.

A head is the last layer of the network, which answers one question: the class, or an attribute such as the
colour. The OOD score tells pictures of the classes from photos of other things (out of distribution). All of
them are fitted on feature vectors, which frozen networks compute from the pictures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances, Probabilities
from inference.contract import LABEL
from inference.sessions.session import Scores
from training.data.pictures import Pictures
from training.data.split import FoldNumbers
from training.data.vectors import FeatureVectors
from training.features.blocks import BlockName, get_distance_slice, make_block_deviations
from training.heads.cross_val import (
    CrossFittedHead,
    answer_out_of_fold,
    describe_lacking_labels,
    fit_head_with_folds,
)
from training.heads.logistic import LogisticHead
from training.heads.negatives import choose_ood_data
from training.heads.ood import ClassWhitening, OodFitData, OodScorer, fit_ood_measure
from training.progress import Progress, ReportDone


@dataclass(frozen=True, kw_only=True)
class OwnClassHeads:
    """The heads and the measure of unfamiliar pictures that a training fitted on the vectors of N pictures.

    Attributes:
        heads: the heads by question: the class (LABEL) first, then attributes.
        measure: the measure of how unfamiliar a picture is, fitted to all pictures.
        distances: float32 (N,), the distances of the pictures, from measures that did not learn them.
        other_things: the photos of other things that the measure learnt; None if it learnt none.
    """

    heads: Mapping[str, CrossFittedHead]
    measure: ClassWhitening | OodScorer
    distances: Distances
    other_things: OodFitData | None

    @property
    def class_head(self) -> LogisticHead:
        """The head that answers the class, fitted to all pictures."""
        return self.heads[LABEL].head

    @property
    def attribute_heads(self) -> dict[str, LogisticHead]:
        """The heads that answer attributes, fitted to all pictures, by the name of the attribute."""
        return {question: fitted.head for question, fitted in self.heads.items() if question != LABEL}

    @property
    def attribute_probabilities(self) -> dict[str, Probabilities]:
        """The probabilities by attribute, float32 (N, C), from heads that did not learn the picture."""
        return {
            question: fitted.cross_fitted_probabilities
            for question, fitted in self.heads.items()
            if question != LABEL
        }

    @property
    def cross_fitted_scores(self) -> Scores:
        """The class probabilities and distances of the pictures, from heads that did not learn them."""
        return Scores.make_class_scores(self.heads[LABEL].cross_fitted_probabilities, self.distances)

    @property
    def unseen_distances(self) -> Distances | None:
        """The distances of photos of things that the measure did not learn; None if it learnt no things."""
        if self.other_things is None:
            return None
        return self.measure.compute_distances(self.other_things.unseen_features)


def fit_own_class_heads(
    train: Pictures, folds: FoldNumbers, blocks: Sequence[BlockName], progress: Progress
) -> OwnClassHeads:
    """Fit a head for each question and the measure of unfamiliar pictures, and get cross-validated answers.

    Args:
        train: N pictures with the vectors that the frozen networks made of them; each class occurs.
        folds: the fold of each picture, from 1; 0 for none.
        blocks: the parts of the vector, such as `lite2`, one for each frozen network.
    """
    heads = fit_question_heads(train, folds, blocks, progress)
    features = train.features.upright[:, get_distance_slice(blocks)]
    other_things = choose_ood_data(blocks[0], train, features, folds, progress.say)
    with progress.show_progress("fitting OOD scores") as watch:
        measure, distances = cross_fit_unfamiliarity(train, features, folds, other_things, watch)
    return OwnClassHeads(heads=heads, measure=measure, distances=distances, other_things=other_things)


def fit_question_heads(
    train: Pictures, folds: FoldNumbers, blocks: Sequence[BlockName], progress: Progress
) -> dict[str, CrossFittedHead]:
    """Fit a logistic head for the class and for each attribute, and get cross-validated answers of each.

    Args:
        train: N pictures with the vectors that the frozen networks made of them; each class occurs.
        folds: the fold of each picture, from 1; 0 for none.
        blocks: the parts of the vector, such as `lite2`, one for each frozen network.
        progress: the display of the heads that are fitted.

    Returns:
        The fits by question, the class first, then the attributes. Each has the head that learnt all
        pictures, and answers of heads that did not learn the picture.
    """
    spreads = make_block_deviations(blocks)
    with progress.show_progress("fitting heads") as watch:
        done = count(1)
        heads = len(train.labels) * (int(folds.max()) + 1)
        fits = {
            name: fit_head_with_folds(
                labels, train.features, train.groups, folds, spreads, lambda: watch(next(done), heads)
            )
            for name, labels in train.labels.items()
        }
    for name, labels in train.labels.items():
        if sentence := describe_lacking_labels(
            [labels.names[place] for place in fits[name].lacking_label_ids]
        ):
            progress.say(f"{name}: {sentence}")
    return fits


def cross_fit_unfamiliarity(
    train: Pictures,
    features: FeatureVectors,
    folds: FoldNumbers,
    other_things: OodFitData | None,
    report_done: ReportDone,
) -> tuple[ClassWhitening | OodScorer, Distances]:
    """Fit the measure of how unfamiliar a picture is, and return it with cross-validated distances.

    Args:
        train: N pictures.
        features: float32 (N, M), the part of their vectors in which distances are measured.
        folds: the fold of each picture, from 1; 0 for none.
        other_things: photos of other things (out of distribution), which an OodScorer learns to tell apart;
            None for a ClassWhitening, which measures the distance to the learnt classes.
        report_done: a function that is called after each fold.
    """
    done = count(1)
    classes = int(train.classes.max()) + 1

    def learn(positions: NDArray[np.int64]) -> Callable[[FeatureVectors], Distances]:
        """Fit the measure to the pictures at these positions, and return its function of distances."""
        measure = fit_ood_measure(features[positions], train.classes[positions], classes, other_things)
        report_done(next(done), int(folds.max()))
        return measure.compute_distances

    distances = answer_out_of_fold(learn, features, train.groups, folds)
    return fit_ood_measure(features, train.classes, classes, other_things), distances


def compute_vector_scores(
    head: LogisticHead, ood_measure: ClassWhitening | OodScorer, distance_slice: slice, pictures: Pictures
) -> Scores:
    """Return the probabilities and distances that a network gives to pictures, computed from their vectors.

    Args:
        head: the head that answers the class.
        distance_slice: the part of the vector in which distances are measured.
    """
    vectors = pictures.features.upright
    return Scores.make_class_scores(
        head.compute_probabilities(vectors), ood_measure.compute_distances(vectors[:, distance_slice])
    )
