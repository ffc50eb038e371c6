"""The rules for every file of a release: how it is hashed and written, and which formats are refused.

Touches only the paths in its arguments. Used by assemble.py (making), local_releases.py (checking), store.py
and cache.py (keeping).
"""

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from model_store.errors import BadAddress, FormatRefused, ReleaseCorrupt
from model_store.manifest import FileEntry

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.sig"
UNLISTED_FILES = frozenset({MANIFEST_FILE, SIGNATURE_FILE})
"""What the manifest cannot list: itself, and the signature over its bytes."""
MODEL_FILE = "model.keras"
GRAPH_FILE = "model.onnx"
REPORT_FILE = "report.json"
FIGURES_FOLDER = "figures"
"""The folder of the plots of the report."""
NEW_RELEASE_FOLDER = "release"
"""The folder of a new release in the folder of the run that makes it."""
PHOTO_MODEL_FILE = "photos.keras"
PHOTO_GRAPH_FILE = "photos.onnx"
PHOTO_FILES = (PHOTO_MODEL_FILE, PHOTO_GRAPH_FILE)
"""Of the network that answers photos, in a release that has both."""

CHUNK_BYTES = 1 << 20
"""How much of a file is held in memory at a time."""

_BY_KERAS = (
    "Build its layers with Keras 3 as your code did, then model.load_weights('model{suffix}') and "
    "model.save('model.keras')."
)
_WHERE_MADE = "Load it where it was made and save the network with model.save('model.keras')."
_REBUILT = "Rebuild the network in Keras and save it with model.save('model.keras')."
CONVERSION_ADVICE = {
    **dict.fromkeys((".h5", ".hdf5"), _BY_KERAS),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), _WHERE_MADE),
    **dict.fromkeys((".pt", ".pth"), _REBUILT),
}
"""Formats that can run code when they are read (Keras' safe_mode does not cover them), and the way out."""


def expand_home(path: str | Path) -> Path:
    """A path with `~` resolved.

    Raises:
        BadAddress: it begins with `~`, and that user has no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise BadAddress(f"{path}: there is no home folder for `~`. Write the whole path.") from error


def refuse_unsafe_formats(names: Iterable[str], address: str) -> None:
    """Look at file names alone; nothing is opened.

    Raises:
        FormatRefused: one of them is a format that can run code; the message says how to convert it.
    """
    for name in sorted(names):
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in CONVERSION_ADVICE:
            raise FormatRefused(
                f"{address}/{name}: {suffix} files can run code when they are read, so none is opened here. "
                f"{CONVERSION_ADVICE[suffix].format(suffix=suffix)}"
            )


@contextmanager
def open_regular_file(path: str | Path) -> Iterator[BinaryIO]:
    """A regular file that a table, a manifest or a folder names; any other kind might never end.

    Raises:
        OSError: it is not there, no regular file, or the system refuses it.
    """
    # Without O_NONBLOCK, opening a named pipe would wait until something writes to it.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "This is no file", str(path))
        yield file


def hash_file(path: str | Path) -> str | None:
    """The sha256 of a file; None where it cannot be read."""
    try:
        return fingerprint_file(Path(path)).sha256
    except (OSError, ValueError):  # a NUL in a path
        return None


def fingerprint_file(path: Path) -> FileEntry:
    """Size in bytes and sha256 of one regular file."""
    digest, size = hashlib.sha256(), 0
    with open_regular_file(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return FileEntry(sha256=digest.hexdigest(), size=size)


def hash_release_files(files: Mapping[str, FileEntry]) -> str:
    """The hash that a version carries the first eight digits of.

    sha256 over one `<sha256>  <path>` line per file, sorted by path: what `sha256sum` prints for them.
    """
    lines = (f"{files[path].sha256}  {path}\n" for path in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, never half of either."""
    write_chunks([data], path)


def write_chunks(
    chunks: Iterable[bytes], target: Path, *, limit: int | None = None, address: str = ""
) -> None:
    """Write what arrives to a file that appears whole or not at all.

    Args:
        chunks: the bytes, in order.
        target: the file, replaced if it is there; its folder exists.
        limit: bytes after which nothing more is taken.
        address: the address they come from, for messages.

    Raises:
        ReleaseCorrupt: more than `limit` bytes came.
    """
    with write_partial_file(
        limit_chunks(chunks, limit, address), target.parent, f".{target.name}."
    ) as partial:
        partial.replace(target)
    flush_folder(target.parent)


@contextmanager
def write_partial_file(chunks: Iterable[bytes], folder: Path, prefix: str = "") -> Iterator[Path]:
    """A file with these bytes, flushed to the disk, to be moved or linked; removed afterwards.

    Args:
        chunks: the bytes, in order.
        folder: where it is made; it exists, in the file system of the file's last place.
        prefix: what its name begins with.
    """
    handle, name = tempfile.mkstemp(dir=folder, prefix=prefix)
    partial = Path(name)
    try:
        with name_file_in_errors(partial), os.fdopen(handle, "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)  # mkstemp gives 0600, and the service may run as another user
        yield partial
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def name_file_in_errors(path: Path) -> Iterator[None]:
    """Let the system's errors in this block name a file; those of a full disk name none."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def limit_chunks(chunks: Iterable[bytes], limit: int | None, address: str) -> Iterator[bytes]:
    """Yield chunks until they are more than `limit` bytes together.

    Raises:
        ReleaseCorrupt: they are.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if limit is not None and size > limit:
            raise ReleaseCorrupt(f"{address}: more than the expected {limit} bytes. Reading was stopped.")
        yield chunk


def is_open_file_at(path: Path, descriptor: int) -> bool:
    """Whether what is open has this name now: it may have been removed, and another be in its place."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def flush_folder(folder: Path) -> None:
    """Flush a folder's names to the disk; fsync of a file alone does not promise that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
