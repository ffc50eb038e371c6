"""GET /healthz, /health and /readyz: is the service alive, and is it ready to classify pictures?

Orchestrators, load balancers and operators ask. /readyz also reports faults that do not stop the service.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify

from app.errors import ServiceNotReady
from app.middleware.request_context import get_served_model
from app.releases.serving import ModelHolder, Refusal, StoreFault, TargetAcceptance

HIDDEN_ERROR = "The log says why, and so does this answer to a request with an API key."
"""Text that clients without an API key get in place of an error, since an error may name buckets and keys."""

DRAIN_RETRY_SECONDS = 5
"""Value of Retry-After in answers of a worker that is stopping. By then another worker accepts requests."""


def create_health_routes(models: ModelHolder, is_known_client: Callable[[], bool]) -> Blueprint:
    """Create the routes /healthz, /health and /readyz, which report whether the service is alive and ready.

    Args:
        models: the holder of the served model, which also records the errors of its store.
        is_known_client: a function that returns whether the client of the current request has an API key.
            Only then does the answer show errors, which may contain addresses.
    """
    routes = Blueprint("health", __name__)

    @routes.get("/health")  # the same endpoint, so that what holds for one path holds for both
    @routes.get("/healthz")
    def live() -> Response:
        return jsonify({"status": "live"})

    @routes.get("/readyz")
    def ready() -> Response:
        check_not_draining(models)
        return jsonify(_describe_condition(models, can_see_errors=is_known_client()))

    return routes


def check_not_draining(models: ModelHolder) -> None:
    """Raise an error if this worker is stopping, and therefore takes no further requests.

    Args:
        models: the holder of the served model, which knows whether the worker is stopping.

    Raises:
        ServiceNotReady: the worker is stopping.
    """
    if models.is_draining:
        raise ServiceNotReady(
            "This worker is stopping and takes no more requests. Try again in a moment.", DRAIN_RETRY_SECONDS
        )


def _describe_condition(models: ModelHolder, *, can_see_errors: bool) -> dict[str, Any]:
    fault = models.current_fault
    stale_since = get_served_model().stale_since or (fault.since if fault else None)
    return {
        "status": "ready",
        "model": {"version": get_served_model().version},
        "stale": stale_since is not None,
        "stale_since": stale_since.isoformat() if stale_since else None,
        "store": _describe_store(fault, can_see_errors=can_see_errors),
        "refused": [_describe_refusal(refusal, can_see_errors=can_see_errors) for refusal in models.refusals],
        **_describe_photos(get_served_model().photo_fault),
        **_describe_accept_target(get_served_model().acceptance),
    }


def _describe_photos(fault: str | None) -> dict[str, Any]:
    """Return the field `photos` of /readyz, which says why no answer to a photo is accepted.

    Args:
        fault: the reason; None if the release has a network for photos, and then there is no field.
    """
    return {} if fault is None else {"photos": {"status": "unproven", "error": fault}}


def _describe_accept_target(acceptance: TargetAcceptance | None) -> dict[str, Any]:
    """Return the field of /readyz about WARDROBE_ACCEPT_TARGET; no field if the setting is empty."""
    if acceptance is None:
        return {}
    if acceptance.fault is None:
        return {"accept_target": {"status": "ok"}}
    return {"accept_target": {"status": "failing", "error": acceptance.fault}}


def _describe_store(fault: StoreFault | None, *, can_see_errors: bool) -> dict[str, Any]:
    if fault is None:
        return {"status": "ok"}
    error = str(fault.error) if can_see_errors else HIDDEN_ERROR
    return {"status": "failing", "since": fault.since.isoformat(), "error": error}


def _describe_refusal(refusal: Refusal, *, can_see_errors: bool) -> dict[str, Any]:
    reason = refusal.reason if can_see_errors else HIDDEN_ERROR
    return {"promotion": refusal.promotion_number, "version": refusal.version, "reason": reason}
