"""How often the promise of a threshold of photos is kept: python -m benchmarks.coverage RELEASE PHOTOS.

RELEASE answers the photos of a table, none of which it may have learnt. Each run draws as many senders as
there are, with replacement, chooses the threshold on their photos as a training does, and looks how many of
all photos that the threshold accepts are right. The promise is kept where so many are, or none is accepted.
Three lower bounds compete: of independent photos, of their effective number, and a bootstrap over senders.
Drawn populations, in which senders differ by more, are harder. Saves docs/results/coverage.json.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from benchmarks.results import save
from inference.classifier import Prediction
from inference.contract import ACCEPT_NOTHING
from inference.onnx_session import OnnxSession
from model_store.acceptance import SURENESS, needed
from model_store.cache import find_release
from scripts.training.photos import photos_in
from training.evaluation.acceptance import Kind, confidence_threshold
from training.evaluation.calibration import ACCEPTED_OF_PHOTOS, PROMISED_TIERS
from training.evaluation.grouped import DRAWS, numbered
from training.evaluation.measure import predict
from training.photos.reading import OOD, Photos

RUNS: Final = 1000
SEED: Final = 0

SPREADS: Final = (0.0, 1.0, 2.0)
"""Standard deviations, in log odds, by which the senders of the drawn populations differ."""

COPIES: Final = 20
"""How many times the senders of tier C a drawn population has."""

Choice = Callable[[Kind, np.random.Generator], float]
"""Chooses a threshold on a draw."""


def draw_senders(
    groups: NDArray[np.int64], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw senders with replacement.

    Args:
        groups: (N,), the sender of each photo, 0 and up.
        count: how many senders to draw.
        rng: decides which.

    Returns:
        The positions of their photos, and of each the number of its draw: a sender that is drawn twice counts
        as two.
    """
    order = np.argsort(groups, kind="stable")
    first = np.searchsorted(groups[order], np.arange(groups.max() + 2))
    places = [order[first[one] : first[one + 1]] for one in rng.integers(groups.max() + 1, size=count)]
    return np.concatenate(places), np.repeat(np.arange(count), [len(one) for one in places])


@dataclass(frozen=True)
class Population:
    """Answers whose truth is known: all of them.

    Attributes:
        senders: how many a draw has.
    """

    kind: Kind
    senders: int

    def drawn(self, rng: np.random.Generator) -> Kind:
        """The answers to the photos of as many senders; one that is drawn twice counts as two."""
        assert self.kind.groups is not None
        chosen, again = draw_senders(self.kind.groups, self.senders, rng)
        return Kind(
            "photos", self.kind.confidences[chosen], self.kind.right[chosen], ACCEPTED_OF_PHOTOS, again
        )


def by_independent_photos(kind: Kind, _: np.random.Generator) -> float:
    """As if each photo had a sender of its own."""
    return confidence_threshold([Kind(kind.pictures, kind.confidences, kind.right, kind.accuracy)])


def by_effective_number(kind: Kind, _: np.random.Generator) -> float:
    """As trainings choose."""
    return confidence_threshold([kind])


def by_bootstrap(kind: Kind, rng: np.random.Generator) -> float:
    """The lowest threshold whose share of right answers is high enough in so many draws of the senders."""
    assert kind.groups is not None
    order = np.argsort(-kind.confidences, kind="stable")
    senders = int(kind.groups.max()) + 1
    mine = np.zeros((len(order), senders), np.float32)
    mine[np.arange(len(order)), kind.groups[order]] = 1
    right = kind.right[order]
    photos, found = mine.cumsum(axis=0), (mine * right[:, None]).cumsum(axis=0)
    confidences = kind.confidences[order]
    share = np.cumsum(right) / np.arange(1, len(right) + 1)
    last = np.append(confidences[1:] != confidences[:-1], [True])
    worth = np.flatnonzero(
        last & (np.arange(1, len(right) + 1) >= needed(ACCEPTED_OF_PHOTOS)) & (share >= ACCEPTED_OF_PHOTOS)
    )
    if not worth.size:
        return ACCEPT_NOTHING
    weights = rng.multinomial(senders, np.full(senders, 1 / senders), size=DRAWS).astype(np.float32)
    shares = (weights @ found[worth].T) / np.maximum(weights @ photos[worth].T, 1)
    kept = worth[np.quantile(shares, 1 - SURENESS, axis=0) >= ACCEPTED_OF_PHOTOS]
    return float(confidences[kept[-1]]) if kept.size else ACCEPT_NOTHING


CHOICES: Final[dict[str, Choice]] = {
    "independent photos": by_independent_photos,
    "effective number": by_effective_number,
    "bootstrap over senders": by_bootstrap,
}


