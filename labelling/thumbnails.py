"""Small pictures for a page: an upload as a `data:` address of a few kilobytes.

Bytes in memory only. The page: review_page.py.
"""

import base64
from typing import Final

import cv2

from inference.decode import decode
from inference.errors import UploadError
from inference.framing import no_larger_than
from inference.header import MAX_PIXELS

EDGE: Final = 112
"""Longest edge in pixels: enough to tell a shirt from a coat, and 1,000 of them are 4 MB."""

QUALITY: Final = 80


def thumbnail(upload: bytes) -> str:
    """A small JPEG as a `data:` address; empty when the upload is no picture that is read here."""
    try:
        picture = no_larger_than(decode(upload, MAX_PIXELS).picture, EDGE)
    except UploadError:
        return ""
    _, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"
