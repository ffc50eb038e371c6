"""TensorFlow Serving's REST API: predict, model status and metadata (tensorflow.org/tfx/serving/api_rest).

The model has one signature (entry point), `serving_default`, from `pixels` to `probabilities`. Its version is
that of the release, so it is not a whole number as in TensorFlow Serving.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, NoReturn

from flask import Blueprint, Response, jsonify, request

from app.api.classify import ParsedRequest, RouteServices, classify_request
from app.errors import BadRequest, NoSuchModel
from app.payloads.body import RequestBody
from app.payloads.json_bodies import parse_json_object
from app.payloads.limits import make_batch_limits
from app.payloads.request_items import RequestItem
from app.payloads.request_title import check_no_title_fields
from app.prediction.outcomes import Outcome
from app.protocols.classification import (
    INSTANCE_FORMS,
    collect_items,
    decode_image_value,
    find_requested_model,
    parse_picture_instance,
    quote_value,
    require_predictions,
    reshape_pixel_rows,
)
from app.releases.serving import ServedModel
from inference.contract import InputContract

SIGNATURE = "serving_default"
"""Name of the only signature (entry point) of the served model."""


def add_predict_routes(routes: Blueprint, services: RouteServices) -> None:
    """Add the route `/v1/models/<name>:predict`, which classifies pictures, to `routes`.

    Args:
        services: the objects that every route needs to classify pictures.
    """
    limits = make_batch_limits(services.settings)

    @routes.post("/v1/models/<name>:predict", endpoint="tf_predict")
    @routes.post("/v1/models/<name>/versions/<version>:predict", endpoint="tf_predict_version")
    def predict(name: str, version: str | None = None) -> Response:
        check_no_title_fields(request.args)
        contract = find_requested_model(services.settings.model_name, name, version).contract.input
        return classify_request(services, limits, partial(parse_body, contract))


def add_model_routes(routes: Blueprint, services: RouteServices) -> None:
    """Add the routes about the model's status and metadata to `routes`, and an error for other methods.

    Args:
        services: the objects that every route needs, such as the settings and the served model.
    """
    model_name = services.settings.model_name

    @routes.get("/v1/models/<name>", endpoint="tf_status")
    @routes.get("/v1/models/<name>/versions/<version>", endpoint="tf_status_version")
    def status(name: str, version: str | None = None) -> Response:
        return jsonify(_describe_status(find_requested_model(model_name, name, version)))

    @routes.get("/v1/models/<name>/metadata", endpoint="tf_metadata")
    @routes.get("/v1/models/<name>/versions/<version>/metadata", endpoint="tf_metadata_version")
    def metadata(name: str, version: str | None = None) -> Response:
        return jsonify(_describe_signature(model_name, find_requested_model(model_name, name, version)))

    @routes.post("/v1/models/<name>:<method>", endpoint="tf_unspoken")
    @routes.post("/v1/models/<name>/versions/<version>:<method>", endpoint="tf_unspoken")
    def other_method(method: str, **_: str) -> NoReturn:
        raise NoSuchModel(
            f"There is no method {quote_value(method)} here: classify and regress are for signatures other "
            f"than this model's one, which is for predict. Post to /v1/models/{model_name}:predict."
        )


def parse_body(contract: InputContract, body: RequestBody) -> ParsedRequest:
    """Return the pictures in the body of a predict request, and the function that makes the response.

    The pictures are in `instances` (rows) or in `inputs` (columns).

    Args:
        contract: the input contract of the model, which has the shape of a picture.

    Raises:
        BadRequest: the body is not a JSON object, has not exactly one of `instances` and `inputs`, names
            another signature, or has a title.
        RequestTooLarge: there are more values than MAX_JSON_NUMBERS, or more pictures than MAX_BATCH.
    """
    document = parse_json_object(body, INSTANCE_FORMS)
    check_no_title_fields(document, document.get("inputs"), document.get("parameters"))
    signature = document.get("signature_name", SIGNATURE)
    if signature not in (SIGNATURE, ""):
        raise BadRequest(f"There is no signature {quote_value(signature)}; the only one is '{SIGNATURE}'.")
    if ("instances" in document) == ("inputs" in document):
        raise BadRequest("The JSON needs either `instances`, a list of pictures, or `inputs`, a tensor.")
    if "instances" in document:
        instances = (
            parse_picture_instance(instance, contract) for instance in _get_list(document, "instances")
        )
        return collect_items(instances, body.limits), partial(create_response, "predictions")
    return collect_items(_parse_columns(document, contract), body.limits), partial(create_response, "outputs")


def create_response(key: str, outcomes: list[Outcome]) -> Response:
    """Create the response with the probabilities of each picture, in the order of the classes.

    Args:
        key: the field of the answer: `predictions` for a request in rows, `outputs` for one in columns.
    """
    rows = [item.prediction.answer.probabilities.tolist() for item in require_predictions(outcomes)]
    return jsonify({key: rows})


def _parse_columns(document: dict[str, Any], contract: InputContract) -> Iterable[RequestItem]:
    inputs = document["inputs"]
    if not isinstance(inputs, dict):
        return (reshape_pixel_rows(rows, contract) for rows in _get_list(document, "inputs"))
    if inputs.keys() == {"image"}:
        images = _get_list(inputs, "image")
        check_no_title_fields(*images)
        return map(decode_image_value, images)
    if inputs.keys() == {"pixels"}:
        return (reshape_pixel_rows(rows, contract) for rows in _get_list(inputs, "pixels"))
    raise BadRequest("`inputs` needs the tensor `pixels`, or the pictures `image`, and nothing else.")


def _get_list(owner: dict[str, Any], name: str) -> list[object]:
    if not isinstance(owner[name], list):
        raise BadRequest(f"`{name}` is no list. {INSTANCE_FORMS}")
    values: list[object] = owner[name]
    return values


def _describe_status(model: ServedModel) -> dict[str, Any]:
    fine = {"error_code": "OK", "error_message": ""}
    return {"model_version_status": [{"version": model.version, "state": "AVAILABLE", "status": fine}]}


def _describe_signature(name: str, model: ServedModel) -> dict[str, Any]:
    signature = {
        "inputs": {"pixels": _describe_tensor("pixels", "DT_UINT8", *model.contract.input.array_shape)},
        "outputs": {
            "probabilities": _describe_tensor("probabilities", "DT_FLOAT", len(model.contract.labels))
        },
        "method_name": "tensorflow/serving/predict",
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": model.version},
        "metadata": {"signature_def": {"signature_def": {SIGNATURE: signature}}},
    }


def _describe_tensor(name: str, dtype: str, *sizes: int) -> dict[str, Any]:
    # Sizes are text, because protobuf writes 64-bit numbers so; -1 stands for any number of pictures.
    dimensions = [{"size": str(size), "name": ""} for size in (-1, *sizes)]
    return {"dtype": dtype, "tensor_shape": {"dim": dimensions, "unknown_rank": False}, "name": f"{name}:0"}
