"""What answers decide about the network that gave them: temperature, familiarity and thresholds.

No answer is by a network that learnt its picture. Three functions, since they rest on different answers.
`decide_on_held_out`: own classes, and networks that read pixels; one temperature calibrates all answers.
`decide_on_photos`: the ten classes; each tier keeps a promise, and each photo is calibrated by others.
`decide_again`: a network that is released, on one's own pictures; its familiarity stays. They share the rules
below and `Decided`. Pure; never sees the test set. How a threshold is shown: acceptance.py; how serving
applies it: inference/decision.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances
from inference.contract import ACCEPT_NOTHING, Familiarity, InputContract, ModelContract, Thresholds
from inference.decision import familiarity_of
from inference.session import Scores
from reports.acceptance import ACCEPT_CONFIDENCE, SURENESS, needed
from reports.answers import Answers
from reports.values import HELD_OUT, PHOTOS_OF_TIER
from training.errors import NotShown
from training.measure.acceptance import confidence_threshold, in_words, possible_promises
from training.measure.evaluate import scores_in
from training.measure.kinds import Kind, confidences_of, photo_kinds
from training.measure.temperature import calibrated_out_of_fold, fit_photo_temperature, fit_temperature
from training.pictures.photos import CORRECTED_TIER, OWN_TIER

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

FAMILIARITY_OF_PHOTOS: Final = 0.08
"""What the bundled release chose of these; for where no heads leave kinds out."""

ACCEPTED_OF_OTHER_KINDS: Final = 0.065
"""Share that may be accepted of photos of kinds that neither head nor network learnt: as much as the first
network for photos accepted of the same seven kinds. It chooses and promises nothing: from kind to kind it
differs widely (docs/explanation/model-card.md)."""

FEWEST_FAMILIAR: Final = 100
"""Known photos below which these do not say what is unfamiliar among them."""


@dataclass(frozen=True)
class Decided:
    """What answers decide.

    Attributes:
        temperature: of the network.
        familiarity: None where it has no OOD score.
        thresholds: of all pictures.
        kinds: the answers behind them.
        answers: of photos with probabilities that other photos calibrated, else as the network gave them.
    """

    temperature: float
    familiarity: Familiarity | None
    thresholds: Thresholds
    kinds: tuple[Kind, ...]
    answers: Answers

    def contract(self, labels: tuple[str, ...], reads: InputContract) -> ModelContract:
        """What serving needs to know about the network, whose classes and input are these."""
        return ModelContract(
            labels=labels,
            input=reads,
            temperature=self.temperature,
            thresholds=self.thresholds,
            familiarity=self.familiarity,
        )


def usual_accept_right(*, own_classes: bool) -> float:
    """Share of the accepted answers that must be right, unless the training names another."""
    return ACCEPTED_OF_OWN if own_classes else ACCEPTED_ACCURACY


def decide_on_held_out(
    answers: Answers,
    *,
    accuracy: float = ACCEPTED_ACCURACY,
    confidence: float = ACCEPT_CONFIDENCE,
    unfamiliar: float = FAMILIARITY_THRESHOLD,
) -> Decided:
    """Decide on held-out pictures, or on answers of folds.

    Args:
        answers: with probabilities as the network gave them; nothing is decided yet.
        accuracy: 0..1, share of the accepted answers that must be right.
        confidence: 0..1, that each accepted answer needs.
        unfamiliar: 0..1, share of the pictures that are `unfamiliar`.
    """
    temperature, familiarity = fit_temperature(answers.probabilities, answers.truth), _familiarity(answers)
    sure = confidences_of(scores_in(answers), temperature, familiarity, unfamiliar)
    kinds = (Kind(HELD_OUT, sure, answers.right, accuracy, answers.together, confidence),)
    thresholds = Thresholds(confidence=confidence_threshold(kinds), familiarity=unfamiliar)
    return Decided(temperature, familiarity, thresholds, kinds, answers)


def _familiarity(answers: Answers) -> Familiarity | None:
    distances = scores_in(answers).distances
    return None if distances is None else fit_familiarity(distances)


def fit_familiarity(distances: Distances) -> Familiarity:
    """Keep the distances, float32 (N,), at FAMILIARITY_POINTS evenly spaced ranks."""
    ranks = np.linspace(0, 1, FAMILIARITY_POINTS)
    quantiles = np.quantile(distances.astype(np.float64), ranks, method="inverted_cdf")
    return Familiarity(quantiles=tuple(quantiles.tolist()))


def decide_on_photos(
    answers: Answers,
    parts: NDArray[np.int64],
    of_other_kinds: Scores | None = None,
    before: float = ACCEPT_NOTHING,
) -> Decided:
    """Decide on photos by tier; what people looked at because the model doubted it decides nothing.

    Where there is a random sample of the user's own pictures, it alone decides about confidence. The parent's
    threshold stays where the sample holds too few accepted answers to show anything, and where corrections
    come without a sample and the other photos show no threshold.

    Args:
        answers: to N photos, with groups, and probabilities as the network gave them.
        parts: int64 (N,), as `calibrated_out_of_fold` has them.
        of_other_kinds: scores of photos of none of the classes, by heads that learnt nothing of their kinds.
        before: the parent's threshold of confidence.
    """
    calibrated, temperature = calibrated_out_of_fold(answers, parts), fit_photo_temperature(answers)
    familiarity = _familiarity(answers.take(answers.known & (answers.sets != CORRECTED_TIER)))
    promised = dict.fromkeys(_deciding_tiers(answers), ACCEPTED_OF_PHOTOS)
    for least in FAMILIARITIES_OF_PHOTOS if of_other_kinds else (FAMILIARITY_OF_PHOTOS,):
        found = _by_tier(calibrated, temperature, familiarity, least, promised)
        if found.thresholds.accept_nothing and _parents_stays(answers, found.kinds, before):
            found = replace(found, thresholds=replace(found.thresholds, confidence=before))
        if of_other_kinds is None or found.thresholds.accept_nothing:
            break
        others = confidences_of(of_other_kinds, temperature, familiarity, least)
        if np.mean(others >= found.thresholds.confidence) <= ACCEPTED_OF_OTHER_KINDS:
            break
    return found


def _by_tier(  # noqa: PLR0913, PLR0917 - what a decision is made of
    calibrated: Answers,
    temperature: float,
    familiarity: Familiarity | None,
    least: float,
    promised: Mapping[str, float],
    confidence: float = ACCEPT_CONFIDENCE,
) -> Decided:
    """The thresholds at which each tier keeps its promise, where others calibrated each answer."""
    confidences = confidences_of(scores_in(calibrated), 1.0, familiarity, least)
    kinds = photo_kinds(calibrated, confidences, promised, confidence)
    thresholds = Thresholds(confidence=confidence_threshold(kinds), familiarity=least)
    return Decided(temperature, familiarity, thresholds, kinds, calibrated)


def _deciding_tiers(answers: Answers) -> list[str]:
    """The user's own pictures, where there are some; else each tier with as many as a promise takes."""
    known = Counter(answers.sets[answers.known].tolist())
    if known[OWN_TIER]:
        return [OWN_TIER]
    enough = {tier for tier, n in known.items() if n >= needed(ACCEPTED_OF_PHOTOS)}
    return sorted(enough - {CORRECTED_TIER})


