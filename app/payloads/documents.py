"""Find pictures in JSON: base64, data: URLs, or bare pixels, one or a list of them.

Touches nothing. What else a picture may come in: reading.py; whether it is one: inference.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from flask import Request

from app.errors import BadRequest, without_frames
from app.json_text import decode
from app.payloads.items import BATCH_FORMS, FORMS, Item, Rows, Unreadable, Upload


def is_document(request: Request, body: bytes) -> bool:
    """Whether a body is to be read as JSON: it says so, or it begins so, whatever curl calls it."""
    return request.is_json or body[:64].lstrip()[:1] == b"{"


def item_of(body: bytes) -> Upload | Rows:
    """The picture of a JSON object.

    Raises:
        BadRequest: there is not exactly one, or this is no JSON object.
    """
    return item_of_object(read_object(body), FORMS)


def items_of(body: bytes) -> Iterator[Item]:
    """The pictures of a JSON object's list `images`, in order; a wrong item becomes Unreadable.

    Raises:
        BadRequest: there is no such list, or this is no JSON object.
    """
    images = read_object(body, BATCH_FORMS).get("images")
    if not isinstance(images, list):
        raise BadRequest(f"The JSON has no list `images`. {BATCH_FORMS}")
    for image in images:
        try:
            yield item_of_object({"image": image} if isinstance(image, str) else image, BATCH_FORMS)
        except BadRequest as error:
            yield Unreadable(without_frames(error))


def read_json(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON can say
    """What a body says in JSON.

    Raises:
        BadRequest: it is none, or nested too deeply.
    """
    try:
        return decode(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON that can be read: {error}.") from error


def read_object(body: bytes, forms: str = FORMS) -> dict[str, Any]:
    """The JSON object that a body is.

    Args:
        body: UTF-8, -16 or -32.
        forms: what a client is told to send instead of anything else.

    Raises:
        BadRequest: it is none.
    """
    document = read_json(body)
    if not isinstance(document, dict):
        raise BadRequest(f"The JSON is a {type(document).__name__}, not an object. {forms}")
    return document


def item_of_object(document: object, forms: str) -> Upload | Rows:
    """The picture of a JSON object, which has either `image` or `pixels`.

    Raises:
        BadRequest: it has neither or both, or this is no object.
    """
    if not isinstance(document, dict) or ("image" in document) == ("pixels" in document):
        raise BadRequest(f"The JSON needs either `image` or `pixels`. {forms}")
    if "pixels" in document:
        return Rows(document["pixels"])
    return Upload(from_base64(document["image"]))


def from_base64(text: object, name: str = "image") -> bytes:
    """The bytes of base64, or of a data: URL of it.

    Args:
        text: whatever stands where base64 should.
        name: under which it came.

    Raises:
        BadRequest: it is no text, or neither of these.
    """
    if not isinstance(text, str):
        raise BadRequest(f"`{name}` is a {type(text).__name__}, not a string of base64.")
    if text.startswith("data:"):
        _, comma, text = text.partition(",")
        if not comma:
            raise BadRequest(f"`{name}` is a data: URL without a comma, so there is nothing in it.")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"`{name}` is neither base64 nor a base64 data: URL: {error}.") from error
