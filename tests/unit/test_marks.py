"""What is looked through in steps: each mark counts once, and base64 is read as in one piece."""

import base64

import pytest

from app.errors import BadRequest
from app.payloads.documents import from_base64
from app.payloads.marks import STEP_BYTES, count_of

MARK = b"PK\x01\x02"


@pytest.mark.parametrize("start", range(STEP_BYTES - 5, STEP_BYTES + 2))
def test_a_mark_at_the_end_of_a_step_counts_once(start: int) -> None:
    data = bytearray(2 * STEP_BYTES + 10)
    data[start : start + 4] = data[-4:] = MARK

    assert count_of(MARK, bytes(data)) == 2


@pytest.mark.parametrize("blank", ["", "\n"])
@pytest.mark.parametrize("size", [0, 1, 2, 3, STEP_BYTES - 1, STEP_BYTES, 2 * STEP_BYTES + 1])
def test_base64_of_any_length_is_read_whole(size: int, blank: str) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    text = base64.b64encode(data[:size]).decode()

    assert from_base64(blank + text[:5] + blank + text[5:]) == data[:size]


@pytest.mark.parametrize(
    "text",
    [
        "QQ==QQ==",
        "QQ==" + " " * 3 * STEP_BYTES + "QQ==",
        "Q" * (STEP_BYTES - 1) + "=QQ==",
        "Q" * STEP_BYTES + "Q",
        "Q" * STEP_BYTES + "Q===",
    ],
)
def test_what_is_no_base64_is_refused_wherever_a_step_ends(text: str) -> None:
    with pytest.raises(BadRequest, match="neither base64"):
        from_base64(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("blob:http://localhost/3f", "begins with `blob:`"),
        ("content://media/external/images/5", "begins with `content:`"),
        ("file:///home/a.jpg", "begins with `file:`"),
        ("C:\\Users\\a.jpg", r"begins with `C:\\`"),
        ("d:\tmp.png", "begins with `d:"),
        ("~/a.jpg", "begins with `~/`"),
        ("b'iVBORw0KGgo='", r"send `\.decode\(\)` of them"),
        ("/photos/coat.jpg", "as in the name of a file: send the picture itself"),
        ("iVBORw0KGgo%3D", "letter 11 is '%', of an encoding for URLs"),
        ("%2F9j%2F4AAQ", "letter 0 is '%'"),
        ("iVBOR*w0KGgo", r"letter 5 is '\*'"),
        ("shop/dress.jpg", r"letter 10 is '\.'"),
        ("QUJD" * 200 + " UJD" * 3, "letter 800 is a blank, and none is `.`"),
    ],
)
def test_what_stands_in_place_of_base64_is_named(text: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        from_base64(text)


@pytest.mark.parametrize("between", [" ", "\r\n"])
@pytest.mark.parametrize("letters", [64, 76])
def test_base64_in_lines_is_read_whatever_ends_them(letters: int, between: str) -> None:
    content = bytes(1000)
    text = base64.b64encode(content).decode()

    lines = between.join(text[at : at + letters] for at in range(0, len(text), letters))

    assert from_base64(lines) == content
