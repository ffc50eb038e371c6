"""What thresholds of photos by ground accept, where one threshold would.

python -m benchmarks.coverage_by_ground RELEASE PHOTOS

RELEASE answers the photos of a table, none of which it may have learnt. Each run draws as many senders of
each promised tier as there are, with replacement, chooses the thresholds on their photos as a training does,
and looks what they accept of all photos. A tier's promise is kept where so many of these answers are right.
Saves docs/results/coverage-by-ground.json. One threshold, chosen in other ways: coverage.py.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage import RUNS, SEED, asked
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
        confidences: float32 (N,).
        familiarity: float32 (N,); 1 where the release measures none.
    """

    checked: Checked
    confidences: NDArray[np.float32]
    familiarity: NDArray[np.float32]

    @classmethod
    def of(cls, predictions: list[Prediction], photos: Photos) -> "Answers":
        """From what a release answers."""
        scores = Scores(np.stack([one.probabilities for one in predictions]), None)
        checked = Checked(
            scores, photos.labels, photos.tiers, calibrated=True, groups=photos.keys, grounds=photos.grounds
        )
        confidences = np.array([one.confidence for one in predictions], np.float32)
        familiarity = np.array(
            [1.0 if one.familiarity is None else one.familiarity for one in predictions], np.float32
        )
        return cls(checked, confidences, familiarity)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which are, bool (N,); none to what is none of the classes."""
        right: NDArray[np.bool_] = self.checked.scores.probabilities.argmax(axis=1) == self.checked.labels
        return right

    def of_tier(self, tier: str) -> NDArray[np.int64]:
        """Positions of its photos."""
        return np.flatnonzero(np.array(self.checked.tiers) == tier)

    def drawn(self, rng: np.random.Generator) -> "Answers":
        """Those to the photos of as many senders of each promised tier; one drawn twice counts as two."""
        places, groups = list[NDArray[np.int64]](), list[str]()
        for tier in PROMISED_TIERS:
            mine = self.of_tier(tier)
            of = numbered(np.array(self.checked.groups)[mine])
            for number, sender in enumerate(rng.integers(of.max() + 1, size=of.max() + 1)):
                places.append(mine[of == sender])
                groups += [f"{tier} {number}"] * len(places[-1])
        chosen = np.concatenate(places)
        scores = Scores(self.checked.scores.probabilities[chosen], None)
        tiers, grounds = (
            tuple(np.array(names)[chosen].tolist()) for names in (self.checked.tiers, self.checked.grounds)
        )
        labels = self.checked.labels[chosen]
        checked = replace(
            self.checked, scores=scores, labels=labels, tiers=tiers, groups=tuple(groups), grounds=grounds
        )
        return Answers(checked, self.confidences[chosen], self.familiarity[chosen])

    def thresholds(self, least: Mapping[Shown, float]) -> dict[Shown, Thresholds]:
        """What a training would choose on these: for each key of `least`, its least familiarity."""
        familiar = np.where(self.familiarity >= least["plain"], self.confidences, np.float32(np.nan))
        promised = dict.fromkeys(PROMISED_TIERS, ACCEPTED_OF_PHOTOS)
        return fit_thresholds(
            photo_kinds(self.checked, familiar, promised, by_ground="cluttered" in least), least
        )

    def thresholds_by_ground(self) -> dict[Shown, Thresholds]:
        """As trainings choose: by ground, unless there are too few photos or nothing is accepted on one."""
        least = least_familiarity(self.checked)
        found = self.thresholds({shown: least[shown] for shown in least if shown != "pixels"})
        return self.thresholds(ONE) if any(one.accept_nothing for one in found.values()) else found

    def accepted(self, thresholds: Mapping[Shown, Thresholds]) -> NDArray[np.bool_]:
        """Which are accepted, bool (N,)."""
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
    parser = argparse.ArgumentParser(prog="benchmarks.coverage_by_ground")
    parser.add_argument("release", help="a folder or a store")
    parser.add_argument("photos", type=Path, help="CSV of `path`, `label`, `tier` and `group`")
    parser.add_argument("--runs", type=int, default=RUNS)
    arguments = parser.parse_args(argv)
    photos, predictions = asked(arguments.release, arguments.photos)
    found = coverage_by_ground(Answers.of(predictions, photos), arguments.runs)
    for way, tiers in found.items():
        print(way, tiers)
    figures = {"runs": arguments.runs, "seed": SEED, "promised": ACCEPTED_OF_PHOTOS, "thresholds": found}
    command = "python -m benchmarks.coverage_by_ground PREVIOUS PHOTOS"
    print(f"Saved {save('coverage-by-ground', command, figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
