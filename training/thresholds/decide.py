"""Choose temperature, familiarity and confidence threshold of a network from its answers.

All answers are from networks that did not learn the picture. One rule, `decide`, is used for own classes, for
networks that read pixels, for attributes and for photos by tier; their Requirements differ. Pure; never reads
the test set. How a threshold is shown: acceptance.py; how serving applies it: inference/decision.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances, Probabilities
from inference.contract import ACCEPT_NOTHING, LABEL, Familiarity, Head, InputContract, ModelContract
from reports.answers import NO_CLASS, Answers
from reports.intervals import count_needed_answers
from reports.values import HELD_OUT_PICTURES, TIER_PHOTOS_PREFIX
from training.data.labels import INAPPLICABLE_LABEL, Labels
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.thresholds.acceptance import confidence_threshold
from training.thresholds.answer_sets import AnswerSet, confidences_of, photo_answer_sets, scores_in
from training.thresholds.requirements import Requirements, of_attribute
from training.thresholds.temperature import temperature_of

FAMILIARITY_POINTS: Final = 101
"""Number of quantiles of the distance in the manifest: one for each hundredth."""

OTHERS_AMONG: Final = 0.01
"""Share of photos that are assumed to show a kind near to the classes, such as leggings, which neither head
nor frozen network learnt. From .005 to .02 the bundled release chooses the same."""

UNFAMILIAR: Final = "unfamiliar pictures"
"""Name of pictures with an unfamiliar class, as the pictures of a promise."""


@dataclass(frozen=True)
class Thresholds:
    """Values for serving that were chosen from answers: temperature, familiarity and confidence.

    Attributes:
        temperature: the temperature that calibrates the network's probabilities.
        familiarity: the conversion of distances into a familiarity, and the least that is familiar; None
            without an OOD score.
        confidence: the confidence that each accepted answer needs, 0 to 1, or ACCEPT_NOTHING.
        answer_sets: the answers from which these values were chosen.
        withheld: the indices of labels that are never accepted.
        stricter: the confidence that accepted answers with a label need in addition, by the index of the
            label.
        of_unfamiliar: whether answers about unfamiliar pictures may be accepted, too.
    """

    temperature: float
    familiarity: Familiarity | None
    confidence: float
    answer_sets: tuple[AnswerSet, ...]
    withheld: tuple[int, ...] = ()
    stricter: Mapping[int, float] = field(default_factory=dict)
    of_unfamiliar: bool = False

    def sure(self, answers: Answers) -> NDArray[np.bool_]:
        """Tell which answers are confident and familiar enough, whatever their label, bool (N,).

        Args:
            answers: the answers, with probabilities before temperature.
        """
        confidences = confidences_of(scores_in(answers), self.temperature, self.familiarity)
        return np.asarray(confidences >= np.maximum(self.confidence, _least_of(answers, self.stricter)))

    def head(self, labels: tuple[str, ...], applies_to: tuple[str, ...] | None = None) -> Head:
        """Return the contract of a head with these thresholds, as the manifest stores it.

        Args:
            labels: the labels of the head, by index.
            applies_to: the classes that have the attribute; None for all classes, or for the head of the
                class.
        """
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
        """Return the contract of a network with these thresholds, as the manifest stores it.

        Args:
            labels: the classes, by index.
            reads: the input contract of the network: the shape and form of its pixels.
        """
        return ModelContract.make_class_contract(self.head(labels), reads, self.familiarity)


def decide(answers: Answers, required: Requirements) -> Thresholds:
    """Choose the temperature, the familiarity and the confidence threshold for the class or an attribute.

    Photos that people looked at because the model doubted them do not fit the temperature and the
    familiarity, because they would make every answer less confident.

    Args:
        answers: the answers to N pictures, with groups, and with probabilities before temperature.
        required: the requirements for accepted answers.
    """
    temperature = required.temperature or temperature_of(answers, alike=required.alike)
    distances = scores_in(answers.select_rows(answers.has_class & (answers.sets != CORRECTED_TIER))).distances
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
    """Choose the thresholds of each attribute, and return them by its name.

    Args:
        labels: the labels of N pictures by question, with the class among them.
        probabilities: float32 (N, C) by attribute, before temperature, from heads that did not learn the
            picture.
        of_class: cross-validated answers about the class of the same pictures, in their order.
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
    """Return the answers about an attribute from which thresholds are chosen.

    They are about pictures whose label is known, or which lack the attribute although the answered class has
    it.
    """
    predicted = probabilities.argmax(axis=1)
    right = labels.is_right[np.arange(len(predicted)), predicted]
    # Any of several labels is right: where one of them was answered, it counts as the truth.
    truth = np.where(right, predicted, np.where(labels.main_codes >= 0, labels.main_codes, NO_CLASS))
    has_it = np.isin(of_class.predicted, [classes.index(name) for name in labels.applies_to or classes])
    # Where the class was mistaken for one that has the attribute, its answer would be accepted, and be wrong.
    deciding = np.flatnonzero((labels.main_codes >= 0) | ((labels.main_codes == INAPPLICABLE_LABEL) & has_it))
    return Answers.make_answers(
        of_class.sets[deciding],
        truth[deciding],
        groups=of_class.groups[deciding],
        distances=of_class.distances[deciding],
        probabilities=probabilities[deciding],
    )


