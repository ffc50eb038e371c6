"""Measure a release: every figure comes from what serving would answer.

The pictures go through inference's own classifier on the serving graph, so `/metrics` and `/predict` cannot
disagree. Pure but for running the graph. The document as a whole: model_store/report.py; pictures of
it: figures.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch, Probabilities
from inference.classifier import Classifier, Prediction
from inference.contract import ModelContract, Shown
from inference.session import Scores, Session
from model_store.answers import TEST_SET
from model_store.answers import Answers as StoredAnswers
from model_store.report import (
    Averages,
    ClassFigures,
    Coverage,
    DistinctFigures,
    Example,
    Examples,
    SplitFigures,
    TestFigures,
    wilson_interval,
)
from training.data.datasets import LabelledImages, in_batches
from training.evaluation.grouped import design_effects, numbered
from training.evaluation.statistics import expected_calibration_error

WRONG_EXAMPLES: Final = 12
RIGHT_EXAMPLES: Final = 6
"""How many pictures the examples show: the mistakes teach more."""


@dataclass(frozen=True)
class Answers:
    """What a model answered to a split.

    Attributes:
        truth: uint8 (N,).
        predicted: int64 (N,).
        probabilities: float32 (N, C), as served.
        accepted: bool (N,), whether the decision was `accept`.
        shown: what most of the pictures are to the model.
        groups: int64 (N,), from 0; None where each picture is its own.
        familiarities: float64 (N,), NaN where none was measured; None where they were not kept.
        reasons: str (N,), of a review; empty where the decision was `accept`; None where they were not kept.
    """

    truth: NDArray[np.uint8]
    predicted: NDArray[np.int64]
    probabilities: Probabilities
    accepted: NDArray[np.bool_]
    shown: Shown = "pixels"
    groups: NDArray[np.int64] | None = None
    familiarities: NDArray[np.float64] | None = None
    reasons: NDArray[np.str_] | None = None

    @property
    def right(self) -> NDArray[np.bool_]:
        """Bool (N,), whether the answer is the truth."""
        return np.asarray(self.predicted == self.truth)

    @property
    def confidences(self) -> NDArray[np.float32]:
        """float32 (N,), the probability of each answer."""
        return np.asarray(self.probabilities[np.arange(len(self.truth)), self.predicted])

    @property
    def ece(self) -> float:
        """Expected calibration error, 0..1."""
        return expected_calibration_error(self.confidences, self.right)

    @property
    def nll(self) -> float:
        """Mean negative log likelihood, in nats; float32's epsilon is the least probability that counts."""
        from sklearn.metrics import log_loss  # noqa: PLC0415 - --help needs no scikit-learn

        return float(log_loss(self.truth, self.probabilities, labels=np.arange(self.probabilities.shape[1])))


def answer(session: Session, contract: ModelContract, images: LabelledImages) -> Answers:
    """Classify a split as serving would.

    Raises:
        ModelError: the model cannot be run, or its answers break the contract.
    """
    return _answers(images, predict(session, contract, images.images, images.shown))


def _answers(images: LabelledImages, predictions: Sequence[Prediction]) -> Answers:
    return Answers(
        truth=images.labels,
        predicted=np.array([one.class_id for one in predictions], np.int64),
        probabilities=np.stack([one.probabilities for one in predictions]),
        accepted=np.array([one.decision == "accept" for one in predictions]),
        shown=most_are(images.shown),
        groups=None if images.keys is None else numbered(images.keys),
        familiarities=np.array([one.familiarity for one in predictions], np.float64),  # None becomes NaN
        reasons=np.array([one.reason or "" for one in predictions]),
    )


def answered(session: Session, contract: ModelContract, images: LabelledImages, scores: Scores) -> Answers:
    """What serving would answer to a split by these scores, which other networks gave. Errors: `answer`."""
    predictions = Classifier(session, contract).interpret(scores, _all(images.shown, len(images)))
    return _answers(images, predictions)


def _all(shown: Sequence[Shown], pictures: int) -> Sequence[Shown]:
    as_sent: Sequence[Shown] = ["pixels"] * pictures
    return shown or as_sent


def most_are(shown: Sequence[Shown]) -> Shown:
    """What most pictures are to the model; pixels where nothing is said."""
    return Counter(shown).most_common(1)[0][0] if len(shown) else "pixels"


def predict(
    session: Session, contract: ModelContract, images: PixelsBatch, shown: Sequence[Shown] = ()
) -> list[Prediction]:
    """What serving would answer to uint8 (N, 28, 28), which are as they were sent unless `shown` says more.

    Raises:
        ModelError: the model cannot be run, or its answers break the contract.
    """
    return Classifier(session, contract).interpret(scored(session, images), _all(shown, len(images)))


def scored(session: Session, images: PixelsBatch) -> Scores:
    """A model's scores, in batches."""
    return joined([session.run(batch) for batch in in_batches(images)])


