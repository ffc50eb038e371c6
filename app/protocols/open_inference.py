"""The Open Inference Protocol, version 2, as KServe and Triton define it (KServe's inference_rest.md).

There are routes for health, metadata and inference. Binary tensors are an extension by Triton
(extension_binary_data.md): numbers are little-endian and row by row, and each text follows its length.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from flask import Blueprint, Response, jsonify, request

from app import __version__
from app.api.classify import ParsedRequest, RouteServices, classify_request
from app.api.health import check_not_draining
from app.payloads.body import RequestBody
from app.payloads.limits import make_batch_limits
from app.payloads.request_title import check_no_title_fields
from app.prediction.outcomes import ClassifiedPicture
from app.protocols.classification import find_requested_model, require_predictions
from app.protocols.infer_request import (
    INPUT_TYPES,
    JSON_LENGTH_HEADER,
    LENGTH_BYTES,
    RequestedOutput,
    parse_infer_request,
)
from app.releases.serving import ServedModel
from inference.classifier import Prediction

EXTENSIONS = ["binary_tensor_data"]
"""Names of Triton's extensions of the protocol that this service supports."""

OUTPUT_TYPES = {
    "probabilities": "FP32",
    "label": "BYTES",
    "confidence": "FP32",
    "familiarity": "FP32",
    "decision": "BYTES",
    "reason": "BYTES",
}
"""Datatype of each output tensor by name. Except for familiarity, the name is that of a field of
`LabelAnswer`."""

ATTRIBUTE_OUTPUTS = ("probabilities", "label", "confidence", "decision", "reason")
"""Outputs that there are for each attribute of the model, such as `label_colour` for its attribute
`colour`."""

ModelOutputs: TypeAlias = Mapping[str, tuple[str, list[int]]]
"""The output tensors of a model by name: the datatype, and the shape for one picture."""


def add_predict_routes(routes: Blueprint, services: RouteServices) -> None:
    """Add the route for inference requests to `routes`.

    Args:
        services: the objects that every route needs to classify pictures.
    """
    limits = make_batch_limits(services.settings)

    @routes.post("/v2/models/<name>/infer", endpoint="v2_infer")
    @routes.post("/v2/models/<name>/versions/<version>/infer", endpoint="v2_infer_version")
    def infer(name: str, version: str | None = None) -> Response:
        check_no_title_fields(request.args)
        model = find_requested_model(services.settings.model_name, name, version)
        offered = list_outputs(model)
        length = request.headers.get(JSON_LENGTH_HEADER)

        def decode(body: RequestBody) -> ParsedRequest:
            items, request_id, outputs = parse_infer_request(
                body, length, model.contract.input, tuple(offered)
            )
            head = {"model_name": name, "model_version": model.version}
            if request_id is not None:
                head["id"] = request_id
            return items, lambda outcomes: _create_response(
                head, require_predictions(outcomes), outputs, offered
            )

        return classify_request(services, limits, decode)


def add_model_routes(routes: Blueprint, services: RouteServices) -> None:
    """Add the routes about health and metadata of server and model to `routes`.

    Args:
        services: the objects that every route needs, such as the settings and the served model.
    """
    model_name = services.settings.model_name

    @routes.get("/v2", endpoint="v2_server")
    def server() -> Response:
        return jsonify({"name": "wardrobe", "version": __version__, "extensions": EXTENSIONS})

    @routes.get("/v2/health/live", endpoint="v2_live")
    def live() -> Response:
        return jsonify({"live": True})

    @routes.get("/v2/health/ready", endpoint="v2_ready")
    def ready() -> Response:
        check_not_draining(services.models)
        return jsonify({"ready": True})

    @routes.get("/v2/models/<name>/ready", endpoint="v2_model_ready")
    @routes.get("/v2/models/<name>/versions/<version>/ready", endpoint="v2_version_ready")
    def model_ready(name: str, version: str | None = None) -> Response:
        find_requested_model(model_name, name, version)
        check_not_draining(services.models)
        return jsonify({"name": name, "ready": True})

    @routes.get("/v2/models/<name>", endpoint="v2_model")
    @routes.get("/v2/models/<name>/versions/<version>", endpoint="v2_version")
    def metadata(name: str, version: str | None = None) -> Response:
        return jsonify(_describe_model(name, find_requested_model(model_name, name, version)))


