"""What answers decide about the network that gave them: temperature, familiarity and thresholds.

No answer is by a network that learnt its picture. One rule, `decide`, for held-out answers of own classes and
of networks that read pixels, for attributes, for photos by tier, and for a released network on a user's own
pictures; what differs is their Target. Pure; never sees the test set. How a threshold is shown:
acceptance.py; how serving applies it: inference/decision.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances
from inference.contract import ACCEPT_NOTHING, Familiarity, Head, InputContract, ModelContract
from inference.decision import familiarity_of
from inference.session import Scores
from reports.acceptance import ACCEPT_CONFIDENCE, Conditions
from reports.answers import Answers
from reports.intervals import SURENESS, needed
from reports.values import HELD_OUT, PHOTOS_OF_TIER
from training.data.labels import Labels
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.data.rare import FEWEST
from training.decide.acceptance import confidence_threshold
from training.decide.answer_sets import AnswerSet, confidences_of, photo_kinds, scores_in
from training.decide.temperature import temperature_of
from training.decide.why_nothing import calibrated_nothing
from training.errors import NotShown

FAMILIARITY_POINTS: Final = 101
"""Quantiles of the distance kept in the manifest: one per hundredth."""

ACCEPTED_ACCURACY: Final = 0.99
"""Share of accepted pictures that must be right: without a person's review, one in a hundred may be wrong.
299 answers without an error show it."""

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
which know less: of hidden pictures fewer are `unfamiliar`."""

FAMILIARITIES_OF_PHOTOS: Final = tuple(step / 100 for step in range(2, 16))
"""The same of photos: the one is chosen at which answers cost least. A lower one accepts more photos of kinds
that nothing has learnt, a higher one sends more photos of garments to review."""

FAMILIARITY_OF_PHOTOS: Final = 0.04
"""Used where no head left kinds out."""

OTHERS_AMONG: Final = 0.01
"""Share of photos that are assumed to show a kind near to the classes that neither head nor network learnt,
such as leggings. From .005 to .02 the bundled release chooses the same."""

UNFAMILIAR: Final = "unfamiliar pictures"
"""Names those whose class is unfamiliar in a Promise."""

FEWEST_FAMILIAR: Final = 100
"""Known photos below which these do not say what is unfamiliar among them."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What accepted answers are to keep, and what other answers have decided about the network.

    Attributes:
        right: 0..1, share of the accepted answers that must be right: in each of the tiers by itself.
        confidence: 0..1, that each accepted answer needs.
        tiers: of photos, that promise it; None where all answers do together, as HELD_OUT.
        alike: whether each class, and each tier of it, weighs alike in the temperature.
        temperature: of the network; None to fit it.
        familiarity: of the network; None to fit it.
        unfamiliar: 0..1, shares of the known pictures that may be `unfamiliar`; the cheapest is chosen.
        others: scores of photos of none of the classes, by heads that learnt nothing of their kinds.
        before: the parent's threshold, which stays where the answers say too little about it.
        withheld: indices of labels that are never accepted.
        stricter: 0..1, by the index of a label, what its accepted answers need beyond `confidence`.
        demanded: whether to refuse answers that show nothing.
        sureness: with which `right` is shown where all answers promise together.
        of_unfamiliar: whether unfamiliar pictures may be answered, too, where such answers show `right`.
    """

    right: float
    confidence: float = ACCEPT_CONFIDENCE
    tiers: frozenset[str] | None = None
    alike: bool = False
    temperature: float | None = None
    familiarity: Familiarity | None = None
    unfamiliar: tuple[float, ...] = (FAMILIARITY_THRESHOLD,)
    others: Scores | None = None
    before: float = ACCEPT_NOTHING
    withheld: tuple[int, ...] = ()
    stricter: Mapping[int, float] = field(default_factory=dict)
    demanded: bool = False
    sureness: float = SURENESS
    of_unfamiliar: bool = False

    def with_labels_of(self, contract: ModelContract) -> "Target":
        """The same with what a release asks of single labels: which need more, and which are withheld."""
        head, index = contract.of_label, contract.labels.index
        stricter = {index(label): least for label, least in head.stricter.items()}
        return replace(self, stricter=stricter, withheld=tuple(map(index, head.withheld)))