def coverage(population: Population, runs: int) -> dict[str, dict[str, float]]:
    """By way to choose: how often the promise was kept, the mean share accepted, how often none was."""
    rng = np.random.default_rng(SEED)
    rows: dict[str, list[tuple[bool, float]]] = {name: [] for name in CHOICES}
    for _ in range(runs):
        kind = population.drawn(rng)
        for name, choose in CHOICES.items():
            count, right = population.kind.accepted(np.array([choose(kind, rng)], np.float32))
            kept = bool(right[0] >= ACCEPTED_OF_PHOTOS * count[0])
            rows[name].append((kept, count[0] / len(population.kind.right)))
    return {
        name: {
            "kept": float(np.mean([kept for kept, _ in its])),
            "accepted": float(np.mean([share for _, share in its])),
            "accepted_none": float(np.mean([share == 0 for _, share in its])),
        }
        for name, its in rows.items()
    }


def arguments_of(program: str, argv: list[str] | None) -> argparse.Namespace:
    """Parse `release`, `photos` and `runs`."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("release", help="a folder or a store")
    parser.add_argument("photos", type=Path, help="CSV of `path`, `label`, `tier` and `group`")
    parser.add_argument("--runs", type=int, default=RUNS)
    return parser.parse_args(argv)


def predict_photos(release: str, table: Path) -> tuple[Photos, list[Prediction]]:
    """Read the photos of a table, and answer them with the release."""
    found = find_release(release, None)
    contract = found.manifest.photo_contract
    (photos,) = photos_in([table], contract.labels, contract.input)
    session = OnnxSession(found.photo_graph, shape=contract.input.array_shape)
    return photos, predict(session, contract, photos.images, photos.worn, photos.shown)


def kinds_of(photos: Photos, predictions: list[Prediction]) -> dict[str, Kind]:
    """The answers to the photos of each tier that has a promise."""
    confidences = np.array([one.confidence for one in predictions], np.float32)
    right = np.array([one.class_id for one in predictions]) == photos.labels
    kinds = {}
    for tier in PROMISED_TIERS:
        mine = (np.array(photos.tiers) == tier) & (photos.labels != OOD)
        groups = numbered(np.array(photos.keys)[mine])
        kinds[tier] = Kind(tier, confidences[mine], right[mine], ACCEPTED_OF_PHOTOS, groups)
    return kinds


def harder(kind: Kind, spread: float) -> Kind:
    """COPIES times the senders of a kind, each better or worse than a photo's confidence says."""
    assert kind.groups is not None
    rng = np.random.default_rng([SEED, int(spread * 10)])
    senders = int(kind.groups.max()) + 1
    groups = np.concatenate([kind.groups + number * senders for number in range(COPIES)])
    odds = logit(np.clip(kind.confidences.astype(np.float64), 1e-6, 1 - 1e-6))[:, None]
    expected = LogisticRegression(C=1e6).fit(odds, kind.right).decision_function(np.tile(odds, (COPIES, 1)))
    # What the senders' spread takes off the mean share of right answers, a steeper slope gives back.
    steeper = np.sqrt(1 + (spread / 1.7) ** 2)
    right = rng.random(len(groups)) < expit(
        expected * steeper + rng.normal(0, spread, groups.max() + 1)[groups]
    )
    return Kind(kind.pictures, np.tile(kind.confidences, COPIES), right, kind.accuracy, groups)


def _senders(kind: Kind) -> int:
    assert kind.groups is not None
    return int(kind.groups.max()) + 1


def populations(kinds: dict[str, Kind]) -> dict[str, Population]:
    """What is drawn from, by name."""
    made = {f"tier {tier}": Population(kind, _senders(kind)) for tier, kind in kinds.items()}
    hardest = kinds["C"]
    for spread in SPREADS:
        made[f"drawn, senders differ by {spread:g}"] = Population(harder(hardest, spread), _senders(hardest))
    return made


def main(argv: list[str] | None = None) -> int:
    """Simulate, print, save."""
    arguments = arguments_of("benchmarks.coverage", argv)
    rows = []
    photos, predictions = predict_photos(arguments.release, arguments.photos)
    for name, population in populations(kinds_of(photos, predictions)).items():
        row = {"population": name, "photos": len(population.kind.right), "senders": population.senders}
        rows.append(row | {"by": coverage(population, arguments.runs)})
        print(rows[-1])
    figures = {"runs": arguments.runs, "seed": SEED, "promised": ACCEPTED_OF_PHOTOS, "rows": rows}
    print(f"Saved {save('coverage', 'python -m benchmarks.coverage PREVIOUS PHOTOS', figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