def list_outputs(model: ServedModel) -> ModelOutputs:
    """Return the output tensors of a model, including those of its attributes, such as `label_colour`.

    There is no output `familiarity` if the model does not measure it.
    """
    sizes = {"": len(model.contract.labels)}
    sizes |= {f"_{name}": len(head.labels) for name, head in model.attributes.items()}
    return {
        name + suffix: (datatype, [size] if name == "probabilities" else [])
        for suffix, size in sizes.items()
        for name, datatype in OUTPUT_TYPES.items()
        if (name in ATTRIBUTE_OUTPUTS if suffix or model.contract.familiarity is None else True)
    }


def _create_response(
    head: dict[str, str],
    pictures: Sequence[ClassifiedPicture],
    outputs: Sequence[RequestedOutput],
    model_outputs: ModelOutputs,
) -> Response:
    """Create the response: the fields of `head` and the tensors in JSON, followed by the binary tensors."""
    predictions = [each.prediction for each in pictures]
    tensors: list[dict[str, Any]] = []
    binaries: list[bytes] = []
    for output in outputs:
        datatype, values = _collect_values(output, predictions, model_outputs)
        tensor = {"name": output.name, "datatype": datatype, "shape": list(values.shape)}
        if output.is_binary:
            binaries.append(_pack_values(values.ravel()))
            tensors.append(tensor | {"parameters": {"binary_data_size": len(binaries[-1])}})
        else:
            tensors.append(tensor | {"data": values.ravel().tolist()})
    header = json.dumps(head | {"outputs": tensors}, separators=(",", ":")).encode()
    if not binaries:
        return Response(header, mimetype="application/json")
    body = b"".join((header, *binaries))
    return Response(body, mimetype="application/octet-stream", headers={JSON_LENGTH_HEADER: str(len(header))})


def _collect_values(
    output: RequestedOutput, predictions: Sequence[Prediction], model_outputs: ModelOutputs
) -> "tuple[str, np.ndarray[Any, Any]]":
    """Return the datatype and the values of an output, with one row for each picture."""
    datatype, shape = model_outputs[output.name]
    nothing: object = np.zeros(shape) if datatype == "FP32" else ""
    values = [_get_value(prediction, output.name, nothing) for prediction in predictions]
    if datatype == "FP32":
        return datatype, np.array(values, np.float32)
    return datatype, np.array([text or "" for text in values], np.object_)


def _get_value(prediction: Prediction, output: str, nothing: object) -> object:
    """Return the value of a prediction for an output.

    Args:
        prediction: the answer to one picture.
        nothing: the value if the network that answered does not have the attribute of the output.
    """
    if output == "familiarity":
        return prediction.familiarity
    name, _, attribute = output.partition("_")
    answer = prediction.attributes.get(attribute) if attribute else prediction.answer
    return nothing if answer is None else getattr(answer, name)


def _pack_values(values: "np.ndarray[Any, Any]") -> bytes:
    if values.dtype == np.float32:
        return values.astype("<f4").tobytes()
    texts = [text.encode() for text in values]
    return b"".join(len(text).to_bytes(LENGTH_BYTES, "little") + text for text in texts)


def _describe_model(name: str, model: ServedModel) -> dict[str, Any]:
    shapes = {"pixels": [-1, *model.contract.input.array_shape], "image": [-1]}
    return {
        "name": name,
        "versions": [model.version],
        "platform": _name_platform(model),
        # A request has one of these inputs.
        "inputs": [
            {"name": name, "datatype": INPUT_TYPES[name], "shape": shape} for name, shape in shapes.items()
        ],
        "outputs": [
            {"name": output, "datatype": datatype, "shape": [-1, *shape]}
            for output, (datatype, shape) in list_outputs(model).items()
        ],
    }


def _name_platform(model: ServedModel) -> str:
    return "keras" if model.manifest is None else "onnxruntime_onnx"
