"""Convert pixels that clients send as nested lists in JSON into an array, and encode pixels as a PNG.

A client that sends `[[0, 12, ...], ...]` has converted the picture itself, so the numbers go to the network
as they are.
"""

from itertools import chain
from typing import Any

import cv2
import numpy as np

from inference.arrays import Pixels
from inference.contract import InputContract
from inference.errors import BadPixels

_AXES = ("row", "column", "channel")


def encode_png(pixels: Pixels) -> bytes:
    """Encode pixels as an 8-bit PNG, grey or RGB. Decoding the PNG gives the same pixels."""
    stored = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".png", stored)
    return encoded.tobytes()


def parse_pixel_rows(rows: object, contract: InputContract) -> Pixels:
    """Convert nested lists into pixels.

    Args:
        rows: the lists of numbers, nested as the contract says. `12.0` is a whole number, `true` is not.

    Returns:
        The pixels, uint8, of the contract's `array_shape`, C-contiguous.

    Raises:
        BadPixels: the shape, a type or a value is wrong. The message counts rows, columns and channels from
            0.
    """
    shape = contract.array_shape
    numbers: list[Any] = [rows]
    for axis, size in enumerate(shape):
        for place, part in enumerate(numbers):
            if not isinstance(part, list):
                raise _make_pixels_error(
                    f"{_name_place(place, shape[:axis])} is {describe_json_value(part)}", contract
                )
            if len(part) != size:
                raise _make_pixels_error(
                    f"{_name_place(place, shape[:axis])} has {len(part)} "
                    f"{_AXES[axis]}{'s' * (len(part) != 1)}",
                    contract,
                )
        numbers = list(chain.from_iterable(numbers))
    plain = _convert_plain_integers(numbers)
    if plain is None:
        plain = bytearray(_convert_value(value, place, contract) for place, value in enumerate(numbers))
    return np.frombuffer(plain, np.uint8).reshape(shape)


def find_rows_shape(rows: object) -> tuple[int, ...]:
    """Return the shape of nested lists, such as (28, 28), by the first element of each list.

    Other elements are not checked here; `parse_pixel_rows` does that.
    """
    shape = list[int]()
    while isinstance(rows, list) and len(shape) <= len(_AXES):
        shape.append(len(rows))
        rows = rows[0] if rows else None
    return tuple(shape)


def _convert_plain_integers(numbers: list[Any]) -> bytearray | None:
    """Convert plain integers at once; return None if a value needs a closer look."""
    if set(map(type, numbers)) != {int}:
        return None
    try:
        return bytearray(numbers)
    except ValueError:  # one is below 0 or above 255
        return None


def _convert_value(value: object, place: int, contract: InputContract) -> int:
    # JSON's true is a bool, which is an int in Python; NaN and 12.5 fail `is_integer`.
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and not value.is_integer():
            raise _make_pixels_error(f"{_name_place(place, contract.array_shape)} is {value!r}", contract)
        if 0 <= value <= 255:
            return int(value)
    raise _make_pixels_error(
        f"{_name_place(place, contract.array_shape)} is {describe_json_value(value)}", contract
    )


def _name_place(place: int, shape: tuple[int, ...]) -> str:
    """Return the name of a part of `pixels`, counted along the axes of `shape`."""
    indices = ", ".join(
        f"{axis} {index}" for axis, index in zip(_AXES, np.unravel_index(place, shape), strict=False)
    )
    return f"{indices.capitalize()} of `pixels`" if indices else "`pixels`"


def _make_pixels_error(fault: str, contract: InputContract) -> BadPixels:
    return BadPixels(f"{fault}. Send {contract.description}.")


def describe_json_value(value: object) -> str:
    """Return a value in the words of JSON for messages: `null`, a number, or a phrase such as `an object`."""
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
