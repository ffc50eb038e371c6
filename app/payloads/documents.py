"""Find pictures in JSON: base64, data: URLs, or bare pixels, one or a list of them.

Values alone. What else a picture may come in: reading.py; whether it is one: inference.
"""

import binascii
import codecs
import json
import math
import re
import string
from collections.abc import Iterator
from typing import Any

import orjson

from app.errors import BadRequest, TooLarge, without_frames
from app.payloads.body import Body
from app.payloads.items import BATCH_FORMS, FORMS, RefusedItem, RequestItem, Rows, Upload
from app.payloads.marks import STEP_BYTES, count_of
from inference.contract import InputContract
from inference.plain_text import shown

STRUCTURE_PER_NUMBER = 2
"""Commas and brackets that a number of `pixels` needs in a list of its own."""

STRUCTURE_PER_PICTURE = 480
"""Those around the numbers of a picture, with room to spare."""

STRUCTURE_SPARE = 131_072
"""Commas and brackets beyond those of the pictures: 10 MB of Python objects at most."""

JSON_TYPES: dict[type, str] = {
    bool: "a boolean",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "an array",
    str: "a string",
    type(None): "null",
}
"""How answers name the type of a value (RFC 8259, section 3)."""

CLAIMED_PER_OBJECT = 32
"""Bytes that each comma and bracket of a body counts for: it becomes up to 96 bytes of objects, of the
parser's notes and of rows cut from them, and a byte that counts may take three (docs/reference/limits.md)."""

LENIENT_LETTERS = 4_000_000
"""Of a body that Python's own parser reads, which holds its lock as long as it takes: up to 40 ms."""

BASE64 = str.maketrans("-_", "+/", string.whitespace)
"""Makes letters for URLs (RFC 4648, section 5) the usual ones, and removes what may stand between letters,
without a string for each run of them."""

PLACE = re.compile(
    r"(?:blob|content|file|ph|asset|assets-library|capacitor|cid|gs|s3|ftp):|[A-Za-z]:[\\/\0-\x1f]|\\\\|~/",
    re.IGNORECASE,
)
"""How the address or path of a file begins: of a browser, a phone, a computer."""

NO_BASE64 = re.compile(r"[^A-Za-z0-9+/=\-_\s]")

LOST_PLUS = ", and none is `+`: something has decoded it as part of a URL or form, where `+` is a blank"

LINES = (64, 76)
"""Letters of a line of base64 (RFC 7468; RFC 2045), which a blank may end."""

LONG_TEXT = 500
"""Letters of base64 from which on one of them is `+`, but for one picture in some thousands."""

OBJECT = re.compile(rb"(\xef\xbb\xbf|\xff\xfe(\0\0)?|(\0\0)?\xfe\xff)?[\0\s]*\{")
"""How a JSON object begins, in UTF-8, -16 or -32, with a byte order mark or without one."""

QUOTES_PER_PICTURE, QUOTES_SPARE = 32, 8_192
"""Quotation marks around keys and texts: an object of 6 bytes takes 250 with its keys."""


def is_document(body: Body) -> bool:
    """Whether a body is to be read as JSON: it says so, or it begins so, whatever curl calls it."""
    is_json = body.mimetype == "application/json" or body.mimetype.endswith("+json")
    return is_json or OBJECT.match(body.data, 0, 64) is not None


def item_of(body: Body, contract: InputContract) -> Upload | Rows:
    """The picture of a JSON object, for a model of this input.

    Raises:
        BadRequest: there is not exactly one, or this is no JSON object.
        TooLarge, Busy: as `read_json`.
    """
    return item_of_object(read_object(body, 1, contract), FORMS)


def items_of(body: Body, max_pictures: int, contract: InputContract) -> Iterator[RequestItem]:
    """The pictures of a JSON object's list `images`, in order; a wrong item becomes a RefusedItem.

    Raises:
        BadRequest: there is no such list, or this is no JSON object.
        TooLarge, Busy: as `read_json`.
    """
    images = read_object(body, max_pictures, contract, BATCH_FORMS).get("images")
    if not isinstance(images, list):
        raise BadRequest(f"The JSON has no list `images`. {BATCH_FORMS}")
    for image in images:
        try:
            yield item_of_object({"image": image} if isinstance(image, str) else image, BATCH_FORMS)
        except BadRequest as error:
            yield RefusedItem(without_frames(error))


