"""The reference distribution: the answers to held-out pictures, for comparison with today's answers.

Prometheus compares, over any window that an operator likes: deploy/prometheus/ has the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.releases.serving import ServedModel


@dataclass(frozen=True)
class ReferenceDistribution:
    """How the answers to held-out pictures are distributed.

    Attributes:
        labels: the share of the test set's pictures that got each label; empty where it is unknown.
        has_familiarity: whether the model measures it. Then it needs no figures: familiarity is a rank among
            held-out pictures, so that it is uniform from 0 to 1 for pictures like these.
    """

    labels: Mapping[str, float] = field(default_factory=dict)
    has_familiarity: bool = False


NO_REFERENCE = ReferenceDistribution()


def create_reference_distribution(served: ServedModel) -> ReferenceDistribution:
    """The reference distribution of a release; a bare artifact has none."""
    return ReferenceDistribution(_compute_label_shares(served), served.contract.familiarity is not None)


def _compute_label_shares(served: ServedModel) -> Mapping[str, float]:
    report = served.evaluation
    if report is None:
        return {}
    predicted = np.array(report.test.confusion_matrix).sum(axis=0)
    return dict(zip(report.labels, (predicted / predicted.sum()).tolist(), strict=True))
