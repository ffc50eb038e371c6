"""One picture as a value of JSON: what TensorFlow Serving calls an instance, and SageMaker a record.

Touches nothing. Whether numbers are pixels, inference/pixel_rows.py decides; whether bytes are a picture,
inference does.
"""

from typing import TypeGuard

from app.errors import BadRequest
from app.payloads.documents import from_base64
from app.payloads.items import Rows, Upload
from inference.contract import EDGE

FORMS = (
    "A picture is 28 rows of 28 numbers of 0..255, garment light on black, each alone or in a list; "
    'the same as {"pixels": ...}; or the bytes of a file as {"b64": "<base64>"}.'
)


def item_of_value(value: object) -> Upload | Rows:
    """The picture that one value stands for.

    Args:
        value: rows, 784 numbers in a row, or an object with one of `pixels`, `image` and `b64`.

    Raises:
        BadRequest: it is none of these, or no base64.
    """
    if isinstance(value, list):
        return rows_of(value)
    if isinstance(value, dict):
        named = [name for name in ("pixels", "image", "b64") if name in value]
        if len(named) == 1:
            return _item_of_object(named[0], value[named[0]])
    raise BadRequest(f"An instance is {_kind(value)}, which is no picture. {FORMS}")


def rows_of(value: object) -> Rows:
    """Rows, out of 784 numbers in a row or out of rows with an axis of 1 at their end.

    Args:
        value: what is neither passes as it came, for pixel_rows.py to refuse.
    """
    if isinstance(value, list) and len(value) == EDGE * EDGE and not isinstance(value[0], list):
        return Rows([value[start : start + EDGE] for start in range(0, EDGE * EDGE, EDGE)])
    if _has_channel(value):
        return Rows([_without_channel(row) for row in value])
    return Rows(value)


def image_of(value: object) -> Upload:
    """The picture in `image`: base64, or TensorFlow Serving's object around it.

    Raises:
        BadRequest: it is neither.
    """
    if isinstance(value, dict) and "b64" in value:
        return Upload(from_base64(value["b64"], "b64"))
    return Upload(from_base64(value))


def _item_of_object(name: str, value: object) -> Upload | Rows:
    if name == "pixels":
        return rows_of(value)
    return image_of(value) if name == "image" else Upload(from_base64(value, "b64"))


def _has_channel(value: object) -> TypeGuard[list[object]]:
    """Whether the first number stands in a list of its own, as in 28 x 28 x 1."""
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, list) and bool(first) and isinstance(first[0], list)


def _without_channel(row: object) -> object:
    if not isinstance(row, list):
        return row
    return [number[0] if isinstance(number, list) and len(number) == 1 else number for number in row]


def _kind(value: object) -> str:
    return "an object without `pixels` or `b64`" if isinstance(value, dict) else type(value).__name__