@dataclass(frozen=True)
class Decided:
    """What answers decide.

    Attributes:
        temperature: of the network.
        familiarity: None where it has no OOD score.
        confidence: 0..1, that each accepted answer needs, or ACCEPT_NOTHING.
        kinds: the answers behind them.
        withheld: indices of labels that are never accepted.
        stricter: as in Target.
        of_unfamiliar: whether unfamiliar pictures are answered, too.
    """

    temperature: float
    familiarity: Familiarity | None
    confidence: float
    kinds: tuple[AnswerSet, ...]
    withheld: tuple[int, ...] = ()
    stricter: Mapping[int, float] = field(default_factory=dict)
    of_unfamiliar: bool = False

    def sure(self, answers: Answers) -> NDArray[np.bool_]:
        """Bool (N,), which answers are sure and familiar enough, whatever they say.

        Args:
            answers: with probabilities as the network gave them.
        """
        confidences = confidences_of(scores_in(answers), self.temperature, self.familiarity)
        return np.asarray(confidences >= np.maximum(self.confidence, _least_of(answers, self.stricter)))

    def head(self, labels: tuple[str, ...], applies_to: tuple[str, ...] | None = None) -> Head:
        """What serving needs to know about the head that answered, with these labels."""
        return Head(
            labels=labels,
            temperature=self.temperature,
            confidence=self.confidence,
            withheld=tuple(labels[index] for index in self.withheld),
            stricter={labels[index]: least for index, least in self.stricter.items()},
            applies_to=applies_to,
            familiarity=dict.fromkeys(labels, 0.0) if self.of_unfamiliar else None,
        )

    def contract(self, labels: tuple[str, ...], reads: InputContract) -> ModelContract:
        """What serving needs to know about the network, whose classes and input are these."""
        return ModelContract.of_class(self.head(labels), reads, self.familiarity)


def usual_accept_right(*, own_classes: bool) -> float:
    """Share of the accepted answers that must be right, unless the training names another."""
    return ACCEPTED_OF_OWN if own_classes else ACCEPTED_ACCURACY


def of_photos(answers: Answers, others: Scores | None, before: float) -> Target:
    """What photos by tier are to keep.

    Where there is a random sample of the user's own pictures, it alone promises; else each tier with as many
    known photos as a promise takes, but not what people looked at because the model doubted it.

    Args:
        answers: to the photos.
        others: as in Target.
        before: as in Target.
    """
    known = Counter(answers.sets[answers.known].tolist())
    enough = {tier for tier, n in known.items() if n >= needed(ACCEPTED_OF_PHOTOS)} - {CORRECTED_TIER}
    return Target(
        right=ACCEPTED_OF_PHOTOS,
        tiers=frozenset([OWN_TIER] if known[OWN_TIER] else enough),
        alike=True,
        unfamiliar=FAMILIARITIES_OF_PHOTOS if others else (FAMILIARITY_OF_PHOTOS,),
        others=others,
        before=before,
    )


def of_own_pictures(answers: Answers, contract: ModelContract, accept: Conditions) -> Target:
    """What a user's checked pictures are to keep, by a network that is released; its familiarity stays.

    As unfamiliar as FAMILIARITY_OF_PHOTOS of the pictures are what is below the threshold; the parent's where
    these are too few to say.

    Args:
        answers: to these pictures.
        contract: of the release that gave them.
        accept: when an answer is accepted.
    """
    familiarity, distances = contract.familiarity, scores_in(answers).distances
    least = contract.least_familiarity
    if familiarity is not None and distances is not None and answers.known.sum() >= FEWEST_FAMILIAR:
        ranks = [familiarity_of(distance, familiarity) for distance in distances[answers.known].tolist()]
        least = float(np.quantile(ranks, FAMILIARITY_OF_PHOTOS, method="lower"))
    target = Target(
        right=accept.right or ACCEPTED_OF_PHOTOS,
        confidence=accept.confidence,
        tiers=frozenset(answers.sets[answers.known].tolist()),
        familiarity=familiarity,
        unfamiliar=(least,),
        demanded=True,
    )
    return target.with_labels_of(contract)


def of_attribute(labels: Labels, of_class: Target, decided: Decided) -> Target:
    """What an attribute is to keep: as much as the class, and the class's familiarity holds.

    A label of fewer than FEWEST pictures is never accepted. An attribute that all classes have may answer
    unfamiliar pictures, too.

    Args:
        labels: of the pictures that decide.
        of_class: what the class is to keep.
        decided: about the class.
    """
    counts = np.bincount(labels.main[labels.main >= 0], minlength=len(labels.names))
    familiarity = decided.familiarity
    return Target(
        right=of_class.right,
        confidence=of_class.confidence,
        familiarity=familiarity,
        unfamiliar=(familiarity.threshold if familiarity else 0.0,),
        withheld=tuple(np.flatnonzero(counts < FEWEST).tolist()),
        of_unfamiliar=labels.applies_to is None and familiarity is not None,
    )


def decide(answers: Answers, target: Target) -> Decided:
    """Decide, about the class or an attribute; all answers fit the temperature, and choose the threshold.

    What people looked at because the model doubted it fits nothing: it would make every answer less sure.

    Args:
        answers: to N pictures, with groups, and probabilities as the network gave them.
        target: what is to be kept.

    Raises:
        NotShown: no threshold keeps it, and it is demanded.
    """
    temperature = target.temperature or temperature_of(answers, alike=target.alike)
    distances = scores_in(answers.take(answers.known & (answers.sets != CORRECTED_TIER))).distances
    familiarity = target.familiarity or (None if distances is None else fit_familiarity(distances))
    found = [
        _decided_at(answers, target, temperature, familiarity and replace(familiarity, threshold=least))
        for least in target.unfamiliar
    ]
    best = min(found, key=lambda one: _price(one, target)) if len(found) > 1 else found[0]
    if target.demanded and best.confidence >= ACCEPT_NOTHING:
        raise NotShown(calibrated_nothing(best.kinds, target.right))
    of_every = _of_unfamiliar_too(answers, best, target) if target.of_unfamiliar else None
    return of_every or best


