"""What our own gunicorn does with nothing behind it.

Served by gunicorn.conf.py as the service is, so that the difference is the service's own. Imports nothing of
the service.
"""

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue


class _Undrained:
    """Stands where gunicorn.conf.py looks for the service when the worker stops."""

    def drain(self) -> None:
        """There is no readiness to turn."""


def no_op() -> Flask:
    """An app that reads the body and answers: what HTTP and the framework cost."""
    app = Flask(__name__, static_folder=None)
    app.extensions["wardrobe"] = _Undrained()

    @app.post("/predict")
    def predict() -> ResponseReturnValue:
        return jsonify(bytes=len(request.get_data()))

    return app
