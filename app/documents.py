"""Find pictures in JSON: base64, data: URLs, or bare pixels, one or a list of them.

Touches nothing. What else a picture may come in: reading.py; whether it is one: inference.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from flask import Request, json

from app.errors import BadRequest, without_frames
from app.items import BATCH_FORMS, FORMS, Item, Rows, Unreadable, Upload


def is_document(request: Request, body: bytes) -> bool:
    """Whether a body is to be read as JSON: it says so, or it begins so, whatever curl calls it."""
    return request.is_json or body[:64].lstrip()[:1] == b"{"


def item_of(body: bytes) -> Upload | Rows:
    """The picture of a JSON object.

    Raises:
        BadRequest: there is not exactly one, or this is no JSON object.
    """
    return _from_document(_document(body), FORMS)


def items_of(body: bytes) -> Iterator[Item]:
    """The pictures of a JSON object's list `images`, in order; a wrong item becomes Unreadable.

    Raises:
        BadRequest: there is no such list, or this is no JSON object.
    """
    images = _document(body).get("images")
    if not isinstance(images, list):
        raise BadRequest(f"The JSON has no list `images`. {BATCH_FORMS}")
    for image in images:
        try:
            yield _from_document({"image": image} if isinstance(image, str) else image, BATCH_FORMS)
        except BadRequest as error:
            yield Unreadable(without_frames(error))


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON that can be read: {error}.") from error
    if not isinstance(document, dict):
        raise BadRequest(f"The JSON is a {type(document).__name__}, not an object. {FORMS}")
    return document


def _from_document(document: object, forms: str) -> Upload | Rows:
    if not isinstance(document, dict) or ("image" in document) == ("pixels" in document):
        raise BadRequest(f"The JSON needs either `image` or `pixels`. {forms}")
    if "pixels" in document:
        return Rows(document["pixels"])
    return Upload(_from_base64(document["image"]))


def _from_base64(text: object) -> bytes:
    if not isinstance(text, str):
        raise BadRequest(f"`image` is a {type(text).__name__}, not a string. {FORMS}")
    if text.startswith("data:"):
        _, comma, text = text.partition(",")
        if not comma:
            raise BadRequest("`image` is a data: URL without a comma, so there is nothing in it.")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"`image` is neither base64 nor a base64 data: URL: {error}.") from error
