"""The reference distribution: the answers to held-out pictures, to compare today's answers with.

Prometheus makes the comparison, over any window that an operator chooses. deploy/prometheus/ has the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.releases.serving import ServedModel


@dataclass(frozen=True)
class ReferenceDistribution:
    """The distribution of a model's answers to held-out pictures, to compare today's answers with.

    Attributes:
        labels: the share of the test set's pictures that got each label; empty if it is not known.
        has_familiarity: whether the model measures familiarity. Its distribution needs no figures, because
            familiarity is a rank among held-out pictures and so is uniform from 0 to 1 for pictures like
            these.
    """

    labels: Mapping[str, float] = field(default_factory=dict)
    has_familiarity: bool = False


NO_REFERENCE = ReferenceDistribution()
"""Reference distribution of a model for which no figures are known."""


def create_reference_distribution(served: ServedModel) -> ReferenceDistribution:
    """Return the distribution of a release's answers to its test pictures, from its report.

    The distribution has no labels if the report cannot be read, as for a bare artifact.
    """
    return ReferenceDistribution(_compute_label_shares(served), served.contract.familiarity is not None)


def _compute_label_shares(served: ServedModel) -> Mapping[str, float]:
    report = served.evaluation
    if report is None:
        return {}
    predicted = np.array(report.test.confusion_matrix).sum(axis=0)
    return dict(zip(report.labels, (predicted / predicted.sum()).tolist(), strict=True))
