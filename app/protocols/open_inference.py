"""The Open Inference Protocol, version 2, as KServe wrote it and Triton's clients speak it.

Health, metadata, configuration and inference; what a request holds is read in tensors_in.py, answers are
written in tensors_out.py.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app import __version__
from app.api.health import check_ready
from app.prediction.predictor import parse
from app.protocols.classifying import Parts, admitted_body, classify_all, model_asked_for
from app.protocols.tensors_in import INPUTS, read_inference
from app.protocols.tensors_out import OUTPUTS, encode, offered_outputs, shape_of
from app.releases.serving import Served

EXTENSIONS = ["binary_tensor_data", "classification", "model_configuration"]
"""Of Triton's, those that are spoken here."""

HEADER_LENGTH = "Inference-Header-Content-Length"

SERVER = "wardrobe"
"""This service, whatever its model is called."""

READ_AS = "pixels"
"""The input that metadata tells: clients send all that they are told of, and `image` stands in its place."""


def predicting_routes(routes: Blueprint, parts: Parts) -> None:
    """Add what classifies to `routes`."""

    @routes.post("/v2/models/<name>/infer", endpoint="v2_infer")
    @routes.post("/v2/models/<name>/versions/<version>/infer", endpoint="v2_infer_version")
    def infer(name: str, version: str | None = None) -> Response:
        model = model_asked_for(parts.model_name, name, version)
        header_length, offered = request.headers.get(HEADER_LENGTH), offered_outputs(model.contract)
        with admitted_body(parts) as (body, slot):
            asked = parse(read_inference, body, header_length, offered, parts.settings)
            classified = classify_all(asked.items, parts, slot)
        head = {"model_name": name, "model_version": model.version}
        if asked.request_id is not None:
            head["id"] = asked.request_id
        predictions = [one.prediction for one in classified]
        return _answer(*encode(head, predictions, asked.outputs, model.contract.labels))


def telling_routes(routes: Blueprint, parts: Parts) -> None:
    """Add what tells about server and model to `routes`."""

    @routes.get("/v2", endpoint="v2_server")
    def server() -> Response:
        return jsonify({"name": SERVER, "version": __version__, "extensions": EXTENSIONS})

    @routes.get("/v2/health/live", endpoint="v2_live")
    def live() -> Response:
        return jsonify({"live": True})

    @routes.get("/v2/health/ready", endpoint="v2_ready")
    def ready() -> Response:
        check_ready(parts.models)
        return jsonify({"ready": True})

    @routes.get("/v2/models/<name>/ready", endpoint="v2_model_ready")
    @routes.get("/v2/models/<name>/versions/<version>/ready", endpoint="v2_version_ready")
    def model_ready(name: str, version: str | None = None) -> Response:
        model_asked_for(parts.model_name, name, version)
        check_ready(parts.models)
        return jsonify({"name": name, "ready": True})

    @routes.get("/v2/models/<name>", endpoint="v2_model")
    @routes.get("/v2/models/<name>/versions/<version>", endpoint="v2_version")
    def metadata(name: str, version: str | None = None) -> Response:
        return jsonify(_metadata(name, model_asked_for(parts.model_name, name, version)))

    @routes.get("/v2/models/<name>/config", endpoint="v2_model_config")
    @routes.get("/v2/models/<name>/versions/<version>/config", endpoint="v2_version_config")
    def config(name: str, version: str | None = None) -> Response:
        model = model_asked_for(parts.model_name, name, version)
        return jsonify(_config(name, model, parts.settings.max_batch))


def _answer(body: bytes, header_length: int | None) -> Response:
    if header_length is None:
        return Response(body, mimetype="application/json")
    return Response(body, mimetype="application/octet-stream", headers={HEADER_LENGTH: str(header_length)})


def _metadata(name: str, model: Served) -> dict[str, Any]:
    datatype, rest = INPUTS[READ_AS]
    return {
        "name": name,
        "versions": [model.version],
        "platform": _platform(model),
        "inputs": [{"name": READ_AS, "datatype": datatype, "shape": [-1, *rest]}],
        "outputs": [
            {"name": output, "datatype": OUTPUTS[output][0], "shape": [-1, *shape_of(output, model.contract)]}
            for output in offered_outputs(model.contract)
        ],
    }


def _config(model_name: str, model: Served, max_batch: int) -> dict[str, Any]:
    """What Triton calls a model's configuration; its shapes are those of one picture."""
    datatype, rest = INPUTS[READ_AS]
    return {
        "name": model_name,
        "platform": _platform(model),
        "max_batch_size": max_batch,
        "input": [{"name": READ_AS, "data_type": f"TYPE_{datatype}", "dims": rest}],
        "output": [
            {"name": name, "data_type": _config_type(name), "dims": shape_of(name, model.contract) or [1]}
            for name in offered_outputs(model.contract)
        ],
    }


def _config_type(output: str) -> str:
    # model_config.proto calls BYTES by the name of what they mostly are.
    datatype = OUTPUTS[output][0]
    return "TYPE_STRING" if datatype == "BYTES" else f"TYPE_{datatype}"


def _platform(model: Served) -> str:
    return "keras" if model.manifest is None else "onnxruntime_onnx"
