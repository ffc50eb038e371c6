"""What an inference request of the Open Inference Protocol asks, its binary tensors included.

Nothing that the client says of shapes and sizes is believed: they must agree with what came. The protocol:
KServe's inference_rest.md; binary tensors and `classification` are Triton's extensions of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.errors import BadRequest
from app.payloads.body import Body
from app.payloads.documents import from_base64, read_object
from app.payloads.items import Item, Ready, Rows, Upload
from app.protocols.classifying import gather, told
from app.protocols.instances import rows_of
from app.settings import Settings
from inference.contract import EDGE
from inference.errors import BadPixels

FORMS = (
    "`inputs` is a list of one tensor: `pixels`, UINT8, shape [N, 28, 28], garment light on black; "
    "or `image`, BYTES, shape [N], the bytes of picture files."
)

INPUTS: dict[str, tuple[str, list[int]]] = {"pixels": ("UINT8", [EDGE, EDGE]), "image": ("BYTES", [])}
"""Each input with its datatype, and its shape behind the number of pictures."""

PIXELS = EDGE * EDGE
LENGTH_BYTES = 4
"""What stands before each element of a binary BYTES tensor: its length, little-endian."""

DIMENSIONS_TOLD = 8


@dataclass(frozen=True)
class Wanted:
    """One output that the client wants.

    Attributes:
        binary: whether it is to come as bytes behind the JSON.
        top: how many classes to name, likeliest first, in place of the numbers; None names none.
    """

    name: str
    binary: bool
    top: int | None = None


@dataclass(frozen=True)
class Inference:
    """An inference request.

    Attributes:
        request_id: the client's own, told back; None where it gave none.
        items: the pictures, as many as may come at a time.
    """

    request_id: str | None
    items: list[Item]
    outputs: tuple[Wanted, ...]


def read_inference(
    body: Body, header_length: str | None, offered: tuple[str, ...], settings: Settings
) -> Inference:
    """Take a request apart.

    Args:
        body: a JSON object, and behind it the binary tensors, if there are any.
        header_length: the header Inference-Header-Content-Length: how many bytes the object has.
        offered: the outputs that there are.
        settings: hold the limits.

    Raises:
        BadRequest: the object, its tensors or the outputs are not as the protocol has them.
        BadPixels: a shape, datatype or number of values that is not that of pixels.
        TooLarge: it has more values than MAX_BATCH pictures need, or more pictures.
    """
    header, binary = _split(body.data, header_length)
    document = read_object(header, settings.max_batch, FORMS)
    request_id = document.get("id")
    if not isinstance(request_id, str | None):
        raise BadRequest(f"`id` is {told(request_id)}. It is text.")
    outputs = _outputs(document, offered)
    return Inference(request_id, gather(_items_of(_one_input(document), binary), settings), outputs)


def _split(body: bytes, header_length: str | None) -> tuple[bytes, memoryview]:
    if header_length is None:
        return body, memoryview(b"")
    # So many digits and no more: Python refuses to read thousands of them.
    sound = header_length.isascii() and header_length.isdigit() and len(header_length) < 20
    if not sound or int(header_length) > len(body):
        raise BadRequest(
            f"Inference-Header-Content-Length is {told(header_length)}. "
            f"It is the length of the JSON, at most that of the body: {len(body):,} bytes."
        )
    length = int(header_length)
    return body[:length], memoryview(body)[length:]


def _one_input(document: dict[str, Any]) -> dict[str, Any]:
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise BadRequest(f"There is not exactly one input. {FORMS}")
    tensor: dict[str, Any] = inputs[0]
    name = tensor.get("name")
    if not isinstance(name, str) or name not in INPUTS:
        raise BadRequest(f"There is no input {told(name)}. {FORMS}")
    return tensor


def _items_of(tensor: dict[str, Any], binary: memoryview) -> Iterable[Item]:
    count = _count(tensor)
    is_picture = tensor["name"] == "image"
    size = _parameters(tensor).get("binary_data_size")
    if ("data" in tensor) == (size is not None):
        raise BadRequest("The input needs either `data`, or `binary_data_size` and bytes behind the JSON.")
    # Not `size != len(binary)` alone: true is 1 in Python.
    if (size or 0) != len(binary) or isinstance(size, bool):
        raise BadRequest(
            f"{len(binary):,} bytes follow the JSON, which is not what `binary_data_size` says. "
            "The header Inference-Header-Content-Length says where the JSON ends."
        )
    if size is not None:
        return _pictures_in_bytes(binary, count) if is_picture else _pixels_in_bytes(binary, count)
    data = _list_of(tensor["data"])
    return _pictures_in_text(data, count) if is_picture else _pixels_in_numbers(data, count)


def _count(tensor: dict[str, Any]) -> int:
    """How many pictures the tensor claims to have."""
    datatype, rest = INPUTS[tensor["name"]]
    if tensor.get("datatype") != datatype:
        raise BadPixels(f"The datatype of `{tensor['name']}` is {told(tensor.get('datatype'))}. {FORMS}")
    shape = tensor.get("shape")
    if not isinstance(shape, list) or any(type(size) is not int for size in shape[:DIMENSIONS_TOLD]):
        raise BadPixels(f"The shape of `{tensor['name']}` is no list of whole numbers. {FORMS}")
    if len(shape) != 1 + len(rest) or shape[1:] != rest or shape[0] < 1:
        raise BadPixels(f"The shape of `{tensor['name']}` is {_shape_told(shape)}. {FORMS}")
    count: int = shape[0]
    return count


def _shape_told(shape: list[int]) -> str:
    if len(shape) > DIMENSIONS_TOLD:
        return f"of {len(shape):,} dimensions"
    return f"[{', '.join(f'{size}' if abs(size) < 2**63 else 'too much' for size in shape)}]"


def _parameters(owner: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a request, an input or an output; those that mean nothing here are passed over."""
    parameters = owner.get("parameters", {})
    if not isinstance(parameters, dict):
        raise BadRequest(f"`parameters` is {told(parameters)}. It is an object.")
    if "shared_memory_region" in parameters:
        raise BadRequest("There is no shared memory with this service. Send tensors in the request.")
    return parameters


