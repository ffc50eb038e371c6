"""The parts that the protocols of other model servers share: find the requested model, and the pictures.

These protocols have no field for the error of one picture, so one bad picture fails its whole request.
"""

import math
from collections.abc import Iterable, Iterator

from app.errors import BadRequest, NoSuchModel, RequestError
from app.middleware.request_context import get_request_context
from app.payloads.body import MAX_QUOTED_LENGTH
from app.payloads.json_bodies import decode_base64
from app.payloads.limits import RequestLimits
from app.payloads.reading import check_upload_size, limit_picture_count
from app.payloads.request_items import PixelRows, RequestItem, Upload
from app.payloads.request_title import check_no_title_fields
from app.prediction.outcomes import ClassifiedPicture, FailedPicture, Outcome
from app.releases.serving import ServedModel
from inference.contract import InputContract
from inference.errors import BadPixels
from inference.pictures.pixel_rows import describe_json_value

INSTANCE_FORMS = (
    "A picture is rows of numbers of 0..255, as many as the model reads, each alone or in a list; "
    'the same as {"pixels": ...}; or the bytes of a file as {"b64": "<base64>"}.'
)
"""Sentence for error messages that says in which forms a client can send a picture in these protocols."""


def find_requested_model(model_name: str, name: str, version: str | None = None) -> ServedModel:
    """Return the served model, if it is the one that the request names.

    Args:
        model_name: the name of the served model (WARDROBE_MODEL_NAME).
        version: the version in the request; None for any version.

    Raises:
        NoSuchModel: the request has another name or version. The message names the right one.
    """
    model = get_request_context().model
    if name != model_name:
        raise NoSuchModel(
            f"There is no model {quote_value(name)} here. The one that is served is '{model_name}'."
        )
    if version is not None and version != model.version:
        raise NoSuchModel(
            f"Version {quote_value(version)} is not served here; '{model.version}' is. "
            "Without a version in its path, a request gets whichever is."
        )
    return model


def require_predictions(outcomes: list[Outcome]) -> list[ClassifiedPicture]:
    """Return the predictions of all pictures, or raise the first error.

    Raises:
        RequestError, UploadError: the first error of a picture. If there are several pictures, the message
            begins with the position of this one.
    """
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, FailedPicture):
            raise _add_position(place, outcome.error) if len(outcomes) > 1 else outcome.error
    return [outcome for outcome in outcomes if isinstance(outcome, ClassifiedPicture)]


def collect_items(items: Iterable[RequestItem], limits: RequestLimits) -> list[RequestItem]:
    """Check the pictures of a request against its limits, and return them as a list.

    Args:
        items: the pictures. They are taken one by one, so that pictures beyond the limit cost nothing.

    Raises:
        BadRequest: there are no pictures, or one cannot be read; the message begins with its position.
        BadPixels: a picture has a wrong number of values; the message begins with its position.
        RequestTooLarge: there are more pictures than MAX_BATCH, or one has more than MAX_UPLOAD_BYTES.
    """
    sound = list(limit_picture_count(limits, _check_items(items, limits)))
    if not sound:
        raise BadRequest("There is no picture in this request.")
    return sound


def _check_items(items: Iterable[RequestItem], limits: RequestLimits) -> Iterator[RequestItem]:
    """Yield the pictures, each after a check of its size; an error gets the position of its picture."""
    place = 0
    try:
        for item in items:
            if isinstance(item, Upload):
                check_upload_size(item.data, limits)
            yield item
            place += 1
    except (RequestError, BadPixels) as error:
        raise _add_position(place, error) from None


def parse_picture_instance(value: object, contract: InputContract) -> Upload | PixelRows:
    """Return the picture in one JSON value: an instance of TensorFlow Serving, or a record of SageMaker.

    Args:
        value: rows of numbers, all numbers in one list, or an object with one of `pixels`, `image` and `b64`.
        contract: the input contract of the model, which has the shape of a picture.

    Raises:
        BadRequest: the value is none of these, is not base64, or has a title beside the picture.
    """
    if isinstance(value, list):
        return reshape_pixel_rows(value, contract)
    check_no_title_fields(value)
    if isinstance(value, dict):
        check_no_title_fields(value.get("image"), value.get("parameters"))
    if not isinstance(value, dict):
        raise BadRequest(
            f"An instance is {describe_json_value(value)}, which is no picture. {INSTANCE_FORMS}"
        )
    match [name for name in ("pixels", "image", "b64") if name in value]:
        case ["pixels"]:
            return reshape_pixel_rows(value["pixels"], contract)
        case ["image"]:
            return decode_image_value(value["image"])
        case ["b64"]:
            return decode_image_value(value)
    raise BadRequest(
        f"An instance is an object without `pixels` or `b64`, which is no picture. {INSTANCE_FORMS}"
    )


def reshape_pixel_rows(value: object, contract: InputContract) -> PixelRows:
    """Return a picture as rows of numbers, from the other forms in which clients of TensorFlow send it.

    These forms are all numbers in one list, and rows of grey pixels with an axis for the channel: `[[[0],
    ...`.

    Args:
        value: the numbers. Any other value is passed on, and refused when its numbers are checked.
        contract: the input contract of the model, which has the shape of a picture.
    """
    if not isinstance(value, list) or not value:
        return PixelRows(value)
    shape = contract.array_shape
    if len(value) == math.prod(shape) and not isinstance(value[0], list):
        for size in reversed(shape[1:]):
            value = [value[start : start + size] for start in range(0, len(value), size)]
        return PixelRows(value)
    if len(shape) == 2 and isinstance(value[0], list) and value[0] and isinstance(value[0][0], list):
        return PixelRows([_drop_channel(row) for row in value])
    return PixelRows(value)


def decode_image_value(value: object) -> Upload:
    """Return the picture in a value of `image`: base64, or TensorFlow Serving's form `{"b64": "<base64>"}`.

    Raises:
        BadRequest: the value has neither form.
    """
    if isinstance(value, dict) and "b64" in value:
        return Upload(decode_base64(value["b64"], "b64"))
    return Upload(decode_base64(value))


def quote_value(value: object) -> str:
    """Return a client's value for an error message, shortened, and in quotation marks if it is text."""
    return repr(value[:MAX_QUOTED_LENGTH]) if isinstance(value, str) else describe_json_value(value)


def _drop_channel(row: object) -> object:
    if not isinstance(row, list):
        return row
    return [number[0] if isinstance(number, list) and len(number) == 1 else number for number in row]


def _add_position(place: int, error: Exception) -> Exception:
    """Add the position of a picture in the request to the beginning of an error's message."""
    error.args = (f"Picture {place}, counted from 0: {error}",)
    return error
