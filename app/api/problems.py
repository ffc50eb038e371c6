"""Turn errors into answers: JSON documents of the type application/problem+json (RFC 9457).

No other file chooses the HTTP status of an error. `PROBLEM_TYPES` has a status and a title for each class of
errors, which hold for its subclasses, too. The messages of these classes are written for clients. The message
of any other error is not sent, so that nothing leaks.
"""

import json
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from app import errors
from app.api.report import prefers_html
from app.middleware.request_context import get_request_context
from app.web.translations import find_translation
from inference import errors as inference_errors

log = logging.getLogger("wardrobe")


@dataclass(frozen=True)
class ProblemType:
    """A type of error answer, as RFC 9457 (problem details for HTTP APIs) defines it.

    Attributes:
        status: the HTTP status, such as 413.
        slug: the last part of the field `type`, such as `too-large`.
        title: a short text that is the same for all errors of this type, such as "Too large".
    """

    status: HTTPStatus
    slug: str
    title: str


MEDIA_TYPE = "application/problem+json"
"""Content-Type of an error answer (RFC 9457)."""

INTERNAL = ProblemType(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Internal error")
"""Problem type of every error whose class is not in PROBLEM_TYPES."""

INTERNAL_DETAIL = "This is our fault, not yours. Try again; if it stays, tell us the request_id."
"""Text for clients about an internal error, which says nothing about its cause."""

PROBLEM_TYPES: dict[type[Exception], ProblemType] = {
    errors.BadRequest: ProblemType(HTTPStatus.BAD_REQUEST, "bad-request", "Bad request"),
    errors.ApiKeyRefused: ProblemType(HTTPStatus.UNAUTHORIZED, "unauthorized", "No valid API key"),
    errors.NoSuchModel: ProblemType(HTTPStatus.NOT_FOUND, "no-such-model", "No such model"),
    errors.UnknownContentEncoding: ProblemType(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unknown-coding", "Unknown content coding"
    ),
    errors.RequestTooLarge: ProblemType(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "Too large"),
    errors.ServiceBusy: ProblemType(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Busy"),
    errors.ServiceNotReady: ProblemType(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", "Not ready"),
    inference_errors.PictureTooLarge: ProblemType(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "Too large"
    ),
    inference_errors.UnknownPictureFormat: ProblemType(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unknown-format", "Not a picture that is read here"
    ),
    inference_errors.UploadError: ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "broken-picture", "Broken picture"
    ),
    inference_errors.BadPixels: ProblemType(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-pixels", "Bad pixels"),
}
"""The problem type (HTTP status and title) of each class of errors. The nearest class of an error decides."""

ERROR_PREFIXES = ("/v1/", "/v2")
"""Beginnings of the paths of TensorFlow Serving's and KServe's protocols, whose clients read the message of
an error from the field `error`."""

MAX_DETAIL_LENGTH = 1000
"""Largest number of characters of the field `detail`. Some messages quote the request, which may have
kilobytes."""

MAX_PATH_LENGTH = 100
"""Largest number of characters of the request's path that an error answer repeats."""


def register_problem_handlers(app: Flask) -> None:
    """Make `app` answer every error, including Flask's own, with a JSON problem document (RFC 9457)."""
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_error)


def create_problem(error: Exception) -> dict[str, Any]:
    """Return the JSON object that tells a client about an error: type, title, status and detail.

    The detail is the message of the error. For an internal error it is INTERNAL_DETAIL, which hides the
    cause.
    """
    problem = find_problem_type(type(error))
    return _create_document(
        problem, INTERNAL_DETAIL if problem is INTERNAL else str(error)[:MAX_DETAIL_LENGTH]
    )


def find_problem_type(error: type[Exception]) -> ProblemType:
    """Return the problem type (HTTP status and title) for a class of errors.

    It is that of the nearest class in PROBLEM_TYPES, or else INTERNAL. Flask's own errors keep their status.
    """
    if issubclass(error, HTTPException):
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        return ProblemType(status, status.phrase.lower().replace(" ", "-"), status.phrase)
    return next(
        (PROBLEM_TYPES[ancestor] for ancestor in error.__mro__ if ancestor in PROBLEM_TYPES), INTERNAL
    )


def make_problem_urn(problem: ProblemType) -> str:
    """Return the `type` of a problem document, such as `urn:wardrobe:problem:too-large`."""
    return f"urn:wardrobe:problem:{problem.slug}"


def serialize_problem(document: dict[str, Any], request_id: str, path: str) -> str:
    """Return the JSON text of a problem document, with the id of the request added.

    If the path begins with one of ERROR_PREFIXES, the field `error` repeats the detail. RFC 9457 allows such
    extension members (section 3.2).

    Args:
        document: the problem document, as `create_problem` returns it.
    """
    answer = document | {"request_id": request_id}
    if path.startswith(ERROR_PREFIXES):
        answer["error"] = document["detail"]
    return json.dumps(answer, separators=(",", ":")) + "\n"


def _answer_error(error: Exception) -> Response:
    if isinstance(error, errors.ApiKeyRefused) and _is_report_reader():
        return _redirect_to_key_page()
    document = create_problem(error)
    if document["status"] == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.exception("request %s failed", get_request_context().request_id, exc_info=error)
    response = _create_response(document)
    response.headers.update(errors.make_error_headers(error))
    errors.drop_traceback(error)
    return response


def _is_report_reader() -> bool:
    """Return whether a person opens the report in a browser, which sends no API key by itself."""
    is_keyless_report = request.endpoint == "model.metrics" and "Authorization" not in request.headers
    return is_keyless_report and prefers_html(request.accept_mimetypes)


def _redirect_to_key_page() -> Response:
    # The page at / asks for the key, and then shows the report.
    answer = Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "./#report"})
    answer.vary.add("Accept")
    return answer