def _parents_stays(answers: Answers, kinds: Sequence[Kind], threshold: float) -> bool:
    """Whether people's corrections leave the parent's threshold as it is.

    They do where too few of them were drawn at random, or none: then nothing of the user's pictures speaks
    against it. The figures of the other tiers show what it accepts.
    """
    own, at = f"{PHOTOS_OF_TIER}{OWN_TIER}", np.array([threshold], np.float32)
    sampled = [kind for kind in kinds if kind.pictures == own]
    if not sampled:
        return bool((answers.sets == CORRECTED_TIER).any())
    return any(kind.independent(at)[0] < needed(ACCEPTED_OF_PHOTOS) for kind in sampled)


def check_enough(tiers: Sequence[str], accuracy: float) -> None:
    """Check, before a network is asked, that there are so many pictures of each tier as a promise takes.

    Args:
        tiers: of the pictures that show a class.
        accuracy: 0..1, share of the accepted answers that is to be promised.

    Raises:
        NotShown: there are fewer; the message says how many are needed, and why.
    """
    least, counts = needed(accuracy), Counter(tiers)
    few = [f"{n:,} of tier {tier}" for tier, n in sorted(counts.items()) if n < least]
    if few or not counts:
        raise NotShown(
            f"Too few checked pictures: {', '.join(few) or 'none shows a class'}. To show with "
            f"{SURENESS:.0%} certainty that {100 * accuracy:g}% of accepted answers are right takes "
            f"{least:,} accepted pictures of each tier without an error, and more with some. Bring more, or "
            "ask for less with --accept-right."
        )


