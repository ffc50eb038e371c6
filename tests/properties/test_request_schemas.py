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
from inference.errors import BadPixels
from inference.pixels import rows_to_pixels
from tests.hostile.documents import entries
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
        return is_something(item_of(json.dumps(document).encode()))
    except BadRequest:
        return False


def is_something(item: Item) -> bool:
    """Whether there is anything in an item that may be a picture."""
    try:
        if isinstance(item, Rows):
            rows_to_pixels(item.value)
    except BadPixels:
        return False
    return not isinstance(item, Unreadable) and not (isinstance(item, Upload) and item.data == b"")


def pixels_with(value: object, row: int = 3, column: int = 7) -> dict[str, object]:
    changed = [0] * column + [value] + [0] * (27 - column)
    return {"pixels": [*BLACK[:row], changed, *BLACK[row + 1 :]]}


@pytest.mark.parametrize(
    "document",
    [
        {"image": "QUJD"},
        {"image": "QUI="},
        {"image": "QQ==", "note": "other keys are passed over"},
        {"image": " QU\nJD "},
        {"image": "data:image/png;base64,QUJD"},
        {"pixels": BLACK},
        pixels_with(255),
        pixels_with(12.0),
    ],
)
def test_what_is_accepted_fits_the_schema(document: object) -> None:
    assert is_accepted(document)
    assert ONE.is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        "QUJD",
        {"picture": "QUJD"},
        {"image": "QUJD", "pixels": BLACK},
        {"image": ""},
        {"image": "data:,"},
        {"image": None},
        {"image": ["QUJD"]},
        {"image": "QUJ"},
        {"image": "Q==="},
        {"image": "=QUJ"},
        {"image": "QUJD!"},
        {"image": "QU-_"},
        {"image": "data:image/png;base64"},
        {"image": "https://shop.example/a.png"},
        {"pixels": []},
        {"pixels": BLACK[1:]},
        {"pixels": [*BLACK, BLACK[0]]},
        {"pixels": [*BLACK[:27], [0] * 27]},
        {"pixels": [*BLACK[:27], "0" * 28]},
        {"pixels": {str(row): [0] * 28 for row in range(28)}},
        pixels_with(256),
        pixels_with(-1),
        pixels_with(12.5),
        pixels_with(True),
        pixels_with("7"),
        pixels_with(None),
        pixels_with([7]),
        pixels_with(10**400),
    ],
    ids=str,
)
def test_what_is_refused_does_not_fit_the_schema(document: object) -> None:
    assert not is_accepted(document)
    assert not ONE.is_valid(document)


@given(document=st.dictionaries(st.sampled_from(["image", "pixels", "x"]), JSON_VALUES | TEXTS))
def test_schema_and_parser_agree_about_any_document(document: dict[str, object]) -> None:
    assert ONE.is_valid(document) == is_accepted(document)


@given(text=TEXTS | st.text(LETTERS, max_size=9).map(lambda text: text + "=" * (-len(text) % 4)))
def test_schema_and_parser_agree_about_any_text(text: str) -> None:
    document = {"image": text}

    assert ONE.is_valid(document) == is_accepted(document)


@given(value=NUMBERS, row=st.integers(0, 27), column=st.integers(0, 27))
def test_schema_and_parser_agree_about_any_number(value: object, row: int, column: int) -> None:
    document = pixels_with(value, row, column)

    assert ONE.is_valid(document) == is_accepted(document)


@pytest.mark.parametrize(
    "body",
    [entry.body for entry in entries() if entry.name.startswith("json/") and len(entry.body) < 50_000],
)
def test_schema_and_parser_agree_about_hostile_documents(body: bytes) -> None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    assert ONE.is_valid(document) == is_accepted(document)


@given(images=st.lists(TEXTS | st.builds(lambda text: {"image": text}, TEXTS) | st.just({"pixels": BLACK})))
def test_a_batch_fits_the_schema_if_all_its_items_are_good(images: list[object]) -> None:
    taken = [is_something(item) for item in items_of(json.dumps({"images": images}).encode(), len(images))]

    assert BATCH.is_valid({"images": images}) == (taken != [] and all(taken))
