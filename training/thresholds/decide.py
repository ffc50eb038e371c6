"""Choose temperature, familiarity and confidence threshold of a network from its answers.

All answers are from networks that did not learn the picture. One rule, `decide_thresholds`, is used for own
classes, for networks that read pixels, for attributes and for photos by tier; their Requirements differ.
Pure; never reads the test set. How a threshold is shown: acceptance.py; how serving applies it:
inference/decision.py.
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
from training.thresholds.acceptance import choose_confidence_threshold
from training.thresholds.answer_sets import (
    AnswerSet,
    compute_confidences,
    make_photo_answer_sets,
    make_scores,
)
from training.thresholds.requirements import Requirements, make_attribute_requirements
from training.thresholds.temperature import fit_temperature_to_answers

FAMILIARITY_QUANTILES: Final = 101
"""Number of quantiles of the distance in the manifest: one for each hundredth."""

UNLEARNT_KIND_SHARE: Final = 0.01
"""Share of photos that are assumed to show a kind near to the classes, such as leggings, which neither head
nor frozen network learnt. From .005 to .02 the bundled release chooses the same."""

UNFAMILIAR_PICTURES: Final = "unfamiliar pictures"
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
        withheld_label_ids: the indices of labels that are never accepted.
        stricter_confidences: the confidence that accepted answers with a label need in addition, by the index
            of the label.
        can_accept_unfamiliar: whether answers about unfamiliar pictures may be accepted, too.
    """

    temperature: float
    familiarity: Familiarity | None
    confidence: float
    answer_sets: tuple[AnswerSet, ...]
    withheld_label_ids: tuple[int, ...] = ()
    stricter_confidences: Mapping[int, float] = field(default_factory=dict)
    can_accept_unfamiliar: bool = False

    def find_sure_answers(self, answers: Answers) -> NDArray[np.bool_]:
        """Tell which answers are confident and familiar enough, whatever their label, bool (N,).

        Args:
            answers: the answers, with probabilities before temperature.
        """
        confidences = compute_confidences(make_scores(answers), self.temperature, self.familiarity)
        return np.asarray(
            confidences
            >= np.maximum(self.confidence, _find_label_confidences(answers, self.stricter_confidences))
        )

    def make_head(self, labels: tuple[str, ...], applies_to: tuple[str, ...] | None = None) -> Head:
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
            withheld=tuple(labels[index] for index in self.withheld_label_ids),
            stricter={labels[index]: least for index, least in self.stricter_confidences.items()},
            applies_to=applies_to,
            familiarity=dict.fromkeys(labels, 0.0) if self.can_accept_unfamiliar else None,
        )

    def make_contract(self, labels: tuple[str, ...], input_contract: InputContract) -> ModelContract:
        """Return the contract of a network with these thresholds, as the manifest stores it.

        Args:
            labels: the classes, by index.
            input_contract: the input contract of the network: the shape and form of its pixels.
        """
        return ModelContract.make_class_contract(self.make_head(labels), input_contract, self.familiarity)


def decide_thresholds(answers: Answers, requirements: Requirements) -> Thresholds:
    """Choose the temperature, the familiarity and the confidence threshold for the class or an attribute.

    Photos that people looked at because the model doubted them do not fit the temperature and the
    familiarity, because they would make every answer less confident.

    Args:
        answers: the answers to N pictures, with groups, and with probabilities before temperature.
        requirements: the requirements for accepted answers.
    """
    temperature = requirements.temperature or fit_temperature_to_answers(
        answers, has_equal_class_weights=requirements.has_equal_class_weights
    )
    distances = make_scores(
        answers.select_rows(answers.has_class & (answers.sets != CORRECTED_TIER))
    ).distances
    familiarity = requirements.familiarity or (None if distances is None else fit_familiarity(distances))
    candidates = [
        _decide_at_familiarity(
            answers, requirements, temperature, familiarity and replace(familiarity, threshold=least)
        )
        for least in requirements.unfamiliar_shares
    ]
    best = (
        min(candidates, key=lambda thresholds: _compute_cost(thresholds, requirements))
        if len(candidates) > 1
        else candidates[0]
    )
    thresholds_for_all = (
        _decide_with_unfamiliar(answers, best, requirements) if requirements.can_accept_unfamiliar else None
    )
    return thresholds_for_all or best