def joined(parts: Sequence[Scores]) -> Scores:
    """Scores of several sets of pictures, in this order; distances only if all have them."""
    distances = [one.distances for one in parts if one.distances is not None]
    return Scores(
        np.concatenate([one.probabilities for one in parts]),
        np.concatenate(distances) if len(distances) == len(parts) else None,
    )


def without_near_copies(right: NDArray[np.bool_], near: NDArray[np.bool_]) -> DistinctFigures | None:
    """Accuracy on what is no near copy of a picture of the training part; None if all are.

    Args:
        right: bool (N,), whether the answer to a test picture is the truth.
        near: bool (N,), which test pictures are near copies.
    """
    left = right[~near]
    if not len(left):
        return None
    return DistinctFigures(
        n=len(left),
        near_copies=int(near.sum()),
        accuracy=float(left.mean()),
        accuracy_interval=wilson_interval(int(left.sum()), len(left)),
    )


def test_rows(answers: Answers, images: LabelledImages) -> StoredAnswers:
    """The rows of a release's answers that are those to its test set."""
    return StoredAnswers.of(
        [TEST_SET] * len(answers.truth),
        answers.truth,
        answers.predicted,
        pictures=images.digests,
        groups=images.keys,
        familiarity=answers.familiarities,
        decisions=None if answers.reasons is None else decisions(answers.reasons),
        probabilities=answers.probabilities,
    )


def decisions(reasons: NDArray[np.str_]) -> NDArray[np.str_]:
    """`accept`, or the reason of a review, str (N,)."""
    return np.where(reasons == "", "accept", reasons)


def uncalibrated(contract: ModelContract) -> ModelContract:
    """The same contract with probabilities as the network gives them."""
    return replace(contract, temperature=1.0, photo_calibration=None)


def counted(answers: Answers) -> SplitFigures:
    """Accuracy and loss."""
    return SplitFigures(n=len(answers.truth), accuracy=float(answers.right.mean()), loss=answers.nll)


def measured(answers: Answers, before: Answers, contract: ModelContract) -> TestFigures:
    """The full evaluation.

    Args:
        answers: as served.
        before: the same split without temperature.
        contract: names the classes and holds the thresholds.
    """
    # Here: commands show their help where serving alone is installed.
    from sklearn.metrics import classification_report, confusion_matrix  # noqa: PLC0415

    n, right = len(answers.truth), int(answers.right.sum())
    classes = np.arange(len(contract.labels))
    # A class that never occurs, or is never predicted, gets 0 rather than a warning.
    rows = classification_report(
        answers.truth, answers.predicted, labels=classes, output_dict=True, zero_division=0.0
    )
    return TestFigures(
        n=n,
        accuracy=right / n,
        loss=answers.nll,
        accuracy_interval=_interval(answers.right, answers.groups),
        confusion_matrix=confusion_matrix(answers.truth, answers.predicted, labels=classes).tolist(),
        per_class={label: _figures(rows[str(index)]) for index, label in enumerate(contract.labels)},
        averages=Averages(macro=_figures(rows["macro avg"]), weighted=_figures(rows["weighted avg"])),
        ece=answers.ece,
        ece_before=before.ece,
        nll_before=before.nll,
        decisions=_coverage(answers, contract),
    )


def _interval(right: NDArray[np.bool_], groups: NDArray[np.int64] | None) -> tuple[float, float]:
    """95% interval of the accuracy: Wilson's, of the effective number of answers."""
    effect = 1.0 if groups is None else float(design_effects(right, groups, tail=0.025)[-1])
    return wilson_interval(right.sum() / effect, len(right) / effect)


def _figures(row: dict[str, float]) -> ClassFigures:
    return ClassFigures(
        precision=row["precision"], recall=row["recall"], f1=row["f1-score"], support=int(row["support"])
    )


def _coverage(answers: Answers, contract: ModelContract) -> Coverage:
    accepted, thresholds = answers.accepted, contract.thresholds_of(answers.shown)
    return Coverage(
        confidence_threshold=thresholds.confidence,
        familiarity_threshold=thresholds.familiarity,
        coverage=float(accepted.mean()),
        accuracy=float(answers.right[accepted].mean()) if accepted.any() else None,
    )


def examples(answers: Answers, labels: tuple[str, ...]) -> Examples:
    """The most confident mistakes, worst first, and the first right answers."""
    wrong = np.flatnonzero(~answers.right)
    worst = wrong[np.argsort(-answers.confidences[wrong], kind="stable")][:WRONG_EXAMPLES]
    right = np.flatnonzero(answers.right)[:RIGHT_EXAMPLES]
    return Examples(
        wrong=tuple(_example(answers, index, labels) for index in worst.tolist()),
        right=tuple(_example(answers, index, labels) for index in right.tolist()),
    )


def _example(answers: Answers, index: int, labels: tuple[str, ...]) -> Example:
    return Example(
        index=index,
        truth=labels[answers.truth[index]],
        predicted=labels[answers.predicted[index]],
        confidence=float(answers.confidences[index]),
        probabilities=tuple(map(float, answers.probabilities[index])),
    )
