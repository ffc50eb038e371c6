"""All dialects as two blueprints: what classifies, and so is limited as `/predict` is, and what tells."""

from flask import Blueprint

from app.protocols import open_inference, sagemaker, tf_serving
from app.protocols.classifying import Parts

DIALECTS = (tf_serving, open_inference, sagemaker)


def dialect_routes(parts: Parts) -> Blueprint:
    """The routes that classify; each takes a place."""
    routes = Blueprint("dialects", __name__)
    for dialect in DIALECTS:
        dialect.predicting_routes(routes, parts)
    return routes


def dialect_model_routes(parts: Parts) -> Blueprint:
    """The routes that tell about server and model."""
    routes = Blueprint("dialect_models", __name__)
    for dialect in DIALECTS:
        dialect.telling_routes(routes, parts)
    return routes
