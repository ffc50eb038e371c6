"""Read picture files to pixels exactly as the service reads uploads, on all cores.

Of large pictures no pixel is kept: networks see them as they are decoded, or they are read again.
inference/decode.py and inference/convert.py decode, with the limits that a release is served with and the
parameters that it brings along. Reads the files that a listing names. Which files:
folders.py; each once: prepare.py; what is made of them: read.py.
"""

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Pixels, PixelsBatch
from inference.border import look_at_border
from inference.contract import EDGE, GREY_28, InputContract, NetworkName, usual_name
from inference.convert import to_model_input
from inference.decode import MAX_BYTES, MAX_PIXELS, Decoded, decode
from inference.errors import UploadError
from labelling.paths import explain_missing
from model_store.release_files import open_regular_file
from training.data.near_copies import Hash, perceptual_hash
from training.data.vectors import NOT_SEEN, Features
from training.errors import BadPictures
from training.progress import Say, Watch

AT_ONCE: Final = 128
"""Pictures that are decoded before a network sees them: 14 MB of 192 x 192 in colour."""

SMALL: Final = EDGE * EDGE
"""Numbers of a picture up to which its pixels are kept."""

SAMPLES: Final = 64
"""Large pictures whose pixels are kept, the first ones, by which graphs are compared: 7 MB of 192 x 192."""

See: TypeAlias = Callable[[PixelsBatch], Features]
"""What a network sees of pictures."""

NAMED: Final = 3
"""How many files a message names before it only counts."""


@dataclass(frozen=True)
class PictureFile:
    """A file that was read.

    Attributes:
        sha256: hex digest of its bytes.
        hash: of the picture, for pictures that are nearly the same.
        shorter_edge: of it, in pixels.
        is_pixels: whether it has the form of Fashion-MNIST.
        is_black: whether the model would see nothing of it.
        is_plain: whether its border has one colour.
        network: that the file is for.
        pixels: what the model would see of it; None of a picture above SMALL, but for SAMPLES.
        features: of this one picture.
    """

    path: Path
    sha256: str
    hash: Hash
    shorter_edge: int
    is_pixels: bool
    is_black: bool = False
    is_plain: bool = False
    network: NetworkName = "pixels"
    pixels: Pixels | None = None
    features: Features = NOT_SEEN


def read_files(  # noqa: PLR0913 - what is read, how, and who follows it
    paths: Sequence[Path],
    contract: InputContract,
    say: Say,
    watch: Watch,
    *,
    skip_unreadable: bool,
    see: See | None = None,
) -> list[PictureFile | None]:
    """Read picture files and convert them as the service would.

    Args:
        paths: which.
        contract: the input of the model.
        say: receives what was skipped, and how many pictures show nothing.
        watch: called after each file.
        skip_unreadable: leave out what is no picture, instead of refusing all of them.
        see: the network that sees them, if one does.

    Returns:
        One for each path; None for what was left out.

    Raises:
        BadPictures: one of them cannot be read; all are counted and the first few named.
    """
    files = list[PictureFile | str]()
    for start in range(0, len(paths), AT_ONCE):
        decoded = on_all_cores(
            partial(read_file, contract=contract),
            paths[start : start + AT_ONCE],
            partial(_watch_part, watch, start, len(paths)),
        )
        files += _seen(decoded, contract, see, SAMPLES - start)
    unreadable = [file for file in files if isinstance(file, str)]
    report_unreadable(unreadable, len(paths), say, skip_unreadable=skip_unreadable)
    _report_black([file for file in files if isinstance(file, PictureFile)], say)
    return [file if isinstance(file, PictureFile) else None for file in files]


def _watch_part(watch: Watch, before: int, of: int, done: int, _: int | None) -> None:
    """Count what is done of a part of the files: to bind `watch`, how many came before, and of how many."""
    watch(before + done, of)


def _seen(
    decoded: Sequence[tuple[PictureFile, Pixels] | str],
    contract: InputContract,
    see: See | None,
    samples: int,
) -> Iterator[PictureFile | str]:
    """The files, with what a network sees of them, and the pixels of small ones and of so many samples."""
    every = [picture[1] for picture in decoded if not isinstance(picture, str)]
    features = see(np.stack(every)) if see and every else NOT_SEEN
    place = 0
    for picture in decoded:
        if isinstance(picture, str):
            yield picture
            continue
        file, pixels = picture
        keeps = is_small(contract) or place < samples
        yield replace(
            file,
            pixels=pixels.copy() if keeps else None,
            features=features.take(np.array([place])) if see else NOT_SEEN,
        )
        place += 1


def is_small(contract: InputContract) -> bool:
    """Whether the pixels of all pictures are kept."""
    return math.prod(contract.array_shape) <= SMALL


