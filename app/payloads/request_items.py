"""What a request may carry to be classified, and how a client may send it.

Values alone. reading.py finds them in a body, classify_items.py classifies them.
"""

from dataclasses import dataclass
from typing import TypeAlias

from app.errors import RequestError
from inference.arrays import Pixels

SINGLE_FORMS = (
    "Send it as the multipart file field `image`, as the raw body, or as JSON "
    '{"image": "<base64 or data: URL>"} or {"pixels": [[rows of numbers of 0..255]]}.'
)

MAX_NAME_LENGTH = 255
"""Characters of a name that an answer repeats; file systems allow no more."""

BATCH_FORMS = 'Send many multipart files, JSON {"images": [...]}, or a ZIP of pictures.'


@dataclass(frozen=True)
class Upload:
    """The bytes of one picture as they were sent, of any kind.

    Attributes:
        name: the file's own name, which answers to batches repeat; None where it had none.
    """

    data: bytes
    name: str | None = None


@dataclass(frozen=True)
class PixelRows:
    """The value of a JSON `pixels`, not yet checked."""

    value: object


@dataclass(frozen=True)
class ReadyPixels:
    """Pixels that came as such, so that nothing is left to check."""

    pixels: Pixels


@dataclass(frozen=True)
class RefusedItem:
    """One item of a batch that is refused before its header is read."""

    error: RequestError
    name: str | None = None


RequestItem: TypeAlias = Upload | PixelRows | ReadyPixels | RefusedItem
