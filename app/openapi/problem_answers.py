"""What every operation may answer when something goes wrong: statuses, problem types, headers.

Made from the table in app/api/problems.py and the docstrings of the errors themselves, so that neither is
repeated. Which operation raises what, its own table says; what may go wrong everywhere is added here.
"""

from collections.abc import Iterable
from http import HTTPStatus

from gunicorn.http import errors as http_errors
from pydantic import BaseModel
from werkzeug.exceptions import MethodNotAllowed, NotFound, TooManyRequests

from app import errors
from app.api.problems import INTERNAL, INTERNAL_DETAIL, MEDIA_TYPE, PROBLEMS, Problem, problem_type, type_of
from app.openapi.answer_models import ProblemAnswer
from app.openapi.examples import REQUEST_ID
from app.openapi.operations import header_references
from app.openapi.schemas import Json, reference
from inference.errors import UploadError

EVERYWHERE: tuple[type[Exception], ...] = (
    http_errors.ParseException,
    http_errors.LimitRequestLine,
    http_errors.LimitRequestHeaders,
    http_errors.ExpectationFailed,
    http_errors.UnsupportedTransferCoding,
    Exception,
)
"""What no route can help: a request that is no HTTP, and mistakes of ours."""

BEHIND_KEYS: tuple[type[Exception], ...] = (errors.KeyRefused, errors.NotReady)
"""What a route may answer where keys are configured: none fits, or none can be checked."""

RATE: tuple[type[Exception], ...] = (TooManyRequests,)
"""What a route may answer that counts towards RATE_LIMIT, where there is one."""

BESIDE_ROUTES: tuple[type[Exception], ...] = (NotFound, MethodNotAllowed)
"""What belongs to no operation: a path that is none, a method that is not allowed there."""

_HEADERS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After",),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
}

_WORDS: dict[type[Exception], str] = {
    http_errors.ParseException: "The request cannot be read as HTTP.",
    http_errors.LimitRequestLine: "The request line has more than 4,094 bytes.",
    http_errors.LimitRequestHeaders: "The headers have more bytes, or are more, than is read here.",
    http_errors.ExpectationFailed: "An `Expect` that is not known here.",
    http_errors.UnsupportedTransferCoding: "A `Transfer-Encoding` that is not known here.",
    TooManyRequests: "This client asked more often than its rate allows.",
    errors.BadRequest: "No picture, a malformed form, JSON or ZIP, an unknown parameter or value.",
    errors.KeyRefused: "API keys are configured and none fits.",
    UploadError: "A picture that is truncated or damaged.",
    NotFound: "There is no such route.",
    MethodNotAllowed: "The route is there, but not for this method.",
    Exception: INTERNAL_DETAIL,
}
"""Of errors that are not ours, or whose docstrings are for us; the rest say it in these."""


def problem_answers(
    raised: Iterable[type[Exception]], told_as: type[BaseModel] = ProblemAnswer
) -> dict[HTTPStatus, tuple[str, Json]]:
    """The answers to these errors.

    Args:
        raised: what may be raised.
        told_as: what errors look like there.

    Returns:
        by status: a name that says what was raised, and the Response Object.
    """
    by_status: dict[HTTPStatus, list[type[Exception]]] = {}
    for kind in dict.fromkeys(raised):
        by_status.setdefault(problem_type(kind).status, []).append(kind)
    return {status: _answer(status, kinds, told_as) for status, kinds in sorted(by_status.items())}


def every_problem() -> list[tuple[Problem, str]]:
    """All types of problems that the service knows, each with when it comes, by status."""
    kinds = [*PROBLEMS, TooManyRequests, *BESIDE_ROUTES, Exception]
    words: dict[Problem, list[str]] = {}
    for kind in kinds:
        if problem_type(kind) != INTERNAL or kind is Exception:
            words.setdefault(problem_type(kind), []).append(_sentence(kind))
    return sorted(
        ((problem, " ".join(said)) for problem, said in words.items()), key=lambda told: told[0].status
    )


def _answer(status: HTTPStatus, kinds: list[type[Exception]], told_as: type[BaseModel]) -> tuple[str, Json]:
    problems = list(dict.fromkeys(problem_type(kind) for kind in kinds))
    schema = {
        "allOf": [
            reference(told_as),
            {
                "properties": {
                    "status": {"const": int(status)},
                    "type": {"enum": [type_of(problem) for problem in problems]},
                }
            },
        ]
    }
    of_dialect = told_as is not ProblemAnswer
    examples = {
        problem_type(kind).slug: {
            "value": _example(kind) | ({"error": _sentence(kind)} if of_dialect else {})
        }
        for kind in reversed(kinds)
    }
    response = {
        "description": " ".join(_sentence(kind) for kind in kinds),
        "headers": header_references(_HEADERS.get(status, ())),
        "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }
    name = ".".join(
        [f"{int(status)}", *(kind.__name__ for kind in kinds), *(["error"] if of_dialect else [])]
    )
    return name, response


def _example(kind: type[Exception]) -> Json:
    problem = problem_type(kind)
    return {
        "type": type_of(problem),
        "title": problem.title,
        "status": int(problem.status),
        "detail": _sentence(kind),
        "request_id": REQUEST_ID,
    }


def _sentence(kind: type[Exception]) -> str:
    return _WORDS.get(kind) or (kind.__doc__ or "").partition("\n\n")[0]
