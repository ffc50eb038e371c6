"""How a peer wants an upload: the request that carries it, and sending one."""

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from benchmarks.wrk import Request

JSON: Final = "application/json"
BOUNDARY: Final = "wardrobe-side-by-side"
TIMEOUT_SECONDS: Final = 30.0


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
        return Request(self.path, *WAYS[self.way](picture))


def ask(port: int, request: Request) -> tuple[int, bytes]:
    """Send a request to this port of the loopback, on a connection of its own: status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", request.path, request.body, {"Content-Type": request.content_type})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _raw(picture: bytes) -> tuple[str, bytes]:
    return ("image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"), picture


def _multipart(picture: bytes) -> tuple[str, bytes]:
    return f"multipart/form-data; boundary={BOUNDARY}", form_of([picture])


def form_of(pictures: list[bytes]) -> bytes:
    """The body of a form with these files."""
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="picture"\r\n'
    parts = [f"{part}Content-Type: {_raw(each)[0]}\r\n\r\n".encode() + each + b"\r\n" for each in pictures]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _rows(picture: bytes) -> tuple[str, bytes]:
    return JSON, json.dumps({"pixels": _pixels(picture)}).encode()


def _pixels(picture: bytes) -> list[list[int]]:
    decoded = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    rows: list[list[int]] = decoded.tolist()
    return rows


WAYS: Final[Mapping[str, Callable[[bytes], tuple[str, bytes]]]] = MappingProxyType(
    {
        "raw body": _raw,
        "multipart": _multipart,
        "rows in JSON": _rows,
    }
)
