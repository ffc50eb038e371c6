"""Measure a release on photos, tier by tier, through the code that serves.

Photos that show none of the classes are measured together as tier X. Pure. The
section: model_store/report.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from inference.arrays import Probabilities
from inference.classifier import Prediction
from inference.contract import ModelContract, Shown, Thresholds
from model_store.answers import NONE_OF_THESE, Answers
from model_store.report import (
    Bootstrap,
    ClassRecall,
    OodAuroc,
    PhotoDecisions,
    PhotoFigures,
    SourceFigures,
)
from training.evaluation.grouped import BOOTSTRAP_SEED, DRAWS, numbered, share_interval
from training.evaluation.measure import decisions, most_are
from training.evaluation.statistics import expected_calibration_error
from training.photos.reading import OOD, OOD_TIER

DEVELOPMENT: Final = "development"
"""The split of the photos that a release was made with: choices were made on them."""


@dataclass(frozen=True)
class PhotoAnswers:
    """What a model answered to N photos.

    Attributes:
        truth: uint8 (N,), a class's index, or OOD.
        tiers: str (N,); OOD_TIER where the truth is OOD.
        sources: str (N,), the labels as they were spelt.
        predicted: int64 (N,).
        probabilities: float32 (N, C), as served.
        confidences: float64 (N,), the largest probabilities.
        familiarities: float64 (N,), NaN where the model measures none.
        reasons: str (N,), `ambiguous`, `unproven`, `unfamiliar`, or empty where the decision was `accept`.
        groups: int64 (N,), equal for photos of one sender.
        shown: str (N,), what each is to the model.
    """

    truth: NDArray[np.uint8]
    tiers: NDArray[np.str_]
    sources: NDArray[np.str_]
    predicted: NDArray[np.int64]
    probabilities: Probabilities
    confidences: NDArray[np.float64]
    familiarities: NDArray[np.float64]
    reasons: NDArray[np.str_]
    groups: NDArray[np.int64]
    shown: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Bool (N,), whether the answer is the truth; to an out-of-distribution photo none is."""
        return np.asarray(self.predicted == self.truth)

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Bool (N,), whether the decision was `accept`."""
        return np.asarray(self.reasons == "")

    def only(self, which: NDArray[np.bool_]) -> "PhotoAnswers":
        """Those that a mask (N,) picks."""
        return PhotoAnswers(**{name: values[which] for name, values in vars(self).items()})


class LabelledPhotos(Protocol):
    """N photos with their labels, however they are read; what each column is: `Photos`."""

    @property
    def labels(self) -> NDArray[np.uint8]: ...  # noqa: D102
    @property
    def tiers(self) -> Sequence[str] | NDArray[np.str_]: ...  # noqa: D102
    @property
    def kinds(self) -> Sequence[str] | NDArray[np.str_]: ...  # noqa: D102
    @property
    def keys(self) -> Sequence[str] | NDArray[np.str_]: ...  # noqa: D102
    @property
    def sha256(self) -> Sequence[str] | NDArray[np.str_]: ...  # noqa: D102


def photo_answers(
    predictions: Sequence[Prediction],
    photos: LabelledPhotos,
    shown: Sequence[Shown],
) -> PhotoAnswers:
    """Put the predictions for photos, in their order, beside the truth.

    Args:
        predictions: N.
        photos: N.
        shown: what each was decided as.
    """
    return PhotoAnswers(
        truth=photos.labels,
        tiers=np.where(photos.labels == OOD, OOD_TIER, np.array(photos.tiers)),
        sources=np.array(photos.kinds),
        predicted=np.array([one.class_id for one in predictions], np.int64),
        probabilities=np.stack([one.probabilities for one in predictions]),
        confidences=np.array([one.confidence for one in predictions]),
        familiarities=np.array([one.familiarity for one in predictions], np.float64),  # None becomes NaN
        reasons=np.array([one.reason or "" for one in predictions]),
        groups=numbered(photos.keys),
        shown=np.array(shown),
    )


def photo_rows(
    answers: PhotoAnswers,
    photos: LabelledPhotos,
    network: str = "pixels",
    folds: NDArray[np.int64] | None = None,
) -> Answers:
    """The rows of a release's answers that are those to photos, by one of its networks, or by its folds."""
    return Answers.of(
        answers.tiers,
        np.where(answers.truth == OOD, NONE_OF_THESE, answers.truth.astype(np.int64)),
        answers.predicted,
        pictures=photos.sha256,
        groups=photos.keys,
        network=network,
        folds=folds,
        familiarity=answers.familiarities,
        decisions=decisions(answers.reasons),
        probabilities=answers.probabilities,
    )


