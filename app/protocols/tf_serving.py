"""TensorFlow Serving's REST language: predict, model status, metadata (tensorflow.org/tfx/serving/api_rest).

One signature, `serving_default`, from `pixels` to `probabilities`. Versions are releases, so they are not
whole numbers; the label `current` is the one that is served.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from flask import Blueprint, Response, jsonify

from app.errors import BadRequest, NoSuchModel
from app.payloads.body import Body
from app.payloads.documents import read_object
from app.payloads.items import Item
from app.prediction.predictor import parse
from app.protocols.classifying import Parts, admitted_body, classify_all, gather, model_asked_for, told
from app.protocols.instances import FORMS, image_of, item_of_value, rows_of
from app.releases.serving import Served
from app.settings import Settings
from inference.contract import EDGE

SIGNATURE = "serving_default"


@dataclass(frozen=True)
class Asked:
    """A predict request.

    Attributes:
        answered_under: `predictions` for rows, `outputs` for columns.
    """

    items: list[Item]
    answered_under: Literal["predictions", "outputs"]


def predicting_routes(routes: Blueprint, parts: Parts) -> None:
    """Add what classifies to `routes`."""

    @routes.post("/v1/models/<name>:predict", endpoint="tf_predict")
    @routes.post("/v1/models/<name>/versions/<version>:predict", endpoint="tf_predict_version")
    @routes.post("/v1/models/<name>/labels/<label>:predict", endpoint="tf_predict_label")
    def predict(name: str, version: str | None = None, label: str | None = None) -> Response:
        model_asked_for(parts.model_name, name, version, label)
        with admitted_body(parts) as (body, slot):
            asked = parse(read_predict, body, parts.settings)
            classified = classify_all(asked.items, parts, slot)
        rows = [one.prediction.probabilities.tolist() for one in classified]
        return jsonify({asked.answered_under: rows})


def telling_routes(routes: Blueprint, parts: Parts) -> None:
    """Add what tells about the model, and what is not spoken, to `routes`."""

    @routes.get("/v1/models/<name>", endpoint="tf_status")
    @routes.get("/v1/models/<name>/versions/<version>", endpoint="tf_status_version")
    @routes.get("/v1/models/<name>/labels/<label>", endpoint="tf_status_label")
    def status(name: str, version: str | None = None, label: str | None = None) -> Response:
        return jsonify(_status(model_asked_for(parts.model_name, name, version, label)))

    @routes.get("/v1/models/<name>/metadata", endpoint="tf_metadata")
    @routes.get("/v1/models/<name>/versions/<version>/metadata", endpoint="tf_metadata_version")
    @routes.get("/v1/models/<name>/labels/<label>/metadata", endpoint="tf_metadata_label")
    def metadata(name: str, version: str | None = None, label: str | None = None) -> Response:
        model = model_asked_for(parts.model_name, name, version, label)
        return jsonify(_metadata(parts.model_name, model))

    @routes.post("/v1/models/<name>:<method>", endpoint="tf_unspoken")
    @routes.post("/v1/models/<name>/versions/<version>:<method>", endpoint="tf_unspoken")
    @routes.post("/v1/models/<name>/labels/<label>:<method>", endpoint="tf_unspoken")
    def unspoken(method: str, **_: str) -> NoReturn:
        raise NoSuchModel(
            f"There is no method {told(method)} here: classify and regress are for signatures other than "
            f"this model's one, which is for predict. Post to /v1/models/{parts.model_name}:predict."
        )


def read_predict(body: Body, settings: Settings) -> Asked:
    """What a predict request asks, in rows or in columns.

    Raises:
        BadRequest: it is no JSON object, or not exactly one of `instances` and `inputs` is there, or another
            signature is asked for.
        TooLarge: it has more values than MAX_BATCH pictures need, or more pictures.
    """
    document = read_object(body.data, settings.max_batch, FORMS)
    signature = document.get("signature_name", SIGNATURE)
    if signature not in (SIGNATURE, ""):
        raise BadRequest(f"There is no signature {told(signature)}; the one that there is, is '{SIGNATURE}'.")
    if ("instances" in document) == ("inputs" in document):
        raise BadRequest("The JSON needs either `instances`, a list of pictures, or `inputs`, a tensor.")
    if "instances" in document:
        instances = _list_in(document["instances"], "instances")
        return Asked(gather(map(item_of_value, instances), settings), "predictions")
    return Asked(gather(_items_of_columns(document["inputs"]), settings), "outputs")


def _items_of_columns(inputs: object) -> Iterable[Item]:
    if isinstance(inputs, dict):
        if inputs.keys() == {"image"}:
            return map(image_of, _list_in(inputs["image"], "image"))
        if inputs.keys() != {"pixels"}:
            raise BadRequest("`inputs` needs the tensor `pixels`, or the pictures `image`, and nothing else.")
        inputs = inputs["pixels"]
    return map(rows_of, _list_in(inputs, "inputs"))


def _list_in(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise BadRequest(f"`{name}` is no list. {FORMS}")
    return value


def _status(model: Served) -> dict[str, Any]:
    fine = {"error_code": "OK", "error_message": ""}
    return {"model_version_status": [{"version": model.version, "state": "AVAILABLE", "status": fine}]}


def _metadata(name: str, model: Served) -> dict[str, Any]:
    signature = {
        "inputs": {"pixels": _tensor("pixels", "DT_UINT8", EDGE, EDGE)},
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
