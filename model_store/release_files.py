"""The rules for every file of a release: how it is hashed and written, and which formats are refused.

Only the paths in the arguments are touched. assemble.py makes releases with these functions,
local_releases.py checks them, and store.py and cache.py keep them.
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
"""Files that the manifest cannot list: itself, and the signature of its bytes."""

MODEL_FILE = "model.keras"
"""Keras model of the only network of a release, or of its network for pixels."""

GRAPH_FILE = "model.onnx"
"""Serving graph of that network."""

REPORT_FILE = "report.json"
FIGURES_FOLDER = "figures"
"""Folder of the plots of the report."""

NEW_RELEASE_FOLDER = "release"
"""Folder of a new release, in the folder of the training that makes it."""

PHOTO_MODEL_FILE = "photos.keras"
PHOTO_GRAPH_FILE = "photos.onnx"
PHOTO_FILES = (PHOTO_MODEL_FILE, PHOTO_GRAPH_FILE)
"""Files of the network that answers photos, in a release that also has a network for pixels."""

CHUNK_BYTES = 1 << 20
"""Number of bytes of a file that are in memory at a time."""

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
"""Advice for each format that is refused because it can run code when it is read. Keras' safe_mode does not
cover these formats."""


def expand_home(path: str | Path) -> Path:
    """Return a path with `~` resolved.

    Raises:
        BadAddress: the path begins with `~`, and that user has no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise BadAddress(f"{path}: there is no home folder for `~`. Write the whole path.") from error


def refuse_unsafe_formats(names: Iterable[str], address: str) -> None:
    """Check file names for formats that can run code. No file is opened.

    Args:
        names: the names of the files.
        address: the folder or address of the files, for messages.

    Raises:
        FormatRefused: a name has such a format. The message says how to convert it.
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
    """Open a regular file that a table, a manifest or a folder names. Reading other kinds might never end.

    Raises:
        OSError: the file does not exist or is not a regular file, or the system refuses it.
    """
    # Without O_NONBLOCK, opening a named pipe would wait until somebody writes to it.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "This is no file", str(path))
        yield file


def hash_file(path: str | Path) -> str | None:
    """Return the sha256 of a file; None if it cannot be read."""
    try:
        return fingerprint_file(Path(path)).sha256
    except (OSError, ValueError):  # a NUL in a path
        return None


def fingerprint_file(path: Path) -> FileEntry:
    """Return the size in bytes and the sha256 of one regular file."""
    digest, size = hashlib.sha256(), 0
    with open_regular_file(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return FileEntry(sha256=digest.hexdigest(), size=size)


def hash_release_files(files: Mapping[str, FileEntry]) -> str:
    """Return the hash of a release's content, whose first eight digits are in its version.

    It is the sha256 of one line `<sha256>  <path>` for each file, sorted by path, as `sha256sum` prints them.
    """
    lines = (f"{files[path].sha256}  {path}\n" for path in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a crash leaves either the old file or the new one, never a half."""
    write_chunks([data], path)


def write_chunks(
    chunks: Iterable[bytes], target: Path, *, limit: int | None = None, address: str = ""
) -> None:
    """Write arriving bytes to a file that appears whole or not at all.

    Args:
        chunks: the bytes, in order.
        target: the file, which is replaced if it exists. Its folder exists.
        limit: the number of bytes after which reading stops; None for no limit.
        address: the address that the bytes come from, for messages.

    Raises:
        ReleaseCorrupt: there are more than `limit` bytes.
    """
    with write_partial_file(
        limit_chunks(chunks, limit, address), target.parent, f".{target.name}."
    ) as partial:
        partial.replace(target)
    flush_folder(target.parent)


@contextmanager
def write_partial_file(chunks: Iterable[bytes], folder: Path, prefix: str = "") -> Iterator[Path]:
    """Write a file with these bytes, flushed to the disk. The block may move or link it; then it is removed.

    Args:
        chunks: the bytes, in order.
        folder: the folder of the file. It exists, and is in the file system of the file's final place.
        prefix: the beginning of the file's name.
    """
    handle, name = tempfile.mkstemp(dir=folder, prefix=prefix)
    partial = Path(name)
    try:
        with name_file_in_errors(partial), os.fdopen(handle, "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)  # mkstemp gives 0600, but the service may run as another user
        yield partial
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def name_file_in_errors(path: Path) -> Iterator[None]:
    """Add the name of a file to the system's errors in this block, since those of a full disk have none."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def limit_chunks(chunks: Iterable[bytes], limit: int | None, address: str) -> Iterator[bytes]:
    """Yield chunks, up to a limit of bytes.

    Args:
        chunks: the bytes, in order.
        limit: the largest number of bytes; None for no limit.
        address: the address that they come from, for messages.

    Raises:
        ReleaseCorrupt: there are more bytes.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if limit is not None and size > limit:
            raise ReleaseCorrupt(f"{address}: more than the expected {limit} bytes. Reading was stopped.")
        yield chunk


def is_open_file_at(path: Path, descriptor: int) -> bool:
    """Return whether an open file still has this name; another file may have taken its place."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk; fsync of a file does not promise that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
