"""JSON that is no text, or text in another encoding, as bodies have it."""

import json

import pytest

from app.errors import BadRequest
from app.payloads.body import Body
from app.payloads.documents import LENIENT_LETTERS, read_json
from app.payloads.marks import STEP_BYTES
from inference.contract import GREY_28


def read(data: bytes) -> object:
    return read_json(Body(data, limit=len(data)), 256, GREY_28)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"image": "'.encode("utf-16-le") + b"\x00\xd8" * 10_000, 22),
        ('{"image": "'.encode("utf-16-be") + b"\xdc\x00" * 10_000, 22),
        ('{"image": "'.encode("utf-16") + b"a\0" * STEP_BYTES + b"\x00\xdc", 24 + 2 * STEP_BYTES),
        ('{"image": "'.encode("utf-32-le") + b"\0\0\x11\0" * 10_000, 44),
        (b'{"image": "' + b"\xed\xa0\x80" * 10_000, 11),
        (b'\xef\xbb\xbf{"image": "' + b"\xff" * 10_000, 14),
        (b'{"image": "' + b"a" * (STEP_BYTES - 12) + b"\xe2\x82", STEP_BYTES - 1),
    ],
)
def test_the_first_byte_that_is_no_text_is_named(body: bytes, place: int) -> None:
    with pytest.raises(BadRequest, match=f"byte {place:,} begins no utf"):
        read(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("size", [10, STEP_BYTES + 1, LENIENT_LETTERS + 1])
def test_text_in_any_encoding_of_json_is_read(encoding: str, size: int) -> None:
    document = {"image": "ä€😀"[: min(3, size)] * (size // 3)}

    assert read(json.dumps(document, ensure_ascii=False).encode(encoding)) == document


def test_a_long_text_that_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(BadRequest, match=r"no JSON that can be read: .*column 6"):
        read(b'{"a":NaN,"b":"' + b"x" * LENIENT_LETTERS + b'"}')