def decide_again(
    answers: Answers,
    parts: NDArray[np.int64],
    contract: ModelContract,
    accuracy: float,
    confidence: float = ACCEPT_CONFIDENCE,
) -> Decided:
    """Decide on one's own pictures about a network that is released; each tier keeps the promise by itself.

    Args:
        answers: probabilities as the network gave them, of pictures that it did not learn.
        parts: int64 (N,), 0..FOLDS - 1; pictures of one group are in one part.
        contract: of the release that gave them.
        accuracy: 0..1, share of the accepted answers that must be right.
        confidence: 0..1, that each of them needs.

    Raises:
        NotShown: no threshold keeps the promise, or all pictures are of one group.
    """
    if len(np.unique(parts[answers.known])) < 2:
        raise NotShown(
            "The checked pictures are of too few groups to calibrate on some and check on others. Bring "
            "pictures of other senders, or leave the column `group` out where pictures are independent."
        )
    calibrated = calibrated_out_of_fold(answers, parts, fit_known)
    least = _least_familiarity(answers, contract)
    promised = dict.fromkeys(answers.sets[answers.known].tolist(), accuracy)
    found = _by_tier(calibrated, fit_known(answers), contract.familiarity, least, promised, confidence)
    if found.thresholds.accept_nothing:
        raise NotShown(_why_nothing(found.kinds, accuracy))
    return found


def fit_known(answers: Answers) -> float:
    """The temperature of the pictures that show a class; each counts alike, as it will be asked.

    Args:
        answers: probabilities as the network gave them, of at least one picture that shows a class.
    """
    known = answers.take(answers.known)
    return fit_temperature(known.probabilities, known.truth)


def _least_familiarity(answers: Answers, contract: ModelContract) -> float:
    """Below it lie FAMILIARITY_OF_PHOTOS of the pictures; the parent's where these are too few to say."""
    familiarity, distances = contract.familiarity, scores_in(answers).distances
    if familiarity is None or distances is None or answers.known.sum() < FEWEST_FAMILIAR:
        return contract.thresholds.familiarity
    ranks = [familiarity_of(distance, familiarity) for distance in distances[answers.known].tolist()]
    return float(np.quantile(ranks, FAMILIARITY_OF_PHOTOS, method="lower"))


def _why_nothing(kinds: Sequence[Kind], accuracy: float) -> str:
    """What a tier lacks that alone keeps no promise; of the first one where they fail together alone."""
    possible = {
        kind.pictures: [one for one in possible_promises(kind) if one.accuracy == accuracy] for kind in kinds
    }
    kind = min(kinds, key=lambda one: possible[one.pictures][0].accepted > 0)
    groups = 0 if kind.groups is None else len(np.unique(kind.groups))
    of_groups = f" of {groups:,} groups" if groups and groups < len(kind.right) else ""
    return (
        f"{len(kind.right):,} {kind.pictures}{of_groups}, {int(kind.right.sum()):,} of them answered right, "
        f"do not show with {SURENESS:.0%} certainty that {100 * accuracy:g}% of any accepted ones are right. "
        f"{' '.join(in_words(possible[kind.pictures]))} Bring more, ask for less with --accept-right, or "
        "train on some of them."
    )
