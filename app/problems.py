"""Every error that a client may see, as RFC 9457 problem+json. No status is chosen anywhere else.

The nearest ancestor class in `PROBLEMS` decides. Flask's own errors keep their headers, so `Allow` survives.
Messages of `UploadError` and `RequestError` are written for clients; of everything else nothing leaks.
"""

import json
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, request
from gunicorn.http import errors as http_errors
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from app import errors
from inference import errors as inference_errors

log = logging.getLogger("wardrobe")


@dataclass(frozen=True)
class Problem:
    """What RFC 9457 calls a problem type: its slug in `type`, its title, and its status."""

    status: HTTPStatus
    slug: str
    title: str


MEDIA_TYPE = "application/problem+json"

INTERNAL = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Internal error")
INTERNAL_DETAIL = "This is our fault, not yours. Try again; if it stays, tell us the request_id."

PROBLEMS: dict[type[Exception], Problem] = {
    errors.BadRequest: Problem(HTTPStatus.BAD_REQUEST, "bad-request", "Bad request"),
    errors.KeyRefused: Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", "No valid API key"),
    errors.TooLarge: Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "Too large"),
    errors.Busy: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Busy"),
    errors.NotReady: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", "Not ready"),
    inference_errors.PictureTooLarge: Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "Too large"),
    inference_errors.UnknownFormat: Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unknown-format", "Not a picture that is read here"
    ),
    inference_errors.UploadError: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "broken-picture", "Broken picture"
    ),
    inference_errors.BadPixels: Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-pixels", "Bad pixels"),
    http_errors.ParseException: Problem(HTTPStatus.BAD_REQUEST, "not-http", "Not HTTP that is read here"),
    http_errors.LimitRequestLine: Problem(HTTPStatus.REQUEST_URI_TOO_LONG, "too-large", "Too large"),
    http_errors.LimitRequestHeaders: Problem(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too-large", "Too large"
    ),
    http_errors.ExpectationFailed: Problem(
        HTTPStatus.EXPECTATION_FAILED, "not-http", "Not HTTP that is read here"
    ),
    http_errors.UnsupportedTransferCoding: Problem(
        HTTPStatus.NOT_IMPLEMENTED, "not-http", "Not HTTP that is read here"
    ),
    # These are what we answered, not what we were asked.
    http_errors.InvalidResponseHeader: INTERNAL,
    http_errors.InvalidResponseHeaderName: INTERNAL,
}

DETAIL_LENGTH = 1000
"""Characters of a detail: gunicorn's words quote what came, and that may be kilobytes."""

PATH_LENGTH = 100
"""Characters of a path that are told back."""


def register_problem_handlers(app: Flask) -> None:
    """Answer every error of `app` with problem+json, the framework's own included."""
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_exception)


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem document of an error that a client may see: type, title, status, detail."""
    problem = _nearest(type(error))
    return _document(problem, INTERNAL_DETAIL if problem is INTERNAL else str(error)[:DETAIL_LENGTH])


def problem_body(document: dict[str, Any], request_id: str | None) -> str:
    """The problem document as it is sent, with the id of the request that it answers."""
    return json.dumps(document | {"request_id": request_id}, separators=(",", ":")) + "\n"


def _answer_exception(error: Exception) -> Response:
    document = problem_of(error)
    if document["status"] == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.exception("request %s failed", g.get("request_id"), exc_info=error)
    response = _response(document)
    response.headers.update(errors.headers_of(error))
    return response


def _answer_http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    slug = status.phrase.lower().replace(" ", "-")
    document = _document(Problem(status, slug, status.phrase), _detail(error) or status.description)
    response = _response(document)
    for name, value in error.get_response().headers.items():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _detail(error: HTTPException) -> str | None:
    """What was wrong and what would be right; of what is raised here, the framework tells only the former."""
    where = request.path[:PATH_LENGTH]
    if isinstance(error, NotFound):
        routes = sorted({rule.rule for rule in current_app.url_map.iter_rules()})
        return f"Nothing is found at {where}. The routes are {', '.join(routes)}."
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        return f"{request.method} is not allowed at {where}, which takes {allowed}."
    return error.description


def _nearest(kind: type[Exception]) -> Problem:
    return next((PROBLEMS[ancestor] for ancestor in kind.__mro__ if ancestor in PROBLEMS), INTERNAL)


def _document(problem: Problem, detail: str) -> dict[str, Any]:
    return {
        "type": f"urn:wardrobe:problem:{problem.slug}",
        "title": problem.title,
        "status": int(problem.status),
        "detail": detail,
    }


def _response(document: dict[str, Any]) -> Response:
    body = problem_body(document, g.get("request_id"))
    return Response(body, status=document["status"], mimetype=MEDIA_TYPE)
