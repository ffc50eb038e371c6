"""Choose the thresholds of attributes, which are further questions about a picture, such as its colour.

The rule is that of the class. The pictures from which it chooses differ: some have no label of the attribute.
"""

from collections.abc import Mapping

import numpy as np

from inference.arrays import Probabilities
from inference.contract import LABEL
from reports.answers import NO_CLASS, Answers
from training.data.labels import INAPPLICABLE_LABEL, Labels
from training.thresholds.decide import Thresholds, decide_thresholds
from training.thresholds.requirements import ThresholdRequirements, make_attribute_requirements


def decide_attribute_thresholds(
    labels: Mapping[str, Labels],
    probabilities: Mapping[str, Probabilities],
    class_answers: Answers,
    thresholds: Thresholds,
    class_requirements: ThresholdRequirements,
) -> dict[str, Thresholds]:
    """Choose the thresholds of each attribute, and return them by its name.

    Args:
        labels: the labels of the N pictures for each attribute, and for the class under LABEL.
        probabilities: the probabilities of the pictures by attribute, float32 (N, C), before temperature,
            from heads that did not learn the picture.
        class_answers: answers about the class of the same pictures, in their order, from heads that did not
            learn them.
        thresholds: the thresholds of the class. Their familiarity is valid for the attributes too, because a
            picture has one familiarity for all questions.
    """
    classes = labels[LABEL].names
    return {
        name: decide_thresholds(
            _choose_attribute_answers(labels[name], attribute_probabilities, class_answers, classes),
            make_attribute_requirements(labels[name], class_requirements, thresholds.familiarity),
        )
        for name, attribute_probabilities in probabilities.items()
    }


def _choose_attribute_answers(
    labels: Labels, probabilities: Probabilities, class_answers: Answers, classes: tuple[str, ...]
) -> Answers:
    """Return the answers about an attribute, such as the sleeve length, from which thresholds are chosen.

    There are two sorts of pictures: those with a known label of the attribute, and those that lack it
    although the answered class has it. A bag that is taken for a shirt is of the second sort.
    """
    predicted = probabilities.argmax(axis=1)
    is_right = labels.is_right[np.arange(len(predicted)), predicted]
    # A picture may have several right labels. If one of them was answered, it is taken as the truth.
    truth = np.where(is_right, predicted, np.where(labels.main_codes >= 0, labels.main_codes, NO_CLASS))
    has_attribute = np.isin(
        class_answers.predicted, [classes.index(name) for name in labels.applies_to or classes]
    )
    # A service that takes a bag for a shirt answers its sleeve length, and every such answer is wrong.
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
