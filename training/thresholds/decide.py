"""Choose the numbers by which a service accepts an answer or sends it to a person.

There are three of them:

1. The temperature, such as 1.3. It calibrates the probabilities of the network: of the answers with 80%, 80%
   should be right.
2. The familiarity: how usual a picture is, from 0 (strange) to 1. Less than some value, such as .04, is not
   accepted.
3. The confidence that an accepted answer needs, such as .85.

They are chosen from answers of networks that did not learn the picture, never from the test set. One rule,
`decide_thresholds`, is used for classes, for attributes such as the colour, and for photos. The requirements
differ, such as the share of accepted answers that must be right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances
from inference.contract import ACCEPT_NOTHING, Familiarity, Head, InputContract, ModelContract
from reports.answers import Answers
from reports.intervals import count_needed_answers
from reports.promises import HELD_OUT_PICTURES, TIER_PHOTOS_PREFIX
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.thresholds.acceptance import choose_confidence_threshold
from training.thresholds.answer_sets import (
    AnswerSet,
    compute_confidences,
    make_photo_answer_sets,
    make_scores,
)
from training.thresholds.requirements import ThresholdRequirements
from training.thresholds.temperature import fit_temperature_to_answers

FAMILIARITY_QUANTILES: Final = 101
"""Number of quantiles of the distance that a release stores: one for each hundredth, and both ends."""

UNLEARNT_KIND_SHARE: Final = 0.01
"""Share of a shop's photos that are assumed to show a kind of garment near to the classes, such as leggings,
which no part of the model has learnt. With any share from .005 to .02, the bundled release chooses the same
thresholds."""

UNFAMILIAR_PICTURES: Final = "unfamiliar pictures"
"""Name of the set of pictures that are unfamiliar, in the report's promises about an attribute."""


@dataclass(frozen=True)
class Thresholds:
    """The numbers by which a service accepts answers, and the answers from which they were chosen.

    Attributes:
        temperature: the temperature that calibrates the network's probabilities.
        familiarity: the table that turns distances into familiarities, and the least that is accepted; None
            if the network measures no distance.
        confidence: the confidence that each accepted answer needs, 0 to 1; ACCEPT_NOTHING if no promise can
            be kept, so that a person reviews every answer.
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

    def mark_sure_answers(self, answers: Answers) -> NDArray[np.bool_]:
        """Tell which answers are confident and familiar enough, bool (N,).

        Labels that are never accepted are not left out, so that one can see how their answers would do.

        Args:
            answers: the answers, with probabilities before temperature.
        """
        confidences = compute_confidences(make_scores(answers), self.temperature, self.familiarity)
        return np.asarray(
            confidences
            >= np.maximum(self.confidence, _find_label_confidences(answers, self.stricter_confidences))
        )

    def make_head(self, labels: tuple[str, ...], applies_to: tuple[str, ...] | None = None) -> Head:
        """Return what a release stores about one question (a head), such as the colour: labels, thresholds.

        Args:
            labels: the possible answers, by index.
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
            # Each familiarity is at least 0, so with 0 no answer is reviewed as unfamiliar.
            familiarity=dict.fromkeys(labels, 0.0) if self.can_accept_unfamiliar else None,
        )

    def make_contract(self, labels: tuple[str, ...], input_contract: InputContract) -> ModelContract:
        """Return what a release stores about a network: its input, its classes and these thresholds.

        Args:
            labels: the classes, by index.
            input_contract: the input contract of the network: the shape and form of its pixels.
        """
        return ModelContract.make_class_contract(self.make_head(labels), input_contract, self.familiarity)