def fit_familiarity(distances: Distances) -> Familiarity:
    """Return the familiarity of a network: quantiles of its distances to known pictures.

    Args:
        distances: float32 (N,), the distances of known pictures, of which FAMILIARITY_POINTS quantiles are
            kept.
    """
    ranks = np.linspace(0, 1, FAMILIARITY_POINTS)
    quantiles = np.quantile(distances.astype(np.float64), ranks, method="inverted_cdf")
    return Familiarity(quantiles=tuple(quantiles.tolist()))


def _decided_at(
    answers: Answers, required: Requirements, temperature: float, familiarity: Familiarity | None
) -> Thresholds:
    """Choose thresholds if a given share of the known pictures is `unfamiliar`."""
    sure = confidences_of(scores_in(answers), temperature, familiarity)
    never = np.isin(answers.predicted, required.withheld) | (sure < _least_of(answers, required.stricter))
    sure = np.where(never, np.float32(np.nan), sure)
    if required.tiers is None:
        answer_sets: tuple[AnswerSet, ...] = (
            AnswerSet(
                HELD_OUT_PICTURES,
                sure,
                answers.is_right,
                required.right,
                answers.group_numbers,
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
    """Return the confidence that each answer needs because of its label, float32 (N,)."""
    return np.array([stricter.get(index, 0.0) for index in answers.predicted.tolist()], np.float32)


def _parents_stays(answers: Answers, answer_sets: Sequence[AnswerSet], required: Requirements) -> bool:
    """Tell whether people's corrections leave the parent's threshold as it is.

    This is so if too few of the corrections, or none, were drawn at random. Then nothing in the user's
    pictures speaks against the threshold. The figures of the other tiers show what it accepts.
    """
    own, at = f"{TIER_PHOTOS_PREFIX}{OWN_TIER}", np.array([required.before], np.float32)
    sampled = [answer_set for answer_set in answer_sets if answer_set.pictures == own]
    if not sampled:
        return bool((answers.sets == CORRECTED_TIER).any())
    return any(
        answer_set.shown(at).max_independent_answers[0] < count_needed_answers(required.right)
        for answer_set in sampled
    )


def _of_unfamiliar_too(answers: Answers, usual: Thresholds, required: Requirements) -> Thresholds | None:
    """Choose a threshold that also accepts answers about unfamiliar pictures; None if these must be reviewed.

    Few pictures of one shop are unfamiliar, and many of another shop. So the accepted answers about
    unfamiliar pictures have to show the promise by themselves, and so have all together, and more answers
    must be accepted than with familiar pictures alone.
    """
    [familiar] = usual.answer_sets
    is_unfamiliar = np.isnan(familiar.confidences)
    if is_unfamiliar.sum() < count_needed_answers(required.right):
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
    """Return the mean cost of an answer, in reviews, if some photos (OTHERS_AMONG) show an unlearnt kind.

    With a promise of 95%, one wrong answer costs as much as 20 reviews. The mean is over the sets with a
    promise.
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
