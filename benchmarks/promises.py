"""How often promises are false, and what the gate refuses: python -m benchmarks.promises [PART ...].

Simulates with the product's own functions; prints rows of the tables in docs/explanation/experiments.md.

senders: RUNS sets of photos a layout, 94% of whose answers are right, by senders whose shares of right
    answers are drawn of a beta distribution; confidences say nothing. Each promise of 95% is false.
gate: GATE pairs of releases a row. Both answer the photos of lab/photo-answers.csv.gz, each with changes of
    its own to the logarithms of the probabilities, by photo and by sender; each chooses its thresholds.
calibrate: DRAWS times senders of C, drawn until there are 300, or 100, of their photos: what they accept.
spread: as many senders of these photos, drawn with replacement DRAWS times: what is accepted of C.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import ACCEPT_NOTHING
from model_store.catalogue import files_in_folder
from model_store.errors import GateRefused
from model_store.local import bundled
from reports.answers import ACCEPT, NONE_OF_THESE, TEST_SET, Answers, answers_of
from reports.evidence import PHOTOS, Evidence, evidence_of
from reports.gate import check_gate
from training.fit_result import OTHER_KINDS
from training.measure.acceptance import confidence_threshold
from training.measure.decide import FAMILIARITY_OF_PHOTOS, Decided, Target, decide, of_photos
from training.measure.kinds import AnswerSet

RUNS, GATE, DRAWS, SEED = 1000, 300, 100, 0

RIGHT, PROMISED = 0.94, 0.95

LAYOUTS: Final = {
    "300 of one photo": [1] * 300,
    "100 of 3": [3] * 100,
    "40 of 10": [10] * 40,
    "20 of 20": [20] * 20,
    "64, the largest of 30, 21, 21": [30, 21, 21, *[2] * 61],
    "10 of 30, 100 of 1": [*[30] * 10, *[1] * 100],
    "5 of 40": [40] * 5,
}
"""Photos of each sender."""

LIKENESS: Final = 0.15
"""Correlation of the answers of one sender in the layouts."""

BY_PHOTO, BY_SENDER = 0.075, 0.05
"""Deviations of a retraining's logarithms of probabilities: 3% of the answers of two retrainings differ."""


def false_promises(sizes: Sequence[int], *, large_err: bool = False) -> float:
    """Share of the runs in which some threshold is promised.

    Args:
        sizes: photos of each sender.
        large_err: whether senders of more photos than the median are wrong twice as often as the others.
    """
    random, counts, found = np.random.default_rng(SEED), np.array(sizes), 0
    groups, wrong = np.repeat(np.arange(len(counts)), counts), np.full(len(counts), 1 - RIGHT)
    if large_err:
        wrong = np.where(counts > np.median(counts), 2.0, 1.0)
        wrong *= (1 - RIGHT) * counts.sum() / (wrong @ counts)
    times = 1 / LIKENESS - 1
    for _ in range(RUNS):
        shares = random.beta((1 - wrong) * times, wrong * times)
        right = random.random(len(groups)) < shares[groups]
        sure = random.uniform(0.75, 1, len(groups)).astype(np.float32)
        found += confidence_threshold([AnswerSet("", sure, right, PROMISED, groups)]) != ACCEPT_NOTHING
    return found / RUNS


def retrained(photos: Answers, random: np.random.Generator, lost: float, gained: float) -> Answers:
    """The answers of another training, before anything is decided.

    Args:
        photos: of the first one.
        random: draws the changes.
        lost: share of the right answers of each tier that become wrong, as sure as wrong ones are.
        gained: share of the wrong answers of tier C that become right, as sure as right ones are.
    """
    classes, units = photos.probabilities.shape[1], photos.units
    change = random.normal(0, BY_PHOTO, (len(photos), classes))
    change += random.normal(0, BY_SENDER, (units.max() + 1, classes))[units]
    shares = np.maximum(photos.probabilities, 1e-12) * np.exp(change)
    shares /= shares.sum(axis=1, keepdims=True)
    predicted = shares.argmax(axis=1)
    right, wrong = (photos.known & ((predicted == photos.truth) == one) for one in (True, False))
    loses = right & (random.random(len(photos)) < lost)
    gains = wrong & (photos.sets == "C") & (random.random(len(photos)) < gained)
    for which, like in ((loses, wrong), (gains, right & (photos.sets == "C"))):
        for row in np.flatnonzero(which).tolist():
            other = np.sort(shares[random.choice(np.flatnonzero(like))])[::-1]
            best = photos.truth[row] if gains[row] else (photos.truth[row] + 1) % classes
            order = np.concatenate([[best], random.permutation(np.delete(np.arange(classes), best))])
            shares[row, order] = other
    return replace(photos, probabilities=shares, predicted=shares.argmax(axis=1))