def decide_attributes(
    labels: Mapping[str, Labels],
    probabilities: Mapping[str, Probabilities],
    class_answers: Answers,
    thresholds: Thresholds,
    class_requirements: Requirements,
) -> dict[str, Thresholds]:
    """Choose the thresholds of each attribute, and return them by its name.

    Args:
        labels: the labels of N pictures by question, with the class among them.
        probabilities: float32 (N, C) by attribute, before temperature, from heads that did not learn the
            picture.
        class_answers: cross-validated answers about the class of the same pictures, in their order.
    """
    classes = labels[LABEL].names
    return {
        name: decide_thresholds(
            _choose_attribute_answers(labels[name], shares, class_answers, classes),
            make_attribute_requirements(labels[name], class_requirements, thresholds.familiarity),
        )
        for name, shares in probabilities.items()
    }


def _choose_attribute_answers(
    labels: Labels, probabilities: Probabilities, class_answers: Answers, classes: tuple[str, ...]
) -> Answers:
    """Return the answers about an attribute from which thresholds are chosen.

    They are about pictures whose label is known, or which lack the attribute although the answered class has
    it.
    """
    predicted = probabilities.argmax(axis=1)
    is_right = labels.is_right[np.arange(len(predicted)), predicted]
    # Any of several labels is right: where one of them was answered, it counts as the truth.
    truth = np.where(is_right, predicted, np.where(labels.main_codes >= 0, labels.main_codes, NO_CLASS))
    has_attribute = np.isin(
        class_answers.predicted, [classes.index(name) for name in labels.applies_to or classes]
    )
    # Where the class was mistaken for one that has the attribute, its answer would be accepted, and be wrong.
    deciding_rows = np.flatnonzero(
        (labels.main_codes >= 0) | ((labels.main_codes == INAPPLICABLE_LABEL) & has_attribute)
    )
    return Answers.make_answers(
        class_answers.sets[deciding_rows],
        truth[deciding_rows],
        groups=class_answers.groups[deciding_rows],
        distances=class_answers.distances[deciding_rows],
        probabilities=probabilities[deciding_rows],
    )


def fit_familiarity(distances: Distances) -> Familiarity:
    """Return the familiarity of a network: quantiles of its distances to known pictures.

    Args:
        distances: float32 (N,), the distances of known pictures, of which FAMILIARITY_QUANTILES quantiles are
            kept.
    """
    ranks = np.linspace(0, 1, FAMILIARITY_QUANTILES)
    quantiles = np.quantile(distances.astype(np.float64), ranks, method="inverted_cdf")
    return Familiarity(quantiles=tuple(quantiles.tolist()))


def _decide_at_familiarity(
    answers: Answers, requirements: Requirements, temperature: float, familiarity: Familiarity | None
) -> Thresholds:
    """Choose thresholds if a given share of the known pictures is `unfamiliar`."""
    confidences = compute_confidences(make_scores(answers), temperature, familiarity)
    is_never_accepted = np.isin(answers.predicted, requirements.withheld_label_ids) | (
        confidences < _find_label_confidences(answers, requirements.stricter_confidences)
    )
    confidences = np.where(is_never_accepted, np.float32(np.nan), confidences)
    if requirements.tiers is None:
        answer_sets: tuple[AnswerSet, ...] = (
            AnswerSet(
                HELD_OUT_PICTURES,
                confidences,
                answers.is_right,
                requirements.accuracy,
                answers.group_numbers,
                requirements.minimum_confidence,
            ),
        )
    else:
        answer_sets = make_photo_answer_sets(
            answers,
            confidences,
            dict.fromkeys(requirements.tiers, requirements.accuracy),
            requirements.minimum_confidence,
        )
    confidence = choose_confidence_threshold(answer_sets)
    if confidence >= ACCEPT_NOTHING and _keeps_parent_threshold(answers, answer_sets, requirements):
        confidence = requirements.parent_confidence
    return Thresholds(
        temperature,
        familiarity,
        confidence,
        answer_sets,
        requirements.withheld_label_ids,
        requirements.stricter_confidences,
    )


