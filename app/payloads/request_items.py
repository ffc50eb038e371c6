"""The things that a request may contain to be classified, and the ways in which a client may send them.

These are values without logic. reading.py finds them in a body, and classify_items.py classifies them.
"""

from dataclasses import dataclass
from typing import TypeAlias

from app.errors import RequestError
from inference.arrays import Pixels

SINGLE_FORMS = (
    "Send it as the multipart file field `image`, as the raw body, or as JSON "
    '{"image": "<base64 or data: URL>"} or {"pixels": [[rows of numbers of 0..255]]}.'
)
"""Sentence for clients: the ways of sending one picture."""

MAX_NAME_LENGTH = 255
"""Largest number of characters of a file name that an answer repeats. File systems allow no more."""

BATCH_FORMS = 'Send many multipart files, JSON {"images": [...]}, or a ZIP of pictures.'
"""Sentence for clients: the ways of sending many pictures."""


@dataclass(frozen=True)
class Upload:
    """The bytes of one picture as the client sent them, in any format.

    Attributes:
        data: the bytes.
        name: the name of the file, which answers to batches repeat; None without one.
    """

    data: bytes
    name: str | None = None


@dataclass(frozen=True)
class PixelRows:
    """The value of `pixels` in JSON, which is not checked yet."""

    value: object


@dataclass(frozen=True)
class ReadyPixels:
    """Pixels that came as such, so that nothing is left to check."""

    pixels: Pixels


@dataclass(frozen=True)
class RefusedItem:
    """One item of a batch that is refused before its header is read.

    Attributes:
        error: the reason.
        name: the name of the file; None without one.
    """

    error: RequestError
    name: str | None = None


RequestItem: TypeAlias = Upload | PixelRows | ReadyPixels | RefusedItem
"""One thing that a request contains to be classified."""
