"""What surrounds every request: its id, the model it will be answered with, its log line and its counts.

The model is taken once, when the request begins, so that an answer and its X-Model-Version always agree.
"""

import re
import time
import uuid

from flask import Flask, Response, g, request

from app.access_log import Answered, log_request
from app.predicting import Timing
from app.prometheus import Instruments
from app.serving import Models, Served
from app.unreadable import raise_if_unreadable

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What is taken over from a client's X-Request-ID; anything else gets an id of ours."""


def surround_requests(app: Flask, models: Models, instruments: Instruments) -> None:
    """Give every request of `app` an id, a model, headers, a log line and its counts."""

    @app.before_request
    def begin() -> None:
        g.request_id = request_id_of(request.headers.get("X-Request-ID", ""))
        g.served = models.current
        g.timing = Timing()
        g.began = time.perf_counter()
        raise_if_unreadable(request.environ)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.request_id
        response.headers["X-Model-Version"] = g.served.version
        seconds = time.perf_counter() - g.began
        route = request.url_rule.rule if request.url_rule else "none"
        instruments.count_request(route, request.method, response.status_code, seconds)
        instruments.count_stages(g.timing.milliseconds)
        _log(response, seconds)
        return response


def served() -> Served:
    """The model that this request began with."""
    model: Served = g.served
    return model


def timing() -> Timing:
    """The stages of this request."""
    stages: Timing = g.timing
    return stages


def request_id_of(offered: str) -> str:
    """The id of a request: the one that its client offered, if it is fit to be logged, or a new one."""
    return offered if REQUEST_ID.fullmatch(offered) else uuid.uuid4().hex


def _log(response: Response, seconds: float) -> None:
    log_request(
        Answered(
            method=request.method,
            path=request.path,
            status=response.status_code,
            seconds=seconds,
            stages=g.timing.milliseconds,
            size=request.content_length,
            client=request.remote_addr,
            key=g.get("key_name"),
            version=g.served.version,
            request_id=g.request_id,
        )
    )
