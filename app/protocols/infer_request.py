"""Parse an inference request of the Open Inference Protocol, version 2.

A request declares the datatype and the shape of its tensors, which must agree with the data that it sends.
The data are in the JSON, or follow it as bytes, which is an extension by Triton.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from app.errors import BadRequest
from app.payloads.body import MAX_QUOTED_LENGTH, RequestBody
from app.payloads.json_bodies import decode_base64, parse_json_object
from app.payloads.request_items import ReadyPixels, RequestItem, Upload
from app.payloads.request_title import check_no_title_fields
from app.protocols.classification import collect_items, quote_value, reshape_pixel_rows
from inference.contract import InputContract
from inference.errors import BadPixels
from inference.text.plain_text import format_count

JSON_LENGTH_HEADER = "Inference-Header-Content-Length"
"""Name of the header with the length of the JSON in bytes, if binary tensors follow it in the body."""

INPUT_TYPES = {"pixels": "UINT8", "image": "BYTES"}
"""Datatype of each input tensor, by the name of the input."""

UNSCALE_ADVICE = 'Convert scaled pixels back: (x * 255).round().astype("uint8"). '
"""Advice for clients that send pixels as floats of 0..1, for error messages."""

LENGTH_BYTES = 4
"""Size in bytes of the little-endian length in front of each element of a binary BYTES tensor."""

TYPE_NAMES: dict[type, str] = {bool: "true or false", dict: "an object", list: "a list", str: "text"}
"""Names of JSON types for error messages, by the Python type of the parsed value."""

T = TypeVar("T")


@dataclass(frozen=True)
class RequestedOutput:
    """One output tensor that the client asks for.

    Attributes:
        name: the name of the output, such as `probabilities`.
        is_binary: whether the tensor is sent as bytes behind the JSON.
    """

    name: str
    is_binary: bool


def parse_infer_request(
    body: RequestBody, header_length: str | None, contract: InputContract, output_names: tuple[str, ...]
) -> tuple[list[RequestItem], str | None, tuple[RequestedOutput, ...]]:
    """Parse the body of an inference request into pictures, the client's id, and the requested outputs.

    Args:
        body: the body: a JSON object, followed by the binary tensors.
        header_length: the value of the header Inference-Header-Content-Length; None if the body is only JSON.
        contract: the input contract of the model, which has the shape of a picture.
        output_names: the names of the outputs that the model has.

    Returns:
        The pictures within the limits, the client's id of the request (None without one), and the requested
        outputs.

    Raises:
        BadRequest: the object, its tensors or the outputs do not follow the protocol, or there is a title.
        BadPixels: the shape, the datatype or the number of values is wrong for pixels.
        RequestTooLarge: there are more values than MAX_JSON_NUMBERS, or more pictures than MAX_BATCH.
    """
    header, binary = _split_body(body.data, header_length)
    document = parse_json_object(replace(body, data=header), _describe_inputs(contract))
    check_no_title_fields(document, document.get("parameters"))
    request_id = None if document.get("id") is None else _get_typed(document, "id", str, "")
    outputs = _parse_outputs(document, output_names)
    items = _parse_items(_get_only_input(document, contract), binary, contract)
    return collect_items(items, body.limits), request_id, outputs


def _split_body(body: bytes, header_length: str | None) -> tuple[bytes, memoryview]:
    if header_length is None:
        return body, memoryview(b"")
    # At most 19 digits, because Python refuses to parse thousands of them.
    is_number = header_length.isascii() and header_length.isdigit() and len(header_length) < 20
    if not is_number or int(header_length) > len(body):
        raise BadRequest(
            f"{JSON_LENGTH_HEADER} is {quote_value(header_length)}. "
            f"It is the length of the JSON, at most that of the body: {len(body):,} bytes."
        )
    length = int(header_length)
    return body[:length], memoryview(body)[length:]


def _describe_inputs(contract: InputContract) -> str:
    """Return a sentence for error messages that says which inputs a client may send."""
    shape = ", ".join(["N", *map(str, contract.array_shape)])
    return (
        f"`inputs` is a list of one tensor: `pixels`, UINT8, shape [{shape}]; "
        "or `image`, BYTES, shape [N], the bytes of picture files."
    )


def _get_only_input(document: dict[str, Any], contract: InputContract) -> dict[str, Any]:
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise BadRequest(f"There is not exactly one input. {_describe_inputs(contract)}")
    tensor: dict[str, Any] = inputs[0]
    check_no_title_fields(tensor, tensor.get("parameters"))
    name = tensor.get("name")
    if not isinstance(name, str) or name not in INPUT_TYPES:
        raise BadRequest(f"There is no input {quote_value(name)}. {_describe_inputs(contract)}")
    return tensor


def _parse_items(
    tensor: dict[str, Any], binary: memoryview, contract: InputContract
) -> Iterable[RequestItem]:
    count = _read_count(tensor, contract)
    is_picture = tensor["name"] == "image"
    size = _read_parameters(tensor).get("binary_data_size")
    if (tensor.get("data") is not None) == (size is not None):
        raise BadRequest("The input needs either `data`, or `binary_data_size` and bytes behind the JSON.")
    # `size != len(binary)` is not enough, because true equals 1 in Python.
    if (size or 0) != len(binary) or isinstance(size, bool):
        raise BadRequest(
            f"{len(binary):,} bytes follow the JSON, which is not what `binary_data_size` says. "
            f"The header {JSON_LENGTH_HEADER} says where the JSON ends."
        )
    if size is not None:
        return (
            _read_binary_pictures(binary, count)
            if is_picture
            else _read_binary_pixels(binary, count, contract)
        )
    data = _get_typed(tensor, "data", list, [])
    return (
        _read_json_pictures(data, count, contract) if is_picture else _read_json_pixels(data, count, contract)
    )


def _read_count(tensor: dict[str, Any], contract: InputContract) -> int:
    """Return the number of pictures that the tensor declares."""
    name = tensor["name"]
    datatype = tensor.get("datatype")
    shape = tensor.get("shape")
    picture_shape = list(contract.array_shape) if name == "pixels" else []
    if datatype != INPUT_TYPES[name]:
        advice = UNSCALE_ADVICE if name == "pixels" and str(datatype).startswith("FP") else ""
        raise BadPixels(
            f"The datatype of `{name}` is {quote_value(datatype)}. {advice}{_describe_inputs(contract)}"
        )
    if not isinstance(shape, list) or any(type(size) is not int for size in shape):
        raise BadPixels(f"The shape of `{name}` is no list of whole numbers. {_describe_inputs(contract)}")
    if (
        shape[1:] not in (picture_shape, [*picture_shape, 1] if len(picture_shape) == 2 else picture_shape)
        or not shape
        or not 1 <= shape[0] < 2**63
    ):
        raise BadPixels(
            f"The shape of `{name}` is {str(shape[:9])[:MAX_QUOTED_LENGTH]}. {_describe_inputs(contract)}"
        )
    count: int = shape[0]
    return count


def _read_binary_pixels(binary: memoryview, count: int, contract: InputContract) -> Iterable[RequestItem]:
    _check_count(len(binary), "bytes", count, contract, math.prod(contract.array_shape))
    return map(ReadyPixels, np.frombuffer(binary, np.uint8).reshape(-1, *contract.array_shape))


def _read_json_pixels(data: list[object], count: int, contract: InputContract) -> Iterable[RequestItem]:
    """Return pixels from numbers in one list, which is the protocol's usual form, or from nested lists."""
    if data and not isinstance(data[0], list):
        numbers_per_picture = math.prod(contract.array_shape)
        _check_count(len(data), "numbers", count, contract, numbers_per_picture)
        return (
            reshape_pixel_rows(data[start : start + numbers_per_picture], contract)
            for start in range(0, len(data), numbers_per_picture)
        )
    _check_count(len(data), "pictures", count, contract)
    return (reshape_pixel_rows(rows, contract) for rows in data)


