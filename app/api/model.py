"""GET /metrics, /metrics/prometheus and /model: which model is served, and how good it is.

/metrics answers a browser with the evaluation as a page, a Prometheus scraper with counts of requests, and
every other client with the evaluation as JSON.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from app.api.report import prefers_html, send_report_json, send_report_page
from app.middleware.request_context import get_served_model
from app.observability.metrics import Metrics
from app.releases.serving import ServedModel, TargetAcceptance
from app.releases.shown_values import hide_private_values, show_confidence
from app.settings import Settings
from inference.contract import ModelContract

SCRAPER_TYPES = ("application/openmetrics-text", "text/plain;version=0.0.4")
"""Media types in an Accept header that only Prometheus scrapers send."""

_HIDDEN_FIELDS: Final[Mapping[str, bool | Mapping[str, set[str]]]] = {
    "files": True,
    "networks": {"__all__": {"golden"}},
}
"""Fields of a manifest that the answer of `/model` leaves out, because they are long and no reader needs
them: the hash of each file, and the pictures by which a release checks itself."""


def create_model_routes(settings: Settings, metrics: Metrics) -> Blueprint:
    """Create the routes /model, /metrics and /metrics/prometheus, which describe the served model.

    Args:
        metrics: the Prometheus metrics of the app.
    """
    routes = Blueprint("model", __name__)

    @routes.get("/metrics", endpoint="metrics")
    def send_metrics() -> Response:
        if _is_scraper(request.headers.get("Accept", "")):
            return _send_exposition(metrics)
        served = get_served_model()
        answer = (
            send_report_page(settings, served)
            if prefers_html(request.accept_mimetypes)
            else send_report_json(served)
        )
        answer.vary.add("Accept")
        return answer

    @routes.get("/metrics/prometheus")
    def prometheus() -> Response:
        return _send_exposition(metrics)

    @routes.get("/model")
    def model() -> Response:
        return jsonify(_describe_model(settings.model_name, get_served_model()))

    return routes


def _send_exposition(counts: Metrics) -> Response:
    body, content_type = counts.encode_metrics(request.headers.get("Accept", ""))
    return Response(body, content_type=content_type, headers={"Vary": "Accept"})


def _is_scraper(accept: str) -> bool:
    compact = accept.replace(" ", "").lower()
    return any(scraped in compact for scraped in SCRAPER_TYPES)


def _describe_model(name: str, model: ServedModel) -> dict[str, Any]:
    manifest = model.manifest
    described = manifest.model_dump(mode="json", exclude=_HIDDEN_FIELDS) if manifest else {}
    return {
        "name": name,
        "version": model.version,
        "labels": list(model.contract.labels),
        "categories": list(model.categories.localize_categories(None).classes) if model.categories else None,
        "promotion": model.promotion_number,
        "stale_since": model.stale_since.isoformat() if model.stale_since else None,
        "thresholds": _describe_thresholds(model.contract),
        "photo_thresholds": _describe_thresholds(model.photo_contract),
        **_describe_attributes(model),
        "accept_target": _describe_acceptance(model.acceptance),
        "manifest": hide_private_values(described) or None,
    }


def _describe_thresholds(contract: ModelContract) -> dict[str, float | None]:
    confidence = show_confidence(contract.class_head.confidence)
    return {"confidence": confidence, "familiarity": contract.minimum_familiarity}


def _describe_attributes(model: ServedModel) -> dict[str, Any]:
    """Return the labels of each attribute, as one field; no field if the model has no attributes."""
    attributes = {
        name: {"labels": head.labels, "applies_to": head.applies_to}
        for name, head in model.attributes.items()
    }
    return {"attributes": attributes} if attributes else {}


def _describe_acceptance(acceptance: TargetAcceptance | None) -> dict[str, Any] | None:
    """Return the effect of WARDROBE_ACCEPT_TARGET on the release; None if the setting is empty."""
    if acceptance is None:
        return None
    gives = {
        pictures: {
            "accepted": point.accepted_share,
            "right": point.right_share,
            "lower_bound": point.lower_bound,
        }
        for pictures, point in acceptance.gives.items()
    }
    return {"target": acceptance.target, "gives": gives, "fault": acceptance.fault}
