"""What our own gunicorn does with less behind it: nothing, or the bare model.

Served by gunicorn.conf.py as the service is, so that the difference is the service's own. gunicorn calls
`no_op` and `bare_view`, and granian the latter. Imports nothing of the service.
"""

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue


class _Undrained:
    """Stands where gunicorn.conf.py looks for the service when the worker stops."""

    def drain(self) -> None:
        """There is no readiness to turn."""


def no_op() -> Flask:
    """An app that reads the body and answers: what HTTP and the framework cost."""
    app = _empty_app()

    @app.post("/predict")
    def predict() -> ResponseReturnValue:
        return jsonify(bytes=len(request.get_data()))

    return app


def bare_view() -> Flask:
    """An app that decodes, runs the model and answers, with nothing around it."""
    # Here, so that the no-op need not hold it.
    from benchmarks.peers.clothing import Model  # noqa: PLC0415
    from benchmarks.peers.photo import PhotoModel  # noqa: PLC0415

    app = _empty_app()
    model, photo_model = Model(), PhotoModel()

    @app.post("/predict")
    def predict() -> ResponseReturnValue:
        return jsonify(model.classify_upload(request.get_data()))

    @app.post("/photo")
    def photo() -> ResponseReturnValue:
        return jsonify(photo_model.classify(request.get_data()))

    return app


def _empty_app() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.extensions["wardrobe"] = _Undrained()
    return app
