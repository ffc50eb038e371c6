"""Metrics of any shape: what can be read of them is told, and nothing breaks."""

import json

import pytest

from app.web.report_page.foreign import DEEPEST, MOST_LETTERS, MOST_ROWS, foreign_of


def told(document: object) -> dict[str, str]:
    return {entry.name: entry.value for entry in foreign_of(json.dumps(document).encode()).entries}


def test_nested_keys_are_joined_and_plain_lists_written_out() -> None:
    document = {"accuracy": 0.91, "test": {"n": 10_000, "ok": True, "by": None}, "labels": ["hat", "scarf"]}

    assert told(document) == {
        "accuracy": "0.91",
        "test.n": "10000",
        "test.ok": "true",
        "test.by": "not given",
        "labels": "hat, scarf",
    }


def test_what_is_large_is_told_by_its_size() -> None:
    assert told({"matrix": [[1, 2], [3, 4]], "history": [{"loss": 1}]}) == {
        "matrix": "2 items",
        "history": "1 item",
    }


@pytest.mark.parametrize("document", [3, "text", [1, 2], [], {}, None])
def test_what_is_no_object_is_told_too(document: object) -> None:
    assert len(told(document)) == 1


def test_more_than_a_page_holds_is_cut() -> None:
    foreign = foreign_of(json.dumps({f"key {number}": number for number in range(MOST_ROWS + 1)}).encode())

    assert len(foreign.entries) == MOST_ROWS
    assert foreign.cut


def test_long_text_is_cut() -> None:
    ((name, value),) = told({"k" * 1000: "v" * 1000}).items()

    assert (len(name), len(value)) == (MOST_LETTERS + 1, MOST_LETTERS + 1)


def test_what_lies_deep_is_not_opened() -> None:
    document: object = 1
    for _ in range(50):
        document = {"a": document}

    assert told(document) == {".".join("a" * DEEPEST): "1 key"}


@pytest.mark.parametrize("metrics", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 5000])
def test_what_is_no_json_is_said(metrics: bytes) -> None:
    foreign = foreign_of(metrics)

    assert foreign.entries == ()
    assert foreign.trouble is not None


def test_numbers_that_json_does_not_have_are_told() -> None:
    assert foreign_of(b'{"loss": NaN, "worst": Infinity}').entries[0].value == "nan"
