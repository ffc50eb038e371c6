"""Choose the start of own classes by cross-fitting: a probe on each, which answers what it did not learn.

The best one is fine-tuned if that has more right answers, by more than chance explains. Pure, but for
running the networks. The probe: probe.py; fine-tuning: tuning.py; the folds: export/out_of_fold.py.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from inference.session import Scores
from model_store.comparison import Changes, changes, decisive
from training.data.datasets import LabelledImages
from training.evaluation.out_of_distribution import OodPhotos, distances_by, fit_measure
from training.export.environment import hardware, libraries
from training.export.out_of_fold import Fold, OutOfFold, gathered
from training.fitting.fit import Fitted, ProbeRecord, TuningRecord
from training.transfer.probe import Features, Probe, fit_probe, with_probe
from training.transfer.starts import Start
from training.transfer.tuning import MOST, Below, answers_of, assembled, tune
from training.untyped import Network


@dataclass(frozen=True)
class Candidate:
    """A start with its cross-fitted answers.

    Attributes:
        start: what it begins with.
        body: its network.
        features: of the training pictures.
        probes: of all folds.
        answers: of these.
        accuracy: share of the answers that are right.
        loss: their mean negative log likelihood.
        seconds: that it took.
    """

    start: Start
    body: Network
    features: Features
    probes: tuple[Probe, ...]
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
    probes = tuple(_probe(features.take(learnt), train.take(learnt)) for learnt in _learnt(train, folds))
    given = [
        Scores(probe.probabilities(features.upright[fold.pictures]), None)
        for probe, fold in zip(probes, folds, strict=True)
    ]
    answers = gathered(folds, given, epochs=0)
    probabilities = answers.pictures.probabilities if answers.pictures is not None else np.zeros((0, classes))
    return Candidate(
        start,
        body,
        features,
        probes,
        answers,
        float(np.mean(probabilities.argmax(axis=1) == train.labels)),
        float(log_loss(train.labels, probabilities, labels=np.arange(classes))),
        time.perf_counter() - began,
    )


def _learnt(train: LabelledImages, folds: Sequence[Fold]) -> list[NDArray[np.int64]]:
    """What each fold learns: all pictures but those that it answers."""
    return [np.setdiff1d(np.arange(len(train)), fold.pictures) for fold in folds]


def _probe(features: Features, learnt: LabelledImages) -> Probe:
    return fit_probe(features, learnt.labels, learnt.groups)


def better(candidates: Sequence[Candidate]) -> Candidate:
    """The one with the most right answers; of equal ones that with the least loss.

    One that is costly replaces the others only with more right answers at a lower loss.
    """
    usual = [one for one in candidates if not one.start.costly] or candidates
    best = max(usual, key=lambda one: (one.accuracy, -one.loss))
    ahead = [one for one in candidates if one.accuracy > best.accuracy and one.loss < best.loss]
    return max(ahead, key=lambda one: one.accuracy, default=best)


@dataclass(frozen=True)
class Trial:
    """A candidate after fine-tuning.

    Attributes:
        answers: of the tuned networks of all folds.
        accuracy: share of them that are right.
        changes: against the probes.
        below: what tuning reads of the training pictures.
        seconds: that it took.
    """

    answers: OutOfFold
    accuracy: float
    changes: Changes
    below: Below
    seconds: float

    def record(self) -> TuningRecord:
        """For the release."""
        found = self.changes
        return TuningRecord(
            accuracy=round(self.accuracy, 4),
            newly_right=found.newly_right,
            newly_wrong=found.newly_wrong,
            p=found.p,
            taken=found.better,
            seconds=self.seconds,
        )


def try_tuning(chosen: Candidate, train: LabelledImages, folds: Sequence[Fold]) -> Trial | None:
    """Tune the probe of each fold on what it learnt, and let it answer the fold's pictures.

    Args:
        chosen: with answers of its probes.
        train: the training pictures, as it reads them.
        folds: that it was cross-fitted in.

    Returns:
        None where nothing of the start can be tuned, there are too many pictures for the memory, or too few
        are answered wrong for anything to be better.
    """
    stage, pictures = chosen.start.stage, chosen.answers.pictures
    if stage is None or pictures is None or len(train) > MOST:
        return None
    before = _right(pictures, train)
    if np.count_nonzero(~before) < decisive():
        return None
    began = time.perf_counter()
    below, given = Below.of(chosen.body, stage, train, chosen.features), []
    for probe, fold, learnt in zip(chosen.probes, folds, _learnt(train, folds), strict=True):
        tuned = tune(chosen.body, stage, probe, below, learnt)
        given.append(Scores(answers_of(tuned, below, fold.pictures), None))
    answers = gathered(folds, given, epochs=0)
    after = before if answers.pictures is None else _right(answers.pictures, train)
    found = changes(before, after, train.groups)
    return Trial(answers, float(after.mean()), found, below, time.perf_counter() - began)


def _right(answers: Scores, train: LabelledImages) -> NDArray[np.bool_]:
    return np.asarray(answers.probabilities.argmax(axis=1) == train.labels)


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
    for fold, learnt in zip(folds, _learnt(train, folds), strict=True):
        measure = fit_measure(measured[learnt], train.labels[learnt], classes, ood)
        distances[fold.pictures] = distances_by(measure, measured[fold.pictures])
    pictures = replace(chosen.answers.pictures, distances=distances)
    taken = chosen.seconds + time.perf_counter() - began
    return replace(chosen, answers=replace(chosen.answers, pictures=pictures), seconds=taken)


def fitted(
    chosen: Candidate,
    train: LabelledImages,
    candidates: Sequence[Candidate],
    ood: OodPhotos | None = None,
    trial: Trial | None = None,
) -> Fitted:
    """The network with a probe that learnt all training pictures, fine-tuned if that is better.

    Args:
        chosen: its start is taken.
        train: the training pictures, as it reads them.
        candidates: all that were compared, for the record.
        ood: photos of other things.
        trial: of fine-tuning; None where it was not tried.
    """
    began = time.perf_counter()
    probe = _probe(chosen.features, train)
    network, tuning = with_probe(chosen.body, probe), None if trial is None else trial.record()
    if trial is not None and trial.changes.better and (stage := chosen.start.stage) is not None:
        tuned = tune(chosen.body, stage, probe, trial.below, np.arange(len(train)))
        network = assembled(chosen.body, stage, tuned)
    record = {one.start.name: round(one.accuracy, 4) for one in candidates}
    seconds = sum(one.seconds for one in candidates) + time.perf_counter() - began
    seconds += 0 if trial is None else trial.seconds
    made = ProbeRecord(chosen.start.name, probe.strength, seconds, record, tuning)
    return Fitted(network, (), (hardware(),), libraries(), probe=made, ood=ood)
