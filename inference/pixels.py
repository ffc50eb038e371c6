"""Pixels as clients see them: nested lists of JSON on the way in, a PNG on the way out.

Works in memory alone. Pictures come in through decode.py, which takes such a PNG as it is.
"""

from itertools import chain
from typing import NoReturn

import cv2
import numpy as np

from inference.arrays import Pixels
from inference.contract import EDGE
from inference.errors import BadPixels

_EXPECTED = f"Send {EDGE} rows of {EDGE} whole numbers of 0..255, garment light on black."


def pixels_to_png(pixels: Pixels) -> bytes:
    """Encode uint8 (28, 28) pixels as an 8-bit grey PNG; decoding it gives the same pixels."""
    _, encoded = cv2.imencode(".png", pixels)
    return encoded.tobytes()


def rows_to_pixels(rows: object) -> Pixels:
    """Convert nested lists into pixels.

    Args:
        rows: 28 lists of 28 numbers; `12.0` is a whole number, `true` is not.

    Returns:
        uint8, (28, 28), C-contiguous.

    Raises:
        BadPixels: another shape, type or range; rows and columns are counted from 0.
    """
    if not isinstance(rows, list):
        raise BadPixels(f"`pixels` is {_name(rows)}. {_EXPECTED}")
    if len(rows) != EDGE:
        raise BadPixels(f"`pixels` has {len(rows)} rows. {_EXPECTED}")
    pixels = _plain(rows)
    return (
        np.array([_row(row, index) for index, row in enumerate(rows)], np.uint8) if pixels is None else pixels
    )


def _plain(rows: list[object]) -> Pixels | None:
    """Convert rows of plain integers at once; None when a value needs a closer look."""
    whole = [row for row in rows if isinstance(row, list) and len(row) == EDGE]
    if len(whole) < EDGE or set(map(type, chain.from_iterable(whole))) != {int}:
        return None
    try:
        return np.frombuffer(bytearray(chain.from_iterable(whole)), np.uint8).reshape(EDGE, EDGE)
    except ValueError:  # one is below 0 or above 255
        return None


def _row(row: object, index: int) -> list[int]:
    if not isinstance(row, list):
        raise BadPixels(f"Row {index} of `pixels` is {_name(row)}. {_EXPECTED}")
    if len(row) != EDGE:
        raise BadPixels(f"Row {index} of `pixels` has {len(row)} columns. {_EXPECTED}")
    return [_value(value, index, column) for column, value in enumerate(row)]


def _value(value: object, row: int, column: int) -> int:
    # JSON's true is a bool, which is an int in Python; NaN and 12.5 fail `is_integer`.
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(_name(value), row, column)
    if isinstance(value, float) and not value.is_integer():
        _refuse(repr(value), row, column)
    if not 0 <= value <= 255:
        _refuse(_name(value), row, column)
    return int(value)


def _refuse(what: str, row: int, column: int) -> NoReturn:
    raise BadPixels(f"Row {row}, column {column} of `pixels` is {what}. {_EXPECTED}")


def _name(value: object) -> str:
    """The value in JSON's terms; a long one by its kind alone."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "an object"
        case str():
            return "text"
    return f"{value:g}" if isinstance(value, int | float) and abs(value) < 1e15 else "a number out of range"
