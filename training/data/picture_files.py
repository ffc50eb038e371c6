"""Read picture files to pixels exactly as the service reads uploads, on all cores.

inference/decode.py and inference/convert.py do it, with the limits that a release is served with and the
parameters that it brings along. Reads the files that a listing names. Which files: listing.py and photos.py;
what is made of them: own_pictures.py and photos.py.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from inference.arrays import Pixels
from inference.contract import Imaging
from inference.convert import decoded_to_pixels
from inference.decode import Decoded, decode
from inference.errors import UploadError
from inference.header import MAX_PIXELS
from training.errors import BadPictures

MAX_BYTES: Final = 200_000_000
"""Largest file that is read: no picture of MAX_PIXELS needs more, and a film would fill the memory."""

NAMED: Final = 3
"""How many files a message names before it only counts."""

Say = Callable[[str], None]

Convert = Callable[[Decoded], Pixels]
"""A decoded picture to uint8 (28, 28)."""

Watch = Callable[[int, int], None]
"""Receives how many files of how many have been read."""


class HasPath(Protocol):
    """An entry of a listing, of whichever kind."""

    @property
    def path(self) -> Path:
        """Where the file lies."""
        ...


ListedT = TypeVar("ListedT", bound=HasPath)


@dataclass(frozen=True)
class PictureFile(Generic[ListedT]):
    """A file that was read.

    Attributes:
        listed: its entry in the listing.
        sha256: hex digest of the file's bytes.
        pixels: uint8 (28, 28), what the model would see of it.
    """

    listed: ListedT
    sha256: str
    pixels: Pixels


@dataclass(frozen=True)
class _Unreadable:
    path: Path
    why: str


def read_pictures(
    pictures: Sequence[ListedT], imaging: Imaging, say: Say, watch: Watch, *, skip_unreadable: bool
) -> list[PictureFile[ListedT]]:
    """Read picture files and convert them as the service would; see `convert_files`.

    Args:
        pictures: which.
        imaging: how the model wants them converted.
        say: see `convert_files`, as for the others.
        watch: see there.
        skip_unreadable: see there.

    Returns:
        In the order in which they were listed.

    Raises:
        BadPictures: one of them cannot be read; all are counted and the first few named.
    """
    return convert_files(pictures, as_served(imaging), say, watch, skip_unreadable=skip_unreadable)


def as_served(imaging: Imaging) -> Convert:
    """The service's own conversion, with a release's parameters."""
    return lambda decoded: decoded_to_pixels(decoded, imaging)


def convert_files(
    pictures: Sequence[ListedT], convert: Convert, say: Say, watch: Watch, *, skip_unreadable: bool
) -> list[PictureFile[ListedT]]:
    """Read picture files and convert them in any way.

    Args:
        pictures: which.
        convert: run on many pictures at a time.
        say: receives what was skipped, and how many pictures show nothing.
        watch: called after each file.
        skip_unreadable: leave out what is no picture, instead of refusing all of them.

    Returns:
        In the order in which they were listed.

    Raises:
        BadPictures: one of them cannot be read; all are counted and the first few named.
    """
    read: list[PictureFile[ListedT]] = []
    unreadable: list[_Unreadable] = []
    # Threads are enough: decoding, hashing and resampling let go of Python's lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, one in enumerate(pool.map(lambda one: _read(one, convert), pictures), start=1):
            if isinstance(one, _Unreadable):
                unreadable.append(one)
            else:
                read.append(one)
            watch(done, len(pictures))
    _report_unreadable(unreadable, len(pictures), say, skip=skip_unreadable)
    _report_black(read, say)
    return read


def _read(listed: ListedT, convert: Convert) -> PictureFile[ListedT] | _Unreadable:
    try:
        size = listed.path.stat().st_size
        if size > MAX_BYTES:
            return _Unreadable(listed.path, f"{size:,} bytes; at most {MAX_BYTES:,} are read.")
        content = listed.path.read_bytes()
        pixels = convert(decode(content, MAX_PIXELS))
    except OSError as error:
        return _Unreadable(listed.path, f"{error.strerror}.")
    except UploadError as error:
        return _Unreadable(listed.path, str(error))
    return PictureFile(listed, hashlib.sha256(content).hexdigest(), pixels)


def _report_unreadable(unreadable: list[_Unreadable], count: int, say: Say, *, skip: bool) -> None:
    if not unreadable:
        return
    first = " ".join(f"{one.path}: {one.why}" for one in unreadable[:NAMED])
    more = f" And {len(unreadable) - NAMED} more." if len(unreadable) > NAMED else ""
    if not skip:
        raise BadPictures(
            f"{len(unreadable)} of {count} files cannot be read. {first}{more} "
            "Mend or remove them, or leave them out with --skip-unreadable."
        )
    say(f"skipped {len(unreadable)} of {count} files that cannot be read. {first}{more}")


def _report_black(read: list[PictureFile[ListedT]], say: Say) -> None:
    """A picture in which nothing stands out from its border comes out black; see inference/convert.py."""
    black = [one.listed.path for one in read if not one.pixels.any()]
    if black:
        say(
            f"{len(black)} of {len(read)} pictures come out black, since nothing in them stands out from "
            f"the border, among them {black[0]}. The model sees nothing of these."
        )
