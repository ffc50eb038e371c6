"""Text of any editor is read, what no one sees is left out or shown escaped, and many names are few."""

import codecs

import pytest

from inference.text.plain_text import (
    choose_form,
    decode_text,
    escape_unprintable,
    escape_unprintable_lines,
    format_count,
    join_first_items,
    remove_blank_characters,
    shorten_text,
    trim_text,
)


@pytest.mark.parametrize("unseen", ["\r", "\n", " ", "\t", "\u00a0", "\u200b", "\ufeff", "\u2028", "\u3000"])
def test_unseen_characters_at_the_ends_are_left_out(unseen: str) -> None:
    assert trim_text(f"{unseen}a{unseen}b{unseen}{unseen}") == f"a{unseen}b"
    assert remove_blank_characters(f"{unseen}a{unseen}b{unseen}") == "ab"


def test_unseen_characters_of_a_message_are_shown() -> None:
    assert escape_unprintable("json\r\u00a0é\u200b\n") == r"json\r\xa0é\u200b\n"
    assert escape_unprintable_lines("one\r\ntwo") == "one\\r\ntwo"


def test_a_number_and_the_words_beside_it_agree() -> None:
    assert [format_count(count, "product") for count in (0, 1, 2, 2040)] == [
        "0 products",
        "1 product",
        "2 products",
        "2,040 products",
    ]
    assert [format_count(count, "category has", "categories have") for count in (1, 2)] == [
        "1 category has",
        "2 categories have",
    ]
    assert [choose_form(count, "needs", "need") for count in (1, 2)] == ["needs", "need"]


def test_the_first_of_many_names_end_with_an_ellipsis_and_few_do_not() -> None:
    assert [join_first_items(("a", "b", "c")[:count], 2, "; ") for count in range(4)] == [
        "",
        "a",
        "a; b",
        "a; b; ...",
    ]


@pytest.mark.parametrize(
    "content",
    [
        "é=1".encode(),
        codecs.BOM_UTF8 + "é=1".encode(),
        "é=1".encode("utf-16"),
        codecs.BOM_UTF16_BE + "é=1".encode("utf-16-be"),
    ],
)
def test_text_is_read_in_the_forms_in_which_editors_save_it(content: bytes) -> None:
    assert decode_text(content) == "é=1"


def test_a_message_shows_80_characters_of_a_cell() -> None:
    assert shorten_text("x" * 80) == "x" * 80
    assert shorten_text("x" * 30_000) == "x" * 80 + "\u2026"
