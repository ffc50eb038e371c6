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