def decide_thresholds(answers: Answers, requirements: ThresholdRequirements) -> Thresholds:
    """Choose temperature, familiarity and confidence for one question: the class, or an attribute.

    Each share of pictures that may be unfamiliar, such as .02, .03 and .04, gives a candidate. The candidate
    whose answers cost least is taken, where a wrong accepted answer costs more than a review.

    Args:
        answers: the answers to N pictures, with groups, and with probabilities before temperature.
        requirements: the requirements for accepted answers.
    """
    temperature = requirements.temperature or fit_temperature_to_answers(
        answers, has_equal_class_weights=requirements.has_equal_class_weights
    )
    # People looked at the photos of CORRECTED_TIER because the model doubted them. They are no fair sample:
    # fitted to them, every answer would be less confident. The temperature leaves them out as well.
    distances = make_scores(
        answers.select_rows(answers.has_class & (answers.sets != CORRECTED_TIER))
    ).distances
    familiarity = requirements.familiarity or (None if distances is None else fit_familiarity(distances))
    candidates = [
        _decide_at_familiarity(
            # A familiarity is the share of known pictures that are as far. So with the threshold `least`,
            # this share of them is unfamiliar.
            answers,
            requirements,
            temperature,
            familiarity and replace(familiarity, threshold=least),
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


def fit_familiarity(distances: Distances) -> Familiarity:
    """Return the table that turns a distance into a familiarity, from 0 (strange) to 1.

    Args:
        distances: float32 (N,), how far pictures of the classes that the network did not learn are from the
            learnt ones.
    """
    ranks = np.linspace(0, 1, FAMILIARITY_QUANTILES)
    quantiles = np.quantile(distances.astype(np.float64), ranks, method="inverted_cdf")
    return Familiarity(quantiles=tuple(quantiles.tolist()))


def _decide_at_familiarity(
    answers: Answers, requirements: ThresholdRequirements, temperature: float, familiarity: Familiarity | None
) -> Thresholds:
    """Choose the confidence threshold for a given temperature and least familiarity.

    Args:
        familiarity: the familiarity with the least that is accepted; None if no picture is unfamiliar.
    """
    confidences = compute_confidences(make_scores(answers), temperature, familiarity)
    is_never_accepted = np.isin(answers.predicted, requirements.withheld_label_ids) | (
        confidences < _find_label_confidences(answers, requirements.stricter_confidences)
    )
    # NaN: reviewed at every threshold. So promises, which are about accepted answers, leave it out.
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
    confidence = (
        choose_confidence_threshold(answer_sets)
        if requirements.confidence is None
        else requirements.confidence
    )
    if confidence >= ACCEPT_NOTHING and _is_parent_threshold_kept(answers, answer_sets, requirements):
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
    """Return the confidence that each answer needs because of its label, float32 (N,); 0 for most labels."""
    return np.array(
        [stricter_confidences.get(index, 0.0) for index in answers.predicted.tolist()], np.float32
    )


def _is_parent_threshold_kept(
    answers: Answers, answer_sets: Sequence[AnswerSet], requirements: ThresholdRequirements
) -> bool:
    """Tell whether the confidence threshold of the release that was corrected (the parent) is kept.

    It is kept if people corrected photos, but too few of these, or none, were drawn at random. Then the
    user's pictures cannot show a promise, and nothing in them speaks against the threshold either. The
    figures of the other tiers show what it accepts.
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
    answers: Answers, usual_thresholds: Thresholds, requirements: ThresholdRequirements
) -> Thresholds | None:
    """Choose a threshold that also accepts answers about unfamiliar pictures; None if these must be reviewed.

    An attribute such as the colour may be answered well although the garment is unknown. Three conditions
    must hold, because a shop may have few unfamiliar pictures or many:

    1. The accepted answers about unfamiliar pictures show the promise by themselves.
    2. The accepted answers about all pictures show it.
    3. More answers are accepted than with familiar pictures alone.
    """
    # One set: only attributes ask for this, and their answers are not divided by tier.
    [familiar_answers] = usual_thresholds.answer_sets
    is_unfamiliar = np.isnan(familiar_answers.confidences)
    if is_unfamiliar.sum() < count_needed_answers(requirements.accuracy):
        return None
    # With 0 as the least familiarity every picture is familiar. False ends the recursion.
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
    """Count the answers that are accepted with a confidence threshold."""
    (count,), _ = answers.count_accepted(np.array([confidence], np.float32))
    return int(count)


def _compute_cost(thresholds: Thresholds, requirements: ThresholdRequirements) -> float:
    """Return the mean cost of an answer, where a review by a person costs 1.

    With a promise of 95%, a wrong accepted answer costs as much as 20 reviews. Each set with a promise has
    the same weight. The accepted answers to photos of none of the classes are added, as if the share
    UNLEARNT_KIND_SHARE of a shop's photos were such.
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
