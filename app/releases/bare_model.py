"""Serve a bare artifact: a `.keras` file with a JSON file of metrics, as somebody might upload them by hand.

Unlike a release, it has no labels, calibration or thresholds. The labels are taken from its metrics, or else
assumed; a threshold is assumed as well, and the log says so. TensorFlow has to be installed to run it.
"""

import json
import logging

import numpy as np

from app.releases.serving import ServedModel
from inference.classifier import Classifier
from inference.contract import GREY_28, Head, ModelContract
from inference.networks import Networks
from inference.sessions.keras_session import KerasSession
from model_store.errors import ReportInvalid
from model_store.local_releases import BareArtifact, open_bundled_release

log = logging.getLogger("wardrobe")

ASSUMED_CONFIDENCE = 0.9
"""Confidence below which an answer of a bare artifact needs a review. It is high, because the model was not
calibrated: its confidence may exceed the share of right answers by far."""


def open_bare_model(artifact: BareArtifact) -> ServedModel:
    """Load a bare artifact (a model and its metrics without a manifest), and run it once to warm it up.

    Raises:
        ModelUnreadable: TensorFlow is not installed, or cannot read this model.
        ContractBroken: the model does not have one output for each label.
        ReportInvalid: the metrics are not JSON.
    """
    report = artifact.report.read_bytes()
    labels = _read_labels(report, str(artifact.report))
    head = Head(labels=labels, temperature=1.0, confidence=ASSUMED_CONFIDENCE)
    contract = ModelContract.make_class_contract(head, GREY_28, None)
    session = KerasSession(artifact.model)
    session.log_inferred_input(artifact.model)
    classifier = Classifier(session, contract)
    classifier.classify(np.zeros((1, *GREY_28.array_shape), np.uint8))  # the first call compiles the model
    log.warning("%s is bare: not calibrated, never `unfamiliar`, run by TensorFlow.", artifact.model.name)
    return ServedModel(
        version=artifact.version,
        networks=Networks.wrap_classifier(classifier),
        report=report,
        manifest=None,
    )


def _read_labels(report: bytes, address: str) -> tuple[str, ...]:
    try:
        metrics = json.loads(report)
    except ValueError as error:
        raise ReportInvalid(f"{address}: {error}. The metrics beside a bare model must be JSON.") from error
    labels = metrics.get("labels") if isinstance(metrics, dict) else None
    if isinstance(labels, list) and all(isinstance(label, str) for label in labels):
        return tuple(labels)
    log.warning("%s names no `labels`; those of the bundled release are assumed.", address)
    return open_bundled_release().manifest.labels
