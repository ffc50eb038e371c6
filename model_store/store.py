"""A store of releases: files under keys such as `promotions/00000042.json`, in a folder or in an S3 bucket.

`open_store` returns the store of an address, for example `/mnt/models` or `s3://shop-models/wardrobe`.
`Store` lists the methods. They behave in the same way for both kinds: a reader sees a whole file or none.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from model_store.deadlines import check_deadline
from model_store.entries import MAX_RECORD_BYTES, StoreEntry
from model_store.errors import AlreadyExists, BadAddress, NotFound, StoreBroken, StoreRefused
from model_store.release_files import (
    CHUNK_BYTES,
    add_path_to_errors,
    expand_home,
    flush_folder,
    limit_chunks,
    open_regular_file,
    write_chunks,
    write_partial_file,
)

PARTIAL_FOLDER = ".partial"
"""Name of the folder, inside a store, for files whose upload is not complete."""

SYSTEM_FOLDER = "lost+found"
"""Name of a folder that ext file systems keep at their root. Only root can read it, so listings skip it."""

MAX_PARTIAL_AGE_SECONDS = 24 * 3600
"""Age in seconds from which a partly written file is taken for the rest of a crash."""


class Store(Protocol):
    """A key-value store for files, in which readers see a whole object or none.

    Every method raises StoreUnreachable if the store does not answer, StoreRefused if the store denies the
    request, and StoreBroken for an unknown error. Each message has the address, the key and the cause.
    """

    @property
    def address(self) -> str:
        """The path of the folder, or `s3://bucket/prefix`, without a slash at the end."""
        ...

    def read(self, key: str) -> bytes:
        """Return the content of a key.

        Raises:
            NotFound: the key has no content.
            ReleaseCorrupt: the content has more than MAX_RECORD_BYTES.
        """
        ...

    def download(self, key: str, target: Path, limit: int | None = None) -> None:
        """Copy the content of a key to a local file, which appears whole or not at all.

        Args:
            target: the path of the file, which is replaced if it exists. Its folder exists.
            limit: the largest number of bytes of the content; None for no limit.

        Raises:
            NotFound: the key has no content.
            ReleaseCorrupt: there are more than `limit` bytes. The file stays as it was.
            OSError: the file cannot be written.
        """
        ...

    def upload(self, key: str, source: Path) -> None:
        """Store a local file as the content of a key, with a checksum if the store accepts one.

        Earlier content of the key is replaced.

        Args:
            source: the path of the local file.
        """
        ...

    def create(self, key: str, data: bytes) -> None:
        """Store bytes as the content of a key that has no content yet.

        Raises:
            AlreadyExists: the key has content. Not every S3 server is strict if two writers create at the
                same time, so a writer that has to be the first reads back (promotions.py).
        """
        ...

    def list_entries(self, prefix: str) -> list[StoreEntry]:
        """Return all objects whose key begins with `prefix`, sorted by key; an empty list for none.

        Args:
            prefix: the beginning of the keys, relative to the address of the store.
        """
        ...

    def delete(self, key: str) -> None:
        """Delete the content of a key. A key without content is no error."""
        ...


def open_store(address: str) -> Store:
    """Return the store for an address: `s3://bucket/prefix`, or the path of a folder.

    Nothing is contacted or created yet.

    Raises:
        BadAddress: the address is neither.
        StoreRefused: boto3's own settings (profile, endpoint) are unusable.
    """
    if address.startswith("s3://"):
        from model_store.s3 import S3Store  # noqa: PLC0415 - boto3 takes 0.3 s to import

        return S3Store(address)
    if not address.strip() or _SCHEME.match(address):
        raise BadAddress(f"{address!r} is no store. Give a folder, or s3://bucket/prefix.")
    folder = expand_home(address)
    if folder.is_file():
        raise BadAddress(
            f"{address} is a file, and neither a store nor a release. `wardrobe adopt {address}` makes a "
            "release of a .keras file; a folder with that file and its metrics as JSON is served, too."
        )
    return FolderStore(folder)


_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""Pattern of the addresses of other programs, and of `s3:/bucket`, in which a slash is missing."""