def fit_familiarity(distances: Distances) -> Familiarity:
    """Keep the distances, float32 (N,), at FAMILIARITY_POINTS evenly spaced ranks."""
    ranks = np.linspace(0, 1, FAMILIARITY_POINTS)
    quantiles = np.quantile(distances.astype(np.float64), ranks, method="inverted_cdf")
    return Familiarity(quantiles=tuple(quantiles.tolist()))


def _decided_at(
    answers: Answers, target: Target, temperature: float, familiarity: Familiarity | None
) -> Decided:
    """What is decided where so many of the known pictures are `unfamiliar`."""
    sure = confidences_of(scores_in(answers), temperature, familiarity)
    never = np.isin(answers.predicted, target.withheld) | (sure < _least_of(answers, target.stricter))
    sure = np.where(never, np.float32(np.nan), sure)
    if target.tiers is None:
        kinds: tuple[AnswerSet, ...] = (
            AnswerSet(
                HELD_OUT,
                sure,
                answers.right,
                target.right,
                answers.together,
                target.confidence,
                target.sureness,
            ),
        )
    else:
        kinds = photo_kinds(answers, sure, dict.fromkeys(target.tiers, target.right), target.confidence)
    confidence = confidence_threshold(kinds)
    if confidence >= ACCEPT_NOTHING and _parents_stays(answers, kinds, target):
        confidence = target.before
    return Decided(temperature, familiarity, confidence, kinds, target.withheld, target.stricter)


def _least_of(answers: Answers, stricter: Mapping[int, float]) -> NDArray[np.float32]:
    """What each answer needs for its label, float32 (N,)."""
    return np.array([stricter.get(index, 0.0) for index in answers.predicted.tolist()], np.float32)


def _parents_stays(answers: Answers, kinds: Sequence[AnswerSet], target: Target) -> bool:
    """Whether people's corrections leave the parent's threshold as it is.

    They do where too few of them were drawn at random, or none: then nothing of the user's pictures speaks
    against it. The figures of the other tiers show what it accepts.
    """
    own, at = f"{PHOTOS_OF_TIER}{OWN_TIER}", np.array([target.before], np.float32)
    sampled = [kind for kind in kinds if kind.pictures == own]
    if not sampled:
        return bool((answers.sets == CORRECTED_TIER).any())
    return any(kind.shown(at).independent[0] < needed(target.right) for kind in sampled)


def _of_unfamiliar_too(answers: Answers, usual: Decided, target: Target) -> Decided | None:
    """What is decided where the class's familiarity does not hold; None where it has to.

    Few pictures of one shop are unfamiliar, and many of another one's. So the accepted answers to these have
    to show the promise by themselves, as well as all together, and more have to be accepted than where it
    holds.
    """
    [familiar] = usual.kinds
    is_unfamiliar = np.isnan(familiar.confidences)
    if is_unfamiliar.sum() < needed(target.right):
        return None
    every = decide(answers, replace(target, unfamiliar=(0.0,), of_unfamiliar=False))
    [all_pictures] = every.kinds
    kinds = all_pictures, all_pictures.part(UNFAMILIAR, is_unfamiliar)
    confidence = confidence_threshold(kinds)
    if _accepted(all_pictures, confidence) <= _accepted(familiar, usual.confidence):
        return None
    return replace(every, confidence=confidence, kinds=kinds, of_unfamiliar=True)


def _accepted(answers: AnswerSet, confidence: float) -> int:
    (count,), _ = answers.accepted(np.array([confidence], np.float32))
    return int(count)


def _price(found: Decided, target: Target) -> float:
    """What the answer to a photo costs in the mean, in reviews, where OTHERS_AMONG show an unlearnt kind.

    Who asks for 95% right holds one wrong answer for as dear as 20 reviews. The mean over what promises.
    """
    at, wrong_costs, price = np.array([found.confidence], np.float32), 1 / (1 - target.right), 0.0
    if target.others is not None:
        sure = confidences_of(target.others, found.temperature, found.familiarity)
        price += OTHERS_AMONG * wrong_costs * float(np.mean(sure >= at))
    promised = [kind for kind in found.kinds if kind.accuracy is not None]
    for kind in promised:
        (accepted,), (right,) = kind.accepted(at)
        reviewed, wrong = len(kind.right) - accepted, accepted - right
        price += float(reviewed + wrong_costs * wrong) / len(kind.right) / len(promised)
    return price
