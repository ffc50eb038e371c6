"""A store in a folder: a local disk, or a mount that has hard links.

Touches that folder alone. Half-written files live in `.partial/` inside it, which no listing shows.
The same promises on S3: s3.py.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from model_store.errors import AlreadyExists, NotFound, StoreBroken, StoreRefused
from model_store.files import CHUNK_BYTES, errors_named, flush_folder, partial_file, receive, within
from model_store.store import RECORD_BYTES, Entry

PARTIAL = ".partial"
NOT_OURS = "lost+found"
"""What ext file systems keep at their root, readable by root alone."""
PARTIAL_SECONDS = 24 * 3600
"""Age at which a half-written file is taken for one that a crash left behind."""


class FolderStore:
    """See `Store` for what each method promises."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    @property
    def address(self) -> str:
        return str(self._root)

    def read(self, key: str) -> bytes:
        with self._translated(key):
            return b"".join(within(_chunks(self._path(key)), RECORD_BYTES, self._named(key)))

    def download(self, key: str, to: Path, limit: int | None = None) -> None:
        with self._translated(key):
            receive(_chunks(self._path(key)), to, limit=limit, where=self._named(key))

    def upload(self, key: str, source: Path) -> None:
        with self._translated(key), self._partial(_chunks(source)) as partial:
            target = self._make_place(key)
            partial.replace(target)
            flush_folder(target.parent)

    def create(self, key: str, data: bytes) -> None:
        with self._translated(key), self._partial([data]) as partial:
            target = self._make_place(key)
            try:
                # Unlike a rename, a link never replaces what is there, and the name comes with all its bytes.
                os.link(partial, target)
            except FileExistsError as error:
                raise AlreadyExists(f"{self._named(key)}: is already there.") from error
            flush_folder(target.parent)

    def entries(self, prefix: str) -> list[Entry]:
        with self._translated(prefix):
            return sorted(self._walk(prefix), key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        with self._translated(key):
            path = self._path(key)
            path.unlink(missing_ok=True)
            self._remove_empty_parents(path)

    @contextmanager
    def _partial(self, chunks: Iterable[bytes]) -> Iterator[Path]:
        folder = self._root / PARTIAL
        folder.mkdir(parents=True, exist_ok=True)
        self._remove_abandoned(folder)
        with partial_file(chunks, folder) as partial:
            yield partial

    def _remove_abandoned(self, folder: Path) -> None:
        oldest = time.time() - PARTIAL_SECONDS
        for path in folder.iterdir():
            with suppress(FileNotFoundError):  # another writer may have ended
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _make_place(self, key: str) -> Path:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _walk(self, prefix: str) -> Iterator[Entry]:
        start = self._root / prefix.rpartition("/")[0]
        for folder, folders, names in os.walk(start, onerror=self._raise_unlisted):
            if folder == str(self._root):
                folders[:] = [name for name in folders if name not in (PARTIAL, NOT_OURS)]
            for name in names:
                path = Path(folder, name)
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix):
                    with suppress(FileNotFoundError):  # deleted since it was listed
                        facts = path.stat()
                        yield Entry(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))

    def _raise_unlisted(self, error: OSError) -> None:
        """Report a folder that cannot be listed: `os.walk` alone would take it for an empty one."""
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            with self._translated(Path(error.filename).relative_to(self._root).as_posix()):
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

    def _named(self, key: str) -> str:
        return f"{self.address}/{key}"

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFound(f"{self._named(key)}: {error.strerror}.") from error
        except PermissionError as error:
            raise StoreRefused(
                f"{self._named(key)}: {error.strerror}. User id {os.geteuid()} needs access to this folder."
            ) from error
        except OSError as error:
            raise StoreBroken(f"{self._named(key)}: {error.strerror or error}.") from error


def _chunks(path: Path) -> Iterator[bytes]:
    with errors_named(path), path.open("rb") as file:
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")
