"""How well a release recognises out-of-distribution pictures: digits and noise against garments.

Handwritten digits of scikit-learn, and noise; the same each time. Nothing is selected by these figures. Reads
scikit-learn's own files alone. The distance: distance.py.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from inference.arrays import Distances, PixelsBatch
from inference.classifier import Prediction
from inference.contract import EDGE, ModelContract
from inference.session import Session
from model_store.report import OutOfScope
from training.data.datasets import in_batches
from training.evaluation.measure import predict

NOISE_PICTURES: Final = 2000

SEED: Final = 0

DIGIT_EDGE: Final = 20
"""Pixels that a digit fills, with background around it, as in MNIST (LeCun et al. 1998, section III.A)."""

COARSE: Final = 7
"""Edge of the smooth noise before it is enlarged: blots as large as pockets and collars."""


@dataclass(frozen=True)
class _Answers:
    """What a release says about N pictures.

    Attributes:
        predictions: one each.
        distances: float32 (N,), or None.
    """

    predictions: list[Prediction]
    distances: Distances | None

    @property
    def doubts(self) -> NDArray[np.float64]:
        """float64 (N,), 1 less the largest probability."""
        return 1 - np.array([one.confidence for one in self.predictions])

    def share(self, reason: str | None) -> float:
        """How many predictions have this reason, of all."""
        return float(np.mean([one.reason == reason for one in self.predictions]))


def judge(session: Session, contract: ModelContract, garments: PixelsBatch) -> dict[str, OutOfScope]:
    """Compare the answers to each kind with those to garments.

    Args:
        session: the release's graph.
        contract: the release's.
        garments: uint8 (N, 28, 28), not trained on.

    Raises:
        ModelError: the model cannot be run.
    """
    known = _answers(session, contract, garments)
    ood = {name: _answers(session, contract, pictures) for name, pictures in ood_pictures().items()}
    return {name: _compared(known, answers) for name, answers in ood.items()}


def _answers(session: Session, contract: ModelContract, pictures: PixelsBatch) -> _Answers:
    predictions = predict(session, contract, pictures)
    found = [session.run(batch).distances for batch in in_batches(pictures)]
    distances = [one for one in found if one is not None]
    return _Answers(predictions, np.concatenate(distances) if distances else None)


def _compared(known: _Answers, ood: _Answers) -> OutOfScope:
    truth = np.repeat([0, 1], [len(known.predictions), len(ood.predictions)])
    familiarity = None
    if known.distances is not None and ood.distances is not None:
        familiarity = float(roc_auc_score(truth, np.concatenate([known.distances, ood.distances])))
    return OutOfScope(
        n=len(ood.predictions),
        familiarity_auroc=familiarity,
        confidence_auroc=float(roc_auc_score(truth, np.concatenate([known.doubts, ood.doubts]))),
        reviewed=1 - ood.share(None),
        unfamiliar=ood.share("unfamiliar"),
    )


def ood_pictures() -> dict[str, PixelsBatch]:
    """The kinds by name, each uint8 (N, 28, 28), light on black as a garment would be."""
    random = np.random.default_rng(SEED)
    return {
        "digits": _digits(),
        "noise": random.integers(0, 256, (NOISE_PICTURES, EDGE, EDGE), np.uint8),
        "smooth noise": _enlarged(random.uniform(0, 255, (NOISE_PICTURES, COARSE, COARSE)), EDGE),
    }


def _digits() -> PixelsBatch:
    """The 1,797 digits of 8 x 8 that scikit-learn has (Alpaydin and Kaynak 1998), in MNIST's frame."""
    digits = _enlarged(load_digits().images * (255 / 16), DIGIT_EDGE)
    edge = (EDGE - DIGIT_EDGE) // 2
    return np.pad(digits, ((0, 0), (edge, edge), (edge, edge)))


def _enlarged(pictures: NDArray[np.float64], edge: int) -> PixelsBatch:
    """Bilinear, from (N, E, E) in 0..255 to uint8 (N, edge, edge)."""
    small = pictures.shape[-1]
    places = np.linspace(0, small - 1, edge)
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(small)))
    enlarged: PixelsBatch = np.rint(weights @ pictures @ weights.T).astype(np.uint8)
    return enlarged
