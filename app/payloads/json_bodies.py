"""Find pictures in JSON: in base64, as a data: URL, or as rows of numbers; one picture or a list.

Here nothing is decoded as a picture yet, so the bytes may turn out to be something else.
"""

import binascii
import json
import re
import string
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import orjson

from app.errors import BadRequest, RequestTooLarge, drop_traceback
from app.payloads.body import RequestBody
from app.payloads.request_items import BATCH_FORMS, SINGLE_FORMS, PixelRows, RefusedItem, RequestItem, Upload
from app.payloads.request_title import check_no_title_fields
from inference.pictures.signatures import find_base64_format
from inference.text.plain_text import escape_unprintable

JSON_TYPE_NAMES: dict[type, str] = {
    bool: "a boolean",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "an array",
    str: "a string",
    type(None): "null",
}
"""Names of JSON types (RFC 8259, section 3) for error messages, by the Python type of the parsed value."""

BYTES_PER_VALUE = 32
"""Bytes of memory that are reserved for each comma and bracket of a JSON body, since each may stand for a
value. While a value is parsed and converted, it takes up to 96 bytes. A reserved byte may take three bytes of
memory (app/memory.py), so 32 are enough."""

MAX_LENIENT_BYTES = 4_000_000
"""Largest body in bytes that is parsed again with Python's own parser, which accepts more than orjson. No
other request is answered meanwhile, here for up to 40 ms."""

PRINTED_BYTES = re.compile(r"""\s*(b["'])""")
"""Pattern of the beginning of a bytes object that was sent as Python prints it: `b'iVBORw0...'`."""

DATA_PREFIX = re.compile(r"\s*data:", re.IGNORECASE)
"""Pattern of the beginning of a data: URL (RFC 2397), such as `data:image/png;base64,iVBORw0...`."""

BASE64_TABLE = str.maketrans("-_", "+/", string.whitespace)
"""Table for `str.translate` that turns URL-safe base64 (RFC 4648, section 5) into usual base64, and removes
white space."""

MAX_KEYS, KEY_LENGTH = 5, 40
"""Largest number of keys of a wrong object that an error message lists, and largest length of each key in
characters."""

OBJECT_START = re.compile(rb"(\xef\xbb\xbf)?\s*\{")
"""Pattern of the start of a JSON object, with or without a byte order mark."""


def is_json_body(body: RequestBody) -> bool:
    """Return whether the body is JSON: its Content-Type says so, or it begins like a JSON object.

    `curl -d` sends JSON with the Content-Type of a form, unless its user sets another.
    """
    is_json = body.mimetype == "application/json" or body.mimetype.endswith("+json")
    return is_json or OBJECT_START.match(body.data, 0, 64) is not None


def parse_image_list(body: RequestBody) -> Iterator[RequestItem]:
    """Yield the pictures of a JSON body `{"images": [...]}`, in order.

    An item that is no picture is yielded as a RefusedItem, which becomes an error in the answer.

    Raises:
        BadRequest: the body is not a JSON object, has no such list, or has a title.
        RequestTooLarge, ServiceBusy: there is not enough memory for its values.
    """
    document = parse_json_object(body, BATCH_FORMS)
    images = document.get("images")
    if not isinstance(images, list):
        raise BadRequest(f"The JSON has no list `images`. {BATCH_FORMS}")
    check_no_title_fields(document, document.get("parameters"), *images)
    for image in images:
        try:
            yield parse_picture_object({"image": image} if isinstance(image, str) else image, BATCH_FORMS)
        except BadRequest as error:
            yield RefusedItem(drop_traceback(error))


def parse_json_object(body: RequestBody, accepted_forms: str = SINGLE_FORMS) -> dict[str, Any]:
    """Parse a body that has to be a JSON object, and return the object.

    Args:
        body: the body in UTF-8.
        accepted_forms: a sentence for the error message that says in which form a client can send pictures.

    Raises:
        BadRequest: the body is not a JSON object.
        RequestTooLarge, ServiceBusy: there is not enough memory for its values.
    """
    document = parse_json_body(body)
    if not isinstance(document, dict):
        raise BadRequest(f"The JSON is {get_json_type_name(document)}, not an object. {accepted_forms}")
    return document


def parse_json_body(body: RequestBody) -> Any:  # noqa: ANN401 - whatever JSON can say
    """Parse a JSON body, and return its value.

    Raises:
        BadRequest: the body is not JSON, or is nested too deeply.
        RequestTooLarge, ServiceBusy: there is not enough memory for its values.
    """
    reserve_parsing_memory(body)
    return parse_json(body.data)


