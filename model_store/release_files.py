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

from model_store.errors import BadAddress, ReleaseCorrupt, UnsafeFormat
from model_store.manifest import FileEntry

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.sig"
UNLISTED_FILES = frozenset({MANIFEST_FILE, SIGNATURE_FILE})
"""Names of the files that a manifest cannot list: the manifest itself, and the signature of its bytes."""

MODEL_FILE = "model.keras"
"""Name of the Keras model in a release, for its only network or for its network for 28 x 28 pixels."""

GRAPH_FILE = "model.onnx"
"""Name of the ONNX graph that was made from MODEL_FILE and answers requests."""

REPORT_FILE = "report.json"
FIGURES_FOLDER = "figures"
"""Name of the folder with the plots of the report, inside a release."""

FIGURE_MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png"}
"""Media type of a figure in FIGURES_FOLDER, by the ending of its name. Other files there are no figures."""

NEW_RELEASE_FOLDER = "release"
"""Name of the folder of a new release, inside the output folder of the training that makes it."""

PHOTO_MODEL_FILE = "photos.keras"
PHOTO_GRAPH_FILE = "photos.onnx"
PHOTO_FILES = (PHOTO_MODEL_FILE, PHOTO_GRAPH_FILE)
"""Names of the Keras model and the ONNX graph for photos, in a release that also has a network for pixels."""

CHUNK_BYTES = 1 << 20
"""Number of bytes that are read into memory at a time when a file is hashed or copied."""

_BY_KERAS = "Make a release of it: wardrobe adopt model{suffix}."
_WHERE_MADE = "Load it where it was made and save the network with model.save('model.keras')."
_REBUILT = "Rebuild the network in Keras and save it with model.save('model.keras')."
CONVERSION_ADVICE = {
    **dict.fromkeys((".h5", ".hdf5"), _BY_KERAS),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), _WHERE_MADE),
    **dict.fromkeys((".pt", ".pth"), _REBUILT),
}
"""Advice on how to convert a model, by file ending. These formats are refused because reading them can run
code, and Keras' safe_mode does not cover them."""


def expand_home(path: str | Path) -> Path:
    """Return a path with a leading `~` replaced by the home folder.

    Raises:
        BadAddress: the path begins with `~`, and that user has no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise BadAddress(f"{path}: there is no home folder for `~`. Write the whole path.") from error


def check_safe_formats(names: Iterable[str], address: str) -> None:
    """Check by file endings that no file has a format that can run code, such as pickle. No file is opened.

    Args:
        address: the folder or address of the files, for messages.

    Raises:
        UnsafeFormat: a name has such a format. The message says how to convert it.
    """
    for name in sorted(names):
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in CONVERSION_ADVICE:
            raise UnsafeFormat(
                f"{address}/{name}: {suffix} files can run code when they are read, so none is opened here. "
                f"{CONVERSION_ADVICE[suffix].format(suffix=suffix)}"
            )


@contextmanager
def open_regular_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for reading after a check that it is a regular file.

    Reading a pipe or a device might never end.

    Raises:
        OSError: the file does not exist or is not a regular file, or the system refuses it.
    """
    # Without O_NONBLOCK, opening a named pipe would wait until somebody writes to it.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "This is no file", str(path))
        yield file


def read_regular_file(path: Path) -> bytes:
    """Return the content of a file after a check that it is a regular file.

    Raises:
        OSError: the file does not exist or is not a regular file, or the system refuses it.
    """
    with open_regular_file(path) as file:
        return file.read()


def hash_file(path: str | Path) -> str | None:
    """Return the sha256 of a file in hexadecimal; None if it cannot be read."""
    try:
        return fingerprint_file(Path(path)).sha256
    except (OSError, ValueError):  # a NUL in a path
        return None


def fingerprint_file(path: Path) -> FileEntry:
    """Return the size in bytes and the sha256 of one regular file."""
    digest = hashlib.sha256()
    size = 0
    with open_regular_file(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return FileEntry(sha256=digest.hexdigest(), size=size)


LINE_ENDINGS_ADVICE = (
    "Only its line endings differ: each LF became CRLF, as git does with core.autocrlf. Write "
    "`**/{folder}/** -text` into .gitattributes at the top of that repository, and check the files out again."
)
"""Advice for a text file of a release that git or an editor changed."""

MAX_TEXT_BYTES = 64 << 20
"""Largest file whose line endings are looked at. Text files of releases have up to a few MB."""


def restore_line_endings(content: bytes) -> bytes:
    """Return the bytes of a text file with LF in place of CRLF, as releases are written."""
    return content.replace(b"\r\n", b"\n")


def has_other_line_endings(path: Path, expected: FileEntry) -> bool:
    """Return whether a file differs from the file of a release by CRLF in place of LF alone."""
    if not expected.size < path.stat().st_size <= MAX_TEXT_BYTES:
        return False
    restored = restore_line_endings(path.read_bytes())
    return len(restored) == expected.size and hashlib.sha256(restored).hexdigest() == expected.sha256


def hash_release_files(files: Mapping[str, FileEntry]) -> str:
    """Return the hash of a release's content, whose first eight digits are in its version.

    It is the sha256 of one line `<sha256>  <path>` for each file, sorted by path, as `sha256sum` prints them.

    Args:
        files: the size and the hash of each file, by path.
    """
    lines = (f"{files[path].sha256}  {path}\n" for path in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file atomically: after a crash it has either its old content or all of the new content.

    Args:
        data: its new content.
    """
    write_chunks([data], path)


def write_chunks(
    chunks: Iterable[bytes], target: Path, *, limit: int | None = None, address: str = ""
) -> None:
    """Write chunks of bytes to a file that appears whole or not at all.

    Args:
        chunks: the bytes, in order.
        target: the file, which is replaced if it exists. Its folder exists.
        limit: the largest number of bytes; more are an error. None for no limit.
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
    """Write bytes to a temporary file, flush it to the disk, and yield its path.

    The block may move or link the file to its final place. After the block the temporary file is removed.

    Args:
        chunks: the bytes, in order.
        folder: the folder of the file. It exists, and is in the file system of the file's final place.
        prefix: the beginning of the file's name.
    """
    handle, name = tempfile.mkstemp(dir=folder, prefix=prefix)
    partial = Path(name)
    try:
        with add_path_to_errors(partial), os.fdopen(handle, "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)  # mkstemp gives 0600, but the service may run as another user
        yield partial
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def add_path_to_errors(path: Path) -> Iterator[None]:
    """Add the name of a file to the OSErrors of the block, since the error of a full disk names no file."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def limit_chunks(chunks: Iterable[bytes], limit: int | None, address: str) -> Iterator[bytes]:
    """Yield chunks of bytes unchanged, and raise an error once they exceed a limit.

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


def is_path_of_descriptor(path: Path, descriptor: int) -> bool:
    """Return whether a path still leads to an open file; another file may have taken its place."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def flush_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that a crash cannot undo new or changed names in it.

    Flushing a file alone does not save its name.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