def _answer_http_error(error: HTTPException) -> Response:
    problem = find_problem_type(type(error))
    document = _create_document(problem, _describe_http_error(error) or problem.status.description)
    response = _create_response(document)
    if isinstance(error, NotFound):
        response.vary.add("Accept")
        if request.accept_mimetypes.best_match((MEDIA_TYPE, "application/json", "text/html")) == "text/html":
            response.set_data(_render_not_found_page(request.path))
            response.mimetype = "text/html"
            response.vary.add("Accept-Language")
    # Headers of Flask's own error stay, such as Allow with status 405.
    for name, value in error.get_response().headers.items():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    errors.drop_traceback(error)
    return response


def _render_not_found_page(path: str) -> str:
    language, texts = find_translation(request.headers.get("Accept-Language"))
    return render_template(
        "not-found.html",
        language=language,
        t=lambda english: texts.get(english, english),
        path=path[:MAX_PATH_LENGTH],
        # The links are relative, so that they also work below a proxy's prefix.
        home="../" * (path.count("/") - 1) or "./",
    )


def _describe_http_error(error: HTTPException) -> str | None:
    """Return a text for a client on what was wrong, and what would be right; None without any."""
    path = request.path[:MAX_PATH_LENGTH]
    if isinstance(error, NotFound):
        path_without_slash = path.rstrip("/")
        if path_without_slash != path and any(
            rule.rule == path_without_slash for rule in current_app.url_map.iter_rules()
        ):
            return (
                f"Nothing is found at {path}. {path_without_slash}, without a slash at its end, is a route."
            )
        return f"Nothing is found at {path}. GET /openapi.json lists the routes."
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        return f"{request.method} is not allowed at {path}, which takes {allowed}."
    return error.description


def _create_document(problem: ProblemType, detail: str) -> dict[str, Any]:
    return {
        "type": make_problem_urn(problem),
        "title": problem.title,
        "status": int(problem.status),
        "detail": detail,
    }


def _create_response(document: dict[str, Any]) -> Response:
    context = get_request_context()
    context.problem = document["type"]
    body = serialize_problem(document, context.request_id, request.path)
    return Response(body, status=document["status"], mimetype=MEDIA_TYPE)
