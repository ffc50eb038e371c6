"""Decisions about a network from its answers: temperature, familiarity and thresholds.

No answer is by a network that learnt its picture. One rule, `decide`, for held-out answers of own classes and
of networks that read pixels, for attributes and for photos by tier; what differs is their Requirements. Pure;
never sees the test set. How a threshold is shown: acceptance.py; how serving applies it:
inference/decision.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances, Probabilities
from inference.contract import ACCEPT_NOTHING, LABEL, Familiarity, Head, InputContract, ModelContract
from reports.answers import NONE_OF_THESE, Answers
from reports.intervals import needed
from reports.values import HELD_OUT, PHOTOS_OF_TIER
from training.data.labels import INAPPLICABLE, Labels
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.thresholds.acceptance import confidence_threshold
from training.thresholds.answer_sets import AnswerSet, confidences_of, photo_answer_sets, scores_in
from training.thresholds.requirements import Requirements, of_attribute
from training.thresholds.temperature import temperature_of

FAMILIARITY_POINTS: Final = 101
"""Quantiles of the distance kept in the manifest: one per hundredth."""

OTHERS_AMONG: Final = 0.01
"""Share of photos that are assumed to show a kind near to the classes that neither head nor network learnt,
such as leggings. From .005 to .02 the bundled release chooses the same."""

UNFAMILIAR: Final = "unfamiliar pictures"
"""Names those whose class is unfamiliar in a Promise."""


@dataclass(frozen=True)
class Thresholds:
    """Values that answers decide.

    Attributes:
        temperature: the temperature of the network.
        familiarity: None where it has no OOD score.
        confidence: 0..1, that each accepted answer needs, or ACCEPT_NOTHING.
        answer_sets: the answers behind them.
        withheld: indices of labels that are never accepted.
        stricter: the confidences of single labels, as in Requirements.
        of_unfamiliar: whether unfamiliar pictures are answered, too.
    """

    temperature: float
    familiarity: Familiarity | None
    confidence: float
    answer_sets: tuple[AnswerSet, ...]
    withheld: tuple[int, ...] = ()
    stricter: Mapping[int, float] = field(default_factory=dict)
    of_unfamiliar: bool = False

    def sure(self, answers: Answers) -> NDArray[np.bool_]:
        """Tell which answers are sure and familiar enough, whatever they say, bool (N,).

        Args:
            answers: the answers, with probabilities as the network gave them.
        """
        confidences = confidences_of(scores_in(answers), self.temperature, self.familiarity)
        return np.asarray(confidences >= np.maximum(self.confidence, _least_of(answers, self.stricter)))

    def head(self, labels: tuple[str, ...], applies_to: tuple[str, ...] | None = None) -> Head:
        """Return the contract of the head that answered, with these labels."""
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
        """Return the contract of the network, with these classes and this input."""
        return ModelContract.make_class_contract(self.head(labels), reads, self.familiarity)


def decide(answers: Answers, required: Requirements) -> Thresholds:
    """Decide, about the class or an attribute; all answers fit the temperature, and choose the threshold.

    What people looked at because the model doubted it fits nothing: it would make every answer less sure.

    Args:
        answers: the answers to N pictures, with groups, and probabilities as the network gave them.
        required: the requirements.
    """
    temperature = required.temperature or temperature_of(answers, alike=required.alike)
    distances = scores_in(answers.take(answers.known & (answers.sets != CORRECTED_TIER))).distances
    familiarity = required.familiarity or (None if distances is None else fit_familiarity(distances))
    at_each = [
        _decided_at(answers, required, temperature, familiarity and replace(familiarity, threshold=least))
        for least in required.unfamiliar
    ]
    best = (
        min(at_each, key=lambda thresholds: _price(thresholds, required)) if len(at_each) > 1 else at_each[0]
    )
    of_every = _of_unfamiliar_too(answers, best, required) if required.of_unfamiliar else None
    return of_every or best


def decide_attributes(
    labels: Mapping[str, Labels],
    probabilities: Mapping[str, Probabilities],
    of_class: Answers,
    thresholds: Thresholds,
    required: Requirements,
) -> dict[str, Thresholds]:
    """Decide each.

    Args:
        labels: the labels of N pictures, those of the class among them.
        probabilities: the probabilities by attribute, float32 (N, C), before temperature, by heads that
            learnt none of the pictures that they answered.
        of_class: out-of-fold answers to the same pictures, in their order.
        thresholds: the thresholds of the class.
        required: the requirements of the class.
    """
    classes = labels[LABEL].names
    return {
        name: decide(
            _answers_of(labels[name], shares, of_class, classes),
            of_attribute(labels[name], required, thresholds.familiarity),
        )
        for name, shares in probabilities.items()
    }


def _answers_of(
    labels: Labels, probabilities: Probabilities, of_class: Answers, classes: tuple[str, ...]
) -> Answers:
    """Return the answers that decide: to pictures of which something is known."""
    predicted = probabilities.argmax(axis=1)
    right = labels.right[np.arange(len(predicted)), predicted]
    # Any of several labels is right: where one of them was answered, it counts as the truth.
    truth = np.where(right, predicted, np.where(labels.main >= 0, labels.main, NONE_OF_THESE))
    has_it = np.isin(of_class.predicted, [classes.index(name) for name in labels.applies_to or classes])
    # Where the class was mistaken for one that has the attribute, its answer would be accepted, and be wrong.
    deciding = np.flatnonzero((labels.main >= 0) | ((labels.main == INAPPLICABLE) & has_it))
    return Answers.of(
        of_class.sets[deciding],
        truth[deciding],
        groups=of_class.groups[deciding],
        distances=of_class.distances[deciding],
        probabilities=probabilities[deciding],
    )


def fit_familiarity(distances: Distances) -> Familiarity:
    """Keep the distances, float32 (N,), at FAMILIARITY_POINTS evenly spaced ranks."""
    ranks = np.linspace(0, 1, FAMILIARITY_POINTS)
    quantiles = np.quantile(distances.astype(np.float64), ranks, method="inverted_cdf")
    return Familiarity(quantiles=tuple(quantiles.tolist()))


def _decided_at(
    answers: Answers, required: Requirements, temperature: float, familiarity: Familiarity | None
) -> Thresholds:
    """Decide if this share of the known pictures is `unfamiliar`."""
    sure = confidences_of(scores_in(answers), temperature, familiarity)
    never = np.isin(answers.predicted, required.withheld) | (sure < _least_of(answers, required.stricter))
    sure = np.where(never, np.float32(np.nan), sure)
    if required.tiers is None:
        answer_sets: tuple[AnswerSet, ...] = (
            AnswerSet(
                HELD_OUT,
                sure,
                answers.right,
                required.right,
                answers.together,
                required.confidence,
            ),
        )
    else:
        answer_sets = photo_answer_sets(
            answers, sure, dict.fromkeys(required.tiers, required.right), required.confidence
        )
    confidence = confidence_threshold(answer_sets)
    if confidence >= ACCEPT_NOTHING and _parents_stays(answers, answer_sets, required):
        confidence = required.before
    return Thresholds(temperature, familiarity, confidence, answer_sets, required.withheld, required.stricter)


def _least_of(answers: Answers, stricter: Mapping[int, float]) -> NDArray[np.float32]:
    """Return the confidence that each answer needs for its label, float32 (N,)."""
    return np.array([stricter.get(index, 0.0) for index in answers.predicted.tolist()], np.float32)


def _parents_stays(answers: Answers, answer_sets: Sequence[AnswerSet], required: Requirements) -> bool:
    """Tell whether people's corrections leave the parent's threshold as it is.

    They do where too few of them were drawn at random, or none: then nothing of the user's pictures speaks
    against it. The figures of the other tiers show what it accepts.
    """
    own, at = f"{PHOTOS_OF_TIER}{OWN_TIER}", np.array([required.before], np.float32)
    sampled = [answer_set for answer_set in answer_sets if answer_set.pictures == own]
    if not sampled:
        return bool((answers.sets == CORRECTED_TIER).any())
    return any(answer_set.shown(at).independent[0] < needed(required.right) for answer_set in sampled)


def _of_unfamiliar_too(answers: Answers, usual: Thresholds, required: Requirements) -> Thresholds | None:
    """Decide without the class's familiarity; None if its familiarity has to hold.

    Few pictures of one shop are unfamiliar, and many of another one's. So the accepted answers to these have
    to show the promise by themselves, as well as all together, and more have to be accepted than where it
    holds.
    """
    [familiar] = usual.answer_sets
    is_unfamiliar = np.isnan(familiar.confidences)
    if is_unfamiliar.sum() < needed(required.right):
        return None
    every = decide(answers, replace(required, unfamiliar=(0.0,), of_unfamiliar=False))
    [all_pictures] = every.answer_sets
    answer_sets = all_pictures, all_pictures.part(UNFAMILIAR, is_unfamiliar)
    confidence = confidence_threshold(answer_sets)
    if _accepted(all_pictures, confidence) <= _accepted(familiar, usual.confidence):
        return None
    return replace(every, confidence=confidence, answer_sets=answer_sets, of_unfamiliar=True)


def _accepted(answers: AnswerSet, confidence: float) -> int:
    (count,), _ = answers.accepted(np.array([confidence], np.float32))
    return int(count)


def _price(thresholds: Thresholds, required: Requirements) -> float:
    """Return the mean cost of a photo's answer in reviews, if OTHERS_AMONG show an unlearnt kind.

    Who asks for 95% right holds one wrong answer for as dear as 20 reviews. The mean over what promises.
    """
    at, wrong_costs, price = np.array([thresholds.confidence], np.float32), 1 / (1 - required.right), 0.0
    if required.others is not None:
        sure = confidences_of(required.others, thresholds.temperature, thresholds.familiarity)
        price += OTHERS_AMONG * wrong_costs * float(np.mean(sure >= at))
    promised = [answer_set for answer_set in thresholds.answer_sets if answer_set.accuracy is not None]
    for answer_set in promised:
        (accepted,), (right,) = answer_set.accepted(at)
        reviewed, wrong = len(answer_set.right) - accepted, accepted - right
        price += float(reviewed + wrong_costs * wrong) / len(answer_set.right) / len(promised)
    return price
