"""JSON and base64 as bodies have them: what is read, and what a refusal says."""

import base64
import json

import pytest

from app.errors import BadRequest
from app.payloads.body import RequestBody
from app.payloads.json_bodies import MAX_LENIENT_BYTES, decode_base64, parse_json_body
from app.payloads.limits import make_batch_limits
from app.settings import Settings


def read(data: bytes) -> object:
    return parse_json_body(RequestBody(data, make_batch_limits(Settings())))


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"image": "ab"}'.encode("utf-16"), 0),
        (b'{"image": "' + b"\xed\xa0\x80" * 10_000, 11),
        (b'\xef\xbb\xbf{"image": "' + b"\xff" * 10_000, 11),
    ],
)
def test_the_first_byte_that_is_no_utf_8_is_named(body: bytes, place: int) -> None:
    with pytest.raises(BadRequest, match=f"byte {place:,} begins no UTF-8"):
        read(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("size", [10, MAX_LENIENT_BYTES + 1])
def test_utf_8_is_read_with_a_byte_order_mark_and_without_one(encoding: str, size: int) -> None:
    document = {"image": "ä€😀" * (size // 9)}

    assert read(json.dumps(document, ensure_ascii=False).encode(encoding)) == document


def test_nan_and_a_lone_surrogate_beside_a_picture_do_no_harm() -> None:
    document = read(b'{"image": "QQ==", "price": NaN, "name": "\\ud800"}')

    assert isinstance(document, dict)
    assert document["image"] == "QQ=="


def test_a_long_text_that_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(BadRequest, match=r"no JSON that can be read: .*column 6"):
        read(b'{"a":NaN,"b":"' + b"x" * MAX_LENIENT_BYTES + b'"}')


@pytest.mark.parametrize("padding", ["", "="])
@pytest.mark.parametrize("between", ["", " ", "\r\n"])
@pytest.mark.parametrize("size", range(58, 62))
def test_base64_is_read_in_lines_and_without_its_padding(size: int, between: str, padding: str) -> None:
    content = bytes(range(190, 190 + size))
    text = base64.b64encode(content).decode().rstrip("=") + padding * (-size % 3)

    assert decode_base64(between.join((text[:64], text[64:], ""))) == content
    assert decode_base64(text.replace("+", "-").replace("/", "_")) == content


@pytest.mark.parametrize(
    "text", ["QQ==QQ==", "QQ== QQ==", "QQQQQ", "Q===", "iVBOR*w0KGgo", "photos/coat.jpg"]
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="neither base64"):
        decode_base64(text)
