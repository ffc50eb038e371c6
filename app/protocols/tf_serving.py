"""TensorFlow Serving's REST API: predict, model status and metadata (tensorflow.org/tfx/serving/api_rest).

One signature, `serving_default`, from `pixels` to `probabilities`. Versions are releases, so they are not
whole numbers.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, NoReturn

from flask import Blueprint, Response, jsonify

from app.api.classify import Decoded, Services, classify
from app.errors import BadRequest, NoSuchModel
from app.payloads.body import Body
from app.payloads.documents import read_object
from app.payloads.items import RequestItem
from app.payloads.limits import limits_of_many
from app.prediction.answering import Outcome
from app.protocols.classification import (
    FORMS,
    classified,
    image_of,
    item_of_value,
    limited,
    quoted,
    requested_model,
    rows_of,
)
from app.releases.serving import Served
from inference.contract import InputContract

SIGNATURE = "serving_default"


def add_predict_routes(routes: Blueprint, services: Services) -> None:
    """Add what classifies to `routes`."""
    limits = limits_of_many(services.settings)

    @routes.post("/v1/models/<name>:predict", endpoint="tf_predict")
    @routes.post("/v1/models/<name>/versions/<version>:predict", endpoint="tf_predict_version")
    def predict(name: str, version: str | None = None) -> Response:
        contract = requested_model(services.settings.model_name, name, version).contract.input
        return classify(services, limits, partial(decode, contract))


def add_model_routes(routes: Blueprint, services: Services) -> None:
    """Add status, metadata and the refusal of other methods to `routes`."""
    own = services.settings.model_name

    @routes.get("/v1/models/<name>", endpoint="tf_status")
    @routes.get("/v1/models/<name>/versions/<version>", endpoint="tf_status_version")
    def status(name: str, version: str | None = None) -> Response:
        return jsonify(_status(requested_model(own, name, version)))

    @routes.get("/v1/models/<name>/metadata", endpoint="tf_metadata")
    @routes.get("/v1/models/<name>/versions/<version>/metadata", endpoint="tf_metadata_version")
    def metadata(name: str, version: str | None = None) -> Response:
        return jsonify(_metadata(own, requested_model(own, name, version)))

    @routes.post("/v1/models/<name>:<method>", endpoint="tf_unspoken")
    @routes.post("/v1/models/<name>/versions/<version>:<method>", endpoint="tf_unspoken")
    def other_method(method: str, **_: str) -> NoReturn:
        raise NoSuchModel(
            f"There is no method {quoted(method)} here: classify and regress are for signatures other than "
            f"this model's one, which is for predict. Post to /v1/models/{own}:predict."
        )


def decode(contract: InputContract, body: Body) -> Decoded:
    """Parse a predict request, in rows or in columns, for a model of this input.

    Raises:
        BadRequest: it is no JSON object, has not exactly one of `instances` and `inputs`, or names another
            signature.
        TooLarge: it has more values than MAX_JSON_NUMBERS, or more pictures than MAX_BATCH.
    """
    document = read_object(body, FORMS)
    signature = document.get("signature_name", SIGNATURE)
    if signature not in (SIGNATURE, ""):
        raise BadRequest(f"There is no signature {quoted(signature)}; the only one is '{SIGNATURE}'.")
    if ("instances" in document) == ("inputs" in document):
        raise BadRequest("The JSON needs either `instances`, a list of pictures, or `inputs`, a tensor.")
    if "instances" in document:
        instances = (item_of_value(instance, contract) for instance in _list_in(document, "instances"))
        return limited(instances, body.limits), partial(encode, "predictions")
    return limited(_items_of_columns(document, contract), body.limits), partial(encode, "outputs")


def encode(key: str, outcomes: list[Outcome]) -> Response:
    """The probabilities of each picture, in index order; `predictions` for rows, `outputs` for columns."""
    rows = [item.prediction.answer.probabilities.tolist() for item in classified(outcomes)]
    return jsonify({key: rows})


def _items_of_columns(document: dict[str, Any], contract: InputContract) -> Iterable[RequestItem]:
    inputs = document["inputs"]
    if not isinstance(inputs, dict):
        return (rows_of(rows, contract) for rows in _list_in(document, "inputs"))
    if inputs.keys() == {"image"}:
        return map(image_of, _list_in(inputs, "image"))
    if inputs.keys() == {"pixels"}:
        return (rows_of(rows, contract) for rows in _list_in(inputs, "pixels"))
    raise BadRequest("`inputs` needs the tensor `pixels`, or the pictures `image`, and nothing else.")


def _list_in(owner: dict[str, Any], name: str) -> list[object]:
    if not isinstance(owner[name], list):
        raise BadRequest(f"`{name}` is no list. {FORMS}")
    values: list[object] = owner[name]
    return values


def _status(model: Served) -> dict[str, Any]:
    fine = {"error_code": "OK", "error_message": ""}
    return {"model_version_status": [{"version": model.version, "state": "AVAILABLE", "status": fine}]}


def _metadata(name: str, model: Served) -> dict[str, Any]:
    signature = {
        "inputs": {"pixels": _tensor("pixels", "DT_UINT8", *model.contract.input.array_shape)},
        "outputs": {"probabilities": _tensor("probabilities", "DT_FLOAT", len(model.contract.labels))},
        "method_name": "tensorflow/serving/predict",
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": model.version},
        "metadata": {"signature_def": {"signature_def": {SIGNATURE: signature}}},
    }


def _tensor(name: str, dtype: str, *sizes: int) -> dict[str, Any]:
    # Sizes are text, as protobuf writes 64-bit numbers into JSON; -1 is any number of pictures.
    dimensions = [{"size": str(size), "name": ""} for size in (-1, *sizes)]
    return {"dtype": dtype, "tensor_shape": {"dim": dimensions, "unknown_rank": False}, "name": f"{name}:0"}
