"""What it takes to see whether a title came twice in a JSON object."""

import tracemalloc

import pytest

from app.payloads.body import Body
from app.payloads.documents import read_object, values_of
from app.payloads.limits import limits_of_one
from app.payloads.titles import OF_TITLES
from app.settings import Settings

BYTES = 4_000_000


def peak_of_titles(fields: str) -> tuple[float, int]:
    """Most that is held beside the document, per byte of the body, and how many bytes were claimed."""
    claimed = list[int]()
    data = f'{{"image": "{"Q" * BYTES}", {fields}}}'.encode()
    body = Body(data, limits_of_one(Settings()), claim=claimed.append)
    document = read_object(body)
    claimed.clear()
    tracemalloc.start()
    try:
        values_of(body, document, OF_TITLES)
        return tracemalloc.get_traced_memory()[1] / BYTES, sum(claimed)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("title", ["Skirt", "Größe \U0001f455", "Gr\\u00f6\\u00dfe"])
def test_a_photo_with_one_title_is_not_parsed_again(title: str) -> None:
    peak, claimed = peak_of_titles(f'"title": "{title}", "language": "de"')

    assert (round(peak, 1), claimed) == (0, 0)


@pytest.mark.parametrize("title", ["title", "\U0001f455 title", r"\u0041"], ids=ascii)
def test_what_is_parsed_again_counts_a_third_of_the_memory_that_it_takes(title: str) -> None:
    peak, claimed = peak_of_titles(f'"title": "{title}", "language": "title", "x": "title"')

    assert 1 < peak <= 3 * claimed / BYTES