def _list_of(data: object) -> list[object]:
    if not isinstance(data, list):
        raise BadRequest(f"`data` is {told(data)}. It is a list.")
    return data


def _pixels_in_bytes(binary: memoryview, count: int) -> Iterable[Item]:
    if len(binary) != count * PIXELS:
        raise BadPixels(_disagree(len(binary), "bytes", count))
    return map(Ready, np.frombuffer(binary, np.uint8).reshape(-1, EDGE, EDGE))


def _pixels_in_numbers(data: list[object], count: int) -> Iterable[Item]:
    """Pixels out of numbers in one row, which is the protocol's usual form, or nested."""
    if data and not isinstance(data[0], list):
        if len(data) != count * PIXELS:
            raise BadPixels(_disagree(len(data), "numbers", count))
        return (rows_of(data[start : start + PIXELS]) for start in range(0, len(data), PIXELS))
    if len(data) != count:
        raise BadPixels(_disagree(len(data), "pictures", count))
    return map(Rows, data)


def _pictures_in_text(data: list[object], count: int) -> Iterable[Item]:
    if len(data) != count:
        raise BadRequest(_disagree(len(data), "pictures", count))
    return (Upload(from_base64(text)) for text in data)


def _pictures_in_bytes(binary: memoryview, count: int) -> Iterator[Item]:
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


def _disagree(came: int, what: str, count: int) -> str:
    claimed = f"{count:,}" if count < 2**63 else "too many"
    return f"{came:,} {what} came, but the shape says {claimed} pictures. {FORMS}"


def _outputs(document: dict[str, Any], offered: tuple[str, ...]) -> tuple[Wanted, ...]:
    all_binary = _switch(_parameters(document), "binary_data_output", False)
    outputs = document.get("outputs") or [{"name": name} for name in offered]
    if not isinstance(outputs, list) or len(outputs) > len(offered):
        raise BadRequest(f"`outputs` is no list of at most {', '.join(offered)}.")
    wanted = tuple(_wanted(output, all_binary, offered) for output in outputs)
    if len({output.name for output in wanted}) < len(wanted):
        raise BadRequest("An output is asked for twice. Each can be had once.")
    return wanted


def _wanted(output: object, all_binary: bool, offered: tuple[str, ...]) -> Wanted:
    name = output.get("name") if isinstance(output, dict) else None
    if not isinstance(output, dict) or name not in offered:
        raise BadRequest(f"There is no output {told(name)}. The outputs are {', '.join(offered)}.")
    parameters = _parameters(output)
    top = parameters.get("classification")
    if top is not None and (output["name"] != "probabilities" or type(top) is not int or top < 1):
        raise BadRequest("`classification` is for `probabilities`, and a whole number from 1.")
    return Wanted(output["name"], _switch(parameters, "binary_data", all_binary), top)


def _switch(parameters: dict[str, Any], name: str, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise BadRequest(f"`{name}` is {told(value)}. It is true or false.")
    return value
