"""The Open Inference Protocol, version 2, as KServe and Triton define it (KServe's inference_rest.md).

Health, metadata and inference; infer_request.py parses requests. Binary tensors are Triton's
extension (extension_binary_data.md): little-endian, row by row, each element of BYTES behind its length.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from flask import Blueprint, Response, jsonify, request

from app import __version__
from app.api.classify import Decoded, Services, classify
from app.api.health import check_ready
from app.payloads.body import Body
from app.payloads.limits import limits_of_many
from app.prediction.answering import Classified
from app.protocols.classification import classified, requested_model
from app.protocols.infer_request import (
    HEADER_LENGTH,
    INPUTS,
    LENGTH_BYTES,
    RequestedOutput,
    read_infer,
)
from app.releases.serving import Served
from inference.classifier import Prediction

EXTENSIONS = ["binary_tensor_data"]
"""Triton's extensions that are supported."""

OUTPUTS = {
    "probabilities": "FP32",
    "label": "BYTES",
    "confidence": "FP32",
    "familiarity": "FP32",
    "decision": "BYTES",
    "reason": "BYTES",
}
"""Each output with its datatype; an answer has an attribute of the same name, but for familiarity."""


OF_ATTRIBUTE = ("probabilities", "label", "confidence", "decision", "reason")
"""Those of an attribute, each called by its name behind this: `label_colour`."""

Offered: TypeAlias = Mapping[str, tuple[str, list[int]]]
"""The outputs of a model: of each its datatype, and its shape for one picture."""


def add_predict_routes(routes: Blueprint, services: Services) -> None:
    """Add what classifies to `routes`."""
    limits = limits_of_many(services.settings)

    @routes.post("/v2/models/<name>/infer", endpoint="v2_infer")
    @routes.post("/v2/models/<name>/versions/<version>/infer", endpoint="v2_infer_version")
    def infer(name: str, version: str | None = None) -> Response:
        model = requested_model(services.settings.model_name, name, version)
        offered, length = offered_outputs(model), request.headers.get(HEADER_LENGTH)

        def decode(body: Body) -> Decoded:
            items, request_id, outputs = read_infer(body, length, model.contract.input, tuple(offered))
            head = {"model_name": name, "model_version": model.version}
            if request_id is not None:
                head["id"] = request_id
            return items, lambda outcomes: _answer(head, classified(outcomes), outputs, offered)

        return classify(services, limits, decode)


def add_model_routes(routes: Blueprint, services: Services) -> None:
    """Add health and metadata to `routes`."""
    own = services.settings.model_name

    @routes.get("/v2", endpoint="v2_server")
    def server() -> Response:
        return jsonify({"name": "wardrobe", "version": __version__, "extensions": EXTENSIONS})

    @routes.get("/v2/health/live", endpoint="v2_live")
    def live() -> Response:
        return jsonify({"live": True})

    @routes.get("/v2/health/ready", endpoint="v2_ready")
    def ready() -> Response:
        check_ready(services.models)
        return jsonify({"ready": True})

    @routes.get("/v2/models/<name>/ready", endpoint="v2_model_ready")
    @routes.get("/v2/models/<name>/versions/<version>/ready", endpoint="v2_version_ready")
    def model_ready(name: str, version: str | None = None) -> Response:
        requested_model(own, name, version)
        check_ready(services.models)
        return jsonify({"name": name, "ready": True})

    @routes.get("/v2/models/<name>", endpoint="v2_model")
    @routes.get("/v2/models/<name>/versions/<version>", endpoint="v2_version")
    def metadata(name: str, version: str | None = None) -> Response:
        return jsonify(_metadata(name, requested_model(own, name, version)))


def offered_outputs(model: Served) -> Offered:
    """All outputs, except familiarity where the model does not measure it, and those of each attribute."""
    sizes = {"": len(model.contract.labels)}
    sizes |= {f"_{name}": len(head.labels) for name, head in model.attributes.items()}
    return {
        name + suffix: (datatype, [size] if name == "probabilities" else [])
        for suffix, size in sizes.items()
        for name, datatype in OUTPUTS.items()
        if (name in OF_ATTRIBUTE if suffix or model.contract.familiarity is None else True)
    }


def _answer(
    head: dict[str, str],
    answered: Sequence[Classified],
    outputs: Sequence[RequestedOutput],
    offered: Offered,
) -> Response:
    """The answer: `head` and the requested tensors in JSON, and the binary ones behind it."""
    predictions = [each.prediction for each in answered]
    tensors: list[dict[str, Any]] = []
    binaries: list[bytes] = []
    for output in outputs:
        datatype, values = _values(output, predictions, offered)
        tensor = {"name": output.name, "datatype": datatype, "shape": list(values.shape)}
        if output.binary:
            binaries.append(_packed(values.ravel()))
            tensors.append(tensor | {"parameters": {"binary_data_size": len(binaries[-1])}})
        else:
            tensors.append(tensor | {"data": values.ravel().tolist()})
    header = json.dumps(head | {"outputs": tensors}, separators=(",", ":")).encode()
    if not binaries:
        return Response(header, mimetype="application/json")
    body = b"".join((header, *binaries))
    return Response(body, mimetype="application/octet-stream", headers={HEADER_LENGTH: str(len(header))})


def _values(
    output: RequestedOutput, predictions: Sequence[Prediction], offered: Offered
) -> "tuple[str, np.ndarray[Any, Any]]":
    """The datatype and the values of an output, one row for each picture."""
    datatype, shape = offered[output.name]
    nothing: object = np.zeros(shape) if datatype == "FP32" else ""
    values = [_value(prediction, output.name, nothing) for prediction in predictions]
    if datatype == "FP32":
        return datatype, np.array(values, np.float32)
    return datatype, np.array([text or "" for text in values], np.object_)


def _value(prediction: Prediction, output: str, nothing: object) -> object:
    """What a prediction has for an output; `nothing` where the network that answered lacks the attribute."""
    if output == "familiarity":
        return prediction.familiarity
    name, _, attribute = output.partition("_")
    answer = prediction.attributes.get(attribute) if attribute else prediction.answer
    return nothing if answer is None else getattr(answer, name)


def _packed(values: "np.ndarray[Any, Any]") -> bytes:
    if values.dtype == np.float32:
        return values.astype("<f4").tobytes()
    texts = [text.encode() for text in values]
    return b"".join(len(text).to_bytes(LENGTH_BYTES, "little") + text for text in texts)


def _metadata(name: str, model: Served) -> dict[str, Any]:
    shapes = {"pixels": [-1, *model.contract.input.array_shape], "image": [-1]}
    return {
        "name": name,
        "versions": [model.version],
        "platform": _platform(model),
        # A request has one of them.
        "inputs": [
            {"name": name, "datatype": INPUTS[name], "shape": shape} for name, shape in shapes.items()
        ],
        "outputs": [
            {"name": output, "datatype": datatype, "shape": [-1, *shape]}
            for output, (datatype, shape) in offered_outputs(model).items()
        ],
    }


def _platform(model: Served) -> str:
    return "keras" if model.manifest is None else "onnxruntime_onnx"
