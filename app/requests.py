"""What surrounds every request: its id, the model it will be answered with, its log line and its counts.

The model is taken once, when the request begins, so that an answer and its X-Model-Version always agree.
"""

import re
import time
import uuid

from flask import Flask, Response, g, request

from app.access_log import log_request
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
        offered = request.headers.get("X-Request-ID", "")
        g.request_id = offered if REQUEST_ID.fullmatch(offered) else uuid.uuid4().hex
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


def _log(response: Response, seconds: float) -> None:
    stages = {f"{stage}_ms": round(spent, 3) for stage, spent in g.timing.milliseconds.items()}
    log_request(
        {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "ms": round(seconds * 1000, 3),
            **stages,
            "bytes": request.content_length,
            "client": request.remote_addr,
            "key": g.get("key_name"),
            "version": g.served.version,
            "request_id": g.request_id,
        }
    )
