"""What a place for releases must be able to do, how an address becomes one, and the one in a folder.

FolderStore and S3Store (s3.py) keep the promises of Store; one test suite holds both to this page. Which keys
a store holds: store_keys.py.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from model_store.deadlines import check_time
from model_store.entries import MAX_RECORD_BYTES, StoreEntry
from model_store.errors import AlreadyExists, BadAddress, NotFound, StoreBroken, StoreRefused
from model_store.release_files import (
    CHUNK_BYTES,
    expand_home,
    flush_folder,
    limit_chunks,
    name_file_in_errors,
    open_regular_file,
    write_chunks,
    write_partial_file,
)

PARTIAL_FOLDER = ".partial"
SYSTEM_FOLDER = "lost+found"
"""What ext file systems keep at their root, readable by root alone."""
MAX_PARTIAL_AGE_SECONDS = 24 * 3600
"""Age at which a half-written file is taken for one that a crash left behind."""


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

    def download(self, key: str, target: Path, limit: int | None = None) -> None:
        """Copy what is under a key to a file, which appears whole or not at all.

        Args:
            key: where it is.
            target: the file; its folder exists. A file that is there is replaced.
            limit: bytes after which reading stops.

        Raises:
            NotFound: there is nothing under the key.
            ReleaseCorrupt: it is longer than `limit`; `to` is as it was.
            OSError: `to` cannot be written.
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

    def list_entries(self, prefix: str) -> list[StoreEntry]:
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
"""As of `s3:/bucket`, which lacks a slash, and of other programs' addresses."""


class FolderStore:
    """A store in a folder: a local disk, or a mount that has hard links; see `Store` for the promises.

    Half-written files live in `.partial/` inside it, which no listing shows.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    @property
    def address(self) -> str:
        return str(self._root)

    def read(self, key: str) -> bytes:
        with self._translate_errors(key):
            return b"".join(
                limit_chunks(_read_chunks(self._path(key)), MAX_RECORD_BYTES, self._full_address(key))
            )

    def download(self, key: str, target: Path, limit: int | None = None) -> None:
        # The disk that it goes to is not the store's: its errors stay what they are.
        write_chunks(self._receive(key), target, limit=limit, address=self._full_address(key))

    def _receive(self, key: str) -> Iterator[bytes]:
        with self._translate_errors(key):
            yield from _read_chunks(self._path(key))

    def upload(self, key: str, source: Path) -> None:
        with self._translate_errors(key), self._write_partial(_read_chunks(source)) as partial:
            target = self._make_parent_folder(key)
            partial.replace(target)
            flush_folder(target.parent)

    def create(self, key: str, data: bytes) -> None:
        with self._translate_errors(key), self._write_partial([data]) as partial:
            target = self._make_parent_folder(key)
            try:
                # Unlike a rename, a link never replaces what is there, and the name comes with all its bytes.
                os.link(partial, target)
            except FileExistsError as error:
                raise AlreadyExists(f"{self._full_address(key)}: is already there.") from error
            flush_folder(target.parent)

    def list_entries(self, prefix: str) -> list[StoreEntry]:
        with self._translate_errors(prefix):
            return sorted(self._walk(prefix), key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        with self._translate_errors(key):
            path = self._path(key)
            path.unlink(missing_ok=True)
            self._remove_empty_parents(path)

    @contextmanager
    def _write_partial(self, chunks: Iterable[bytes]) -> Iterator[Path]:
        folder = self._root / PARTIAL_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self._remove_abandoned(folder)
        with write_partial_file(chunks, folder) as partial:
            yield partial

    def _remove_abandoned(self, folder: Path) -> None:
        oldest = time.time() - MAX_PARTIAL_AGE_SECONDS
        for path in folder.iterdir():
            with suppress(FileNotFoundError):  # another writer may have ended
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _make_parent_folder(self, key: str) -> Path:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _walk(self, prefix: str) -> Iterator[StoreEntry]:
        start = self._root / prefix.rpartition("/")[0]
        for folder, folders, names in os.walk(start, onerror=self._raise_unlisted):
            if folder == str(self._root):
                folders[:] = [name for name in folders if name not in (PARTIAL_FOLDER, SYSTEM_FOLDER)]
            for name in names:
                path = Path(folder, name)
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix):
                    with suppress(FileNotFoundError):  # deleted since it was listed
                        facts = path.stat()
                        yield StoreEntry(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))

    def _raise_unlisted(self, error: OSError) -> None:
        """Report a folder that cannot be listed: `os.walk` alone would take it for an empty one."""
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            with self._translate_errors(Path(error.filename).relative_to(self._root).as_posix()):
                raise error

    def _remove_empty_parents(self, path: Path) -> None:
        for parent in path.parents:
            if parent == self._root:
                return
            with suppress(OSError):  # not empty, or gone: both are as they should be
                parent.rmdir()

    def _path(self, key: str) -> Path:
        if not key or "\0" in key or any(part in ("", ".", "..") for part in key.split("/")):
            raise StoreRefused(f"{self.address}: {key!r} is no key; one is relative and has no .. in it.")
        return self._root / key

    def _full_address(self, key: str) -> str:
        return f"{self.address}/{key}"

    @contextmanager
    def _translate_errors(self, key: str) -> Iterator[None]:
        check_time(self._full_address(key))
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFound(f"{self._full_address(key)}: {error.strerror}.") from error
        except PermissionError as error:
            raise StoreRefused(
                f"{self._full_address(key)}: {error.strerror}. User id {os.geteuid()} needs access to this "
                "folder."
            ) from error
        except OSError as error:
            raise StoreBroken(f"{self._full_address(key)}: {error.strerror or error}.") from error


def _read_chunks(path: Path) -> Iterator[bytes]:
    with name_file_in_errors(path), open_regular_file(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
            check_time(str(path))