def report_unreadable(why: Sequence[str], of: int, say: Say, *, skip_unreadable: bool) -> None:
    """Refuse files that cannot be read, or say that they are left out; nothing where there are none.

    Args:
        why: a sentence for each.
        of: how many files there are.
        say: receives what is skipped.
        skip_unreadable: leave them out.

    Raises:
        BadPictures: all are counted and the first few named.
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
    """Read files in their order; `watch` is called after each.

    Threads are enough: decoding, hashing and resampling let go of Python's lock.
    """
    results: list[Result] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(read, items):
            results.append(result)
            watch(len(results), len(items))
    return results


def content_of(path: Path) -> bytes | str:
    """The bytes of a file that may be a picture, or why it cannot be one."""
    if "\0" in str(path):
        return f"{path}: no path has a zero byte."
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            return f"{path}: {size:,} bytes; at most {MAX_BYTES:,} are read."
        with open_regular_file(path) as file:
            return file.read() or f"{path}: the file is empty. Copy it again, or remove it."
    except FileNotFoundError:
        return f"{path}: {explain_missing(str(path))}"
    except OSError as error:
        return f"{path}: {error.strerror}."


@dataclass(frozen=True)
class Hashed:
    """Files whose bytes were read.

    Attributes:
        sha256: hex digest of each that can be read.
        unreadable: why another one cannot.
    """

    sha256: Mapping[Path, str]
    unreadable: Mapping[Path, str]


NO_FILES: Final = Hashed({}, {})


def hash_files(paths: Iterable[Path]) -> Hashed:
    """Hash files, each once."""
    every = list(dict.fromkeys(paths))
    hashed = dict(zip(every, on_all_cores(_hashed, every, lambda *_: None), strict=True))
    return Hashed(
        {path: sha256 for path, (sha256, why) in hashed.items() if not why},
        {path: why for path, (_, why) in hashed.items() if why},
    )


def _hashed(path: Path) -> tuple[str, str]:
    """The digest, or why there is none."""
    content = content_of(path)
    return ("", content) if isinstance(content, str) else (hashlib.sha256(content).hexdigest(), "")


def shows_photo(paths: Sequence[Path], watch: Watch) -> bool:
    """Whether one of some files is a picture in another form than Fashion-MNIST's.

    Args:
        paths: which.
        watch: called after each file that is read.
    """
    start = 0
    while start < len(paths):
        # In most folders of photos the first file is a photo.
        some = paths[start : start + AT_ONCE] if start else paths[:1]
        files = on_all_cores(look, some, partial(_watch_part, watch, start, len(paths)))
        if not all(isinstance(file, str) or file[0].is_pixels for file in files):
            return True
        start += len(some)
    return False


def look(path: Path, contract: InputContract = GREY_28) -> tuple[PictureFile, Decoded] | str:
    """What the picture in a file is, and the picture; or why it cannot be read."""
    content = content_of(path)
    if isinstance(content, str):
        return content
    try:
        decoded = decode(content, MAX_PIXELS, contract)
    except UploadError as error:
        return f"{path}: {error}"
    picture, sha256 = decoded.picture, hashlib.sha256(content).hexdigest()
    edge, is_pixels = min(picture.shape[:2]), decoded.pixels is not None
    return PictureFile(path, sha256, perceptual_hash(picture), edge, is_pixels), decoded


def read_file(path: Path, contract: InputContract) -> tuple[PictureFile, Pixels] | str:
    """The file and its pixels as a model reads them, or why it cannot be read."""
    looked = look(path, contract)
    if isinstance(looked, str):
        return looked
    file, decoded = looked
    given = to_model_input(decoded, {usual_name(contract): contract})
    is_plain = look_at_border(decoded.picture, GREY_28.imaging.border_tolerance).is_plain()
    black = not given.pixels.any()
    return replace(file, is_black=black, is_plain=is_plain, network=given.network), given.pixels


@dataclass(frozen=True)
class FileImages:
    """The pixels of N files, which are read whenever they are asked for, but for samples.

    Attributes:
        files: that were read before.
        contract: the input of the model.
        samples: pixels that are in memory, by file.
    """

    files: tuple[Path, ...]
    contract: InputContract
    samples: Mapping[Path, Pixels] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all pictures together."""
        return (len(self), *self.contract.array_shape)

    def take(self, places: NDArray[np.int64]) -> "FileImages":
        """Those at these positions."""
        return replace(self, files=tuple(self.files[place] for place in places))

    def __getitem__(self, places: slice) -> PixelsBatch:
        """The pixels of some of them, uint8.

        Raises:
            BadPictures: a file has changed since it was read.
        """
        files = self.files[places]
        others = [file for file in files if file not in self.samples]
        read = on_all_cores(partial(read_file, contract=self.contract), others, lambda *_: None)
        if changed := [picture for picture in read if isinstance(picture, str)]:
            raise BadPictures(f"{changed[0]} It could be read before: do not change pictures meanwhile.")
        pixels = {picture[0].path: picture[1] for picture in read if not isinstance(picture, str)}
        pixels |= self.samples
        return np.stack([pixels[file] for file in files])


def _report_black(read: list[PictureFile], say: Say) -> None:
    """A picture in which nothing stands out from its border comes out black; see inference/convert.py."""
    black = [file.path for file in read if file.is_black]
    if black:
        say(
            f"{len(black)} of {len(read)} pictures come out black, since nothing in them stands out from "
            f"the border, among them {black[0]}. The model sees nothing of these."
        )
