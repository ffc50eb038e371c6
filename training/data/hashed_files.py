"""Read picture files and hash them, each file once a command.

A file that changes after it was hashed is found by its size and the time of its last change. So it is hashed
again only if one of these differs. Reads the files. Decoding them: picture_files.py.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from inference.decode import MAX_BYTES, DecodedPicture
from labelling.lists.paths import explain_missing
from model_store.release_files import open_regular_file
from training.errors import BadPictures
from training.progress import Say, Watch

NAMED: Final = 3
"""How many files a message names before it only counts."""

Stamp: TypeAlias = tuple[int, int]
"""The size of a file in bytes, and the time of its last change in nanoseconds."""


@dataclass(frozen=True)
class HashedFiles:
    """Files whose bytes were read.

    Attributes:
        sha256: the hex digest of each file that can be read.
        stamps: the stamp of each of these files when it was hashed.
        unreadable: why each other file cannot be read, a sentence each.
        decoded: the pictures of files that were decoded for the input GREY_28 as they were hashed, or why a
            picture cannot be read. Each is taken out once it is used.
    """

    sha256: Mapping[Path, str]
    stamps: Mapping[Path, Stamp]
    unreadable: Mapping[Path, str]
    decoded: MutableMapping[Path, DecodedPicture | str] = field(default_factory=dict)

    def __or__(self, others: "HashedFiles") -> "HashedFiles":
        """Return the files of both."""
        return HashedFiles(
            {**self.sha256, **others.sha256},
            {**self.stamps, **others.stamps},
            {**self.unreadable, **others.unreadable},
            {**self.decoded, **others.decoded},
        )

    def only(self, paths: Collection[Path]) -> "HashedFiles":
        """Return those files that are among these paths."""
        return HashedFiles(
            {path: sha256 for path, sha256 in self.sha256.items() if path in paths},
            {path: stamp for path, stamp in self.stamps.items() if path in paths},
            {path: why for path, why in self.unreadable.items() if path in paths},
        )

    def check_unchanged(self, path: Path, content: bytes, stamp: Stamp) -> None:
        """Refuse a file that was hashed and has another content now.

        Args:
            path: the file; one that was not hashed has not changed.
            content: its bytes now.
            stamp: its stamp now.

        Raises:
            BadPictures: the file has changed.
        """
        if self.stamps.get(path, stamp) == stamp:
            return
        if self.sha256[path] != hashlib.sha256(content).hexdigest():
            raise BadPictures(f"{path} has changed since it was read: do not change pictures meanwhile.")


NO_FILES: Final = HashedFiles({}, {}, {})


def hash_files(paths: Iterable[Path], known: HashedFiles = NO_FILES) -> HashedFiles:
    """Hash files, each once.

    Args:
        paths: the files.
        known: files that were hashed before, which are not read again.
    """
    new = [path for path in dict.fromkeys(paths) if path not in known.sha256 and path not in known.unreadable]
    found = dict(zip(new, on_all_cores(_hash_file, new, lambda *_: None), strict=True))
    read = {path: hashed for path, hashed in found.items() if not isinstance(hashed, str)}
    return known | HashedFiles(
        {path: sha256 for path, (sha256, _) in read.items()},
        {path: stamp for path, (_, stamp) in read.items()},
        {path: why for path, why in found.items() if isinstance(why, str)},
    )


def _hash_file(path: Path) -> tuple[str, Stamp] | str:
    """Return the digest and the stamp of a file, or why it cannot be read."""
    read = read_content(path)
    return read if isinstance(read, str) else (hashlib.sha256(read[0]).hexdigest(), read[1])


def read_content(path: Path) -> tuple[bytes, Stamp] | str:
    """Return the bytes and the stamp of a file that may be a picture, or why it cannot be one."""
    if "\0" in str(path):
        return f"{path}: no path has a zero byte."
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            return f"{path}: {size:,} bytes; at most {MAX_BYTES:,} are read."
        with open_regular_file(path) as file:
            status = os.fstat(file.fileno())
            content = file.read()
    except FileNotFoundError:
        return f"{path}: {explain_missing(str(path))}"
    except OSError as error:
        return f"{path}: {error.strerror}."
    if not content:
        return f"{path}: the file is empty. Copy it again, or remove it."
    return content, (status.st_size, status.st_mtime_ns)


def report_unreadable(why: Sequence[str], of: int, say: Say, *, skip_unreadable: bool) -> None:
    """Refuse files that cannot be read, or say that they are left out. Do nothing if there are none.

    Args:
        why: a sentence for each file.
        of: the number of all files.
        say: receives what is skipped.
        skip_unreadable: whether such files are left out.

    Raises:
        BadPictures: files cannot be read. All are counted and the first few named.
    """
    if not why:
        return
    more = f" And {len(why) - NAMED} more." if len(why) > NAMED else ""
    what = f"{len(why)} of {of} files cannot be read. {' '.join(why[:NAMED])}{more}"
    if not skip_unreadable:
        raise BadPictures(f"{what} Mend or remove them, or leave them out with --skip-unreadable.")
    say(f"skipped {what.replace('cannot', 'that cannot', 1)}")


Item = TypeVar("Item")
Result = TypeVar("Result")


def on_all_cores(read: Callable[[Item], Result], items: Sequence[Item], watch: Watch) -> list[Result]:
    """Read files on all cores, and return the results in their order.

    Threads are enough: decoding, hashing and resampling let go of Python's lock.

    Args:
        read: reads one file.
        items: the files.
        watch: called after each file.
    """
    results: list[Result] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(read, items):
            results.append(result)
            watch(len(results), len(items))
    return results
