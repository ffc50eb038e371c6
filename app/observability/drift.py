"""What was so when the model was measured, so that what is asked of it now can be held against it.

Comparing is left to Prometheus, over any window that an operator likes: deploy/prometheus/ has the rules.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.releases.serving import Served
from model_store.errors import ReportInvalid
from model_store.report import parse_report

log = logging.getLogger("wardrobe")


@dataclass(frozen=True)
class Reference:
    """How the answers to held-out pictures were spread.

    Attributes:
        labels: the share of the test set's pictures that got each label; empty where nobody knows.
        familiarity: whether the model measures it. Then it needs no figures: familiarity is a rank among
            held-out pictures, so that of pictures like these is spread evenly from 0 to 1.
    """

    labels: Mapping[str, float] = field(default_factory=dict)
    familiarity: bool = False


NOTHING_KNOWN = Reference()


def reference_of(served: Served) -> Reference:
    """What a model's release tells about that; a bare artifact tells nothing."""
    return Reference(_label_shares(served), served.contract.familiarity is not None)


def _label_shares(served: Served) -> Mapping[str, float]:
    if served.manifest is None:
        return {}
    try:
        report = parse_report(served.report, f"report.json of {served.version}")
    except ReportInvalid as error:
        log.warning("%s Which labels are usual is not known.", error)
        return {}
    predicted = np.array(report.test.confusion_matrix).sum(axis=0)
    return dict(zip(report.labels, (predicted / predicted.sum()).tolist(), strict=True))