def read_object(body: Body, max_pictures: int, contract: InputContract, forms: str = FORMS) -> dict[str, Any]:
    """The JSON object that a body is.

    Args:
        body: UTF-8, -16 or -32.
        max_pictures: as in `read_json`.
        contract: as in `read_json`.
        forms: what a client is asked to send instead of anything else.

    Raises:
        BadRequest: it is none.
        TooLarge, Busy: as `read_json`.
    """
    document = read_json(body, max_pictures, contract)
    if not isinstance(document, dict):
        raise BadRequest(f"The JSON is {json_type(document)}, not an object. {forms}")
    return document


def read_json(body: Body, max_pictures: int, contract: InputContract) -> Any:  # noqa: ANN401 - whatever JSON can say
    """The value that a body is in JSON.

    Args:
        body: UTF-8, -16 or -32.
        max_pictures: the most that it may hold. Two bytes of it may become an object of 64 and more, so
            commas, brackets and quotation marks are counted before anything is parsed.
        contract: the input of the model, which says how many numbers a picture has.

    Raises:
        BadRequest: it is none, or nested too deeply.
        TooLarge: it has more lists, objects and values than so many pictures need, than memory holds, or than
            MAX_JSON_NUMBERS.
        Busy: as `Bodies.read`.
    """
    if count_of(b",", body.data) >= body.max_numbers:
        raise TooLarge(
            f"The JSON has more than {body.max_numbers:,} numbers or other values, which are parsed one "
            "request at a time (MAX_JSON_NUMBERS). Send pictures as files, or numbers as binary tensors of "
            "the Open Inference Protocol."
        )
    body.claim(CLAIMED_PER_OBJECT * check_structure(body.data, max_pictures, contract))
    try:
        return orjson.loads(body.data)
    except orjson.JSONDecodeError as error:
        return _read_leniently(body.data, error)


