"""Answer what gunicorn could not even read as HTTP in the form of every other error.

gunicorn would send a page of HTML without ids. Here the app gets a request that stands in for the unreadable
one and fails at once with gunicorn's error, so that headers, log line and count are those of any request.
worker.py sends what comes out; which status it gets, problems.py says.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

UNREADABLE = "wardrobe.unreadable"
"""Where the stand-in carries the error; what a client sends gets into no such key."""


def refuse_stand_ins(app: Flask) -> None:
    """Have `app` answer stand-ins as it answers a view that failed; any other request passes."""
    answer = app.wsgi_app

    def refuse_or_answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if UNREADABLE not in environ:
            return answer(environ, start_response)
        with app.request_context(environ):
            response = app.make_response(app.handle_user_exception(environ[UNREADABLE]))
            return response(environ, start_response)

    app.wsgi_app = refuse_or_answer  # type: ignore[method-assign]


def answer_unreadable(app: WSGIApplication, error: Exception, address: str) -> bytes:
    """What to send, to the last byte, to a client whose request could not be read.

    Args:
        app: the service.
        error: gunicorn's.
        address: the client's, for the log.
    """
    environ = create_environ("/", method="NONE") | {UNREADABLE: error, "REMOTE_ADDR": address}
    body, status, headers = run_wsgi_app(app, environ, buffered=True)
    lines = [f"HTTP/1.1 {status}", "Connection: close", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + b"".join(body)
