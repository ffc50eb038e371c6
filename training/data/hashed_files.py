"""Read picture files and hash their bytes, each file once in a command.

Several steps of a command need the hashes, so they are passed on as `HashedFiles`. A file is hashed again
only if its size or the time of its last change differs.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from inference.pictures.decode import MAX_BYTES, DecodedPicture
from labelling.lists.paths import explain_missing_file
from model_store.release_files import open_regular_file
from training.errors import DataError
from training.progress import ReportDone, Say

MAX_FILES_NAMED: Final = 3
"""Largest number of files that a message names. The others are only counted."""

FileStamp: TypeAlias = tuple[int, int]
"""Size of a file in bytes, and the time of its last change in nanoseconds."""


@dataclass(frozen=True)
class HashedFiles:
    """Files whose bytes were read and hashed, with those that could not be read.

    Attributes:
        sha256: the hex digest of each readable file, by path.
        stamps: the size and time of change of each readable file when it was hashed, by path.
        read_errors: the reason why each other file cannot be read, as a sentence, by path.
        decoded_pictures: pictures that were decoded as for a network of 28 x 28 (GREY_28), or the reason why
            a file is no picture, by path. Each entry is removed once it is used, to save memory.
    """

    sha256: Mapping[Path, str]
    stamps: Mapping[Path, FileStamp]
    read_errors: Mapping[Path, str]
    decoded_pictures: MutableMapping[Path, DecodedPicture | str] = field(default_factory=dict)

    def __or__(self, other_files: "HashedFiles") -> "HashedFiles":
        """Return the files of both. If a file is in both, the second one's entry is used."""
        return HashedFiles(
            {**self.sha256, **other_files.sha256},
            {**self.stamps, **other_files.stamps},
            {**self.read_errors, **other_files.read_errors},
            {**self.decoded_pictures, **other_files.decoded_pictures},
        )

    def select_paths(self, paths: Collection[Path]) -> "HashedFiles":
        """Return the entries of the given paths, without decoded pictures."""
        return HashedFiles(
            {path: sha256 for path, sha256 in self.sha256.items() if path in paths},
            {path: stamp for path, stamp in self.stamps.items() if path in paths},
            {path: why for path, why in self.read_errors.items() if path in paths},
        )

    def check_unchanged(self, path: Path, picture_bytes: bytes, stamp: FileStamp) -> None:
        """Refuse a file whose content has changed since it was hashed.

        A file that was not hashed before is accepted.

        Args:
            picture_bytes: the bytes that the file has now.
            stamp: the size and time of change that the file has now.

        Raises:
            DataError: the file has changed.
        """
        if self.stamps.get(path, stamp) == stamp:
            return
        # A copy or a touch changes the time but not the bytes.
        if self.sha256[path] != hashlib.sha256(picture_bytes).hexdigest():
            raise DataError(f"{path} has changed since it was read: do not change pictures meanwhile.")


NO_HASHED_FILES: Final = HashedFiles({}, {}, {})


def hash_files(paths: Iterable[Path], known_files: HashedFiles = NO_HASHED_FILES) -> HashedFiles:
    """Hash files on all cores, each once, and return their hashes together with the known ones.

    Args:
        known_files: files that were hashed before, which are not read again.
    """
    new_paths = [
        path
        for path in dict.fromkeys(paths)
        if path not in known_files.sha256 and path not in known_files.read_errors
    ]
    results = dict(zip(new_paths, map_on_all_cores(_hash_file, new_paths, lambda *_: None), strict=True))
    hashed_files = {
        path: digest_and_stamp
        for path, digest_and_stamp in results.items()
        if not isinstance(digest_and_stamp, str)
    }
    return known_files | HashedFiles(
        {path: sha256 for path, (sha256, _) in hashed_files.items()},
        {path: stamp for path, (_, stamp) in hashed_files.items()},
        {path: why for path, why in results.items() if isinstance(why, str)},
    )


def _hash_file(path: Path) -> tuple[str, FileStamp] | str:
    """Return the digest and the stamp of a file, or why it cannot be read."""
    bytes_and_stamp = read_picture_bytes(path)
    return (
        bytes_and_stamp
        if isinstance(bytes_and_stamp, str)
        else (hashlib.sha256(bytes_and_stamp[0]).hexdigest(), bytes_and_stamp[1])
    )


def read_picture_bytes(path: Path) -> tuple[bytes, FileStamp] | str:
    """Read a file that may be a picture.

    Returns:
        The bytes and the stamp (size and time of change), or a sentence that says why the file cannot be a
        picture.
    """
    if "\0" in str(path):
        return f"{path}: no path has a zero byte."
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            return f"{path}: {size:,} bytes; at most {MAX_BYTES:,} are read."
        with open_regular_file(path) as file:
            # Of the opened file: another one may have taken its name since `stat`.
            status = os.fstat(file.fileno())
            picture_bytes = file.read()
    except FileNotFoundError:
        return f"{path}: {explain_missing_file(str(path))}"
    except OSError as error:
        return f"{path}: {error.strerror}."
    if not picture_bytes:
        return f"{path}: the file is empty. Copy it again, or remove it."
    return picture_bytes, (status.st_size, status.st_mtime_ns)


def check_unreadable_files(
    read_errors: Sequence[str], file_count: int, say: Say, *, skip_unreadable: bool
) -> None:
    """Refuse unreadable files, or report that they are left out. Do nothing if there are none.

    Args:
        read_errors: a sentence for each unreadable file.
        say: a function that receives the sentence on the files that are left out.
        skip_unreadable: whether unreadable files are left out instead of refused.

    Raises:
        DataError: there are unreadable files. The message has their number and the first few sentences.
    """
    if not read_errors:
        return
    remaining = (
        f" And {len(read_errors) - MAX_FILES_NAMED} more." if len(read_errors) > MAX_FILES_NAMED else ""
    )
    sentence = (
        f"{len(read_errors)} of {file_count} files cannot be read. "
        f"{' '.join(read_errors[:MAX_FILES_NAMED])}{remaining}"
    )
    if not skip_unreadable:
        raise DataError(f"{sentence} Mend or remove them, or leave them out with --skip-unreadable.")
    say(f"skipped {sentence.replace('cannot', 'that cannot', 1)}")


Item = TypeVar("Item")
Result = TypeVar("Result")


def map_on_all_cores(
    function: Callable[[Item], Result], items: Sequence[Item], report_done: ReportDone
) -> list[Result]:
    """Apply a function to all items on all cores, and return the results in the order of the items.

    Threads are enough: decoding, hashing and resampling release Python's global lock.

    Args:
        function: a function that handles one item, such as reading a file.
        items: the items, such as the paths of files.
        report_done: a function that is called after each item with the number done and the number of all.
    """
    results: list[Result] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(function, items):
            results.append(result)
            report_done(len(results), len(items))
    return results
