"""The distribution of a release's answers to held-out pictures, to compare today's answers with.

If today's answers are distributed very differently, the pictures are of another sort. Prometheus makes the
comparison, with the rules in deploy/prometheus/.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.releases.serving import ServedModel


@dataclass(frozen=True)
class ReferenceDistribution:
    """The distribution of a model's answers to held-out pictures, to compare today's answers with.

    Attributes:
        labels: the share of the test pictures that got each label, such as .1 for `Coat`; empty if it is not
            known.
        has_familiarity: whether the model measures familiarity, how much a picture looks like the learnt
            ones. It is a rank among held-out pictures, so its distribution for these is uniform from 0 to 1
            and needs no figures.
    """

    labels: Mapping[str, float] = field(default_factory=dict)
    has_familiarity: bool = False


NO_REFERENCE = ReferenceDistribution()
"""Reference distribution of a model for which no figures are known."""


def create_reference_distribution(model: ServedModel) -> ReferenceDistribution:
    """Return the distribution of a release's answers to its test pictures, as its report has it.

    It has no labels if the release has no report, or one that cannot be read.
    """
    return ReferenceDistribution(_compute_label_shares(model), model.contract.familiarity is not None)


def _compute_label_shares(served: ServedModel) -> Mapping[str, float]:
    report = served.evaluation
    if report is None:
        return {}
    predicted = np.array(report.test.confusion_matrix).sum(axis=0)
    return dict(zip(report.labels, (predicted / predicted.sum()).tolist(), strict=True))
