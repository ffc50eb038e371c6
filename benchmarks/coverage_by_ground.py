"""Compare thresholds of photos by ground with one threshold for all photos, by simulation.

python -m benchmarks.coverage_by_ground RELEASE PHOTOS

RELEASE answers the photos of a table, none of which it may have learnt. Each run draws as many senders of
each promised tier as there are, with replacement, chooses the thresholds on their photos as a training does,
and counts what they accept of all photos. The promise of a tier is kept where so many of these answers are
right. Saves docs/results/coverage-by-ground.json. Other ways to choose one threshold: coverage.py.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage import SEED, arguments_of, draw_senders, predict_photos
from benchmarks.results import save
from inference.classifier import Prediction
from inference.contract import Shown, Thresholds
from inference.session import Scores
from training.evaluation.calibration import (
    ACCEPTED_OF_PHOTOS,
    FAMILIARITY_OF_PHOTOS,
    PROMISED_TIERS,
    Checked,
    fit_thresholds,
    least_familiarity,
    photo_kinds,
)
from training.evaluation.grouped import numbered
from training.photos.reading import OOD_TIER, Photos

ONE: Final[dict[Shown, float]] = {"plain": FAMILIARITY_OF_PHOTOS}
"""The least familiarity of photos where all have one threshold."""


@dataclass(frozen=True)
class Answers:
    """A release's answers to photos.

    Attributes:
        checked: N photos, with probabilities as they are served.
        familiarity: float32 (N,); 1 where the release measures none.
    """

    checked: Checked
    familiarity: NDArray[np.float32]

    @classmethod
    def of(cls, predictions: list[Prediction], photos: Photos) -> "Answers":
        """From the predictions of a release."""
        scores = Scores(np.stack([one.probabilities for one in predictions]), None)
        checked = Checked(
            scores, photos.labels, photos.tiers, calibrated=True, groups=photos.keys, grounds=photos.grounds
        )
        familiarity = np.array(
            [1.0 if one.familiarity is None else one.familiarity for one in predictions], np.float32
        )
        return cls(checked, familiarity)

    @property
    def confidences(self) -> NDArray[np.float32]:
        """The largest probability of each, float32 (N,)."""
        confidences: NDArray[np.float32] = self.checked.scores.probabilities.max(axis=1)
        return confidences

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which answers are right, bool (N,); no answer to an out-of-distribution photo is."""
        right: NDArray[np.bool_] = self.checked.scores.probabilities.argmax(axis=1) == self.checked.labels
        return right

    def of_tier(self, tier: str) -> NDArray[np.int64]:
        """Positions of the photos of a tier."""
        return np.flatnonzero(np.array(self.checked.tiers) == tier)

    def drawn(self, rng: np.random.Generator) -> "Answers":
        """Draw as many senders of each promised tier as it has; one that is drawn twice counts as two."""
        places, groups = list[NDArray[np.int64]](), list[str]()
        for tier in PROMISED_TIERS:
            mine = self.of_tier(tier)
            senders = numbered(np.array(self.checked.groups)[mine])
            chosen, numbers = draw_senders(senders, int(senders.max()) + 1, rng)
            places.append(mine[chosen])
            groups += [f"{tier} {number}" for number in numbers]
        together = np.concatenate(places)
        return Answers(replace(self.checked.take(together), groups=tuple(groups)), self.familiarity[together])

    def thresholds(self, least: Mapping[Shown, float]) -> dict[Shown, Thresholds]:
        """Choose thresholds as a training does, for each key of `least`, which is the least familiarity."""
        familiar = np.where(self.familiarity >= least["plain"], self.confidences, np.float32(np.nan))
        promised = dict.fromkeys(PROMISED_TIERS, ACCEPTED_OF_PHOTOS)
        return fit_thresholds(
            photo_kinds(self.checked, familiar, promised, by_ground="cluttered" in least), least
        )

    def thresholds_by_ground(self) -> dict[Shown, Thresholds]:
        """Choose by ground as a training does; one threshold if photos are few or a ground accepts none."""
        least = least_familiarity(self.checked)
        found = self.thresholds({shown: least[shown] for shown in least if shown != "pixels"})
        return self.thresholds(ONE) if any(one.accept_nothing for one in found.values()) else found

    def accepted(self, thresholds: Mapping[Shown, Thresholds]) -> NDArray[np.bool_]:
        """Which answers these thresholds accept, bool (N,)."""
        needs = [thresholds.get(ground, thresholds["plain"]) for ground in self.checked.grounds]
        sure = self.confidences >= np.array([one.confidence for one in needs])
        accepted: NDArray[np.bool_] = sure & (
            self.familiarity >= np.array([one.familiarity for one in needs])
        )
        return accepted


WAYS: Final[dict[str, Callable[[Answers], dict[Shown, Thresholds]]]] = {
    "one threshold": lambda answers: answers.thresholds(ONE),
    "a threshold for each ground": Answers.thresholds_by_ground,
}


def coverage_by_ground(answers: Answers, runs: int) -> dict[str, dict[str, dict[str, float]]]:
    """By thresholds and tier: the mean share accepted, and how often a promise was kept."""
    rng, right = np.random.default_rng(SEED), answers.right
    tiers = {tier: answers.of_tier(tier) for tier in (*PROMISED_TIERS, OOD_TIER)}
    rows: dict[tuple[str, str], list[tuple[float, bool]]] = {
        (way, tier): [] for way in WAYS for tier in tiers
    }
    for _ in range(runs):
        drawn = answers.drawn(rng)
        for way, choose in WAYS.items():
            accepted = answers.accepted(choose(drawn))
            for tier, mine in tiers.items():
                wrong = (accepted & ~right)[mine].sum()
                kept = bool(wrong <= (1 - ACCEPTED_OF_PHOTOS) * accepted[mine].sum())
                rows[way, tier].append((float(accepted[mine].mean()), kept))
    found: dict[str, dict[str, dict[str, float]]] = {way: {} for way in WAYS}
    for (way, tier), its in rows.items():
        found[way][tier] = {"accepted": float(np.mean([share for share, _ in its]))}
        if tier in PROMISED_TIERS:
            found[way][tier]["kept"] = float(np.mean([kept for _, kept in its]))
    return found


def main(argv: list[str] | None = None) -> int:
    """Simulate, print, save."""
    arguments = arguments_of("benchmarks.coverage_by_ground", argv)
    photos, predictions = predict_photos(arguments.release, arguments.photos)
    found = coverage_by_ground(Answers.of(predictions, photos), arguments.runs)
    for way, tiers in found.items():
        print(way, tiers)
    figures = {"runs": arguments.runs, "seed": SEED, "promised": ACCEPTED_OF_PHOTOS, "thresholds": found}
    command = "python -m benchmarks.coverage_by_ground PREVIOUS PHOTOS"
    print(f"Saved {save('coverage-by-ground', command, figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
