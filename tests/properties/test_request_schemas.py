"""The schemas of the OpenAPI document for JSON requests, and the parser: both accept the same documents."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.api.openapi import DOCUMENT
from app.errors import BadRequest
from app.payloads.documents import item_of, items_of
from app.payloads.items import Item, Rows, Unreadable, Upload
from inference.contract import GREY_28
from inference.errors import BadPixels
from inference.pixels import rows_to_pixels
from tests.properties.test_pictures import JSON_VALUES

COMPONENTS = json.loads(DOCUMENT.read_text("utf-8"))["components"]


def schema_of(body: str) -> Draft202012Validator:
    """What the document says of a JSON body."""
    schema = COMPONENTS["requestBodies"][body]["content"]["application/json"]["schema"]
    return Draft202012Validator(schema | {"components": COMPONENTS})


ONE = schema_of("Predict")
BATCH = schema_of("Batch")

BLACK = [[0] * 28 for _ in range(28)]
LETTERS = "ABab01+/"
# Some Pythons take "QUJD=", others do not; the schema follows RFC 4648.
EXCESS = re.compile(r"(?:[A-Za-z0-9+/]{4})+=+")
TEXTS = st.text(LETTERS + "=-_ \n\t:,dt", max_size=20).filter(
    lambda text: not EXCESS.fullmatch("".join(text.rpartition(",")[2].split()))
)
NUMBERS = st.integers(-2, 258) | st.sampled_from([0.0, 12.0, 12.5, 255.5, -0.0, True, None, "7", [7], 1e300])


def is_accepted(document: object) -> bool:
    """Whether the service reads it, as far as to the picture's own bytes."""
    try:
        return is_something(item_of(json.dumps(document).encode(), GREY_28))
    except BadRequest:
        return False


def is_something(item: Item) -> bool:
    """Whether there is anything in an item that may be a picture."""
    try:
        if isinstance(item, Rows):
            rows_to_pixels(item.value, GREY_28)
    except BadPixels:
        return False
    return not isinstance(item, Unreadable) and not (isinstance(item, Upload) and item.data == b"")


def pixels_with(value: object, row: int = 3, column: int = 7) -> dict[str, object]:
    changed = [0] * column + [value] + [0] * (27 - column)
    return {"pixels": [*BLACK[:row], changed, *BLACK[row + 1 :]]}


ACCEPTED: list[object] = [
    {"image": "QUJD"},
    {"image": "QQ==", "note": "other keys are passed over"},
    {"image": " QU\nJD "},
    {"image": "data:image/png;base64,QUJD"},
    {"pixels": BLACK},
    pixels_with(255),
    pixels_with(12.0),
]
REFUSED: list[object] = [
    *({}, [], None, "QUJD", {"picture": "QUJD"}, {"image": "QUJD", "pixels": BLACK}, {"pixels": BLACK[1:]}),
    *({"image": value} for value in ("", "data:,", None, ["QUJD"], "QUJ", "Q===", "=QUJ", "QUJD!", "QU-_")),
    *({"image": value} for value in ("data:image/png;base64", "https://shop.example/a.png")),
    *({"pixels": [*BLACK[:27], row]} for row in ([0] * 27, "0" * 28)),
    *map(pixels_with, (256, -1, 12.5, True, "7", None, [7], 10**400)),
]


@pytest.mark.parametrize(
    ("document", "accepted"),
    [*((document, True) for document in ACCEPTED), *((document, False) for document in REFUSED)],
)
def test_schema_and_parser_accept_the_same(document: object, accepted: bool) -> None:
    assert (ONE.is_valid(document), is_accepted(document)) == (accepted, accepted)


@given(document=st.dictionaries(st.sampled_from(["image", "pixels", "x"]), JSON_VALUES | TEXTS))
def test_schema_and_parser_agree_about_any_document(document: dict[str, object]) -> None:
    assert ONE.is_valid(document) == is_accepted(document)


PADDED = st.text(LETTERS, max_size=9).map(lambda text: text + "=" * (-len(text) % 4))
PLACES = st.integers(0, 27)


@given(
    document=(TEXTS | PADDED).map(lambda text: {"image": text})
    | st.builds(pixels_with, NUMBERS, PLACES, PLACES)
)
def test_schema_and_parser_agree_about_any_text_and_number(document: dict[str, object]) -> None:
    assert ONE.is_valid(document) == is_accepted(document)


@given(images=st.lists(TEXTS | st.builds(lambda text: {"image": text}, TEXTS) | st.just({"pixels": BLACK})))
def test_a_batch_fits_the_schema_if_all_its_items_are_good(images: list[object]) -> None:
    body = json.dumps({"images": images}).encode()
    taken = [is_something(item) for item in items_of(body, len(images), GREY_28)]

    assert BATCH.is_valid({"images": images}) == (taken != [] and all(taken))
