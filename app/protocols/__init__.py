"""The protocols of other model servers, so that clients written for them work with this service.

tf_serving.py, open_inference.py (with infer_request.py) and sagemaker.py implement one protocol each. The
parts that they share are in classification.py. docs/reference/other-protocols.md is for clients.
"""

from flask import Blueprint

from app.api.classify import RouteServices
from app.protocols import open_inference, sagemaker, tf_serving

PROTOCOLS = (tf_serving, open_inference, sagemaker)
"""The modules of the supported protocols of other model servers."""


def create_protocol_routes(services: RouteServices) -> Blueprint:
    """Create the routes that classify pictures in the protocols of other model servers."""
    routes = Blueprint("protocols", __name__)
    for protocol in PROTOCOLS:
        protocol.add_predict_routes(routes, services)
    return routes


def create_protocol_model_routes(services: RouteServices) -> Blueprint:
    """Create the routes about health and metadata in the protocols of other model servers."""
    routes = Blueprint("protocol_models", __name__)
    for protocol in PROTOCOLS:
        protocol.add_model_routes(routes, services)
    return routes
