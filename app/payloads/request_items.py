"""The pictures of a request, in each form in which a client may send them: a file, or numbers.

reading.py finds them in the body of a request, and classify_items.py classifies them.
"""

from dataclasses import dataclass
from typing import TypeAlias

from app.errors import RequestError
from inference.arrays import Pixels

SINGLE_FORMS = (
    "Send it as the multipart file field `image`, as the raw body, or as JSON "
    '{"image": "<base64 or data: URL>"} or {"pixels": [[rows of numbers of 0..255]]}.'
)
"""Sentence for error messages that says how a client can send one picture."""

MAX_NAME_LENGTH = 255
"""Largest number of characters of a file name that an answer repeats. File systems allow no more."""

BATCH_FORMS = 'Send many multipart files, JSON {"images": [...]}, or a ZIP of pictures.'
"""Sentence for error messages that says how a client can send many pictures."""


@dataclass(frozen=True)
class Upload:
    """The file of one picture, with the bytes that the client sent.

    Attributes:
        data: the bytes of the file, in any format.
        name: the name of the file, which answers to batches repeat; None without one.
    """

    data: bytes
    name: str | None = None


@dataclass(frozen=True)
class PixelRows:
    """A picture that the client sent as rows of numbers, not checked yet.

    Attributes:
        value: the parsed value, which should be nested lists of numbers.
    """

    value: object


@dataclass(frozen=True)
class ReadyPixels:
    """A picture as an array of pixels that has the right shape and type already."""

    pixels: Pixels


@dataclass(frozen=True)
class RefusedItem:
    """A picture of a batch that is refused before it is opened, for example because it is too large.

    Attributes:
        error: the reason, which becomes the answer for this picture.
        name: the name of the file; None without one.
    """

    error: RequestError
    name: str | None = None


RequestItem: TypeAlias = Upload | PixelRows | ReadyPixels | RefusedItem
"""One picture of a request, in one of the forms in which a client can send it, or the error in its place."""
