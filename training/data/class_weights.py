"""Weights of classes in the loss of a training, so that rare classes are learnt, too."""

from typing import Final

import numpy as np

from training.data.labels import LabelCodes

MIN_UNEVEN_CLASS_RATIO: Final = 1.5
"""Ratio of the largest class to the smallest, in pictures, from which rare classes get a larger weight."""


MAX_CLASS_WEIGHT: Final = 10.0
"""Largest weight of one picture in the loss. With a larger weight, a handful of pictures would dominate the
training."""


def choose_class_weights(labels: LabelCodes, classes: int) -> dict[int, float] | None:
    """Return the weight in the loss for pictures of each class, so that all classes weigh the same.

    Args:
        labels: the class index of each training picture; every class must occur.

    Returns:
        The weight by class index, with mean 1 over the pictures and capped at MAX_CLASS_WEIGHT; None if the
        classes are of similar size (see MIN_UNEVEN_CLASS_RATIO).
    """
    counts = np.bincount(labels, minlength=classes)
    if counts.max() < MIN_UNEVEN_CLASS_RATIO * counts.min():
        return None
    from sklearn.utils.class_weight import compute_class_weight  # noqa: PLC0415 - --help needs none

    weights = compute_class_weight("balanced", classes=np.arange(classes), y=labels)
    return dict(enumerate(np.minimum(weights, MAX_CLASS_WEIGHT).tolist()))


def describe_capped_weights(labels: LabelCodes, names: tuple[str, ...]) -> str | None:
    """Return a warning if the weight of a rare class is capped at MAX_CLASS_WEIGHT; None if no weight is.

    Args:
        labels: the class index of each training picture; every class must occur.
    """
    weights = choose_class_weights(labels, len(names)) or {}
    rare_classes = [name for index, name in enumerate(names) if weights.get(index) == MAX_CLASS_WEIGHT]
    if not rare_classes:
        return None
    return (
        f"A picture of {', '.join(rare_classes)} counts {MAX_CLASS_WEIGHT:g} times as much as an average "
        "one, and no more, so classes as rare count for less than others: bring more pictures of these."
    )