def reserve_parsing_memory(body: RequestBody) -> None:
    """Reserve memory for the values of a JSON body before it is parsed: `[]` becomes 64 bytes.

    Raises:
        RequestTooLarge: the JSON has more values than MAX_JSON_NUMBERS, or than fit into memory.
        ServiceBusy: other bodies use the memory.
    """
    values = sum(map(body.data.count, (b",", b"[", b"{")))
    if values > body.limits.numbers:
        raise RequestTooLarge(
            f"The JSON has more than {body.limits.numbers:,} numbers or other values, which are parsed one "
            "request at a time (WARDROBE_MAX_JSON_NUMBERS). Send pictures as files, or numbers as binary "
            "tensors of the Open Inference Protocol."
        )
    body.reserve_memory(max(BYTES_PER_VALUE * values - len(body.data), 0))


def parse_json(data: bytes) -> Any:  # noqa: ANN401 - as above
    """Parse JSON in UTF-8, and return its value.

    Up to MAX_LENIENT_BYTES, NaN and the escape of a lone surrogate are accepted too.

    Raises:
        BadRequest: the data is not JSON.
    """
    data = data.removeprefix(BOM_UTF8)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as refusal:  # orjson refuses NaN, which Python's own encoder writes
        if len(data) > MAX_LENIENT_BYTES:
            raise BadRequest(f"The body is no JSON that can be read: {refusal}.") from refusal
        return _parse_with_python(data)


def _parse_with_python(data: bytes) -> Any:  # noqa: ANN401 - as above
    try:
        return json.loads(data.decode())
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"The body is no JSON that can be read: byte {error.start:,} begins no UTF-8 "
            f"({error.reason}). Send it in UTF-8."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON that can be read: {error}.") from error


def parse_picture_object(document: object, accepted_forms: str) -> Upload | PixelRows:
    """Return the picture of a JSON object, which has either the key `image` or the key `pixels`.

    Args:
        document: the parsed JSON; a value other than an object is an error.
        accepted_forms: a sentence for the error message that says in which form a client can send pictures.

    Raises:
        BadRequest: the value is not an object, or has neither or both of the keys.
    """
    if isinstance(document, dict) and "url" in document:
        raise BadRequest(f"URLs are not fetched here: send the bytes of the picture. {accepted_forms}")
    if not isinstance(document, dict) or ("image" in document) == ("pixels" in document):
        raise BadRequest(
            f"The JSON needs either `image` or `pixels`{_describe_other_keys(document)}. {accepted_forms}"
        )
    if "pixels" in document:
        return PixelRows(document["pixels"])
    return Upload(decode_base64(document["image"]))


def _describe_other_keys(document: object) -> str:
    """Return the end of a sentence that says what came instead of `image` or `pixels`."""
    if not isinstance(document, dict):
        return f", and is {get_json_type_name(document)}"
    names = [f"`{escape_unprintable(name[:KEY_LENGTH])}`" for name in list(document)[:MAX_KEYS]]
    more = " and others" if len(document) > MAX_KEYS else ""
    return f", and has {', '.join(names)}{more}" if names else ", and is empty"


def get_json_type_name(value: object) -> str:
    """Return the name of the JSON type of a parsed value for an error message, such as "an array"."""
    return JSON_TYPE_NAMES[type(value)]


def decode_base64(text: object, name: str = "image") -> bytes:
    """Decode base64, or a data: URL with base64, and return the bytes.

    Args:
        text: the value that should be base64; the padding at its end may be missing.
        name: the name of the JSON field, for error messages.

    Raises:
        BadRequest: the value is not text, or is neither base64 nor such a URL.
    """
    if not isinstance(text, str):
        raise BadRequest(f"`{name}` is {get_json_type_name(text)}, not a string of base64.")
    if not text.isascii():  # refused at once: a single such character makes each take up to four bytes
        raise BadRequest(f"`{name}` is neither base64 nor a base64 data: URL: not all of it is ASCII.")
    if text[:8].lower().startswith(("http://", "https://")):
        raise BadRequest(f"`{name}` is a URL. URLs are not fetched here: send the picture itself, in base64.")
    behind = _cut_data_prefix(text, name)
    if printed := PRINTED_BYTES.match(behind):
        begin = printed[1]
        raise BadRequest(f"`{name}` begins with {begin}: send the text without {begin}...{begin[1]}.")
    letters = behind.translate(BASE64_TABLE)
    try:
        decoded = binascii.a2b_base64(letters + "=" * (-len(letters) % 4), strict_mode=True)
    except binascii.Error as error:
        raise BadRequest(f"`{name}` is neither base64 nor a base64 data: URL: {error}.") from error
    if find_base64_format(decoded):
        raise BadRequest(f"`{name}` is base64 of base64: encode the picture once.")
    return decoded


def _cut_data_prefix(text: str, name: str) -> str:
    """Return the base64 of a data: URL, which is behind its comma; any other text as it is."""
    if not DATA_PREFIX.match(text):
        return text
    _, comma, behind = text.partition(",")
    if not comma:
        raise BadRequest(f"`{name}` is a data: URL without a comma, so there is nothing in it.")
    if DATA_PREFIX.match(behind):
        raise BadRequest(f"`{name}` has two data: prefixes. Send one, as in data:image/jpeg;base64,...")
    return behind
