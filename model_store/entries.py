"""What every store lists, and how much is read at once. The stores: store.py and s3.py."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

MAX_RECORD_BYTES: Final = 64 << 20
"""The most that `read` takes into memory; manifests and promotions are far smaller."""


@dataclass(frozen=True)
class StoreEntry:
    """One thing in a store.

    Attributes:
        key: relative to the store's address, with forward slashes.
        size: in bytes.
        modified_at: when it was last written, with a time zone, by the store's clock.
        etag: the server's own mark of its content; "" where there is none, as in a folder.
    """

    key: str
    size: int
    modified_at: datetime
    etag: str = ""
