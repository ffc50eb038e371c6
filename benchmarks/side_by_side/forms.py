"""How a peer wants an upload: the request that carries it. Builds bytes; sends nothing."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

JSON: Final = "application/json"
BOUNDARY: Final = "wardrobe-side-by-side"


@dataclass(frozen=True)
class Request:
    """A POST, ready to be sent."""

    path: str
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Form:
    """One way of sending a picture to one route.

    Attributes:
        way: one of WAYS.
        path: of the route.
    """

    way: str
    path: str = "/predict"

    def request(self, picture: bytes) -> Request:
        """The request that carries this file, or the pixels in it."""
        content_type, body = WAYS[self.way](picture)
        return Request(self.path, content_type, body)


def _raw(picture: bytes) -> tuple[str, bytes]:
    return ("image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"), picture


def _multipart(picture: bytes) -> tuple[str, bytes]:
    kind, _ = _raw(picture)
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        f'name="image"; filename="picture"\r\nContent-Type: {kind}\r\n\r\n'
    )
    return (
        f"multipart/form-data; boundary={BOUNDARY}",
        head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode(),
    )


def _base64(picture: bytes) -> tuple[str, bytes]:
    return JSON, json.dumps({"image": base64.b64encode(picture).decode("ascii")}).encode()


def _rows(picture: bytes) -> tuple[str, bytes]:
    return JSON, json.dumps({"pixels": _pixels(picture)}).encode()


def _v2_bytes(picture: bytes) -> tuple[str, bytes]:
    tensor = {
        "name": "image",
        "shape": [1],
        "datatype": "BYTES",
        "data": [base64.b64encode(picture).decode("ascii")],
        "parameters": {"content_type": "base64"},
    }
    return JSON, json.dumps({"inputs": [tensor]}).encode()


def _v2_uint8(picture: bytes) -> tuple[str, bytes]:
    data = [value for row in _pixels(picture) for value in row]
    tensor = {"name": "pixels", "shape": [1, 28, 28], "datatype": "UINT8", "data": data}
    return JSON, json.dumps({"inputs": [tensor]}).encode()


def _pixels(picture: bytes) -> list[list[int]]:
    decoded = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    rows: list[list[int]] = decoded.tolist()
    return rows


WAYS: Final[Mapping[str, Callable[[bytes], tuple[str, bytes]]]] = MappingProxyType(
    {
        "raw body": _raw,
        "multipart": _multipart,
        "base64 in JSON": _base64,
        "rows in JSON": _rows,
        "V2 BYTES": _v2_bytes,
        "V2 UINT8": _v2_uint8,
    }
)