def _check_count(came: int, noun: str, count: int, contract: InputContract, each: int = 1) -> None:
    if came != count * each:
        raise BadPixels(
            f"{came:,} {noun} came, but the shape says {format_count(count, 'picture')}. "
            f"{_describe_inputs(contract)}"
        )


def _read_json_pictures(data: list[object], count: int, contract: InputContract) -> Iterable[RequestItem]:
    if len(data) != count:
        raise BadRequest(
            f"{format_count(len(data), 'picture')} came, but the shape says {count:,}. "
            f"{_describe_inputs(contract)}"
        )
    return (Upload(decode_base64(text)) for text in data)


def _read_binary_pictures(binary: memoryview, count: int) -> Iterator[RequestItem]:
    place = 0
    for _ in range(count):
        length = int.from_bytes(binary[place : place + LENGTH_BYTES], "little")
        place += LENGTH_BYTES
        if place + length > len(binary):
            raise BadRequest("An element of `image` is longer than what came. Each begins with its length.")
        yield Upload(bytes(binary[place : place + length]))
        place += length
    if place != len(binary):
        raise BadRequest(f"`image` has {len(binary) - place:,} bytes behind its last element.")


def _parse_outputs(document: dict[str, Any], output_names: tuple[str, ...]) -> tuple[RequestedOutput, ...]:
    is_binary_by_default = _get_typed(_read_parameters(document), "binary_data_output", bool, False)
    outputs = document.get("outputs") or [{"name": name} for name in output_names]
    if not isinstance(outputs, list) or len(outputs) > len(output_names):
        raise BadRequest(f"`outputs` is no list of at most {', '.join(output_names)}.")
    requested = tuple(_parse_output(output, is_binary_by_default, output_names) for output in outputs)
    if len({output.name for output in requested}) < len(requested):
        raise BadRequest("An output is requested twice. Request each once.")
    return requested


def _parse_output(
    output: object, is_binary_by_default: bool, output_names: tuple[str, ...]
) -> RequestedOutput:
    name = output.get("name") if isinstance(output, dict) else None
    if not isinstance(output, dict) or name not in output_names:
        raise BadRequest(
            f"There is no output {quote_value(name)}. The outputs are {', '.join(output_names)}."
        )
    return RequestedOutput(
        output["name"], _get_typed(_read_parameters(output), "binary_data", bool, is_binary_by_default)
    )


def _read_parameters(owner: dict[str, Any]) -> dict[str, Any]:
    """Return the field `parameters` of a request, an input or an output; empty without one."""
    parameters: dict[str, Any] = _get_typed(owner, "parameters", dict, {})
    if "shared_memory_region" in parameters:
        raise BadRequest("This service has no shared memory. Send tensors in the request.")
    if parameters.get("classification"):
        raise BadRequest(
            "This service has no extension `classification`. Leave out the parameter, and take the "
            "likeliest classes from the output `probabilities`."
        )
    return parameters


def _get_typed(owner: dict[str, Any], name: str, type_: type[T], default: T) -> T:
    value = owner.get(name)
    if value is None:  # some clients write every field, with null for a missing one
        return default
    if not isinstance(value, type_):
        raise BadRequest(f"`{name}` is {quote_value(value)}. It is {TYPE_NAMES[type_]}.")
    return value
