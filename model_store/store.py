"""What a place for releases must be able to do, and how an address becomes one.

Two classes can: FolderStore (folder.py) and S3Store (s3.py); one test suite holds both to this page.
Which keys a store holds: catalogue.py.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from model_store.errors import BadAddress

RECORD_BYTES = 64 << 20
"""The most that `read` takes into memory; manifests and promotions are far smaller."""


@dataclass(frozen=True)
class Entry:
    """One thing in a store.

    Attributes:
        key: relative to the store's address, with forward slashes.
        size: in bytes.
        modified: when it was last written, with a time zone, by the store's clock.
    """

    key: str
    size: int
    modified: datetime


class Store(Protocol):
    """Bytes under keys; readers see a whole thing or nothing.

    Every method raises StoreUnreachable without an answer, StoreRefused when the answer is no, and
    StoreBroken for an answer that is not known here, each naming address, key and cause.
    """

    @property
    def address(self) -> str:
        """The folder, or `s3://bucket/prefix`, without a slash at the end."""
        ...

    def read(self, key: str) -> bytes:
        """Return the bytes under a key.

        Raises:
            NotFound: there is nothing under it.
            ReleaseCorrupt: it is longer than RECORD_BYTES.
        """
        ...

    def download(self, key: str, to: Path, limit: int | None = None) -> None:
        """Copy what is under a key to a file, which appears whole or not at all.

        Args:
            key: where it is.
            to: the file; its folder exists. A file that is there is replaced.
            limit: bytes after which reading stops.

        Raises:
            NotFound: there is nothing under the key.
            ReleaseCorrupt: it is longer than `limit`; `to` is as it was.
        """
        ...

    def upload(self, key: str, source: Path) -> None:
        """Put a file under a key, with a checksum where the store takes one; what was there is replaced."""
        ...

    def create(self, key: str, data: bytes) -> None:
        """Put bytes under a key that nothing is under yet.

        Raises:
            AlreadyExists: something is. Not every S3 server is strict about it when two create at once, so a
                writer that has to be first reads back (promotions.py).
        """
        ...

    def entries(self, prefix: str) -> list[Entry]:
        """List everything whose key starts with `prefix`, sorted by key; empty when nothing does."""
        ...

    def delete(self, key: str) -> None:
        """Remove what is under a key; nothing happens when there is nothing."""
        ...


def open_store(address: str) -> Store:
    """Turn `s3://bucket/prefix` or a folder's path into a store; nothing is contacted or created yet.

    Raises:
        BadAddress: the address is neither.
        StoreRefused: boto3 finds its own settings (profile, endpoint) unusable.
    """
    if address.startswith("s3://"):
        from model_store.s3 import S3Store  # noqa: PLC0415 - boto3 takes 0.3 s to import

        return S3Store(address)
    if not address.strip() or "://" in address:
        raise BadAddress(f"{address!r} is no store. Give a folder, or s3://bucket/prefix.")
    from model_store.folder import FolderStore  # noqa: PLC0415 - it imports this file

    return FolderStore(Path(address).expanduser())
