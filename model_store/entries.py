"""The entries that a store lists, in a folder or in S3, and the limit of one read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

MAX_RECORD_BYTES: Final = 64 << 20
"""Largest size in bytes of an object that `Store.read` returns, which holds it in memory.

Manifests and promotions, for which it is used, are far smaller.
"""


@dataclass(frozen=True)
class StoreEntry:
    """One object in a store, as a listing shows it, without its content.

    Attributes:
        key: the key, relative to the address of the store, with forward slashes.
        size: the size in bytes.
        modified_at: the time of the last write, with a time zone, by the clock of the store.
        etag: the server's identifier of the content; empty if there is none, as in a folder.
    """

    key: str
    size: int
    modified_at: datetime
    etag: str = ""