def check_structure(body: bytes, max_pictures: int, contract: InputContract) -> int:
    """Count the commas and brackets of a body that makes no more Python objects than so many pictures need.

    Raises:
        TooLarge: it makes more; see `read_json`.
    """
    found = sum(count_of(mark, body) for mark in (b",", b"[", b"{"))
    each = STRUCTURE_PER_PICTURE + STRUCTURE_PER_NUMBER * math.prod(contract.array_shape)
    # A number takes two bytes at least, so that a body cannot hold more pictures of numbers than this.
    structure = (
        STRUCTURE_SPARE + min(max_pictures, 1 + len(body) // (2 * math.prod(contract.array_shape))) * each
    )
    quotes = QUOTES_SPARE + max_pictures * QUOTES_PER_PICTURE
    if found > structure or count_of(b'"', body) > quotes:
        raise TooLarge(
            f"The JSON has more values than {max_pictures} pictures need: "
            f"more than {structure:,} commas and brackets, or {quotes:,} quotation marks."
        )
    return found


def _read_leniently(body: bytes, refusal: ValueError) -> Any:  # noqa: ANN401 - as above
    """Read what orjson refuses: UTF-16, NaN, the escape of a lone surrogate; or say what is wrong where."""
    try:
        text = _text_of(body)
        if len(text) <= LENIENT_LETTERS:
            return json.loads(text)
        if json.detect_encoding(body) == "utf-8":
            raise refusal
        return orjson.loads(text)
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"The body is no JSON that can be read: byte {error.start:,} begins no {error.encoding} "
            f"({error.reason}). Send it in UTF-8."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON that can be read: {error}.") from error


def _text_of(body: bytes) -> str:
    """The text of a body in UTF-8, -16 or -32, decoded in steps: each holds Python's lock.

    Raises:
        UnicodeDecodeError: it is none from `start` on.
    """
    encoding = json.detect_encoding(body).removesuffix("-sig")
    decoder, parts = codecs.getincrementaldecoder(encoding)(), list[str]()
    for start in range(0, len(body), STEP_BYTES):
        waiting = len(decoder.getstate()[0])
        end = start + STEP_BYTES
        try:
            parts.append(decoder.decode(body[start:end], final=end >= len(body)))
        except UnicodeDecodeError as error:
            error.start += start - waiting
            raise
    return "".join(parts).removeprefix("\ufeff")


def item_of_object(document: object, forms: str) -> Upload | Rows:
    """The picture of a JSON object, which has either `image` or `pixels`.

    Raises:
        BadRequest: it has neither or both, or this is no object.
    """
    if isinstance(document, dict) and "url" in document:
        raise BadRequest(f"URLs are not fetched here: send the bytes of the picture. {forms}")
    if not isinstance(document, dict) or ("image" in document) == ("pixels" in document):
        raise BadRequest(f"The JSON needs either `image` or `pixels`. {forms}")
    if "pixels" in document:
        return Rows(document["pixels"])
    return Upload(from_base64(document["image"]))


def json_type(value: object) -> str:
    """What a parsed value is in JSON's own words, with an article."""
    return JSON_TYPES[type(value)]


def from_base64(text: object, name: str = "image") -> bytes:
    """The bytes of base64, or of a data: URL of it.

    Args:
        text: whatever stands where base64 should.
        name: under which it came.

    Raises:
        BadRequest: it is no text, or neither of these.
    """
    if not isinstance(text, str):
        raise BadRequest(f"`{name}` is {json_type(text)}, not a string of base64.")
    if not text.isascii():  # refused at once: a single such character makes each take up to four bytes
        raise BadRequest(f"`{name}` is neither base64 nor a base64 data: URL: not all of it is ASCII.")
    if text[:8].lower().startswith(("http://", "https://")):
        raise BadRequest(f"`{name}` is a URL. URLs are not fetched here: send the picture itself, in base64.")
    if place := PLACE.match(text):
        raise BadRequest(
            f"`{name}` begins with `{shown(place[0])}`, so it names a place that only its sender can read. "
            "Send the picture itself, in base64."
        )
    if text[:5].lower() == "data:":
        _, comma, text = text.partition(",")
        if not comma:
            raise BadRequest(f"`{name}` is a data: URL without a comma, so there is nothing in it.")
    if (odd := _odd_letter(text)) and odd.endswith(LOST_PLUS):
        raise BadRequest(f"`{name}` is neither base64 nor a base64 data: URL: {odd}.")
    try:
        return _decoded(text)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"`{name}` is neither base64 nor a base64 data: URL: {odd or error}.") from error


def _odd_letter(text: str) -> str:
    """The first letter that base64 does not have, as part of a sentence; empty where there is none."""
    blank = text.find(" ")
    if len(text) > LONG_TEXT and blank >= 0 and blank not in LINES and not ("+" in text or "-" in text):
        return f"letter {blank:,} is a blank{LOST_PLUS}"
    found = NO_BASE64.search(text, 0, STEP_BYTES)
    if found is None:
        return ""
    hint = ""
    if found[0] == "%":
        hint = ", of an encoding for URLs: decode it first"
    elif text.startswith(("b'", 'b"')):
        hint = ", since it is Python's `str` of bytes: send `.decode()` of them"
    elif found[0] == "." and len(text) <= LONG_TEXT:
        hint = ", as in the name of a file: send the picture itself"
    return f"letter {found.start():,} is {found[0]!r}{hint}"


def _decoded(text: str) -> bytes:
    """The bytes of base64, a part at a time: one call would hold Python's lock, and need a second copy.

    Raises:
        binascii.Error: it is none.
        ValueError: likewise.
    """
    parts: list[bytes] = []
    rest, ended = "", False
    for start in range(0, len(text), STEP_BYTES):
        letters = rest + text[start : start + STEP_BYTES].translate(BASE64)
        if ended and letters:
            raise binascii.Error("Excess data after padding")
        whole = len(letters) - len(letters) % 4
        parts.append(binascii.a2b_base64(letters[:whole], strict_mode=True))
        rest, ended = letters[whole:], ended or letters.endswith("=", 0, whole)
    padded = rest + "=" * (-len(rest) % 4)  # padding may be left out
    if ended and rest:
        raise binascii.Error("Excess data after padding")
    parts.append(binascii.a2b_base64(padded, strict_mode=True))
    return b"".join(parts)
