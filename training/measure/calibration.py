"""What the held-out pictures decide about a release: temperature, familiarity and the decision's threshold.

And the table of answers to photos, by tier, from which photo_decisions.py and own_calibration.py choose
theirs. Serving does not know a photo's tier, so a threshold keeps the promise of every tier. No TensorFlow;
never sees the test set. How a threshold is shown: acceptance.py; how serving applies it:
inference/decision.py.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances
from inference.contract import GREY_28, Familiarity, ModelContract, Thresholds
from inference.decision import calibrate, familiarity_of
from inference.session import Scores
from reports.acceptance import ACCEPT_CONFIDENCE, needed_with_an_error
from reports.answers import Answers
from reports.values import HELD_OUT, PHOTOS_FROM, PHOTOS_OF_TIER
from training.measure.acceptance import Kind, confidence_threshold
from training.measure.evaluate import scores_in
from training.measure.temperature import fit_temperature

FAMILIARITY_POINTS: Final = 101
"""Quantiles of the distance kept in the manifest: one per hundredth."""

ACCEPTED_ACCURACY: Final = 0.99
"""Share of accepted pictures that must be right: without a person's review, one in a hundred may be wrong. To
show it takes split.ENOUGH_HELD_OUT answers."""

ACCEPTED_OF_OWN: Final = 0.95
"""The same of classes of one's own, unless the training names another share: some hundred pictures show it
where 98% are right."""

ACCEPTED_OF_PHOTOS: Final = 0.95
"""The same of each tier that has a promise: some hundred photos can show it where about 98% are right."""

FAMILIARITY_THRESHOLD: Final = 0.01
"""Held-out pictures rarer than one in a hundred are `unfamiliar`. Every one of them is a garment that a
person reviews without need, so the price of finding out-of-distribution ones is fixed at 1%."""

FAMILIARITY_OF_OWN: Final = 0.05
"""The same of own classes whose score was fitted against photos of other things. These are answers of folds,
which know less: of hidden pictures fewer are `unfamiliar` (docs/explanation/experiments.md)."""

FAMILIARITIES_OF_PHOTOS: Final = tuple(step / 100 for step in range(2, 16))
"""The same of photos, least first: as much as it takes to accept few photos of kinds that were not learnt."""

FAMILIARITY_OF_PHOTOS: Final = 0.05
"""What the bundled release chose of these; for where no heads leave kinds out."""

ACCEPTED_OF_OTHER_KINDS: Final = 0.04
"""Share of the photos of left-out kinds that may be accepted. It chooses and promises nothing: from kind to
kind it is 0 to 14% (docs/explanation/model-card.md)."""

FEWEST_FAMILIAR: Final = 100
"""Known photos below which these do not say what is unfamiliar among them."""


def says_what_is_familiar(answers: Answers) -> bool:
    """Whether there are FEWEST_FAMILIAR known photos."""
    return int(answers.known.sum()) >= FEWEST_FAMILIAR


def fit_contract(
    answers: Answers,
    names: tuple[str, ...],
    *,
    accuracy: float = ACCEPTED_ACCURACY,
    confidence: float = ACCEPT_CONFIDENCE,
    unfamiliar: float = FAMILIARITY_THRESHOLD,
) -> tuple[ModelContract, Kind]:
    """What serving needs to know about a model, learnt from the held-out pictures; the answers behind it.

    Args:
        answers: to the held-out pictures; nothing is decided yet.
        names: of the classes, in index order.
        accuracy: 0..1, share of the accepted answers that must be right.
        confidence: 0..1, that each accepted answer needs.
        unfamiliar: 0..1, share of the held-out pictures that are `unfamiliar`.
    """
    temperature, scores = fit_temperature(answers.probabilities, answers.truth), scores_in(answers)
    familiarity = None if scores.distances is None else fit_familiarity(scores.distances)
    sure = confidences_of(scores, temperature, familiarity, unfamiliar)
    kind = Kind(HELD_OUT, sure, answers.right, accuracy, answers.together, confidence)
    contract = ModelContract(
        labels=names,
        input=GREY_28,
        temperature=temperature,
        thresholds=Thresholds(confidence=confidence_threshold([kind]), familiarity=unfamiliar),
        familiarity=familiarity,
    )
    return contract, kind


def fit_familiarity(distances: Distances) -> Familiarity:
    """Keep the distances, float32 (N,), at FAMILIARITY_POINTS evenly spaced ranks."""
    ranks = np.linspace(0, 1, FAMILIARITY_POINTS)
    quantiles = np.quantile(distances.astype(np.float64), ranks, method="inverted_cdf")
    return Familiarity(quantiles=tuple(quantiles.tolist()))


def photo_kinds(
    answers: Answers,
    confidences: NDArray[np.float32],
    promised: Mapping[str, float],
    least: float = ACCEPT_CONFIDENCE,
) -> tuple[Kind, ...]:
    """The rows of the table that are tiers of photos, and sources where there are several.

    A tier that was drawn at random may hold photos that show none of the classes; to accept one is wrong.
    Shops differ: of one that is rare among the photos, most of what is accepted may be wrong, and neither its
    tier nor all photos show it. So each of `sources_of` keeps its tiers' promise as well.

    Args:
        answers: N photos, by networks that did not learn them.
        confidences: float32 (N,), from `confidences_of`.
        promised: share of accepted answers that must be right, by tier; others have no promise.
        least: 0..1, confidence that each accepted answer needs.
    """
    tiers, together = answers.sets, answers.together

    def kind(name: str, mine: NDArray[np.bool_], accuracy: float | None) -> Kind:
        senders = None if together is None else together[mine]
        return Kind(name, confidences[mine], answers.right[mine], accuracy, senders, least)

    of_tiers = [
        kind(f"{PHOTOS_OF_TIER}{tier}", tiers == tier, promised.get(tier))
        for tier in sorted(set(tiers[answers.known].tolist()))
    ]
    asked, accuracy = np.isin(tiers, list(promised)), max(promised.values(), default=0.0)
    return (
        *of_tiers,
        *(
            kind(f"{PHOTOS_FROM}{source}", asked & (answers.origins == source), accuracy)
            for source in sources_of(answers.take(asked), accuracy)
        ),
    )


def sources_of(answers: Answers, accuracy: float) -> list[str]:
    """The sources that choose the threshold: those that share a tier with another one.

    In it each has so many known photos that half of them, were one wrong, could show the promise: of fewer,
    nearly all would have to be accepted. A source that has a tier to itself is judged as that tier.
    """
    known, least = answers.take(answers.known & (answers.origins != "")), 2 * needed_with_an_error(accuracy)
    found = set[str]()
    for tier in np.unique(known.sets):
        names, counts = np.unique(known.origins[known.sets == tier], return_counts=True)
        if len(enough := names[counts >= least]) > 1:
            found |= set(enough.tolist())
    return sorted(found)


def confidences_of(
    scores: Scores, temperature: float, familiarity: Familiarity | None, least: float
) -> NDArray[np.float32]:
    """The confidences of a Kind, float32 (N,): not a number where the familiarity is below the least."""
    confidences: NDArray[np.float32] = np.array(
        [max(calibrate(row, temperature)) for row in scores.probabilities.tolist()], np.float32
    )
    if familiarity is None or scores.distances is None:
        return confidences
    ranks = np.array([familiarity_of(distance, familiarity) for distance in scores.distances.tolist()])
    return np.where(ranks >= least, confidences, np.float32(np.nan))


def fit_thresholds(kinds: Sequence[Kind], least: float) -> Thresholds:
    """The confidence at which most is accepted and every promise kept; ACCEPT_NOTHING where none keeps all.

    Args:
        kinds: the rows of photos; those without a promise choose nothing.
        least: the least familiarity of what is accepted.
    """
    # Easy tiers alone would let too much of others pass, so all tiers choose it together.
    promised = [kind for kind in kinds if kind.accuracy is not None]
    return Thresholds(confidence=confidence_threshold(promised), familiarity=least)


def usual_accept_right(*, own_classes: bool) -> float:
    """Share of the accepted answers that must be right, unless the training names another."""
    return ACCEPTED_OF_OWN if own_classes else ACCEPTED_ACCURACY
