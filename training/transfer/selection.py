"""Choose the start of own classes by cross-fitting: a probe on each, which answers what it did not learn.

Pure, but for running the networks. The probe: probe.py; the folds: export/out_of_fold.py.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.metrics import log_loss

from inference.session import Scores
from training.data.datasets import LabelledImages
from training.evaluation.out_of_distribution import OodPhotos, distances_by, fit_measure
from training.export.environment import hardware, libraries
from training.export.out_of_fold import Fold, OutOfFold, gathered
from training.fitting.fit import Fitted, ProbeRecord
from training.transfer.probe import Features, Probe, fit_probe, with_probe
from training.transfer.starts import Start
from training.untyped import Network


@dataclass(frozen=True)
class Candidate:
    """A start with its cross-fitted answers.

    Attributes:
        start: what it begins with.
        body: its network.
        features: of the training pictures.
        answers: of the probes of all folds.
        accuracy: share of the answers that are right.
        loss: their mean negative log likelihood.
        seconds: that it took.
    """

    start: Start
    body: Network
    features: Features
    answers: OutOfFold
    accuracy: float
    loss: float
    seconds: float


def cross_fit(start: Start, train: LabelledImages, folds: Sequence[Fold], classes: int) -> Candidate:
    """Fit a probe for each fold, and let it answer the fold's pictures.

    Args:
        start: what the probes are fitted on.
        train: the training pictures, as it reads them.
        folds: that deal all of these.
        classes: how many there are.
    """
    began = time.perf_counter()
    body = start.body()
    features = Features.of(body, train.images)
    answers = gathered(folds, [_answered(features, train, fold) for fold in folds], epochs=0)
    probabilities = answers.pictures.probabilities if answers.pictures is not None else np.zeros((0, classes))
    return Candidate(
        start,
        body,
        features,
        answers,
        float(np.mean(probabilities.argmax(axis=1) == train.labels)),
        float(log_loss(train.labels, probabilities, labels=np.arange(classes))),
        time.perf_counter() - began,
    )


def _answered(features: Features, train: LabelledImages, fold: Fold) -> Scores:
    others = np.setdiff1d(np.arange(len(train)), fold.pictures)
    probe = _probe(features.take(others), train.take(others))
    return Scores(probe.probabilities(features.upright[fold.pictures]), None)


def _probe(features: Features, learnt: LabelledImages) -> Probe:
    return fit_probe(features, learnt.labels, learnt.groups)


def better(candidates: Sequence[Candidate]) -> Candidate:
    """The one with the most right answers; of equal ones that with the least loss."""
    return max(candidates, key=lambda one: (one.accuracy, -one.loss))


def with_distances(
    chosen: Candidate, train: LabelledImages, folds: Sequence[Fold], classes: int, ood: OodPhotos | None
) -> Candidate:
    """The candidate whose answers say how far a picture is from what its fold learnt, as the release will.

    Args:
        chosen: without distances.
        train: the training pictures, as it reads them.
        folds: that it was cross-fitted in.
        classes: how many there are.
        ood: photos of other things; None for the distance alone.
    """
    began, measured = time.perf_counter(), chosen.features.measured
    if chosen.answers.pictures is None:
        return chosen
    distances = np.zeros(len(train), np.float32)
    for fold in folds:
        others = np.setdiff1d(np.arange(len(train)), fold.pictures)
        measure = fit_measure(measured[others], train.labels[others], classes, ood)
        distances[fold.pictures] = distances_by(measure, measured[fold.pictures])
    pictures = replace(chosen.answers.pictures, distances=distances)
    taken = chosen.seconds + time.perf_counter() - began
    return replace(chosen, answers=replace(chosen.answers, pictures=pictures), seconds=taken)


def fitted(
    chosen: Candidate,
    train: LabelledImages,
    candidates: Sequence[Candidate],
    ood: OodPhotos | None = None,
) -> Fitted:
    """The network with a probe that learnt all training pictures.

    Args:
        chosen: its start is taken.
        train: the training pictures, as it reads them.
        candidates: all that were compared, for the record.
        ood: photos of other things.
    """
    began = time.perf_counter()
    probe = _probe(chosen.features, train)
    record = {one.start.name: round(one.accuracy, 4) for one in candidates}
    taken = sum(one.seconds for one in candidates) + time.perf_counter() - began
    made = ProbeRecord(chosen.start.name, probe.strength, taken, record)
    return Fitted(with_probe(chosen.body, probe), (), (hardware(),), libraries(), probe=made, ood=ood)