class FolderStore:
    """A store in a folder on a local disk, or on a mount with hard links. It implements the protocol `Store`.

    Files that are not completely written are in `.partial/` inside the folder, which no listing shows.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    @property
    def address(self) -> str:
        return str(self._root)

    def read(self, key: str) -> bytes:
        with self._translate_errors(key):
            return b"".join(
                limit_chunks(
                    _read_chunks(self._locate_key(key)), MAX_RECORD_BYTES, self._make_full_address(key)
                )
            )

    def download(self, key: str, target: Path, limit: int | None = None) -> None:
        # The target may be on another disk, so its errors are not translated.
        write_chunks(self._read_to_download(key), target, limit=limit, address=self._make_full_address(key))

    def _read_to_download(self, key: str) -> Iterator[bytes]:
        with self._translate_errors(key):
            yield from _read_chunks(self._locate_key(key))

    def upload(self, key: str, source: Path) -> None:
        with self._translate_errors(key), self._write_partial_copy(_read_chunks(source)) as partial:
            target = self._make_parent_folder(key)
            partial.replace(target)
            flush_folder(target.parent)

    def create(self, key: str, data: bytes) -> None:
        with self._translate_errors(key), self._write_partial_copy([data]) as partial:
            target = self._make_parent_folder(key)
            try:
                # Unlike a rename, a link never replaces a file, and the name appears with all its bytes.
                os.link(partial, target)
            except FileExistsError as error:
                raise AlreadyExists(f"{self._make_full_address(key)}: is already there.") from error
            flush_folder(target.parent)

    def list_entries(self, prefix: str) -> list[StoreEntry]:
        with self._translate_errors(prefix):
            return sorted(self._walk_entries(prefix), key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        with self._translate_errors(key):
            path = self._locate_key(key)
            path.unlink(missing_ok=True)
            self._remove_empty_parents(path)

    @contextmanager
    def _write_partial_copy(self, chunks: Iterable[bytes]) -> Iterator[Path]:
        folder = self._root / PARTIAL_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self._remove_abandoned_files(folder)
        with write_partial_file(chunks, folder) as partial:
            yield partial

    def _remove_abandoned_files(self, folder: Path) -> None:
        oldest = time.time() - MAX_PARTIAL_AGE_SECONDS
        for path in folder.iterdir():
            with suppress(FileNotFoundError):  # its writer has just moved it into place
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _make_parent_folder(self, key: str) -> Path:
        target = self._locate_key(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _walk_entries(self, prefix: str) -> Iterator[StoreEntry]:
        start = self._root / prefix.rpartition("/")[0]
        for folder, folders, names in os.walk(start, onerror=self._raise_listing_error):
            if folder == str(self._root):
                folders[:] = [name for name in folders if name not in (PARTIAL_FOLDER, SYSTEM_FOLDER)]
            for name in names:
                path = Path(folder, name)
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix):
                    with suppress(FileNotFoundError):  # deleted after it was listed
                        facts = path.stat()
                        yield StoreEntry(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))

    def _raise_listing_error(self, error: OSError) -> None:
        """Raise an error for a folder that cannot be listed, because `os.walk` would treat it as empty.

        A folder that is gone is empty: somebody deleted its last file in between.
        """
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            with self._translate_errors(Path(error.filename).relative_to(self._root).as_posix()):
                raise error

    def _remove_empty_parents(self, path: Path) -> None:
        for parent in path.parents:
            if parent == self._root:
                return
            with suppress(OSError):  # not empty, or gone: both are as they should be
                parent.rmdir()

    def _locate_key(self, key: str) -> Path:
        if not key or "\0" in key or any(part in ("", ".", "..") for part in key.split("/")):
            raise StoreRefused(f"{self.address}: {key!r} is no key; one is relative and has no .. in it.")
        return self._root / key

    def _make_full_address(self, key: str) -> str:
        return f"{self.address}/{key}"

    @contextmanager
    def _translate_errors(self, key: str) -> Iterator[None]:
        check_deadline(self._make_full_address(key))
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFound(f"{self._make_full_address(key)}: {error.strerror}.") from error
        except PermissionError as error:
            raise StoreRefused(
                f"{self._make_full_address(key)}: {error.strerror}. User id {os.geteuid()} needs access to "
                "this folder."
            ) from error
        except OSError as error:
            raise StoreBroken(f"{self._make_full_address(key)}: {error.strerror or error}.") from error


def _read_chunks(path: Path) -> Iterator[bytes]:
    with add_path_to_errors(path), open_regular_file(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
            check_deadline(str(path))