def photo_figures(answers: PhotoAnswers, contract: ModelContract, split: str) -> dict[str, PhotoFigures]:
    """The figures of each tier, by its name.

    Args:
        answers: to the photos.
        contract: the release's.
        split: what the photos were good for, such as `development`.
    """
    ood = answers.only(answers.truth == OOD)
    tiers = {str(tier): answers.only(answers.tiers == tier) for tier in np.unique(answers.tiers)}
    return {tier: _of_tier(one, ood, contract, split) for tier, one in tiers.items()}


def _of_tier(answers: PhotoAnswers, ood: PhotoAnswers, contract: ModelContract, split: str) -> PhotoFigures:
    """The figures of one tier: accuracies where it shows garments, else the decisions by source."""
    garments = answers.only(answers.truth != OOD)
    known = len(garments) > 0
    classes, n = np.unique(garments.truth, return_counts=True)
    right = np.array([np.sum(garments.right & (garments.truth == index)) for index in classes])
    recalls = right / n
    senders = len(np.unique(answers.groups))
    return PhotoFigures(
        split=split,
        n=len(answers),
        macro_accuracy=float(recalls.mean()) if known else None,
        macro_accuracy_interval=share_interval(garments.right, garments.groups, garments.truth),
        bootstrap=Bootstrap(draws=DRAWS, seed=BOOTSTRAP_SEED, senders=senders) if senders > 1 else None,
        accuracy=float(garments.right.mean()) if known else None,
        per_class={
            contract.labels[index]: ClassRecall(n=int(of), recall=float(recall))
            for index, of, recall in zip(classes, n, recalls, strict=True)
        },
        ece=expected_calibration_error(garments.confidences, garments.right) if known else None,
        decisions=_decisions(answers, contract.thresholds_of(most_are(answers.shown.tolist()))),
        auroc=_auroc(garments, ood) if known and len(ood) else None,
        sources={} if known else _by_source(answers),
    )


def _by_source(answers: PhotoAnswers) -> dict[str, SourceFigures]:
    sources = {str(source): answers.only(answers.sources == source) for source in np.unique(answers.sources)}
    return {
        source: SourceFigures(
            n=len(one), accepted=float(one.accepted.mean()), unfamiliar=_share(one, "unfamiliar")
        )
        for source, one in sources.items()
    }


def _decisions(answers: PhotoAnswers, thresholds: Thresholds) -> PhotoDecisions:
    accepted = answers.accepted
    of_accepted = answers.only(accepted)
    return PhotoDecisions(
        confidence_threshold=thresholds.confidence,
        familiarity_threshold=thresholds.familiarity,
        coverage=float(accepted.mean()),
        accuracy=float(of_accepted.right.mean()) if accepted.any() else None,
        coverage_interval=share_interval(accepted, answers.groups),
        accuracy_interval=share_interval(of_accepted.right, of_accepted.groups),
        ambiguous=_share(answers, "ambiguous") + _share(answers, "unproven"),
        unfamiliar=_share(answers, "unfamiliar"),
    )


def _share(answers: PhotoAnswers, reason: str) -> float:
    return float((answers.reasons == reason).mean())


def _auroc(answers: PhotoAnswers, ood: PhotoAnswers) -> OodAuroc:
    truth = np.repeat([1, 0], [len(answers), len(ood)])
    familiarities = np.concatenate([answers.familiarities, ood.familiarities])
    confidences = np.concatenate([answers.confidences, ood.confidences])
    measured = not np.isnan(familiarities).any()
    return OodAuroc(
        n=len(ood),
        familiarity=float(roc_auc_score(truth, familiarities)) if measured else None,
        confidence=float(roc_auc_score(truth, confidences)),
    )