def _find_label_confidences(
    answers: Answers, stricter_confidences: Mapping[int, float]
) -> NDArray[np.float32]:
    """Return the confidence that each answer needs because of its label, float32 (N,)."""
    return np.array(
        [stricter_confidences.get(index, 0.0) for index in answers.predicted.tolist()], np.float32
    )


def _keeps_parent_threshold(
    answers: Answers, answer_sets: Sequence[AnswerSet], requirements: Requirements
) -> bool:
    """Tell whether people's corrections leave the parent's threshold as it is.

    This is so if too few of the corrections, or none, were drawn at random. Then nothing in the user's
    pictures speaks against the threshold. The figures of the other tiers show what it accepts.
    """
    own_set_name = f"{TIER_PHOTOS_PREFIX}{OWN_TIER}"
    parent_threshold = np.array([requirements.parent_confidence], np.float32)
    own_sets = [answer_set for answer_set in answer_sets if answer_set.set_name == own_set_name]
    if not own_sets:
        return bool((answers.sets == CORRECTED_TIER).any())
    return any(
        answer_set.estimate_wrong_share(parent_threshold).max_independent_answers[0]
        < count_needed_answers(requirements.accuracy)
        for answer_set in own_sets
    )


def _decide_with_unfamiliar(
    answers: Answers, usual_thresholds: Thresholds, requirements: Requirements
) -> Thresholds | None:
    """Choose a threshold that also accepts answers about unfamiliar pictures; None if these must be reviewed.

    Few pictures of one shop are unfamiliar, and many of another shop. So the accepted answers about
    unfamiliar pictures have to show the promise by themselves, and so have all together, and more answers
    must be accepted than with familiar pictures alone.
    """
    [familiar_answers] = usual_thresholds.answer_sets
    is_unfamiliar = np.isnan(familiar_answers.confidences)
    if is_unfamiliar.sum() < count_needed_answers(requirements.accuracy):
        return None
    thresholds_for_all = decide_thresholds(
        answers, replace(requirements, unfamiliar_shares=(0.0,), can_accept_unfamiliar=False)
    )
    [all_pictures] = thresholds_for_all.answer_sets
    answer_sets = all_pictures, all_pictures.select_answers(UNFAMILIAR_PICTURES, is_unfamiliar)
    confidence = choose_confidence_threshold(answer_sets)
    if _count_accepted(all_pictures, confidence) <= _count_accepted(
        familiar_answers, usual_thresholds.confidence
    ):
        return None
    return replace(
        thresholds_for_all, confidence=confidence, answer_sets=answer_sets, can_accept_unfamiliar=True
    )


def _count_accepted(answers: AnswerSet, confidence: float) -> int:
    (count,), _ = answers.count_accepted(np.array([confidence], np.float32))
    return int(count)


def _compute_cost(thresholds: Thresholds, requirements: Requirements) -> float:
    """Return the mean cost of an answer, in reviews, if UNLEARNT_KIND_SHARE of the photos show such a kind.

    With a promise of 95%, one wrong answer costs as much as 20 reviews. The mean is over the sets with a
    promise.
    """
    thresholds_array = np.array([thresholds.confidence], np.float32)
    wrong_costs = 1 / (1 - requirements.accuracy)
    cost = 0.0
    if requirements.ood_scores is not None:
        confidences = compute_confidences(
            requirements.ood_scores, thresholds.temperature, thresholds.familiarity
        )
        cost += UNLEARNT_KIND_SHARE * wrong_costs * float(np.mean(confidences >= thresholds_array))
    promised_sets = [
        answer_set for answer_set in thresholds.answer_sets if answer_set.promised_accuracy is not None
    ]
    for answer_set in promised_sets:
        (accepted,), (right,) = answer_set.count_accepted(thresholds_array)
        reviewed = len(answer_set.is_right) - accepted
        wrong = accepted - right
        cost += float(reviewed + wrong_costs * wrong) / len(answer_set.is_right) / len(promised_sets)
    return cost
