"""The types from which OpenAPI tells what JSON is taken, held to the code that takes it."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from app.errors import BadRequest
from app.openapi.request_models import BatchDocument, OneDocument
from app.payloads.documents import item_of, items_of
from app.payloads.items import Item, Rows, Unreadable, Upload
from inference.errors import BadPixels
from inference.pixel_rows import rows_to_pixels
from tests.hostile.documents import entries
from tests.properties.test_pictures import JSON_VALUES

ONE: TypeAdapter[Any] = TypeAdapter(OneDocument)
SCHEMA = Draft202012Validator(ONE.json_schema())

BLACK = [[0] * 28 for _ in range(28)]
LETTERS = "ABab01+/"
# Some Pythons take "QUJD=", others do not; the type holds to RFC 4648.
EXCESS = re.compile(r"(?:[A-Za-z0-9+/]{4})+=+")
TEXTS = st.text(LETTERS + "=-_ \n\t:,dt", max_size=20).filter(
    lambda text: not EXCESS.fullmatch("".join(text.rpartition(",")[2].split()))
)
NUMBERS = st.integers(-2, 258) | st.sampled_from([0.0, 12.0, 12.5, 255.5, -0.0, True, None, "7", [7], 1e300])


def is_taken(document: object) -> bool:
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


def fits(document: object) -> bool:
    """What the type says."""
    try:
        ONE.validate_python(document)
    except ValidationError:
        return False
    return True


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
def test_what_is_taken_fits_the_type_and_its_schema(document: object) -> None:
    assert is_taken(document)
    assert fits(document)
    assert SCHEMA.is_valid(document)


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
def test_what_is_refused_fits_neither(document: object) -> None:
    assert not is_taken(document)
    assert not fits(document)
    assert not SCHEMA.is_valid(document)


@given(document=st.dictionaries(st.sampled_from(["image", "pixels", "x"]), JSON_VALUES | TEXTS))
def test_the_type_agrees_about_any_document(document: dict[str, object]) -> None:
    assert fits(document) == SCHEMA.is_valid(document) == is_taken(document)


@given(text=TEXTS | st.text(LETTERS, max_size=9).map(lambda text: text + "=" * (-len(text) % 4)))
def test_the_type_agrees_about_any_text(text: str) -> None:
    document = {"image": text}

    assert fits(document) == SCHEMA.is_valid(document) == is_taken(document)


@given(value=NUMBERS, row=st.integers(0, 27), column=st.integers(0, 27))
def test_the_type_agrees_about_any_number(value: object, row: int, column: int) -> None:
    document = pixels_with(value, row, column)

    assert fits(document) == SCHEMA.is_valid(document) == is_taken(document)


@pytest.mark.parametrize(
    "body",
    [entry.body for entry in entries() if entry.name.startswith("json/") and len(entry.body) < 50_000],
)
def test_the_type_agrees_about_hostile_documents(body: bytes) -> None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    assert fits(document) == is_taken(document)


@given(images=st.lists(TEXTS | st.builds(lambda text: {"image": text}, TEXTS) | st.just({"pixels": BLACK})))
def test_a_batch_of_good_items_fits_the_type_and_no_other_does(images: list[object]) -> None:
    taken = [is_something(item) for item in items_of(json.dumps({"images": images}).encode())]

    try:
        BatchDocument.model_validate({"images": images})
        fitting = True
    except ValidationError:
        fitting = False

    assert fitting == (taken != [] and all(taken))