def decided(photos: Answers, tested: Answers, base: Evidence) -> Evidence:
    """A release with these answers, and the thresholds that they choose."""
    target = _target(photos)
    found = decide(photos, target)
    decisions = np.where(found.sure(photos), ACCEPT, "ambiguous")
    kept = {kind.pictures.split()[-1] for kind in found.kinds if kind.accuracy is not None}
    return replace(
        base,
        answers=replace(photos, decisions=decisions) + tested,
        promised=frozenset({TEST_SET, *kept}),
        promise={TEST_SET: 0.99, PHOTOS: target.right},
    )


def _target(photos: Answers) -> Target:
    return of_photos(photos, None, ACCEPT_NOTHING)


def refused(lost: float, gained: float) -> tuple[float, float]:
    """Share of the candidates that are refused, and of answers that differ from the current release's."""
    photos, base, random = _photos(), evidence_of(files_in_folder(bundled())), np.random.default_rng(SEED)
    tested, count, differ = base.answers.of_set(TEST_SET), 0, 0.0
    for _ in range(GATE):
        now, then = (retrained(photos, random, *one) for one in ((lost, gained), (0.0, 0.0)))
        differ += float(np.mean(now.predicted != then.predicted)) / GATE
        try:
            check_gate(decided(now, tested, base), decided(then, tested, base))
        except GateRefused:
            count += 1
    return count / GATE, differ


def spread() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The threshold and the accepted share of tier C of each draw of senders."""
    photos, random, rows = _photos(), np.random.default_rng(SEED), list[tuple[float, float]]()
    units = photos.units
    members = [np.flatnonzero(units == unit) for unit in range(units.max() + 1)]
    for _ in range(DRAWS):
        drawn = [members[one] for one in random.integers(0, len(members), len(members))]
        names = np.repeat(np.arange(len(drawn)), list(map(len, drawn))).astype(np.str_)
        some = replace(photos.take(np.concatenate(drawn)), groups=names)
        found: Decided = decide(some, _target(some))
        users = found.sure(some)[(some.sets == "C") & some.known]
        rows.append((found.confidence, float(users.mean())))
    thresholds, accepted = np.array(rows).T
    return thresholds, accepted


def calibrated(n: int) -> NDArray[np.float64]:
    """The accepted share of the drawn photos of tier C of each draw, where n of them decide alone."""
    photos, random, rows = _photos().of_set("C"), np.random.default_rng(SEED), list[float]()
    units = photos.units
    for _ in range(DRAWS):
        order = random.permutation(units.max() + 1)
        place = np.argsort(order)[units]
        some = photos.take(np.argsort(place, kind="stable")[:n])
        target = Target(right=PROMISED, tiers=frozenset("C"), unfamiliar=(FAMILIARITY_OF_PHOTOS,))
        rows.append(float(decide(some, target).sure(some).mean()))
    return np.array(rows)


def _photos() -> Answers:
    """The kept answers to the development photos, before anything is decided."""
    found = answers_of((Path(__file__).parents[1] / "lab" / "photo-answers.csv.gz").read_bytes())
    asked = found.take(found.sets != OTHER_KINDS)
    return replace(asked, truth=np.where(asked.known, asked.truth, NONE_OF_THESE))


def main() -> None:
    """Print the rows of the parts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.promises")
    parser.add_argument("parts", nargs="*", metavar="PART", help="senders, gate, calibrate, spread")
    parts = parser.parse_args().parts or ["senders", "gate", "calibrate", "spread"]
    if "senders" in parts:
        for name, sizes in LAYOUTS.items():
            print(f"| {name} | {false_promises(sizes):.1%} |", flush=True)
        large = false_promises(LAYOUTS["10 of 30, 100 of 1"], large_err=True)
        print(f"| 10 of 30, 100 of 1, the large ones wrong twice as often | {large:.1%} |", flush=True)
    if "gate" in parts:
        rows = {
            "equal": (0.0, 0.0),
            "a third of C's errors gone": (0.0, 1 / 3),
            "three points less": (0.033, 0),
        }
        for name, changes in rows.items():
            share, differ = refused(*changes)
            print(f"| {name} | {share:.1%} | {differ:.1%} of the answers differ |", flush=True)
    if "calibrate" in parts:
        for n in (300, 100):
            some = calibrated(n)
            print(
                f"{n} photos of C: {some.mean():.3f} accepted, nothing in {np.mean(some == 0):.0%}",
                flush=True,
            )
    if "spread" in parts:
        thresholds, accepted = spread()
        some = thresholds != ACCEPT_NOTHING
        print(
            f"accepted of C: mean {accepted.mean():.3f}, standard deviation {accepted.std():.3f}, nothing in "
            f"{1 - some.mean():.0%}; threshold {thresholds[some].mean():.3f} ± {thresholds[some].std():.3f}"
        )


if __name__ == "__main__":
    main()
